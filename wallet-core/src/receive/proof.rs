//! The proof that the wallet holds the key ([OpenID4VCI appendix F.1]).
//!
//! [OpenID4VCI appendix F.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F.1

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{KeyDescription, SignOutcome};
use symbolon_did::{InvalidDid, did_jwk, did_key};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::proof;

use super::formats::ProofKeyName;
use crate::error::{DeviceFault, WalletError};
use crate::holder_did::own_method;
use crate::wallet::Wallet;

/// A proof, or the need for the person.
pub(super) enum SignedProof {
    /// The JWT.
    Signed(String),
    /// The key store waits for the person.
    Locked,
}

impl Wallet {
    pub(super) fn sign_proof(
        &self,
        issuer: &IssuerIdentifier,
        key: &KeyDescription,
        name: ProofKeyName,
        client: Option<&ClientIdentifier>,
        nonce: Option<&CNonce>,
        attestation: Option<&str>,
        now: UnixTime,
    ) -> Result<SignedProof, WalletError> {
        // Where the wallet is anonymous, `iss` must be left out.
        let client = client.map(ClientIdentifier::as_str);
        let internal = |_: InvalidDid| WalletError::DeviceFailed(DeviceFault::Internal);
        let public_key = &key.public_key;
        let did = match name {
            ProofKeyName::Jwk => None,
            ProofKeyName::DidKey => Some(did_key(public_key).map_err(internal)?),
            ProofKeyName::DidJwk => Some(did_jwk(public_key).map_err(internal)?),
        };
        let prepared = match (did, attestation) {
            (None, None) => proof::prepare(public_key, issuer, nonce, client, now),
            (_, Some(attestation)) => {
                proof::prepare_attested(public_key, attestation, issuer, nonce, client, now)
            }
            (Some(did), None) => {
                let method = own_method(&did)?;
                proof::prepare_with_key_id(&method, public_key, issuer, nonce, client, now)
            }
        };
        match self.ports.keys.sign(&prepared.request(key.handle.clone()))? {
            SignOutcome::Signed(signature) => Ok(SignedProof::Signed(prepared.finish(&signature))),
            SignOutcome::Locked => Ok(SignedProof::Locked),
        }
    }
}
