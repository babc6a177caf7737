//! Clients that a wallet knows beforehand ([OpenID4VP §5.9.2]).
//!
//! Their metadata are part of the registration, and a request that brings others is refused ([OpenID4VP §8.5]).
//!
//! [OpenID4VP §5.9.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.2
//! [OpenID4VP §8.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.5

use serde::{Deserialize, Serialize};
use symbolon_crypto::PublicKey;
use thiserror::Error;

use super::client_id::{ClientId, ClientIdPrefix};
use super::client_metadata::{ClientMetadata, JwkSet};
use crate::identifier::HttpUrl;
use crate::wire::parse_json;

/// The longest registration that is read, in bytes.
pub const MAX_REGISTRATION_BYTES: usize = 64 * 1024;

/// A client without a prefix, as both sides have it written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredClient {
    /// Its identifier.
    pub client_id: ClientId,
    /// What people call it.
    pub name: String,
    /// Where its answers may go; compared as texts ([RFC 9700 §2.1]).
    ///
    /// [RFC 9700 §2.1]: https://www.rfc-editor.org/rfc/rfc9700#section-2.1
    pub response_uris: Vec<HttpUrl>,
    /// The keys that sign its requests. A client with none does not sign, and one with any always does.
    #[serde(default = "no_keys")]
    pub request_object_keys: JwkSet,
    /// What requests of others say in `client_metadata`.
    pub client_metadata: ClientMetadata,
}

const fn no_keys() -> JwkSet {
    JwkSet { keys: Vec::new() }
}

/// The text is no registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the registration of a verifier is malformed, or its client_id has a prefix")]
pub struct InvalidRegistration;

impl RegisteredClient {
    /// Reads a registration.
    ///
    /// # Errors
    /// [`InvalidRegistration`].
    pub fn parse(json: &[u8]) -> Result<Self, InvalidRegistration> {
        let client: Self = parse_json(json, MAX_REGISTRATION_BYTES).map_err(|_| InvalidRegistration)?;
        let keys = &client.request_object_keys.keys;
        let usable = *client.client_id.prefix() == ClientIdPrefix::PreRegistered
            && !client.response_uris.is_empty()
            && keys.iter().all(|key| PublicKey::from_jwk(key).is_ok());
        usable.then_some(client).ok_or(InvalidRegistration)
    }

    /// The key of that name, or the only one where the request names none.
    pub(super) fn request_object_key(&self, key_id: Option<&str>) -> Option<PublicKey> {
        let keys = &self.request_object_keys.keys;
        let key = match (key_id, keys.as_slice()) {
            (Some(_), keys) => keys.iter().find(|key| key.kid.as_deref() == key_id)?,
            (None, [only]) => only,
            (None, _) => return None,
        };
        PublicKey::from_jwk(key).ok()
    }
}
