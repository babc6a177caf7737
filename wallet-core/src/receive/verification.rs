//! What the wallet checks before it keeps a credential.
//!
//! The wallet is the first verifier. A credential for another key or of another type, kept and shown later, would make its
//! holder answer for somebody else's data: identity misbinding ([OpenID4VCI §13]).
//!
//! [OpenID4VCI §13]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-13

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_credential::sd_jwt::{SdJwtBudget, SdJwtParseError};
use symbolon_credential::sd_jwt_vc::{HolderBinding, SdJwtVc, SdJwtVcError, check_issuer_binding};
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use symbolon_protocol::identifier::IssuerIdentifier;
use thiserror::Error;

use crate::record::StatusReference;

/// How far the clocks of wallet and issuer may be apart. Phones without a network drift; a credential issued a second ago
/// must not be refused because of it.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// What must be true of the credential that comes.
pub(super) struct Expected<'e> {
    pub(super) issuer: &'e IssuerIdentifier,
    pub(super) credential_type: &'e str,
    pub(super) holder_key: &'e PublicKey,
    /// The certificates under which the issuer signs this type; `None` when the policy does not let it.
    pub(super) anchors: Option<&'e [Certificate]>,
    pub(super) now: UnixTime,
}

/// What is kept beside a verified credential.
#[derive(Debug)]
pub(super) struct Verified {
    pub(super) expires: Option<UnixTime>,
    pub(super) status: Option<StatusReference>,
}

/// Which check a received credential failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CredentialProblem {
    /// It is no SD-JWT VC, or its digests and disclosures do not fit together.
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
    /// The signature is wrong.
    #[error("the signature of the credential is wrong")]
    Signature,
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
    text: &str,
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    let credential = SdJwtVc::parse_received(text, SdJwtBudget::DEFAULT).map_err(|error| match error {
        SdJwtVcError::Parse(SdJwtParseError::UnexpectedKeyBinding) => CredentialProblem::AlreadyPresented,
        _ => CredentialProblem::Malformed,
    })?;
    let anchors = expected.anchors.ok_or(CredentialProblem::TypeNotAllowed)?;
    let chain = credential
        .certificate_chain()
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| CredentialProblem::UntrustedCertificate)?;
    if chain.is_empty() {
        return Err(CredentialProblem::NoCertificate);
    }
    let chain = verify_chain(
        &chain,
        anchors,
        ChainProfile::CredentialSigner,
        expected.now,
        crypto,
    )
    .map_err(|_| CredentialProblem::UntrustedCertificate)?;
    let credential = credential
        .verify_issuer_signature(chain.leaf.public_key(), crypto)
        .map_err(|_| CredentialProblem::Signature)?;
    // That it is the issuer that was asked, and that the certificate was given to this issuer.
    if credential.issuer() != Some(expected.issuer.as_str()) {
        return Err(CredentialProblem::AnotherIssuer);
    }
    check_issuer_binding(
        expected.issuer.as_str(),
        chain.leaf.san_uris(),
        chain.leaf.san_dns(),
    )
    .map_err(|_| CredentialProblem::AnotherIssuer)?;
    if credential.vct().as_str() != expected.credential_type {
        return Err(CredentialProblem::AnotherType);
    }
    if *credential.holder() != HolderBinding::Key(expected.holder_key.clone()) {
        return Err(CredentialProblem::AnotherKey);
    }
    let validity = credential.validity();
    validity
        .check(expected.now, CLOCK_SKEW)
        .map_err(|_| CredentialProblem::OutsideValidity)?;
    Ok(Verified {
        expires: validity.expires,
        status: credential.status().reference().map(|reference| StatusReference {
            uri: reference.uri().to_owned(),
            index: reference.index(),
        }),
    })
}
