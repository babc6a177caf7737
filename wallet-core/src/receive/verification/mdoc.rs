//! An mdoc as it comes from its issuer (ISO/IEC 18013-5 §9.3.1, from the holder's side).

use symbolon_credential::mdoc::{IssuerSigned, MdocBudget, MdocError, MdocRejected};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::x509::ChainProfile;

use super::{CLOCK_SKEW, CredentialProblem, Expected, Verified, token_status};
use crate::record::HeldContent;

pub(super) fn verify(
    text: &str,
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    let bytes = base64url::decode(text).map_err(|_| CredentialProblem::Malformed)?;
    let mdoc = IssuerSigned::parse(&bytes, MdocBudget::DEFAULT).map_err(|error| match error {
        MdocError::NoCertificate => CredentialProblem::NoCertificate,
        _ => CredentialProblem::Malformed,
    })?;
    expected.signer.evidence()?;
    // A document signer stands right under the root of its issuer and names nobody: that the root is one of this issuer's
    // anchors is what says whose it is.
    let chain = mdoc.certificate_chain().iter().copied();
    let chain = expected
        .signer
        .chain(chain, ChainProfile::DocumentSigner, crypto)?;
    let mdoc = mdoc.verify(&chain, crypto).map_err(|error| match error {
        MdocRejected::DigestMissing | MdocRejected::DigestMismatch => CredentialProblem::Altered,
        MdocRejected::SignedOutsideCertificate | MdocRejected::NotADocumentSigner => {
            CredentialProblem::UntrustedCertificate
        }
        _ => CredentialProblem::Signature,
    })?;
    if mdoc.doc_type().as_str() != expected.credential_type {
        return Err(CredentialProblem::AnotherType);
    }
    if mdoc.device_key() != expected.holder_key {
        return Err(CredentialProblem::AnotherKey);
    }
    let validity = mdoc.validity();
    validity
        .check(expected.signer.now, CLOCK_SKEW)
        .map_err(|_| CredentialProblem::OutsideValidity)?;
    let status = token_status(mdoc.status());
    Ok(Verified {
        not_before: Some(validity.valid_from),
        expires: Some(validity.valid_until),
        status,
        content: HeldContent::MsoMdoc { issuer_signed: bytes },
    })
}
