//! Issuing an SD-JWT VC (draft-25 §2.2).

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{self, EncodedHeader};
use symbolon_crypto::{PublicKey, Randomness, SignatureAlgorithm, UnixTime};
use thiserror::Error;

use super::holder::HolderBinding;
use super::vct::VerifiableCredentialType;
use super::{MEDIA_SUBTYPE, NEVER_SELECTIVE};
use crate::claims_path::ClaimsPath;
use crate::sd_jwt::{ClaimsToConceal, Decoys, DigestAlgorithm, IssueError, PreparedSdJwt};
use crate::status::StatusReference;

/// How the header names the issuer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IssuerKeyReference {
    /// `x5c`: DER certificates, leaf first, without the anchor.
    CertificateChain(Vec<Vec<u8>>),
    /// `kid`, for issuers whose keys are found through their metadata or DID.
    KeyId(String),
}

/// The header of every credential that one key signs, encoded once: with a certificate chain in it, encoding it again
/// for each credential costs more than the rest of the preparation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerHeader(EncodedHeader);

impl IssuerHeader {
    /// The header for a key of `algorithm` that is named as `key` says.
    ///
    /// # Errors
    /// [`SdJwtVcIssueError::NoCertificate`].
    pub fn new(algorithm: SignatureAlgorithm, key: &IssuerKeyReference) -> Result<Self, SdJwtVcIssueError> {
        Ok(Self(EncodedHeader::new(algorithm, &header(key)?)))
    }
}

/// A credential as it is to be issued.
#[derive(Clone)]
pub struct CredentialToIssue {
    /// Its type.
    pub vct: VerifiableCredentialType,
    /// `iss`.
    pub issuer: Option<String>,
    /// `iat`.
    pub issued_at: Option<UnixTime>,
    /// `nbf`.
    pub not_before: Option<UnixTime>,
    /// `exp`.
    pub expires: Option<UnixTime>,
    /// `status.status_list`.
    pub status: Option<StatusReference>,
    /// The holder's key, for `cnf.jwk`.
    pub holder: Option<PublicKey>,
    /// The claims about the holder.
    pub claims: Map<String, Value>,
    /// Which of them the holder may withhold.
    pub selectable: Vec<ClaimsPath>,
    /// Decoy digests.
    pub decoys: Decoys,
}

/// Why a credential cannot be issued. All of these are the caller's, but for missing randomness.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SdJwtVcIssueError {
    /// `claims` holds a claim that has a field of its own.
    #[error("claim {claim} must be set through its own field")]
    RegisteredClaim {
        /// Its name.
        claim: &'static str,
    },
    /// `selectable` names a claim that must be signed in the clear.
    #[error("claim {claim} must not be selectively disclosable")]
    NeverSelective {
        /// Its name.
        claim: &'static str,
    },
    /// A certificate chain without certificates.
    #[error("the certificate chain is empty")]
    NoCertificate,
    /// The holder's key cannot be written.
    #[error("the holder's key cannot be written")]
    HolderKey(#[source] serde_json::Error),
    /// The claims cannot be issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl CredentialToIssue {
    /// Salts and hashes the selectable claims, and builds what the issuer's key has to sign.
    ///
    /// # Errors
    /// [`SdJwtVcIssueError`].
    pub fn prepare(
        &self,
        algorithm: SignatureAlgorithm,
        key: &IssuerKeyReference,
        randomness: &dyn Randomness,
    ) -> Result<PreparedSdJwt, SdJwtVcIssueError> {
        self.prepare_under(&IssuerHeader::new(algorithm, key)?, randomness)
    }

    /// As [`CredentialToIssue::prepare`], with a header that the issuer keeps.
    ///
    /// # Errors
    /// [`SdJwtVcIssueError`].
    pub fn prepare_under(
        &self,
        header: &IssuerHeader,
        randomness: &dyn Randomness,
    ) -> Result<PreparedSdJwt, SdJwtVcIssueError> {
        let registered = NEVER_SELECTIVE.into_iter().chain(["iat"]);
        if let Some(claim) = registered
            .filter(|claim| !matches!(*claim, "vct#integrity" | "aka_vcts"))
            .find(|claim| self.claims.contains_key(*claim))
        {
            return Err(SdJwtVcIssueError::RegisteredClaim { claim });
        }
        for path in &self.selectable {
            let first = path.first_key();
            if let Some(claim) = NEVER_SELECTIVE.into_iter().find(|claim| Some(*claim) == first) {
                return Err(SdJwtVcIssueError::NeverSelective { claim });
            }
        }
        let claims = ClaimsToConceal {
            registered: &self.registered()?,
            claims: &self.claims,
            selectable: &self.selectable,
            decoys: self.decoys,
            digest_algorithm: DigestAlgorithm::default(),
        };
        Ok(claims.prepare(&header.0, randomness)?)
    }

    /// The claims that have a field of their own.
    fn registered(&self) -> Result<Vec<(&'static str, Value)>, SdJwtVcIssueError> {
        let time = |time: UnixTime| Value::from(time.seconds());
        let cnf = self
            .holder
            .as_ref()
            .map(HolderBinding::to_json)
            .transpose()
            .map_err(SdJwtVcIssueError::HolderKey)?;
        let claims = [
            ("vct", Some(Value::from(self.vct.as_str()))),
            ("iss", self.issuer.as_deref().map(Value::from)),
            ("iat", self.issued_at.map(time)),
            ("nbf", self.not_before.map(time)),
            ("exp", self.expires.map(time)),
            ("status", self.status.as_ref().map(StatusReference::to_json)),
            ("cnf", cnf),
        ];
        Ok(claims
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect())
    }
}

fn header(key: &IssuerKeyReference) -> Result<Map<String, Value>, SdJwtVcIssueError> {
    let mut header = Map::new();
    header.insert("typ".to_owned(), Value::from(MEDIA_SUBTYPE));
    match key {
        IssuerKeyReference::CertificateChain(chain) if chain.is_empty() => {
            return Err(SdJwtVcIssueError::NoCertificate);
        }
        IssuerKeyReference::CertificateChain(chain) => {
            header.insert("x5c".to_owned(), jws::x5c_value(chain.iter().map(Vec::as_slice)));
        }
        IssuerKeyReference::KeyId(kid) => {
            header.insert("kid".to_owned(), Value::from(kid.as_str()));
        }
    }
    Ok(header)
}
