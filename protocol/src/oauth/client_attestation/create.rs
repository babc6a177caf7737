//! Making attestations and proofs of possession ([OAuth 2.0 Attestation-Based Client Authentication]).
//!
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/

use serde_json::{Map, Value, json};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{PublicKey, SignatureAlgorithm, UnixTime};

use super::challenge::AttestationChallenge;
use super::{ATTESTATION_TYPE, PROOF_OF_POSSESSION_TYPE};
use crate::identifier::{HttpUrl, IssuerIdentifier};
use crate::oauth::client::ClientIdentifier;
use crate::oauth::jwt::JwtId;

/// What a wallet provider attests.
#[derive(Debug, Clone, Copy)]
pub struct AttestationContents<'a> {
    /// The provider: `iss`.
    pub attester: &'a str,
    /// The client, the same for every instance of the wallet: `sub`.
    pub client: &'a ClientIdentifier,
    /// The key of this instance: `cnf.jwk`.
    pub key: &'a PublicKey,
    /// `iat`
    pub issued_at: UnixTime,
    /// `exp`
    pub expires_at: UnixTime,
    /// What the wallet is called.
    pub wallet_name: Option<&'a str>,
    /// Where to read about the wallet.
    pub wallet_link: Option<&'a HttpUrl>,
    /// Where the provider revokes this attestation.
    pub status: Option<&'a StatusReference>,
}

/// How an attestation names the key that signed it.
#[derive(Debug, Clone, Copy)]
pub enum AttesterName<'a> {
    /// By its certificates, leaf first and without the anchor, as HAIP demands.
    Certificates(&'a [Certificate]),
    /// By a name that the server knows.
    KeyId(&'a str),
}

/// Prepares an attestation, which the provider then has signed.
#[must_use]
pub fn prepare_attestation(
    contents: AttestationContents<'_>,
    name: AttesterName<'_>,
    algorithm: SignatureAlgorithm,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(ATTESTATION_TYPE));
    match name {
        AttesterName::Certificates(chain) => {
            let value = jws::x5c_value(chain.iter().map(Certificate::der));
            header.insert("x5c".to_owned(), value);
        }
        AttesterName::KeyId(kid) => {
            header.insert("kid".to_owned(), json!(kid));
        }
    }
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(contents.attester));
    claims.insert("sub".to_owned(), json!(contents.client));
    claims.insert("iat".to_owned(), json!(contents.issued_at));
    claims.insert("exp".to_owned(), json!(contents.expires_at));
    claims.insert("cnf".to_owned(), json!({ "jwk": contents.key.to_jwk() }));
    if let Some(name) = contents.wallet_name {
        claims.insert("wallet_name".to_owned(), json!(name));
    }
    if let Some(link) = contents.wallet_link {
        claims.insert("wallet_link".to_owned(), json!(link));
    }
    if let Some(status) = contents.status {
        claims.insert("status".to_owned(), status.to_json());
    }
    jws::prepare(algorithm, &header, Value::Object(claims).to_string().as_bytes())
}

/// Prepares a proof of possession, which the instance then has signed by the attested key.
#[must_use]
pub fn prepare_proof_of_possession(
    client: &ClientIdentifier,
    key: &PublicKey,
    server: &IssuerIdentifier,
    jti: &JwtId,
    challenge: Option<&AttestationChallenge>,
    issued_at: UnixTime,
) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!(PROOF_OF_POSSESSION_TYPE));
    let mut claims = Map::new();
    claims.insert("iss".to_owned(), json!(client));
    claims.insert("aud".to_owned(), json!(server));
    claims.insert("jti".to_owned(), json!(jti));
    claims.insert("iat".to_owned(), json!(issued_at));
    if let Some(challenge) = challenge {
        claims.insert("challenge".to_owned(), json!(challenge));
    }
    jws::prepare(
        key.algorithm(),
        &header,
        Value::Object(claims).to_string().as_bytes(),
    )
}
