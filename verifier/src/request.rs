//! The verifier's rules about its own requests.
//!
//! A request's decryption key is *derived* from one master secret and the request's identifier, so no private key per
//! request is ever stored, and any process of an installation can read any response.

use hkdf::Hkdf;
use sha2::Sha256;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_crypto::{InvalidKey, PublicKey, Randomness, RandomnessUnavailable, SecretKey, random_bytes};
use symbolon_protocol::digital_credentials::ExchangeProtocol;
use symbolon_protocol::openid4vp::response::MAX_RESPONSE_BYTES;
use zeroize::Zeroizing;

use crate::store::{Nonce, RequestId, TenantId};

/// The master secret from which response keys are derived. 32 random bytes, zeroized when dropped.
pub struct MasterSecret(Zeroizing<[u8; 32]>);

impl MasterSecret {
    /// Takes the bytes of a secret made by [`MasterSecret::make`].
    #[must_use]
    pub fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Makes a fresh secret.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        random_bytes::<32>(randomness).map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// The bytes, to be kept in a file that its owner protects.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key that decrypts the responses to one request ([HAIP §5]: fresh for each request). The same inputs give
    /// the same key.
    ///
    /// # Errors
    /// [`InvalidKey`] if eight derived numbers in a row are no scalars of P-256, which has a chance of 2⁻²⁵⁶.
    ///
    /// [HAIP §5]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5
    pub fn derive_response_key(
        &self,
        tenant: &TenantId,
        request: &RequestId,
    ) -> Result<ResponseKey, InvalidKey> {
        // Identifiers hold no zero byte, so the parts cannot run into each other.
        let name = [tenant.as_str().as_bytes(), &[0], request.as_str().as_bytes()].concat();
        self.derive_key(RESPONSE_KEY_SALT, &name)
    }

    fn derive_key(&self, salt: &[u8], name: &[u8]) -> Result<ResponseKey, InvalidKey> {
        let hkdf = Hkdf::<Sha256>::new(Some(salt), &*self.0);
        for attempt in 0..8_u8 {
            let mut scalar = Zeroizing::new([0_u8; 32]);
            hkdf.expand(&[name, &[0, attempt]].concat(), &mut *scalar)
                .map_err(|_| InvalidKey)?;
            if let Ok(secret) = SecretKey::from_p256_scalar(&*scalar) {
                return Ok(ResponseKey {
                    public: secret.public_key(),
                    secret,
                });
            }
        }
        Err(InvalidKey)
    }
}

impl MasterSecret {
    /// The key that decrypts the responses to a verifier that is registered with wallets: it is part of the registration, and so
    /// the same for every request.
    ///
    /// # Errors
    /// As [`Self::derive_response_key`].
    pub fn derive_registered_response_key(&self, tenant: &TenantId) -> Result<ResponseKey, InvalidKey> {
        // No request is called so: their names are 43 characters long.
        self.derive_response_key(tenant, &RequestId::parse("registered").map_err(|_| InvalidKey)?)
    }

    /// The key that decrypts the answers to one request over the Digital Credentials API, by one protocol.
    ///
    /// # Errors
    /// As [`Self::derive_response_key`].
    pub fn derive_exchange_key(
        &self,
        tenant: &TenantId,
        request: &RequestId,
        protocol: ExchangeProtocol,
    ) -> Result<ResponseKey, InvalidKey> {
        self.derive_key(EXCHANGE_KEY_SALT, &exchange_name(tenant, request, protocol))
    }

    /// The nonce of one request over the Digital Credentials API, by one protocol: 256 bits, as unpredictable as the name of the
    /// request and the secret together.
    ///
    /// # Errors
    /// [`InvalidKey`] never, as the length is one that the derivation has.
    pub fn derive_exchange_nonce(
        &self,
        tenant: &TenantId,
        request: &RequestId,
        protocol: ExchangeProtocol,
    ) -> Result<[u8; 32], InvalidKey> {
        let hkdf = Hkdf::<Sha256>::new(Some(EXCHANGE_NONCE_SALT), &*self.0);
        let mut nonce = [0_u8; 32];
        hkdf.expand(&exchange_name(tenant, request, protocol), &mut nonce)
            .map_err(|_| InvalidKey)?;
        Ok(nonce)
    }

    /// What the browser that opens the page of a request first is given, and has to bring again.
    ///
    /// # Errors
    /// [`InvalidKey`] never, as the length is one that the derivation has.
    pub fn derive_browser_key(
        &self,
        tenant: &TenantId,
        request: &RequestId,
    ) -> Result<Zeroizing<String>, InvalidKey> {
        let hkdf = Hkdf::<Sha256>::new(Some(BROWSER_KEY_SALT), &*self.0);
        let mut key = Zeroizing::new([0_u8; 32]);
        let info = [tenant.as_str().as_bytes(), &[0], request.as_str().as_bytes()].concat();
        hkdf.expand(&info, &mut *key).map_err(|_| InvalidKey)?;
        Ok(Zeroizing::new(base64url::encode(&*key)))
    }
}

fn exchange_name(tenant: &TenantId, request: &RequestId, protocol: ExchangeProtocol) -> Vec<u8> {
    let parts = [tenant.as_str(), request.as_str(), protocol.as_str()];
    parts.join("\0").into_bytes()
}

/// The key pair of one request.
pub struct ResponseKey {
    secret: SecretKey,
    public: PublicKey,
}

impl ResponseKey {
    /// The public half, for the request's `client_metadata.jwks`. Its `kid` is [`ResponseKey::kid`].
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public
    }

    /// The secret half, for decrypting.
    #[must_use]
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret
    }

    /// The secret half, to be handed to a decoder that asks for it by its `kid`.
    #[must_use]
    pub fn into_secret_key(self) -> SecretKey {
        self.secret
    }

    /// The identifier of the key: its RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> String {
        self.public.thumbprint().to_string()
    }
}

/// Decrypts an answer with the key of its request; `None` when it is encrypted to another, or is not what was encrypted.
#[must_use]
pub fn decrypt_answer(
    jwe: &str,
    key: &dyn Fn() -> Option<ResponseKey>,
    codec: &dyn JweCodec,
) -> Option<Zeroizing<Vec<u8>>> {
    let key_id = key()?.kid();
    let lookup = |wanted: Option<&str>| {
        // Without a `kid` the answer may still be for this key: it is the only one of the request.
        wanted
            .is_none_or(|wanted| wanted == key_id)
            .then(key)
            .flatten()
            .map(ResponseKey::into_secret_key)
    };
    let opened = codec.decrypt(jwe, &lookup, MAX_RESPONSE_BYTES).ok()?;
    Some(opened.payload)
}

/// The unpredictable parts of a new request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestSecrets {
    /// The identifier, which stands in the request's URL.
    pub id: RequestId,
    /// The nonce, which the holder's proof repeats.
    pub nonce: Nonce,
    /// The state, which the response repeats.
    pub state: Nonce,
}

impl RequestSecrets {
    /// The request that a state of [`Self::with_name_in_state`] belongs to.
    #[must_use]
    pub fn request_of_state(state: &str) -> Option<RequestId> {
        let name = state.get(..TEXT_LENGTH)?;
        (state.len() == 2 * TEXT_LENGTH)
            .then(|| RequestId::parse(name).ok())
            .flatten()
    }

    /// The same with a state that begins with the identifier: all answers of a registered client go to one address, where the
    /// state alone says which request they belong to.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] never, as both parts are identifiers.
    pub fn with_name_in_state(self) -> Result<Self, RandomnessUnavailable> {
        let state = format!("{}{}", self.id, self.state);
        Ok(Self {
            state: Nonce::parse(&state).map_err(|_| RandomnessUnavailable)?,
            ..self
        })
    }

    /// Makes the three values, 256 bits each.
    ///
    /// # Errors
    /// [`RandomnessUnavailable`] when the source fails.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        Ok(Self {
            id: RequestId::parse(&make_text(randomness)?).map_err(|_| RandomnessUnavailable)?,
            nonce: make_nonce(randomness)?,
            state: make_nonce(randomness)?,
        })
    }
}

/// Makes a fresh URL-safe value of 256 bits: a nonce, a state, a response code.
///
/// # Errors
/// [`RandomnessUnavailable`] when the source fails.
pub fn make_nonce(randomness: &dyn Randomness) -> Result<Nonce, RandomnessUnavailable> {
    Nonce::parse(&make_text(randomness)?).map_err(|_| RandomnessUnavailable)
}

/// How long the text of a value of 256 bits is.
const TEXT_LENGTH: usize = 43;

fn make_text(randomness: &dyn Randomness) -> Result<String, RandomnessUnavailable> {
    random_bytes::<32>(randomness).map(|bytes| base64url::encode(&bytes))
}

/// Separates response keys from whatever else is derived from the master secret.
const RESPONSE_KEY_SALT: &[u8] = b"symbolon verifier response key 1";
/// Separates the keys of answers over the Digital Credentials API.
const EXCHANGE_KEY_SALT: &[u8] = b"symbolon verifier digital credentials key 1";
/// Separates their nonces.
const EXCHANGE_NONCE_SALT: &[u8] = b"symbolon verifier digital credentials nonce 1";
/// Separates the keys of browsers.
const BROWSER_KEY_SALT: &[u8] = b"symbolon verifier browser key 1";

#[cfg(test)]
mod tests {
    use super::*;

    fn derive(master: u8, tenant: &str, request: &str) -> String {
        let master = MasterSecret::new(Zeroizing::new([master; 32]));
        let key = master
            .derive_response_key(
                &TenantId::parse(tenant).unwrap(),
                &RequestId::parse(request).unwrap(),
            )
            .unwrap();
        key.kid()
    }

    #[test]
    fn a_response_key_depends_on_the_master_secret_the_tenant_and_the_request() {
        let key = derive(1, "t", "r");
        assert_eq!(key, derive(1, "t", "r"));
        assert_ne!(key, derive(2, "t", "r"));
        assert_ne!(key, derive(1, "u", "r"));
        assert_ne!(key, derive(1, "t", "s"));
    }

    #[test]
    fn a_browser_key_depends_on_all_of_it_and_is_no_response_key() {
        let key = |master: u8, tenant: &str, request: &str| {
            let master = MasterSecret::new(Zeroizing::new([master; 32]));
            let (tenant, request) = (
                TenantId::parse(tenant).unwrap(),
                RequestId::parse(request).unwrap(),
            );
            master.derive_browser_key(&tenant, &request).unwrap().to_string()
        };
        let one = key(1, "t", "r");
        assert_eq!(one, key(1, "t", "r"));
        assert_eq!(one.len(), 43);
        for other in [key(2, "t", "r"), key(1, "u", "r"), key(1, "t", "s")] {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn each_protocol_of_each_request_has_a_key_and_a_nonce_of_its_own() {
        let master = MasterSecret::new(Zeroizing::new([1; 32]));
        let tenant = TenantId::parse("t").unwrap();
        let mut seen = std::collections::BTreeSet::from([derive(1, "t", "r"), derive(1, "t", "s")]);
        let mut nonces = std::collections::BTreeSet::new();
        for request in ["r", "s"] {
            let request = RequestId::parse(request).unwrap();
            for protocol in ExchangeProtocol::ALL {
                let key = || {
                    master
                        .derive_exchange_key(&tenant, &request, protocol)
                        .unwrap()
                        .kid()
                };
                assert_eq!(key(), key());
                assert!(seen.insert(key()));
                assert!(nonces.insert(master.derive_exchange_nonce(&tenant, &request, protocol).unwrap()));
            }
        }
    }

    /// Requests that were sent before an upgrade are answered after it.
    #[test]
    fn the_derivation_of_version_1_is_frozen() {
        // Computed independently: HKDF-SHA256, scalar multiplication, RFC 7638.
        assert_eq!(
            derive(7, "default", "request-1"),
            "mrhId_PaXRZ5xbZBYwOAg8eUcfRikMKwxcZjvMIFWo4"
        );
    }

    #[test]
    fn a_state_tells_its_request() {
        let randomness = symbolon_crypto::testing::SeededRandomness::new(4);
        let secrets = RequestSecrets::make(&randomness).unwrap();
        assert_eq!(RequestSecrets::request_of_state(secrets.state.as_str()), None);
        let id = secrets.id.clone();
        let secrets = secrets.with_name_in_state().unwrap();
        assert_eq!(RequestSecrets::request_of_state(secrets.state.as_str()), Some(id));
        assert_eq!(RequestSecrets::request_of_state("short"), None);
    }

    #[test]
    fn identifiers_cannot_hold_the_separator_of_the_derivation() {
        assert!(RequestId::parse("a\0b").is_err());
        assert!(TenantId::parse("").is_err());
    }
}
