//! What the verifier says of itself in a request ([OpenID4VP §5.1, §11.1]).
//!
//! [OpenID4VP §5.1, §11.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.1

use serde::{Deserialize, Serialize};
use symbolon_crypto::jose::jwe::ContentEncryption;
use symbolon_crypto::{Jwk, PublicKey};

use super::vp_formats::VpFormats;

/// The key agreement of every encrypted response of the suite.
pub const RESPONSE_KEY_AGREEMENT: &str = "ECDH-ES";

/// The largest number of keys that are looked at.
pub const MAX_KEYS: usize = 16;

/// The verifier's metadata. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientMetadata {
    /// Keys to encrypt the response to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<JwkSet>,
    /// The content encryptions that the verifier reads; without this member `A128GCM`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted_response_enc_values_supported: Option<Vec<String>>,
    /// The formats that the verifier reads.
    pub vp_formats_supported: VpFormats,
    /// The verifier's name, as it likes to be called. Shown beside what its certificate says, never instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// The keys that sign the receipt which the holder gets, where the verifier gives one: a member of this suite's own
    /// (`docs/e-kyc.md`), which other wallets ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_receipt_jwks: Option<JwkSet>,
    /// What it asks for, as it says. Not of the specification, which lets other metadata be added ([OpenID4VP §11.1]); shown as what
    /// the verifier says, beside what is registered of it.
    ///
    /// [OpenID4VP §11.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-11.1
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
}

/// A set of keys. Keys of types that the suite does not know are passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JwkSet {
    /// The keys.
    pub keys: Vec<Jwk>,
}

impl<'de> Deserialize<'de> for JwkSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Raw {
            keys: Vec<Jwk>,
        }
        let Raw { keys } = Raw::deserialize(deserializer)?;
        if keys.len() > MAX_KEYS {
            return Err(serde::de::Error::custom("too many keys"));
        }
        Ok(Self { keys })
    }
}

/// How the response to one request is encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEncryption {
    /// The verifier's key for this request.
    pub key: PublicKey,
    /// Its `kid`, which goes into the header of the response.
    pub key_id: String,
    /// The content encryption.
    pub content: ContentEncryption,
}

impl ClientMetadata {
    /// The metadata of a verifier of this suite: every format that it reads, and a response encrypted to `key` with either content
    /// encryption, as HAIP demands of verifiers.
    #[must_use]
    pub fn for_encrypted_response(key: &PublicKey, client_name: Option<String>) -> Self {
        let jwk = Jwk {
            kid: Some(key.thumbprint().to_string()),
            alg: Some(RESPONSE_KEY_AGREEMENT.to_owned()),
            use_: Some("enc".to_owned()),
            ..key.to_jwk()
        };
        let content = [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm];
        Self {
            jwks: Some(JwkSet { keys: vec![jwk] }),
            encrypted_response_enc_values_supported: Some(
                content
                    .into_iter()
                    .map(|content| content.jose_name().to_owned())
                    .collect(),
            ),
            vp_formats_supported: VpFormats::supported(),
            client_name,
            presentation_receipt_jwks: None,
            purpose: None,
        }
    }

    /// The metadata of a verifier of this suite whose response is not encrypted.
    #[must_use]
    pub fn for_plain_response(client_name: Option<String>) -> Self {
        Self {
            jwks: None,
            encrypted_response_enc_values_supported: None,
            vp_formats_supported: VpFormats::supported(),
            client_name,
            presentation_receipt_jwks: None,
            purpose: None,
        }
    }

    /// The same, with the keys that sign receipts.
    #[must_use]
    pub fn with_receipts(self, keys: &[PublicKey]) -> Self {
        let jwk = |key: &PublicKey| Jwk {
            kid: Some(key.thumbprint().to_string()),
            use_: Some("sig".to_owned()),
            ..key.to_jwk()
        };
        Self {
            presentation_receipt_jwks: Some(JwkSet {
                keys: keys.iter().map(jwk).collect(),
            }),
            ..self
        }
    }

    /// The same, with what the verifier asks for.
    #[must_use]
    pub fn with_purpose(self, purpose: Option<String>) -> Self {
        Self { purpose, ..self }
    }

    /// The key and content encryption for the response: the first usable key, and the strongest encryption that
    /// both sides know. `None` when the verifier offers nothing usable.
    #[must_use]
    pub fn response_encryption(&self) -> Option<ResponseEncryption> {
        let keys = &self.jwks.as_ref()?.keys;
        let (key, key_id) = keys.iter().find_map(|jwk| {
            let for_encryption = jwk.use_.as_deref().is_none_or(|purpose| purpose == "enc");
            let agrees = jwk.alg.as_deref() == Some(RESPONSE_KEY_AGREEMENT);
            let key_id = jwk.kid.clone()?;
            let key = PublicKey::from_jwk(jwk).ok()?;
            (for_encryption && agrees && matches!(key, PublicKey::P256(_))).then_some((key, key_id))
        })?;
        let content = match &self.encrypted_response_enc_values_supported {
            None => ContentEncryption::A128Gcm,
            Some(names) => [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm]
                .into_iter()
                .find(|content| names.iter().any(|name| name == content.jose_name()))?,
        };
        Some(ResponseEncryption { key, key_id, content })
    }
}
