//! Issuing a credential as `vc+jwt`.

use serde_json::{Map, Value};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_did::DidUrl;
use thiserror::Error;

use super::{CREDENTIAL_CTY, CREDENTIAL_TYP};
use crate::w3c::credential::VerifiableCredential;
use crate::w3c::not_conforming::NotConforming;

/// Why a token cannot be prepared. Each is the caller's.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PrepareJwtError {
    /// The key is not one of the issuer's, or of the holder's.
    #[error("the key that is to sign is not one of the document's own issuer or holder")]
    OtherKey,
    /// The document has a proof within already; a token around it would be a second one.
    #[error("the document already has a proof")]
    AlreadySecured,
    /// The document must not be issued.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// The document cannot be written.
    #[error("the document cannot be written as JSON")]
    Serialization(#[source] serde_json::Error),
}

/// Prepares the token of `credential`, to be signed by the key that `key_id` names: a verification method of the issuer's
/// DID. `certificates`, leaf first, are added as `x5c` for those who find keys that way; none is usual.
///
/// # Errors
/// [`PrepareJwtError`].
pub fn prepare_credential(
    credential: &VerifiableCredential,
    algorithm: SignatureAlgorithm,
    key_id: &DidUrl,
    certificates: &[Vec<u8>],
) -> Result<PreparedJws, PrepareJwtError> {
    credential.check_for_issuance()?;
    if !credential.proofs().is_empty() {
        return Err(PrepareJwtError::AlreadySecured);
    }
    if credential.issuer() != key_id.did().as_str() || key_id.fragment().is_none() {
        return Err(PrepareJwtError::OtherKey);
    }
    let mut header = Map::new();
    header.insert("typ".to_owned(), Value::from(CREDENTIAL_TYP));
    header.insert("cty".to_owned(), Value::from(CREDENTIAL_CTY));
    header.insert("kid".to_owned(), Value::from(key_id.to_string()));
    // In the header, so that the payload stays the document and nothing else.
    header.insert("iss".to_owned(), Value::from(credential.issuer()));
    if !certificates.is_empty() {
        let chain = jws::x5c_value(certificates.iter().map(Vec::as_slice));
        header.insert("x5c".to_owned(), chain);
    }
    let payload = serde_json::to_vec(credential.document()).map_err(PrepareJwtError::Serialization)?;
    Ok(jws::prepare(algorithm, &header, &payload))
}
