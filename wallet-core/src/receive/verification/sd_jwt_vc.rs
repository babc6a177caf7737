//! An SD-JWT VC as it comes from its issuer.

use symbolon_credential::sd_jwt::{SdJwtBudget, SdJwtParseError};
use symbolon_credential::sd_jwt_vc::{HolderBinding, SdJwtVc, SdJwtVcError, check_issuer_binding};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto::x509::ChainProfile;

use super::{CLOCK_SKEW, CredentialProblem, Expected, Verified, token_status};
use crate::record::HeldContent;

pub(super) fn verify(
    text: String,
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    let credential = SdJwtVc::parse_received(&text, SdJwtBudget::DEFAULT).map_err(|error| match error {
        SdJwtVcError::Parse(SdJwtParseError::UnexpectedKeyBinding) => CredentialProblem::AlreadyPresented,
        _ => CredentialProblem::Malformed,
    })?;
    expected.signer.evidence()?;
    let chain = credential.certificate_chain().iter().map(Vec::as_slice);
    let chain = expected
        .signer
        .chain(chain, ChainProfile::CredentialSigner, crypto)?;
    let credential = credential
        .verify_issuer_signature(chain.leaf.public_key(), crypto)
        .map_err(|_| CredentialProblem::Signature)?;
    // That it is the issuer that was asked, and that the certificate was given to this issuer.
    if credential.issuer() != Some(expected.signer.issuer.as_str()) {
        return Err(CredentialProblem::AnotherIssuer);
    }
    check_issuer_binding(
        expected.signer.issuer.as_str(),
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
        .check(expected.signer.now, CLOCK_SKEW)
        .map_err(|_| CredentialProblem::OutsideValidity)?;
    let (not_before, expires) = (validity.not_before, validity.expires);
    let status = token_status(credential.status());
    Ok(Verified {
        not_before,
        expires,
        status,
        content: HeldContent::SdJwtVc { sd_jwt: text },
    })
}
