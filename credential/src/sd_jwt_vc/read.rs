//! Reading an SD-JWT VC, and verifying who issued it (draft-25 §2.4).

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::JwsHeader;
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;

use super::holder::HolderBinding;
use super::integrity::Integrity;
use super::vct::VerifiableCredentialType;
use super::{MEDIA_SUBTYPE, NEVER_SELECTIVE};
use crate::sd_jwt::{ProcessError, ProcessedClaims, SdJwt, SdJwtBudget, SdJwtParseError, process};
use crate::status::CredentialStatus;
use crate::validity::Validity;
use crate::verified::Verified;

/// Why a text is no SD-JWT VC that may be verified.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdJwtVcError {
    /// No SD-JWT.
    #[error(transparent)]
    Parse(#[from] SdJwtParseError),
    /// Digests and disclosures do not fit together.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The `typ` header is missing or another one: another kind of token, or an SD-JWT VC of an old draft.
    #[error("not of type {MEDIA_SUBTYPE}")]
    WrongType,
    /// `vct` is missing.
    #[error("the credential has no type (claim vct)")]
    MissingType,
    /// A registered claim does not have the type it must have.
    #[error("claim {claim} is malformed")]
    MalformedClaim {
        /// Its name.
        claim: &'static str,
    },
    /// A claim came from a disclosure that must be signed in the clear.
    #[error("claim {claim} must not be selectively disclosable")]
    SelectivelyDisclosed {
        /// Its name.
        claim: &'static str,
    },
}

/// The issuer's signature does not verify with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the issuer's signature does not verify")]
pub struct IssuerSignatureRejected;

/// An SD-JWT VC whose structure was checked and whose signature was not. Nothing it says may be believed or shown
/// before [`SdJwtVc::verify_issuer_signature`].
#[derive(Debug, Clone)]
pub struct SdJwtVc<'a> {
    sd_jwt: SdJwt<'a>,
    processed: ProcessedClaims,
    vct: VerifiableCredentialType,
    other_types: Vec<VerifiableCredentialType>,
    issuer: Option<String>,
    validity: Validity,
    status: CredentialStatus,
    holder: HolderBinding,
}

impl<'a> SdJwtVc<'a> {
    /// Reads an SD-JWT VC, with or without a key binding, by all rules of structure of RFC 9901 and SD-JWT VC.
    ///
    /// # Errors
    /// [`SdJwtVcError`].
    pub fn parse(text: &'a str, budget: SdJwtBudget) -> Result<Self, SdJwtVcError> {
        Self::new(SdJwt::parse(text, budget)?)
    }

    /// Reads an SD-JWT VC as a holder receives it: one that has a key binding is refused.
    ///
    /// # Errors
    /// [`SdJwtVcError`].
    pub fn parse_received(text: &'a str, budget: SdJwtBudget) -> Result<Self, SdJwtVcError> {
        Self::new(SdJwt::parse_received(text, budget)?)
    }

    fn new(sd_jwt: SdJwt<'a>) -> Result<Self, SdJwtVcError> {
        sd_jwt
            .issuer_jwt()
            .expect_type(MEDIA_SUBTYPE)
            .map_err(|_| SdJwtVcError::WrongType)?;
        let processed = process(&sd_jwt)?;
        for disclosed in &processed.disclosed {
            let first = disclosed.path.first_key();
            if let Some(claim) = NEVER_SELECTIVE.into_iter().find(|claim| Some(*claim) == first) {
                return Err(SdJwtVcError::SelectivelyDisclosed { claim });
            }
        }
        let claims = &processed.claims;
        let malformed = |claim| SdJwtVcError::MalformedClaim { claim };
        let vct = text(claims, "vct")?.ok_or(SdJwtVcError::MissingType)?;
        let vct = VerifiableCredentialType::parse(vct).map_err(|_| malformed("vct"))?;
        let other_types = other_types(claims, &vct)?;
        let issuer = text(claims, "iss")?.map(str::to_owned);
        let validity = Validity {
            issued_at: time(claims, "iat")?,
            not_before: time(claims, "nbf")?,
            expires: time(claims, "exp")?,
        };
        let status = CredentialStatus::from_json(claims.get("status")).map_err(|_| malformed("status"))?;
        let holder = HolderBinding::from_json(claims.get("cnf")).map_err(|_| malformed("cnf"))?;
        Ok(Self {
            sd_jwt,
            processed,
            vct,
            other_types,
            issuer,
            validity,
            status,
            holder,
        })
    }

    /// Verifies the issuer's signature with `key`, which the caller has reason to believe: from a certificate chain
    /// that leads to an anchor, or from the issuer's metadata. Whether the key is the one of *this* issuer is another
    /// check: [`check_issuer_binding`](super::check_issuer_binding).
    ///
    /// # Errors
    /// [`IssuerSignatureRejected`].
    pub fn verify_issuer_signature(
        self,
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, IssuerSignatureRejected> {
        self.sd_jwt
            .issuer_jwt()
            .verify(provider, key)
            .map_err(|_| IssuerSignatureRejected)?;
        Ok(Verified::after_check(self))
    }

    /// The SD-JWT, to select from.
    #[must_use]
    pub const fn sd_jwt(&self) -> &SdJwt<'a> {
        &self.sd_jwt
    }

    /// The claims with all disclosures in place, and which of them were disclosed.
    #[must_use]
    pub const fn processed(&self) -> &ProcessedClaims {
        &self.processed
    }

    /// The claims with all disclosures in place, registered ones included.
    #[must_use]
    pub const fn claims(&self) -> &Map<String, Value> {
        &self.processed.claims
    }

    /// The header of the issuer-signed JWT.
    #[must_use]
    pub const fn header(&self) -> &JwsHeader {
        &self.sd_jwt.issuer_jwt().header
    }

    /// The certificates in the header, leaf first, as DER; empty if there are none. They prove nothing until a chain
    /// from an anchor outside of the credential is built with them.
    #[must_use]
    pub fn certificate_chain(&self) -> &[Vec<u8>] {
        self.header().x5c.as_deref().unwrap_or_default()
    }

    /// The type.
    #[must_use]
    pub const fn vct(&self) -> &VerifiableCredentialType {
        &self.vct
    }

    /// `aka_vcts`: other types that the issuer says it is of as well (draft-25 §2.2.2.1.2). They are no reason to believe that
    /// this issuer may issue those types.
    #[must_use]
    pub fn other_types(&self) -> &[VerifiableCredentialType] {
        &self.other_types
    }

    /// The hash that the type metadata must have, if the credential says one.
    ///
    /// # Errors
    /// [`SdJwtVcError::MalformedClaim`] when there is a claim but no hash of a known algorithm in it.
    pub fn type_integrity(&self) -> Result<Option<Integrity>, SdJwtVcError> {
        let claim = "vct#integrity";
        let text = text(self.claims(), claim)?;
        text.map(Integrity::parse)
            .transpose()
            .map_err(|_| SdJwtVcError::MalformedClaim { claim })
    }

    /// `iss`; optional since draft-11, where the key alone names the issuer.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// When it is valid.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Where its status is kept.
    #[must_use]
    pub const fn status(&self) -> &CredentialStatus {
        &self.status
    }

    /// Whose it is.
    #[must_use]
    pub const fn holder(&self) -> &HolderBinding {
        &self.holder
    }
}

/// Types that a credential may name beside its own.
const MAX_OTHER_TYPES: usize = 32;

/// A non-empty array of types, its own not among them.
fn other_types(
    claims: &Map<String, Value>,
    vct: &VerifiableCredentialType,
) -> Result<Vec<VerifiableCredentialType>, SdJwtVcError> {
    let malformed = SdJwtVcError::MalformedClaim { claim: "aka_vcts" };
    let types = match claims.get("aka_vcts") {
        None => return Ok(Vec::new()),
        Some(Value::Array(types)) if (1..=MAX_OTHER_TYPES).contains(&types.len()) => types,
        Some(_) => return Err(malformed),
    };
    types
        .iter()
        .map(|other| {
            let other = VerifiableCredentialType::parse(other.as_str()?).ok()?;
            (other != *vct).then_some(other)
        })
        .collect::<Option<_>>()
        .ok_or(malformed)
}

fn text<'c>(claims: &'c Map<String, Value>, claim: &'static str) -> Result<Option<&'c str>, SdJwtVcError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(SdJwtVcError::MalformedClaim { claim }),
    }
}

/// A whole number of seconds. RFC 7519 would allow fractions; no issuer writes them, and rounding one would move an
/// expiry.
fn time(claims: &Map<String, Value>, claim: &'static str) -> Result<Option<UnixTime>, SdJwtVcError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(|seconds| Some(UnixTime::from_seconds(seconds)))
            .ok_or(SdJwtVcError::MalformedClaim { claim }),
    }
}
