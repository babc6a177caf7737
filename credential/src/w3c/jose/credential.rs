//! A credential as a JWT: reading it, and verifying who issued it.

use core::fmt;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json;
use symbolon_crypto::jose::jws::{CompactJws, JwsError, JwsHeader};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;

use super::issuer_key::{IssuerKey, issuer_key};
use super::{CREDENTIAL_CTY, CREDENTIAL_TYP, Form, content_type_is, form, legacy};
use crate::sd_jwt_vc::{HolderBinding, IssuerSignatureRejected};
use crate::validity::Validity;
use crate::verified::Verified;
use crate::w3c::budget::W3cBudget;
use crate::w3c::credential::{DataModelVersion, VerifiableCredential};
use crate::w3c::not_conforming::NotConforming;
use crate::w3c::problem::ProblemType;

/// Why a text is no credential as a JWT that may be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwtCredentialError {
    /// No JWS, or one that is over budget or signed with an algorithm that is not allowed.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// `typ` is that of another kind of token, or `cty` that of another content.
    #[error("the JWT is not of type {CREDENTIAL_TYP} or a JWT of VCDM 1.1")]
    WrongType,
    /// The payload has the claim `vc` or `vp` where the whole payload is the document, or lacks it where it is not.
    #[error("the claims vc and vp are not as the type of the JWT demands")]
    DocumentClaim,
    /// The document does not conform.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// A claim of the JWT does not have the type it must have.
    #[error("claim {claim} is malformed")]
    MalformedClaim {
        /// Its name.
        claim: &'static str,
    },
    /// A claim of the JWT and the document say different things.
    #[error("claim {claim} contradicts the credential")]
    Contradiction {
        /// Its name.
        claim: &'static str,
    },
    /// The header names no key, or one of somebody else.
    #[error("the key that the JWT names is not one of the issuer")]
    NotTheIssuersKey,
}

impl JwtCredentialError {
    /// The type of problem that this is told as.
    #[must_use]
    pub const fn problem(self) -> ProblemType {
        match self {
            Self::NotConforming(error) => error.problem(),
            Self::Jws(_) | Self::WrongType | Self::DocumentClaim => ProblemType::ParsingError,
            Self::MalformedClaim { .. } | Self::Contradiction { .. } => ProblemType::MalformedValueError,
            Self::NotTheIssuersKey => ProblemType::InvalidVerificationMethod,
        }
    }
}

/// A credential whose form was checked and whose signature was not. Nothing it says may be believed or shown before
/// [`JwtCredential::verify_issuer_signature`].
#[derive(Clone)]
pub struct JwtCredential<'a> {
    jws: CompactJws<'a>,
    credential: VerifiableCredential,
    validity: Validity,
    holder: HolderBinding,
    iss_is_there: bool,
}

/// Without the claims, which are personal data.
impl fmt::Debug for JwtCredential<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtCredential")
            .field("jws", &self.jws)
            .field("credential", &self.credential)
            .finish_non_exhaustive()
    }
}

impl<'a> JwtCredential<'a> {
    /// Reads a credential.
    ///
    /// # Errors
    /// [`JwtCredentialError`].
    pub fn parse(text: &'a str, budget: W3cBudget) -> Result<Self, JwtCredentialError> {
        let jws = CompactJws::parse(text, budget.token_bytes)?;
        let form = form(&jws, CREDENTIAL_TYP).ok_or(JwtCredentialError::WrongType)?;
        let payload = read_payload(&jws, budget)?;
        let iss = issuer_claim(&jws.header, &payload)?;
        let credential = match form {
            Form::Document => {
                if !content_type_is(&jws, CREDENTIAL_CTY) {
                    return Err(JwtCredentialError::WrongType);
                }
                // VC-JOSE-COSE §1: these two must not be there.
                if payload.contains_key("vc") || payload.contains_key("vp") {
                    return Err(JwtCredentialError::DocumentClaim);
                }
                let credential = VerifiableCredential::from_value(Value::Object(payload.clone()))?;
                if credential.version() != DataModelVersion::V2_0 {
                    return Err(NotConforming::BaseContext.into());
                }
                credential
            }
            Form::Claim => legacy::credential(&payload)?,
        };
        if iss.is_some_and(|iss| iss != credential.issuer()) {
            return Err(JwtCredentialError::Contradiction { claim: "iss" });
        }
        check_subject(&payload, &credential)?;
        let holder = match payload.get("cnf") {
            None => credential.holder_binding(),
            cnf => HolderBinding::from_json(cnf)
                .map_err(|_| JwtCredentialError::MalformedClaim { claim: "cnf" })?,
        };
        let this = Self {
            validity: validity(&payload, credential.validity())?,
            iss_is_there: iss.is_some(),
            jws: jws.clone(),
            credential,
            holder,
        };
        this.key_of_issuer().ok_or(JwtCredentialError::NotTheIssuersKey)?;
        Ok(this)
    }

    /// Verifies the issuer's signature with `key`, which the caller has found where [`JwtCredential::issuer_key`] says,
    /// as one of the issuer's.
    ///
    /// # Errors
    /// [`IssuerSignatureRejected`].
    pub fn verify_issuer_signature(
        self,
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<Self>, IssuerSignatureRejected> {
        self.jws
            .verify(provider, key)
            .map_err(|_| IssuerSignatureRejected)?;
        Ok(Verified::after_check(self))
    }

    /// The credential.
    #[must_use]
    pub const fn credential(&self) -> &VerifiableCredential {
        &self.credential
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &JwsHeader {
        &self.jws.header
    }

    /// The whole text.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.jws.text()
    }

    /// Where the key of the issuer is to be found.
    #[must_use]
    pub fn issuer_key(&self) -> IssuerKey<'_> {
        self.key_of_issuer().unwrap_or(IssuerKey::Metadata(None))
    }

    /// When both the document and the signature are valid: the later beginning and the earlier end.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Whose it is: `cnf` if it is there, or else the `id` of the subject.
    #[must_use]
    pub const fn holder_binding(&self) -> &HolderBinding {
        &self.holder
    }

    fn key_of_issuer(&self) -> Option<IssuerKey<'_>> {
        let header = &self.jws.header;
        let certificates = header.x5c.as_deref().unwrap_or_default();
        let issuer = self.credential.issuer();
        issuer_key(issuer, header.kid.as_deref(), certificates, self.iss_is_there).ok()
    }
}

pub(super) fn read_payload(
    jws: &CompactJws<'_>,
    budget: W3cBudget,
) -> Result<Map<String, Value>, NotConforming> {
    match json::parse_value(&jws.payload, budget.json) {
        Ok(Value::Object(payload)) => Ok(payload),
        Ok(_) => Err(NotConforming::NotAnObject),
        Err(json::JsonError::OverBudget) => Err(NotConforming::OverBudget),
        Err(_) => Err(NotConforming::NotJson),
    }
}

/// `iss`, from the payload or the header; both may have it and must then agree.
fn issuer_claim<'p>(
    header: &'p JwsHeader,
    payload: &'p Map<String, Value>,
) -> Result<Option<&'p str>, JwtCredentialError> {
    let claim = "iss";
    let read = |members: &'p Map<String, Value>| match members.get(claim) {
        None => Ok(None),
        Some(Value::String(iss)) => Ok(Some(iss.as_str())),
        Some(_) => Err(JwtCredentialError::MalformedClaim { claim }),
    };
    match (read(payload)?, read(&header.members)?) {
        (Some(one), Some(other)) if one != other => Err(JwtCredentialError::Contradiction { claim }),
        (one, other) => Ok(one.or(other)),
    }
}

/// `sub` must be one of the subjects, if it is there.
fn check_subject(
    payload: &Map<String, Value>,
    credential: &VerifiableCredential,
) -> Result<(), JwtCredentialError> {
    let claim = "sub";
    let Some(sub) = payload.get(claim) else {
        return Ok(());
    };
    if !sub.is_string() {
        return Err(JwtCredentialError::MalformedClaim { claim });
    }
    let agrees = credential
        .subjects()
        .iter()
        .any(|subject| subject.get("id") == Some(sub));
    if agrees {
        Ok(())
    } else {
        Err(JwtCredentialError::Contradiction { claim })
    }
}

/// `nbf` and `exp` bound the signature, the document's times bound what it says; both count.
fn validity(payload: &Map<String, Value>, document: &Validity) -> Result<Validity, JwtCredentialError> {
    Ok(Validity {
        issued_at: time(payload, "iat")?,
        not_before: document.not_before.max(time(payload, "nbf")?),
        expires: match (document.expires, time(payload, "exp")?) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        },
    })
}

/// A whole number of seconds.
pub(super) fn time(
    payload: &Map<String, Value>,
    claim: &'static str,
) -> Result<Option<UnixTime>, JwtCredentialError> {
    match payload.get(claim) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(|seconds| Some(UnixTime::from_seconds(seconds)))
            .ok_or(JwtCredentialError::MalformedClaim { claim }),
    }
}
