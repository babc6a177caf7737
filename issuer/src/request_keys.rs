//! The keys to which wallets encrypt their requests ([OpenID4VCI §10]).
//!
//! A key is *derived* from the installation's secret and the week, so that none is stored and every process of an installation reads
//! every request. A key is published for its week, and the next one from the last day on; the ones before and after are accepted, since
//! wallets keep metadata for a while and clocks differ.
//!
//! [OpenID4VCI §10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-10

use symbolon_crypto::{PublicKey, SecretKey, UnixTime};
use zeroize::Zeroizing;

use crate::secret::{InstallationSecret, Purpose};

/// How long a key is the published one.
pub const ROTATION_SECONDS: i64 = 7 * 86_400;

/// How long before its turn the next key is published.
const OVERLAP_SECONDS: i64 = 86_400;

/// How often a number is derived again that is no scalar of P-256, which has a chance of 2⁻³² each time.
const ATTEMPTS: u8 = 8;

/// The public keys to publish at `now`, the one to use first.
#[must_use]
pub fn published(secret: &InstallationSecret, now: UnixTime) -> Vec<PublicKey> {
    let week = week(now);
    let nearly_over = now.seconds().rem_euclid(ROTATION_SECONDS) >= ROTATION_SECONDS - OVERLAP_SECONDS;
    let next = nearly_over.then(|| week.saturating_add(1));
    core::iter::once(week)
        .chain(next)
        .filter_map(|week| derive(secret, week))
        .map(|key| key.public_key())
        .collect()
}

/// The secret key of a `kid` that is accepted at `now`.
#[must_use]
pub fn find(secret: &InstallationSecret, key_id: &str, now: UnixTime) -> Option<SecretKey> {
    let week = week(now);
    [week, week.saturating_sub(1), week.saturating_add(1)]
        .into_iter()
        .filter_map(|week| derive(secret, week))
        .find(|key| key.public_key().thumbprint().to_string() == key_id)
}

fn week(now: UnixTime) -> i64 {
    now.seconds().div_euclid(ROTATION_SECONDS)
}

fn derive(secret: &InstallationSecret, week: i64) -> Option<SecretKey> {
    (0..ATTEMPTS).find_map(|attempt| {
        let parts: [&[u8]; 2] = [&week.to_be_bytes(), &[attempt]];
        let scalar = Zeroizing::new(secret.derive_tag(Purpose::RequestEncryption, &parts));
        SecretKey::from_p256_scalar(scalar.as_slice()).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> InstallationSecret {
        serde_json::from_str("\"AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE\"").unwrap()
    }

    fn kids(now: i64) -> Vec<String> {
        published(&secret(), UnixTime::from_seconds(now))
            .iter()
            .map(|key| key.thumbprint().to_string())
            .collect()
    }

    #[test]
    fn a_key_is_accepted_before_while_and_after_it_is_published() {
        let start = 3_000 * ROTATION_SECONDS;
        let first = kids(start);
        assert_eq!(first.len(), 1);
        let both = kids(start + ROTATION_SECONDS - 1);
        assert_eq!(both[0], first[0]);
        assert_eq!(kids(start + ROTATION_SECONDS), [both[1].clone()]);
        let found = |kid: &str, now| {
            let key = find(&secret(), kid, UnixTime::from_seconds(now))?;
            Some(key.public_key().thumbprint().to_string())
        };
        for now in [start - ROTATION_SECONDS, start, start + 2 * ROTATION_SECONDS - 1] {
            assert_eq!(found(&first[0], now).as_deref(), Some(first[0].as_str()));
        }
        for now in [start - ROTATION_SECONDS - 1, start + 2 * ROTATION_SECONDS] {
            assert_eq!(found(&first[0], now), None);
        }
        assert_eq!(found("another", start), None);
    }

    #[test]
    fn what_is_derived_is_frozen() {
        assert_eq!(kids(0), [FROZEN]);
    }

    const FROZEN: &str = "ejTD6MqM1do5na_5n_XHsSbuJqhJzK_ksP63-kp3ysM";
}
