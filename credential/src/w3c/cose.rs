//! Credentials in COSE_Sign1: `application/vc+cose`
//! ([VC-JOSE-COSE §3.3](https://www.w3.org/TR/vc-jose-cose/#with-cose)). The payload is the document in JSON.

use core::fmt;

use symbolon_crypto::cose::{self, CoseError, ParsedSign1, PreparedSign1, Sign1Header, TagPolicy};
use symbolon_crypto::encoding::cbor::CborBudget;
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm};
use symbolon_did::DidUrl;
use thiserror::Error;

use super::budget::W3cBudget;
use super::credential::{DataModelVersion, VerifiableCredential};
use super::jose::{IssuerKey, PrepareJwtError};
use super::not_conforming::NotConforming;
use crate::sd_jwt_vc::IssuerSignatureRejected;
use crate::verified::Verified;

/// The `typ` of a credential.
pub const CREDENTIAL_TYP: &str = "application/vc+cose";

/// Why bytes are no credential in COSE that may be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CoseCredentialError {
    /// Longer than the budget allows.
    #[error("the message is over its budget")]
    OverBudget,
    /// No COSE_Sign1, or one with an algorithm that is not allowed.
    #[error(transparent)]
    Cose(#[from] CoseError),
    /// `typ` is missing or that of another kind of message.
    #[error("the message is not of type {CREDENTIAL_TYP}")]
    WrongType,
    /// The document does not conform.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// The header names no key, or one of somebody else.
    #[error("the key that the message names is not one of the issuer")]
    NotTheIssuersKey,
}

/// Prepares the message of `credential`, to be signed by the key that `key_id` names.
///
/// # Errors
/// [`PrepareJwtError`].
pub fn prepare_credential(
    credential: &VerifiableCredential,
    algorithm: SignatureAlgorithm,
    key_id: &DidUrl,
) -> Result<PreparedSign1, PrepareJwtError> {
    credential.check_for_issuance()?;
    if !credential.proofs().is_empty() {
        return Err(PrepareJwtError::AlreadySecured);
    }
    if credential.issuer() != key_id.did().as_str() || key_id.fragment().is_none() {
        return Err(PrepareJwtError::OtherKey);
    }
    let header = Sign1Header {
        key_id: Some(key_id.to_string().into_bytes()),
        typ: Some(CREDENTIAL_TYP.to_owned()),
        ..Sign1Header::default()
    };
    let payload = serde_json::to_vec(credential.document()).map_err(PrepareJwtError::Serialization)?;
    Ok(cose::prepare(algorithm, &header, payload, &[]))
}

/// A credential whose form was checked and whose signature was not. Nothing it says may be believed or shown before
/// [`CoseCredential::verify_issuer_signature`].
#[derive(Clone)]
pub struct CoseCredential {
    message: ParsedSign1,
    key_id: Option<String>,
    credential: VerifiableCredential,
}

/// Without the claims, which are personal data.
impl fmt::Debug for CoseCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CoseCredential")
            .field("message", &self.message)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

impl CoseCredential {
    /// Reads a credential; the tag of COSE_Sign1 may be left out.
    ///
    /// # Errors
    /// [`CoseCredentialError`].
    pub fn parse(bytes: &[u8], budget: W3cBudget) -> Result<Self, CoseCredentialError> {
        let cbor = CborBudget {
            bytes: budget.token_bytes,
            ..CborBudget::DEFAULT
        };
        if bytes.len() > cbor.bytes {
            return Err(CoseCredentialError::OverBudget);
        }
        let message = ParsedSign1::parse(bytes, TagPolicy::Optional, cbor)?;
        if message.typ.as_deref() != Some(CREDENTIAL_TYP) {
            return Err(CoseCredentialError::WrongType);
        }
        let credential = VerifiableCredential::parse(message.payload(), budget)?;
        if credential.version() != DataModelVersion::V2_0 {
            return Err(NotConforming::BaseContext.into());
        }
        let key_id = message
            .key_id
            .clone()
            .map(String::from_utf8)
            .transpose()
            .map_err(|_| CoseCredentialError::NotTheIssuersKey)?;
        let this = Self {
            message,
            key_id,
            credential,
        };
        this.key_of_issuer()
            .ok_or(CoseCredentialError::NotTheIssuersKey)?;
        Ok(this)
    }

    /// Verifies the issuer's signature with `key`, which the caller has found where [`CoseCredential::issuer_key`] says,
    /// as one of the issuer's.
    ///
    /// # Errors
    /// [`IssuerSignatureRejected`].
    pub fn verify_issuer_signature(
        self,
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, IssuerSignatureRejected> {
        self.message
            .verify(provider, key, &[])
            .map_err(|_| IssuerSignatureRejected)?;
        Ok(Verified::after_check(self))
    }

    /// The credential.
    #[must_use]
    pub const fn credential(&self) -> &VerifiableCredential {
        &self.credential
    }

    /// Where the key of the issuer is to be found.
    #[must_use]
    pub fn issuer_key(&self) -> IssuerKey<'_> {
        self.key_of_issuer().unwrap_or(IssuerKey::Metadata(None))
    }

    fn key_of_issuer(&self) -> Option<IssuerKey<'_>> {
        let kid = self.key_id.as_deref();
        super::jose::issuer_key(self.credential.issuer(), kid, &self.message.x5chain).ok()
    }
}
