//! A presentation as a JWT, verifier's side.
//!
//! Whether a proof of the holder is required is the verifier's policy and never read off the presentation. Who calls
//! [`JwtPresentation::verify_holder`] requires it: nothing is skipped because it is absent.

use core::fmt;
use core::time::Duration;

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{CompactJws, JwsError, JwsHeader};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use symbolon_did::{DidUrl, verification_key};
use thiserror::Error;

use super::credential::{JwtCredentialError, read_payload};
use super::{Form, PRESENTATION_CTY, PRESENTATION_TYP, content_type_is, form, legacy};
use crate::verified::Verified;
use crate::w3c::budget::W3cBudget;
use crate::w3c::credential::DataModelVersion;
use crate::w3c::not_conforming::NotConforming;
use crate::w3c::presentation::{PresentedCredential, VerifiablePresentation};

/// Why a text is no presentation as a JWT that may be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwtPresentationError {
    /// No JWS, or one that is over budget or signed with an algorithm that is not allowed.
    #[error(transparent)]
    Jws(#[from] JwsError),
    /// `typ` is that of another kind of token, or `cty` that of another content.
    #[error("the JWT is not of type {PRESENTATION_TYP} or a JWT of VCDM 1.1")]
    WrongType,
    /// The payload has the claim `vc` or `vp` where the whole payload is the document, or lacks it where it is not.
    #[error("the claims vc and vp are not as the type of the JWT demands")]
    DocumentClaim,
    /// The document does not conform.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// A claim is not of the type it must have, or contradicts the document.
    #[error("the claims of the JWT and the presentation do not agree")]
    Claims(#[source] JwtCredentialError),
    /// `iss`, `holder` and the key that is named are not of one party.
    #[error("the presentation names another holder than the one that signs")]
    OtherHolder,
}

/// What a verifier asked for. There are no defaults: each field is part of the security of the check.
#[derive(Debug, Clone)]
pub struct ExpectedPresentation<'e> {
    /// The verifier's full client identifier, prefix and all, or `origin:` with the web origin.
    pub audience: &'e str,
    /// The nonce of this very request.
    pub nonce: &'e str,
    /// Now.
    pub now: UnixTime,
    /// How old a presentation may be.
    pub max_age: Duration,
    /// How far the holder's clock may be ahead.
    pub max_clock_skew: Duration,
}

/// The proof that the holder of a key made a presentation.
#[derive(Debug, Clone, PartialEq)]
pub struct HolderProof {
    /// When the holder signed, by the holder's clock.
    pub issued_at: UnixTime,
    /// The key.
    pub key: PublicKey,
}

/// Why a presentation is not bound to its holder and this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PresentationRejected {
    /// The holder's signature does not verify with the key that the credential names.
    #[error("the holder's signature does not verify")]
    Signature,
    /// The presentation says that somebody else made it.
    #[error("the presentation names another holder than the one that signs")]
    OtherHolder,
    /// A claim is missing or not of the type it must have.
    #[error("the claims of the presentation are malformed")]
    Malformed,
    /// For another verifier.
    #[error("the presentation is for another audience")]
    Audience,
    /// For another request.
    #[error("the presentation has another nonce")]
    Nonce,
    /// Too old.
    #[error("the presentation is too old")]
    TooOld,
    /// From the future, or not valid yet.
    #[error("the presentation is from the future")]
    FromTheFuture,
}

/// A presentation whose form was checked and whose signature was not.
#[derive(Clone)]
pub struct JwtPresentation<'a> {
    jws: CompactJws<'a>,
    payload: Map<String, Value>,
    presentation: VerifiablePresentation,
}

/// Without the claims, which are personal data.
impl fmt::Debug for JwtPresentation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JwtPresentation")
            .field("jws", &self.jws)
            .field("presentation", &self.presentation)
            .finish_non_exhaustive()
    }
}

impl<'a> JwtPresentation<'a> {
    /// Reads a presentation.
    ///
    /// # Errors
    /// [`JwtPresentationError`].
    pub fn parse(text: &'a str, budget: W3cBudget) -> Result<Self, JwtPresentationError> {
        let jws = CompactJws::parse(text, budget.token_bytes)?;
        let form = form(&jws, PRESENTATION_TYP).ok_or(JwtPresentationError::WrongType)?;
        let payload = read_payload(&jws, budget)?;
        let (document, version) = match form {
            Form::Document => {
                if !content_type_is(&jws, PRESENTATION_CTY) {
                    return Err(JwtPresentationError::WrongType);
                }
                if payload.contains_key("vc") || payload.contains_key("vp") {
                    return Err(JwtPresentationError::DocumentClaim);
                }
                (Value::Object(payload.clone()), DataModelVersion::V2_0)
            }
            Form::Claim => match legacy::presentation(&payload) {
                Ok(document) => (document, DataModelVersion::V1_1),
                Err(JwtCredentialError::DocumentClaim) => return Err(JwtPresentationError::DocumentClaim),
                Err(error) => return Err(JwtPresentationError::Claims(error)),
            },
        };
        let presentation = VerifiablePresentation::from_value(document, budget)?;
        if presentation.version() != version {
            return Err(NotConforming::BaseContext.into());
        }
        let this = Self {
            jws,
            payload,
            presentation,
        };
        this.check_holder()?;
        Ok(this)
    }

    /// Verifies that the holder of `key` made this presentation for this request.
    ///
    /// `key` is the one that a *verified* credential of the presentation names
    /// ([`VerifiableCredential::holder_binding`](crate::w3c::VerifiableCredential::holder_binding)); each credential's
    /// key has to be asked about, or two people could present as one. A key in the header is not looked at: whoever made
    /// the token chose it.
    ///
    /// # Errors
    /// [`PresentationRejected`].
    pub fn verify_holder(
        &self,
        key: &PublicKey,
        expected: &ExpectedPresentation<'_>,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<HolderProof>, PresentationRejected> {
        self.jws
            .verify(provider, key)
            .map_err(|_| PresentationRejected::Signature)?;
        // The key signed, so a name that stands for another key was written by its owner, for somebody to misread.
        let names = [self.presentation.holder(), self.jws.header.kid.as_deref()];
        for name in names.into_iter().flatten() {
            if let Some(named) = DidUrl::parse(name)
                .ok()
                .and_then(|url| verification_key(&url).ok())
                && named != *key
            {
                return Err(PresentationRejected::OtherHolder);
            }
        }
        // An empty audience or nonce of a careless verifier must not be matched by an empty one of an attacker.
        if expected.audience.is_empty() || self.audience()? != expected.audience {
            return Err(PresentationRejected::Audience);
        }
        let nonce = self.payload.get("nonce").and_then(Value::as_str);
        if expected.nonce.is_empty() || nonce.ok_or(PresentationRejected::Malformed)? != expected.nonce {
            return Err(PresentationRejected::Nonce);
        }
        let issued_at = self.check_times(expected)?;
        Ok(Verified::after_check(HolderProof {
            issued_at,
            key: key.clone(),
        }))
    }

    /// The presentation.
    #[must_use]
    pub const fn presentation(&self) -> &VerifiablePresentation {
        &self.presentation
    }

    /// The credentials, in order.
    #[must_use]
    pub fn credentials(&self) -> &[PresentedCredential] {
        self.presentation.credentials()
    }

    /// The header.
    #[must_use]
    pub const fn header(&self) -> &JwsHeader {
        &self.jws.header
    }

    /// `nonce`, to find the request that it answers; it proves nothing before [`JwtPresentation::verify_holder`].
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.payload.get("nonce").and_then(Value::as_str)
    }

    /// `holder`, `iss` and the DID of `kid` are one, as far as they are there.
    fn check_holder(&self) -> Result<(), JwtPresentationError> {
        let iss = match self.payload.get("iss") {
            None => None,
            Some(Value::String(iss)) => Some(iss.as_str()),
            Some(_) => {
                let malformed = JwtCredentialError::MalformedClaim { claim: "iss" };
                return Err(JwtPresentationError::Claims(malformed));
            }
        };
        let kid = self
            .jws
            .header
            .kid
            .as_deref()
            .and_then(|kid| DidUrl::parse(kid).ok());
        let signer = kid.as_ref().map(|kid| kid.did().as_str());
        let mut names = [self.presentation.holder(), iss, signer].into_iter().flatten();
        let first = names.next();
        if names.all(|name| Some(name) == first) {
            Ok(())
        } else {
            Err(JwtPresentationError::OtherHolder)
        }
    }

    /// One audience: a token that is for several verifiers could be shown on by each of them.
    fn audience(&self) -> Result<&str, PresentationRejected> {
        let audience = match self.payload.get("aud") {
            Some(Value::Array(several)) => match several.as_slice() {
                [one] => one.as_str(),
                _ => return Err(PresentationRejected::Audience),
            },
            Some(one) => one.as_str(),
            None => None,
        };
        audience.ok_or(PresentationRejected::Malformed)
    }

    fn check_times(&self, expected: &ExpectedPresentation<'_>) -> Result<UnixTime, PresentationRejected> {
        let time = |claim| {
            super::credential::time(&self.payload, claim).map_err(|_| PresentationRejected::Malformed)
        };
        let issued_at = time("iat")?.ok_or(PresentationRejected::Malformed)?;
        let latest = expected.now.plus(expected.max_clock_skew);
        if issued_at > latest || time("nbf")?.is_some_and(|not_before| not_before > latest) {
            return Err(PresentationRejected::FromTheFuture);
        }
        let expiry = expected.now.minus(expected.max_clock_skew);
        let oldest = expiry.minus(expected.max_age);
        if issued_at < oldest || time("exp")?.is_some_and(|expires| expires <= expiry) {
            return Err(PresentationRejected::TooOld);
        }
        Ok(issued_at)
    }
}
