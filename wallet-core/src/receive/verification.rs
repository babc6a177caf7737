//! What the wallet checks before it keeps a credential, whatever its format.
//!
//! The wallet is the first verifier. A credential for another key or of another type, kept and shown later, would make its
//! holder answer for somebody else's data: identity misbinding ([OpenID4VCI §13]).
//!
//! [OpenID4VCI §13]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-13

mod jwt_vc_json;
mod ldp_vc;
mod mdoc;
mod sd_jwt_vc;
mod status_list;
mod w3c;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_credential::data_integrity::{ContextTable, JsonLd};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::credential::IssuedCredential;
use thiserror::Error;

pub(crate) use status_list::read_list_credential;

use super::formats::PlannedFormat;
use crate::policy::IssuerEvidence;
use crate::record::{HeldContent, StatusListKind, StatusReference};

/// How far the clocks of wallet and issuer may be apart. Phones without a network drift; a credential issued a second ago
/// must not be refused because of it.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// Who must have signed, and what it takes to check that.
pub(crate) struct Signer<'e> {
    pub(crate) issuer: &'e IssuerIdentifier,
    /// How credentials of this type are known to be the issuer's; `None` when the policy does not let it issue them.
    pub(crate) evidence: Option<IssuerEvidence<'e>>,
    pub(crate) contexts: &'e ContextTable,
    pub(crate) json_ld: Option<JsonLd<'e>>,
    pub(crate) now: UnixTime,
}

/// What must be true of the credential that comes.
pub(super) struct Expected<'e> {
    pub(super) signer: Signer<'e>,
    pub(super) credential_type: &'e str,
    pub(super) format: &'e PlannedFormat,
    pub(super) holder_key: &'e PublicKey,
}

/// A verified credential, and what is kept beside it.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) content: HeldContent,
    pub(super) not_before: Option<UnixTime>,
    pub(super) expires: Option<UnixTime>,
    pub(super) status: Vec<StatusReference>,
}

/// Which check a received credential failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialProblem {
    /// It is no credential of the format that was asked for, or its parts do not fit together.
    #[error("the credential is malformed")]
    Malformed,
    /// Somebody has presented it already.
    #[error("the credential carries a key binding of somebody else")]
    AlreadyPresented,
    /// It has no certificate chain.
    #[error("the credential has no certificate")]
    NoCertificate,
    /// Its certificate is not under an anchor of this issuer, or not fit to sign credentials.
    #[error("the credential's certificate is not trusted")]
    UntrustedCertificate,
    /// It is signed with a key that the policy does not give the issuer for credentials.
    #[error("the key that signed the credential is not known to be the issuer's")]
    UnknownIssuerKey,
    /// The signature is wrong.
    #[error("the signature of the credential is wrong")]
    Signature,
    /// A part of it is not the one that was signed, or was not signed at all.
    #[error("a part of the credential is not what its issuer signed")]
    Altered,
    /// It is signed in a way that this wallet does not verify.
    #[error("the credential is signed in a way that is not supported")]
    UnsupportedProof,
    /// It uses a context that the policy does not carry, or brings one of its own.
    #[error("the credential uses a context that is not known to this wallet")]
    UnknownContext,
    /// It names another issuer than the one that was asked, or its certificate belongs to another one.
    #[error("the credential comes from another issuer")]
    AnotherIssuer,
    /// It is of another type than was asked for.
    #[error("the credential is of another type")]
    AnotherType,
    /// The policy does not let the issuer issue this type.
    #[error("the issuer may not issue this type of credential")]
    TypeNotAllowed,
    /// It is bound to another key, or to none.
    #[error("the credential is bound to another key")]
    AnotherKey,
    /// It has expired, or is not valid yet.
    #[error("the credential is outside of its validity")]
    OutsideValidity,
}

/// Checks everything but the status, which a fresh credential has had no time to lose.
pub(super) fn verify_received(
    received: IssuedCredential,
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    match (expected.format, received) {
        (PlannedFormat::SdJwtVc, IssuedCredential::Text(text)) => sd_jwt_vc::verify(text, expected, crypto),
        (PlannedFormat::MsoMdoc, IssuedCredential::Text(text)) => mdoc::verify(&text, expected, crypto),
        (PlannedFormat::LdpVc { types }, IssuedCredential::Object(document)) => {
            ldp_vc::verify(document, types, expected, crypto)
        }
        (PlannedFormat::JwtVcJson { types }, IssuedCredential::Text(text)) => {
            jwt_vc_json::verify(text, types, expected, crypto)
        }
        _ => Err(CredentialProblem::Malformed),
    }
}

impl<'e> Signer<'e> {
    fn evidence(&self) -> Result<IssuerEvidence<'e>, CredentialProblem> {
        self.evidence.ok_or(CredentialProblem::TypeNotAllowed)
    }

    /// The chain of the signer, leaf first, up to an anchor of the issuer.
    fn chain<'d>(
        &self,
        certificates: impl IntoIterator<Item = &'d [u8]>,
        profile: ChainProfile,
        crypto: &dyn CryptoProvider,
    ) -> Result<VerifiedChain, CredentialProblem> {
        let chain = certificates
            .into_iter()
            .map(Certificate::parse)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| CredentialProblem::UntrustedCertificate)?;
        if chain.is_empty() {
            return Err(CredentialProblem::NoCertificate);
        }
        verify_chain(&chain, self.evidence()?.anchors, profile, self.now, crypto)
            .map_err(|_| CredentialProblem::UntrustedCertificate)
    }
}

/// The entry in a Token Status List.
fn token_status(status: &CredentialStatus) -> Vec<StatusReference> {
    let reference = status.reference().map(|reference| StatusReference {
        uri: reference.uri().to_owned(),
        index: reference.index(),
        list: StatusListKind::Token,
    });
    reference.into_iter().collect()
}
