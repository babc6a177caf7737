//! Nonces that cost the issuer no memory: what it gives to whoever asks carries its expiry and a tag of the installation's secret.
//!
//! `c_nonce`, DPoP nonces and attestation challenges are made alike and tell apart by their tags: none passes for another.

use std::time::Duration;

use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use thiserror::Error;

use crate::secret::{InstallationSecret, Purpose};

/// What a nonce is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoncePurpose {
    /// Key proofs ([OpenID4VCI §7]).
    ///
    /// [OpenID4VCI §7]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7
    KeyProof,
    /// DPoP proofs ([RFC 9449 §8]).
    ///
    /// [RFC 9449 §8]: https://www.rfc-editor.org/rfc/rfc9449#section-8
    Dpop,
    /// Proofs of possession of client attestations ([OpenID4VCI appendix E]).
    ///
    /// [OpenID4VCI appendix E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-E
    ClientAttestation,
}

impl NoncePurpose {
    const fn tag(self) -> Purpose {
        match self {
            Self::KeyProof => Purpose::Nonce,
            Self::Dpop => Purpose::DpopNonce,
            Self::ClientAttestation => Purpose::AttestationChallenge,
        }
    }
}

/// How long a nonce may be used: time enough for a resident to unlock the phone, short enough to bound the marks kept.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(300);

/// Makes a nonce that expires [`NONCE_LIFETIME`] after `now`: base64url.
///
/// # Errors
/// When there is no randomness.
pub fn make(
    purpose: NoncePurpose,
    secret: &InstallationSecret,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<String, RandomnessUnavailable> {
    let expires_at = now.plus(NONCE_LIFETIME);
    let mut bytes = Vec::with_capacity(NONCE_BYTES);
    bytes.extend_from_slice(&expires_at.seconds().to_be_bytes());
    bytes.extend_from_slice(&random_bytes::<16>(randomness)?);
    let tag = tag(purpose, secret, &bytes);
    bytes.extend_from_slice(&tag);
    Ok(base64url::encode(&bytes))
}

/// Whether this issuer made `presented` for this purpose and it has not expired. Whether it was used is decided by the commit that
/// writes its mark, where there is one.
///
/// # Errors
/// [`NonceRefused`].
pub fn check(
    purpose: NoncePurpose,
    presented: &str,
    secret: &InstallationSecret,
    now: UnixTime,
) -> Result<NonceMark, NonceRefused> {
    if presented.len() > NONCE_BYTES * 2 {
        return Err(NonceRefused::NotOurs);
    }
    let bytes = base64url::decode(presented).map_err(|_| NonceRefused::NotOurs)?;
    let (body, presented_tag) = bytes.split_at_checked(BODY_BYTES).ok_or(NonceRefused::NotOurs)?;
    if !bool::from(presented_tag.ct_eq(&tag(purpose, secret, body))) {
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

fn tag(purpose: NoncePurpose, secret: &InstallationSecret, body: &[u8]) -> Vec<u8> {
    secret
        .derive_tag(purpose.tag(), &[body])
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
    /// Another issuer's, another purpose's, an altered one, or none at all.
    #[error("the nonce was not made by this issuer")]
    NotOurs,
    /// Too old.
    #[error("the nonce has expired")]
    Expired,
}

const TAG_BYTES: usize = 16;
const BODY_BYTES: usize = 8 + 16;
const NONCE_BYTES: usize = BODY_BYTES + TAG_BYTES;

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    #[test]
    fn a_nonce_of_one_purpose_is_none_of_another() {
        use NoncePurpose::{ClientAttestation, Dpop, KeyProof};
        let randomness = SeededRandomness::new(1);
        let secret = InstallationSecret::make(&randomness).unwrap();
        for made in [KeyProof, Dpop, ClientAttestation] {
            let nonce = make(made, &secret, NOW, &randomness).unwrap();
            for checked in [KeyProof, Dpop, ClientAttestation] {
                let outcome = check(checked, &nonce, &secret, NOW);
                assert_eq!(outcome.is_ok(), made == checked, "{made:?} {checked:?}");
            }
            let late = check(made, &nonce, &secret, NOW.plus(NONCE_LIFETIME));
            assert_eq!(late, Err(NonceRefused::Expired));
        }
    }
}
