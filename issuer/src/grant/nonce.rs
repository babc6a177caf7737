//! `c_nonce`: what a wallet must sign to show that its proof is fresh ([OpenID4VCI §7]).
//!
//! The nonce endpoint is unprotected, so a nonce must cost the issuer no memory. It is spent once, through a mark that is written in
//! the same commit as the credential.
//!
//! [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime};
use symbolon_protocol::openid4vci::identifiers::CNonce;

pub use crate::nonce::{NONCE_LIFETIME, NonceMark, NonceRefused};
use crate::nonce::{NoncePurpose, check, make};
use crate::secret::InstallationSecret;

/// Makes a nonce that expires [`NONCE_LIFETIME`] after `now`.
///
/// # Errors
/// When there is no randomness.
pub fn make_nonce(
    secret: &InstallationSecret,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<CNonce, RandomnessUnavailable> {
    let nonce = make(NoncePurpose::KeyProof, secret, now, randomness)?;
    // Base64url is never empty, too long, or a control character.
    CNonce::parse(nonce).ok_or(RandomnessUnavailable)
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
    check(NoncePurpose::KeyProof, presented, secret, now)
}
