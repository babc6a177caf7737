//! What a device signs or authenticates: `DeviceAuthenticationBytes`.

use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{CryptoProvider, InvalidKey, PublicKey, SecretKey, SharedSecret};

use super::transcript::SessionTranscript;

/// `DeviceNameSpacesBytes` of a device that adds nothing of its own: tag 24 around an empty map.
pub(super) const NO_DEVICE_NAME_SPACES: [u8; 4] = [0xd8, 0x18, 0x41, 0xa0];

/// `DeviceAuthenticationBytes`. `device_name_spaces` is the tagged item as it is in the response.
pub(super) fn device_authentication(
    transcript: &SessionTranscript,
    doc_type: &str,
    device_name_spaces: &[u8],
) -> Vec<u8> {
    const CONTEXT: &str = "DeviceAuthentication";
    let transcript = transcript.as_bytes();
    // The inner structure is written behind room for the heads that go around it.
    let length = 1
        + write::head_length(CONTEXT.len())
        + CONTEXT.len()
        + transcript.len()
        + write::head_length(doc_type.len())
        + doc_type.len()
        + device_name_spaces.len();
    let mut out = Vec::with_capacity(length.saturating_add(8));
    write::tag(&mut out, 24);
    write::bytes_head(&mut out, length);
    write::array(&mut out, 4);
    write::text(&mut out, CONTEXT);
    out.extend_from_slice(transcript);
    write::text(&mut out, doc_type);
    out.extend_from_slice(device_name_spaces);
    out
}

/// The key of a device MAC. It zeroizes when dropped.
pub struct EMacKey(pub(super) SymmetricKey);

impl EMacKey {
    /// Derives the key from what the device's and the reader's keys agree on, as a key store answers it.
    #[must_use]
    pub fn from_agreement(shared: &SharedSecret, transcript: &SessionTranscript) -> Self {
        let salt = Sha256::digest(transcript.to_encoded_item());
        Self(SymmetricKey::agreed(shared, &salt, b"EMacKey"))
    }

    /// Derives the key from one secret key and the other side's public key.
    ///
    /// # Errors
    /// [`InvalidKey`] unless both keys are of P-256.
    pub fn derive(
        provider: &dyn CryptoProvider,
        own: &SecretKey,
        peer: &PublicKey,
        transcript: &SessionTranscript,
    ) -> Result<Self, InvalidKey> {
        let shared = provider.agree(own, peer)?;
        Ok(Self::from_agreement(&shared, transcript))
    }
}
