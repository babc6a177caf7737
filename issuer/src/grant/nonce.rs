//! `c_nonce`: what a wallet must sign to show that its proof is fresh ([OpenID4VCI §7]).
//!
//! The nonce endpoint is unprotected, so a nonce must cost the issuer no memory: it carries its expiry and a tag of the installation's
//! secret. It is spent once, through a mark that is written in the same commit as the credential.
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use std::time::Duration;

use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use thiserror::Error;

use crate::secret::{InstallationSecret, Purpose};

/// How long a nonce may be used: time enough for a resident to unlock the phone, short enough to bound the marks kept.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Makes a nonce that expires [`NONCE_LIFETIME`] after `now`.
///
/// # Errors
/// When there is no randomness.
pub fn make_nonce(
    secret: &InstallationSecret,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<CNonce, RandomnessUnavailable> {
    let expires_at = now.plus(NONCE_LIFETIME);
    let mut bytes = Vec::with_capacity(NONCE_BYTES);
    bytes.extend_from_slice(&expires_at.seconds().to_be_bytes());
    bytes.extend_from_slice(&random_bytes::<16>(randomness)?);
    let tag = tag(secret, &bytes);
    bytes.extend_from_slice(&tag);
    // Base64url is never empty, too long, or a control character.
    CNonce::parse(base64url::encode(&bytes)).ok_or(RandomnessUnavailable)
}

/// Whether this issuer made `presented` and it has not expired. Whether it was used is decided by the commit that writes its mark.
///
/// # Errors
/// [`NonceRefused`]; the wire answer is `invalid_nonce` for both reasons.
pub fn check_nonce(
    presented: &str,
    secret: &InstallationSecret,
    now: UnixTime,
) -> Result<NonceMark, NonceRefused> {
    if presented.len() > NONCE_BYTES * 2 {
        return Err(NonceRefused::NotOurs);
    }
    let bytes = base64url::decode(presented).map_err(|_| NonceRefused::NotOurs)?;
    let (body, presented_tag) = bytes.split_at_checked(BODY_BYTES).ok_or(NonceRefused::NotOurs)?;
    if !bool::from(presented_tag.ct_eq(&tag(secret, body))) {
        return Err(NonceRefused::NotOurs);
    }
    let (expiry, random) = body.split_first_chunk::<8>().ok_or(NonceRefused::NotOurs)?;
    let random = <[u8; 16]>::try_from(random).map_err(|_| NonceRefused::NotOurs)?;
    let expires_at = UnixTime::from_seconds(i64::from_be_bytes(*expiry));
    if now >= expires_at {
        return Err(NonceRefused::Expired);
    }
    Ok(NonceMark { expires_at, random })
}

fn tag(secret: &InstallationSecret, body: &[u8]) -> Vec<u8> {
    secret
        .derive_tag(Purpose::Nonce, &[body])
        .into_iter()
        .take(TAG_BYTES)
        .collect()
}

/// What marks a nonce as spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NonceMark {
    /// After this the mark may be forgotten: the nonce is refused by its own expiry.
    pub expires_at: UnixTime,
    /// What tells nonces of one second apart.
    pub random: [u8; 16],
}

/// Why a nonce was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NonceRefused {
    /// Another issuer's, an altered one, or none at all.
    #[error("the nonce was not made by this issuer")]
    NotOurs,
    /// Too old.
    #[error("the nonce has expired")]
    Expired,
}

const TAG_BYTES: usize = 16;
const BODY_BYTES: usize = 8 + 16;
const NONCE_BYTES: usize = BODY_BYTES + TAG_BYTES;
