//! The credential that a Bitstring Status List is published as ([Bitstring Status List 1.0 §2.2]).
//!
//! [Bitstring Status List 1.0 §2.2]: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistcredential

use serde_json::Value;
use symbolon_credential::w3c::jose::JwtCredential;
use symbolon_credential::w3c::{VerifiableCredential, W3cBudget};
use symbolon_crypto::CryptoProvider;
use symbolon_trust::bitstring_status_list::PublishedList;

use super::jwt_vc_json::issuer_key;
use super::ldp_vc::verify_whole;
use super::{CredentialProblem, Signer};

/// Reads a list that the signer signed as it signs its credentials: with a proof inside, or as a JWT. The list is not inflated, and its
/// own dates and address are the affair of whoever asks it.
pub(crate) fn read_list_credential(
    body: &str,
    signer: &Signer<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<PublishedList, CredentialProblem> {
    let body = body.trim();
    let list = if body.starts_with('{') {
        let credential = VerifiableCredential::parse(body.as_bytes(), W3cBudget::DEFAULT)
            .map_err(|_| CredentialProblem::Malformed)?;
        let secured: Value = serde_json::from_str(body).map_err(|_| CredentialProblem::Malformed)?;
        let evidence = signer.evidence()?;
        if evidence.did(credential.issuer()).is_none() {
            return Err(CredentialProblem::AnotherIssuer);
        }
        verify_whole(&secured, credential.issuer(), evidence, signer, crypto)?;
        PublishedList::read(&credential)
    } else {
        let token =
            JwtCredential::parse(body, W3cBudget::DEFAULT).map_err(|_| CredentialProblem::Malformed)?;
        let key = issuer_key(&token, signer, crypto)?;
        let token = token
            .verify_issuer_signature(&key, crypto)
            .map_err(|_| CredentialProblem::Signature)?;
        PublishedList::read(token.credential())
    };
    list.map_err(|_| CredentialProblem::Malformed)
}
