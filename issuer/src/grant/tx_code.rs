//! The transaction code: digits that reach the resident by another channel than the offer ([OpenID4VCI §3.5]).
//!
//! Six digits are few, so guesses are what it must resist (ATTACKS.md row 13): every failure doubles a waiting time of this code, and
//! after [`MAX_TX_CODE_FAILURES`] the pre-authorized code is dead. The limit is per code, never per network address, which many
//! residents share.
//!
//! [OpenID4VCI §3.5]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-3.5

use std::time::Duration;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use zeroize::Zeroizing;

use crate::secret::{InstallationSecret, Purpose, SecretDigest};

/// Digits of a transaction code.
pub const TX_CODE_DIGITS: u8 = 6;

/// Wrong tries after which the pre-authorized code is dead: five guesses find one of a million codes once in 200,000.
pub const MAX_TX_CODE_FAILURES: u8 = 5;

/// A transaction code, shown once to the operator who hands it on.
pub struct TxCode(Zeroizing<String>);

impl TxCode {
    /// Makes a code of [`TX_CODE_DIGITS`] digits, each code equally likely.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        // 128 bits reduced to a million leave a bias below 2^-108.
        let number =
            u128::from_be_bytes(random_bytes::<16>(randomness)?) % 10_u128.pow(u32::from(TX_CODE_DIGITS));
        Ok(Self(Zeroizing::new(format!(
            "{number:0width$}",
            width = usize::from(TX_CODE_DIGITS)
        ))))
    }

    /// The digits, for the answer that shows them.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What is stored of a transaction code, and how often it was guessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxCodeGuard {
    /// HMAC over the code and the digest of its pre-authorized code, under the installation's secret: without that secret a stolen
    /// store cannot be searched for six digits.
    tag: String,
    /// Wrong tries so far.
    failures: u8,
    /// No try is looked at before this.
    not_before: UnixTime,
}

impl TxCodeGuard {
    /// Guards `code` for the pre-authorized code with digest `code_digest`.
    #[must_use]
    pub fn new(secret: &InstallationSecret, code_digest: &SecretDigest, code: &TxCode) -> Self {
        Self {
            tag: tag(secret, code_digest, &code.0),
            failures: 0,
            not_before: UnixTime::from_seconds(0),
        }
    }

    /// Judges a try at `now`.
    pub(crate) fn judge(
        &self,
        secret: &InstallationSecret,
        code_digest: &SecretDigest,
        presented: &str,
        now: UnixTime,
    ) -> Try {
        if now < self.not_before {
            // Not counted and not compared: guessing faster gains nothing, and a hasty resident loses no try.
            return Try::TooEarly {
                wait: Duration::from_secs(self.not_before.seconds().abs_diff(now.seconds())),
            };
        }
        let expected = tag(secret, code_digest, presented);
        if bool::from(self.tag.as_bytes().ct_eq(expected.as_bytes())) {
            return Try::Right;
        }
        let failures = self.failures.saturating_add(1);
        if failures >= MAX_TX_CODE_FAILURES {
            return Try::Exhausted;
        }
        // 1, 2, 4, 8 seconds.
        let delay = Duration::from_secs(1 << (failures - 1));
        Try::Wrong(Self {
            tag: self.tag.clone(),
            failures,
            not_before: now.plus(delay),
        })
    }
}

/// The outcome of a try.
pub(crate) enum Try {
    Right,
    Wrong(TxCodeGuard),
    Exhausted,
    TooEarly { wait: Duration },
}

fn tag(secret: &InstallationSecret, code_digest: &SecretDigest, code: &str) -> String {
    base64url::encode(&secret.derive_tag(
        Purpose::TransactionCode,
        &[code_digest.as_bytes(), code.as_bytes()],
    ))
}
