//! Encrypted requests and responses ([OpenID4VCI §10]).
//!
//! [OpenID4VCI §10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-10

use std::borrow::Cow;

use symbolon_crypto::UnixTime;
use symbolon_crypto::jose::jwe::JweError;
use symbolon_issuer::issuance::NotOpened;
use symbolon_issuer::policy::EncryptionPolicy;
use symbolon_issuer::request_keys;
use symbolon_protocol::openid4vci::credential::RequestCarriage;
use symbolon_protocol::openid4vci::encryption;
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;

use super::Issuer;

/// A request as it came.
#[derive(Clone, Copy)]
pub struct CarriedRequest<'a> {
    /// Whether it is encrypted.
    pub carriage: RequestCarriage,
    /// Its body.
    pub body: &'a [u8],
}

impl Issuer {
    /// The JSON of a request of at most `max_bytes`.
    pub(super) fn open_request<'a>(
        &self,
        carried: &CarriedRequest<'a>,
        max_bytes: usize,
        now: UnixTime,
    ) -> Result<Cow<'a, [u8]>, symbolon_issuer::issuance::CredentialRefusal> {
        let policy = self.profile().policy().request_encryption;
        match (carried.carriage, policy) {
            (RequestCarriage::Plain, EncryptionPolicy::Required) => Err(NotOpened::Plain.into()),
            (RequestCarriage::Plain, EncryptionPolicy::Offered) => Ok(Cow::Borrowed(carried.body)),
            (RequestCarriage::Encrypted, _) => {
                let text = core::str::from_utf8(carried.body).map_err(|_| NotOpened::Malformed)?;
                let keys = |key_id: Option<&str>| request_keys::find(&self.secret, key_id?, now);
                let opened = encryption::decrypt(text, &keys, &*self.setup.jwe, max_bytes);
                let opened = opened.map_err(|error| match error {
                    JweError::UnknownKey => NotOpened::UnknownKey,
                    JweError::Algorithm => NotOpened::Algorithm,
                    JweError::OverBudget => NotOpened::TooLarge,
                    _ => NotOpened::Malformed,
                })?;
                Ok(Cow::Owned(opened.payload.to_vec()))
            }
        }
    }

    /// Encrypts an answer.
    ///
    /// # Errors
    /// [`JweError::Encryption`] when the wallet's key or the randomness fails.
    pub(crate) fn seal(&self, json: &[u8], encryption: &ResponseEncryption) -> Result<String, JweError> {
        encryption.encrypt(json, &*self.setup.jwe, &*self.setup.randomness)
    }
}
