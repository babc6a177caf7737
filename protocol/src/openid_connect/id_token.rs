//! ID tokens ([OpenID Connect Core 1.0 §2, §3.1.3.6]) and signed answers of the userinfo endpoint ([§5.3.2]).
//!
//! [OpenID Connect Core 1.0 §2, §3.1.3.6]: https://openid.net/specs/openid-connect-core-1_0.html#IDToken
//! [§5.3.2]: https://openid.net/specs/openid-connect-core-1_0.html#UserInfoResponse

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{self, PreparedJws};
use symbolon_crypto::{PublicKey, SignatureAlgorithm, UnixTime};

use crate::identifier::IssuerIdentifier;
use crate::oauth::client::ClientIdentifier;
use crate::secret::AccessToken;

/// What every ID token says.
#[derive(Debug, Clone, Copy)]
pub struct IdTokenClaims<'a> {
    /// The provider.
    pub issuer: &'a IssuerIdentifier,
    /// The client.
    pub audience: &'a ClientIdentifier,
    /// Who signed in, as this client knows them.
    pub subject: &'a str,
    /// When it was made.
    pub issued_at: UnixTime,
    /// When it is good no longer.
    pub expires_at: UnixTime,
    /// When the person signed in.
    pub authenticated_at: UnixTime,
    /// The `nonce` of the request.
    pub nonce: Option<&'a str>,
    /// `acr`: the level of assurance.
    pub acr: Option<&'a str>,
    /// `amr`: by which methods, by their names of [RFC 8176](https://www.rfc-editor.org/rfc/rfc8176).
    pub amr: &'a [&'a str],
    /// The access token that goes with it.
    pub access_token: &'a AccessToken,
}

impl IdTokenClaims<'_> {
    /// Prepares the token, which `key` then signs. `more` are the claims that were asked for; none of them replaces one that every ID
    /// token has.
    #[must_use]
    pub fn prepare(&self, key: &PublicKey, more: &Map<String, Value>) -> PreparedJws {
        let mut claims = more.clone();
        let mut put = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        put("iss", json!(self.issuer));
        put("aud", json!(self.audience));
        put("sub", json!(self.subject));
        put("iat", json!(self.issued_at));
        put("exp", json!(self.expires_at));
        put("auth_time", json!(self.authenticated_at));
        put("at_hash", json!(token_hash(key.algorithm(), self.access_token)));
        put("amr", json!(self.amr));
        for (name, value) in [("nonce", self.nonce), ("acr", self.acr)] {
            // A claim of this name that was not in the request must not come from anywhere else.
            match value {
                Some(value) => claims.insert(name.to_owned(), json!(value)),
                None => claims.remove(name),
            };
        }
        prepare_jwt(key, &claims)
    }
}

/// Prepares the signed answer of the userinfo endpoint to a client: its claims with whose and for whom they are.
#[must_use]
pub fn prepare_user_info(
    key: &PublicKey,
    issuer: &IssuerIdentifier,
    audience: &ClientIdentifier,
    claims: &Map<String, Value>,
) -> PreparedJws {
    let mut claims = claims.clone();
    claims.insert("iss".to_owned(), json!(issuer));
    claims.insert("aud".to_owned(), json!(audience));
    prepare_jwt(key, &claims)
}

fn prepare_jwt(key: &PublicKey, claims: &Map<String, Value>) -> PreparedJws {
    let mut header = Map::new();
    header.insert("typ".to_owned(), json!("JWT"));
    header.insert("kid".to_owned(), json!(key.thumbprint()));
    jws::prepare(key.algorithm(), &header, json!(claims).to_string().as_bytes())
}

/// `at_hash`: the left half of the digest of the access token, by the hash of the signature's algorithm.
fn token_hash(algorithm: SignatureAlgorithm, token: &AccessToken) -> String {
    let token = token.expose().as_bytes();
    let digest = match algorithm {
        SignatureAlgorithm::Es384 => Sha384::digest(token).to_vec(),
        SignatureAlgorithm::EdDsa => Sha512::digest(token).to_vec(),
        _ => Sha256::digest(token).to_vec(),
    };
    let half = digest.len() / 2;
    base64url::encode(digest.get(..half).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::SecretKey;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    /// The access token and hash of OpenID Connect Core 1.0, appendix A.3.
    #[test]
    fn the_hash_of_an_access_token_is_that_of_the_specification() {
        let token = AccessToken::parse("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y").unwrap();
        assert_eq!(
            token_hash(SignatureAlgorithm::Es256, &token),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }

    #[test]
    fn claims_that_were_asked_for_replace_nothing_of_the_token() {
        let key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
        let issuer = IssuerIdentifier::parse("https://verifier.example/openid").unwrap();
        let audience = ClientIdentifier::parse("bank").unwrap();
        let claims = IdTokenClaims {
            issuer: &issuer,
            audience: &audience,
            subject: "s",
            issued_at: UnixTime::from_seconds(1),
            expires_at: UnixTime::from_seconds(2),
            authenticated_at: UnixTime::from_seconds(0),
            nonce: None,
            acr: None,
            amr: &["pop"],
            access_token: &AccessToken::parse("a").unwrap(),
        };
        let more = json!({"iss": "x", "sub": "x", "aud": "x", "exp": 9, "nonce": "x", "acr": "x", "given_name": "Amina"});
        let prepared = claims.prepare(&key.public_key(), more.as_object().unwrap());
        let text = prepared.finish(&[0; 64]);
        let payload = base64url::decode(text.split('.').nth(1).unwrap()).unwrap();
        let read: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(read["iss"], "https://verifier.example/openid");
        assert_eq!((&read["sub"], &read["aud"]), (&json!("s"), &json!("bank")));
        assert_eq!(read["exp"], 2);
        assert_eq!(read["given_name"], "Amina");
        assert!(read.get("nonce").is_none() && read.get("acr").is_none());
    }
}
