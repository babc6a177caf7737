//! Encrypted requests and responses ([OpenID4VCI §10, §12.2.4]).
//!
//! Both are JWEs in compact serialization, `application/jwt`, with ECDH-ES to a key of P-256. A request is encrypted to a key of
//! the issuer's metadata; a response to the key that the (encrypted) request carries. Errors are never encrypted.
//!
//! [OpenID4VCI §10, §12.2.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-10

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use symbolon_crypto::jose::jwe::{
    CompressedContent, ContentCompression, ContentEncryption, EncryptionParameters, JweBudget, JweCodec,
    JweError, KeyLookup, Recipient,
};
use symbolon_crypto::{Jwk, PublicKey, Randomness, SecretKey, SignatureAlgorithm};
use thiserror::Error;
use zeroize::Zeroizing;

use super::credential::RequestCarriage;

/// The one key management algorithm of the suite.
pub const KEY_AGREEMENT: &str = "ECDH-ES";

/// The media type of encrypted requests and responses.
pub const ENCRYPTED_MEDIA_TYPE: &str = "application/jwt";

/// Room for the header of a JWE and its other short parts, in characters.
const MAX_HEADER_CHARACTERS: usize = 8 * 1024;

/// The most keys of one metadata document that are looked at.
const MAX_REQUEST_KEYS: usize = 16;

/// `credential_request_encryption` of the issuer's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestEncryptionMetadata {
    /// The keys, each with its `kid` and `alg`. Those of kinds that are not known are kept and not used.
    #[serde(default)]
    pub jwks: JsonWebKeySet,
    /// The `enc` values that the issuer decrypts.
    #[serde(default)]
    pub enc_values_supported: Vec<String>,
    /// The `zip` values that the issuer inflates; none where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zip_values_supported: Vec<String>,
    /// Whether plain requests are refused.
    pub encryption_required: bool,
}

/// A JWK Set, whose members are read one by one when one is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JsonWebKeySet {
    /// The keys.
    #[serde(default)]
    pub keys: Vec<Value>,
}

/// `credential_response_encryption` of the issuer's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseEncryptionMetadata {
    /// The `alg` values that the issuer encrypts with.
    #[serde(default)]
    pub alg_values_supported: Vec<String>,
    /// The `enc` values that the issuer encrypts with.
    #[serde(default)]
    pub enc_values_supported: Vec<String>,
    /// The `zip` values that the issuer compresses with; none where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub zip_values_supported: Vec<String>,
    /// Whether a request must ask for an encrypted response.
    pub encryption_required: bool,
}

/// How a wallet encrypts its requests to an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestEncryption {
    /// The issuer's key.
    pub recipient: Recipient,
    /// `enc`.
    pub content: ContentEncryption,
}

/// How a response is to be encrypted: `credential_response_encryption` of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResponseEncryption {
    /// The wallet's key, of P-256, made for this one exchange.
    pub key: PublicKey,
    /// Its `kid`, which the response repeats.
    pub key_id: Option<String>,
    /// `enc`.
    pub content: ContentEncryption,
    /// `zip`.
    pub compression: ContentCompression,
}

impl RequestEncryptionMetadata {
    /// What an issuer with these keys publishes. Each key goes under its RFC 7638 thumbprint.
    #[must_use]
    pub fn offering<'k>(keys: impl IntoIterator<Item = &'k PublicKey>, demand: EncryptionDemand) -> Self {
        let keys = keys.into_iter().map(|key| {
            let mut jwk = key.to_jwk();
            jwk.kid = Some(key.thumbprint().to_string());
            jwk.alg = Some(KEY_AGREEMENT.to_owned());
            jwk.use_ = Some("enc".to_owned());
            json!(jwk)
        });
        Self {
            jwks: JsonWebKeySet { keys: keys.collect() },
            enc_values_supported: content_names(),
            zip_values_supported: compression_names(),
            encryption_required: demand == EncryptionDemand::Required,
        }
    }

    /// How to encrypt to the issuer: the first key and the strongest content encryption that both sides know. `None` when there is no
    /// such key, or none such encryption.
    #[must_use]
    pub fn choose(&self) -> Option<RequestEncryption> {
        let content = strongest(&self.enc_values_supported)?;
        let recipient = self.jwks.keys.iter().take(MAX_REQUEST_KEYS).find_map(recipient)?;
        Some(RequestEncryption { recipient, content })
    }
}

impl ResponseEncryptionMetadata {
    /// What an issuer of this suite publishes.
    #[must_use]
    pub fn offering(demand: EncryptionDemand) -> Self {
        Self {
            alg_values_supported: vec![KEY_AGREEMENT.to_owned()],
            enc_values_supported: content_names(),
            zip_values_supported: compression_names(),
            encryption_required: demand == EncryptionDemand::Required,
        }
    }

    /// Whether the issuer offers anything that both sides know.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let agrees = self.alg_values_supported.iter().any(|alg| alg == KEY_AGREEMENT);
        agrees && strongest(&self.enc_values_supported).is_some()
    }

    /// How a wallet with `key` asks for its response; `None` when the issuer offers nothing that both sides know.
    #[must_use]
    pub fn choose(&self, key: PublicKey) -> Option<ResponseEncryption> {
        let content = strongest(&self.enc_values_supported)?;
        let agrees = self.alg_values_supported.iter().any(|alg| alg == KEY_AGREEMENT);
        let inflates = self
            .zip_values_supported
            .iter()
            .any(|zip| Some(zip.as_str()) == ContentCompression::Deflate.jose_name());
        agrees.then(|| ResponseEncryption {
            key_id: Some(key.thumbprint().to_string()),
            key,
            content,
            compression: if inflates {
                ContentCompression::Deflate
            } else {
                ContentCompression::Plain
            },
        })
    }
}

/// Whether messages must be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionDemand {
    /// They may be.
    Offered,
    /// Plain ones are refused.
    Required,
}

fn content_names() -> Vec<String> {
    [ContentEncryption::A128Gcm, ContentEncryption::A256Gcm]
        .map(|content| content.jose_name().to_owned())
        .to_vec()
}

fn compression_names() -> Vec<String> {
    let name = ContentCompression::Deflate.jose_name();
    name.map(str::to_owned).into_iter().collect()
}

fn strongest(names: &[String]) -> Option<ContentEncryption> {
    [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm]
        .into_iter()
        .find(|content| names.iter().any(|name| name == content.jose_name()))
}

/// A key that can be encrypted to ([OpenID4VCI §10]: with `alg`, and in metadata with `kid`).
fn recipient(key: &Value) -> Option<Recipient> {
    let jwk: Jwk = serde_json::from_value(key.clone()).ok()?;
    let key_id = Some(jwk.kid.clone()?);
    let public_key = agreement_key(&jwk)?;
    Some(Recipient { public_key, key_id })
}

fn agreement_key(jwk: &Jwk) -> Option<PublicKey> {
    let for_encryption = jwk.use_.as_deref().is_none_or(|purpose| purpose == "enc");
    let key = PublicKey::from_jwk(jwk).ok()?;
    let agrees = key.algorithm() == SignatureAlgorithm::Es256 && jwk.alg.as_deref() == Some(KEY_AGREEMENT);
    (agrees && for_encryption).then_some(key)
}

impl RequestEncryption {
    /// The JWE of a request.
    ///
    /// # Errors
    /// [`JweError::Encryption`] when the key or the source of randomness fails.
    pub fn encrypt(
        &self,
        request: &[u8],
        codec: &dyn JweCodec,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        let parameters = parameters(self.content, ContentCompression::Plain);
        codec.encrypt(request, &self.recipient, parameters, randomness)
    }
}

impl ResponseEncryption {
    /// Reads the member of a request that travelled as `carriage` says.
    ///
    /// # Errors
    /// [`InvalidResponseEncryption`].
    pub fn of_request(wanted: Value, carriage: RequestCarriage) -> Result<Self, InvalidResponseEncryption> {
        // Whoever can change a plain request would put a key of their own in it.
        if carriage == RequestCarriage::Plain {
            return Err(InvalidResponseEncryption::PlainRequest);
        }
        Self::from_value(wanted)
    }

    fn from_value(wanted: Value) -> Result<Self, InvalidResponseEncryption> {
        let Value::Object(mut members) = wanted else {
            return Err(InvalidResponseEncryption::Malformed);
        };
        let jwk = members
            .remove("jwk")
            .ok_or(InvalidResponseEncryption::Malformed)?;
        let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| InvalidResponseEncryption::Key)?;
        let content = match members.remove("enc") {
            Some(Value::String(enc)) => ContentEncryption::from_jose_name(&enc),
            _ => return Err(InvalidResponseEncryption::Malformed),
        };
        let compression = match members.remove("zip") {
            None => ContentCompression::Plain,
            Some(Value::String(zip)) if Some(zip.as_str()) == ContentCompression::Deflate.jose_name() => {
                ContentCompression::Deflate
            }
            Some(_) => return Err(InvalidResponseEncryption::Compression),
        };
        Ok(Self {
            key: agreement_key(&jwk).ok_or(InvalidResponseEncryption::Key)?,
            key_id: jwk.kid,
            content: content.ok_or(InvalidResponseEncryption::Content)?,
            compression,
        })
    }

    /// The JWE of a response.
    ///
    /// # Errors
    /// [`JweError::Encryption`] when the key or the source of randomness fails.
    pub fn encrypt(
        &self,
        response: &[u8],
        codec: &dyn JweCodec,
        randomness: &dyn Randomness,
    ) -> Result<String, JweError> {
        let recipient = Recipient {
            public_key: self.key.clone(),
            key_id: self.key_id.clone(),
        };
        let parameters = parameters(self.content, self.compression);
        codec.encrypt(response, &recipient, parameters, randomness)
    }

    /// Opens the JWE of a response with the secret half of the key that the request named.
    ///
    /// # Errors
    /// [`JweError`]; [`JweError::Algorithm`] also when the issuer chose another content encryption than the one asked for.
    pub fn decrypt(
        &self,
        response: &str,
        secret: &dyn Fn() -> Option<SecretKey>,
        codec: &dyn JweCodec,
        max_bytes: usize,
    ) -> Result<Zeroizing<Vec<u8>>, JweError> {
        let key = |key_id: Option<&str>| {
            let named = key_id.is_none() || key_id == self.key_id.as_deref();
            named.then(secret).flatten()
        };
        let decrypted = decrypt(response, &key, codec, max_bytes)?;
        if decrypted.content_encryption == self.content {
            Ok(decrypted.payload)
        } else {
            Err(JweError::Algorithm)
        }
    }
}

/// Opens an encrypted request or response of which neither text nor content is longer than `max_bytes`.
///
/// # Errors
/// [`JweError`].
pub fn decrypt(
    text: &str,
    keys: &KeyLookup<'_>,
    codec: &dyn JweCodec,
    max_bytes: usize,
) -> Result<symbolon_crypto::jose::jwe::DecryptedJwe, JweError> {
    let budget = JweBudget {
        // Base64url adds a third to the content, and there is a header before it.
        max_bytes: max_bytes.saturating_mul(3) / 2 + MAX_HEADER_CHARACTERS,
        compression: CompressedContent::Inflated { max_bytes },
    };
    let decrypted = codec.decrypt_within(text.trim(), keys, budget)?;
    if decrypted.payload.len() > max_bytes {
        return Err(JweError::OverBudget);
    }
    Ok(decrypted)
}

fn parameters(content: ContentEncryption, compression: ContentCompression) -> EncryptionParameters<'static> {
    EncryptionParameters {
        content_encryption: content,
        compression,
        party_u: &[],
        party_v: &[],
    }
}

impl Serialize for ResponseEncryption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut jwk = self.key.to_jwk();
        jwk.kid.clone_from(&self.key_id);
        jwk.alg = Some(KEY_AGREEMENT.to_owned());
        jwk.use_ = Some("enc".to_owned());
        let mut wanted = json!({ "jwk": jwk, "enc": self.content.jose_name() });
        if let (Some(zip), Some(members)) = (self.compression.jose_name(), wanted.as_object_mut()) {
            members.insert("zip".to_owned(), zip.into());
        }
        wanted.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ResponseEncryption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Why a response cannot be encrypted as the request wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidResponseEncryption {
    /// The request itself is not encrypted.
    #[error("a request for an encrypted response must be encrypted itself")]
    PlainRequest,
    /// No object with `jwk` and `enc`.
    #[error("credential_response_encryption is malformed")]
    Malformed,
    /// A key of another kind than P-256, without the `alg` ECDH-ES, or with private members.
    #[error("the key of credential_response_encryption must be of P-256 and have the alg {KEY_AGREEMENT}")]
    Key,
    /// Another content encryption than A128GCM and A256GCM.
    #[error("the enc of credential_response_encryption is not supported")]
    Content,
    /// Another compression than DEF.
    #[error("the zip of credential_response_encryption is not supported")]
    Compression,
}

#[cfg(test)]
pub(crate) mod tests;
