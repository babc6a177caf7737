//! A W3C credential as a JWT as it comes from its issuer: `vc+jwt`, or a JWT of VCDM 1.1.

use symbolon_credential::sd_jwt_vc::check_issuer_binding;
use symbolon_credential::w3c::W3cBudget;
use symbolon_credential::w3c::jose::{IssuerKey, JwtCredential, JwtCredentialError};
use symbolon_crypto::x509::ChainProfile;
use symbolon_crypto::{CryptoProvider, PublicKey};

use super::{CredentialProblem, Expected, Signer, Verified, w3c};
use crate::record::HeldContent;

pub(super) fn verify(
    text: String,
    types: &[String],
    expected: &Expected<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Verified, CredentialProblem> {
    let token = JwtCredential::parse(&text, W3cBudget::DEFAULT).map_err(|error| match error {
        JwtCredentialError::NotTheIssuersKey => CredentialProblem::UnknownIssuerKey,
        _ => CredentialProblem::Malformed,
    })?;
    let key = issuer_key(&token, &expected.signer, crypto)?;
    let token = token
        .verify_issuer_signature(&key, crypto)
        .map_err(|_| CredentialProblem::Signature)?;
    let credential = token.credential();
    w3c::check(
        credential,
        types,
        token.holder_binding(),
        token.validity(),
        expected,
    )?;
    let (validity, status) = (token.validity(), w3c::status(credential));
    // The signature covers the types as they stand, whatever contexts say. Without a known context no query finds them under
    // another name.
    let types = w3c::expanded_types(credential, expected.signer.contexts)
        .unwrap_or_else(|_| credential.types().to_vec());
    Ok(Verified {
        not_before: validity.not_before,
        expires: validity.expires,
        status,
        content: HeldContent::JwtVcJson { jwt: text, types },
    })
}

/// The key that the token names, as one that the policy gives the issuer.
pub(super) fn issuer_key(
    token: &JwtCredential<'_>,
    signer: &Signer<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<PublicKey, CredentialProblem> {
    let evidence = signer.evidence()?;
    let issuer = token.credential().issuer();
    match token.issuer_key() {
        IssuerKey::VerificationMethod(method) => {
            let did = evidence.did(issuer).ok_or(CredentialProblem::AnotherIssuer)?;
            did.assertion_key(&method)
                .ok_or(CredentialProblem::UnknownIssuerKey)
        }
        IssuerKey::Certificates(certificates) => {
            if issuer != signer.issuer.as_str() {
                return Err(CredentialProblem::AnotherIssuer);
            }
            let chain = certificates.iter().map(Vec::as_slice);
            let chain = signer.chain(chain, ChainProfile::CredentialSigner, crypto)?;
            check_issuer_binding(issuer, chain.leaf.san_uris(), chain.leaf.san_dns())
                .map_err(|_| CredentialProblem::AnotherIssuer)?;
            Ok(chain.leaf.public_key().clone())
        }
        // Nothing is fetched, so keys of metadata are nobody's.
        IssuerKey::Metadata(_) => Err(CredentialProblem::UnknownIssuerKey),
    }
}
