//! Challenges that verify one presentation.
//!
//! A challenge says by itself until when it counts and that it is ours, so none is stored before it is used, and nobody can
//! fill the store by asking for them. What is stored is that one was used.

use core::time::Duration;

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};
use symbolon_crypto::{RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_verifier::store::{Nonce, NonceUse, StoreError};

use crate::state::State;

/// How long a challenge counts: a wallet has to be found, and a person to be asked.
const CHALLENGE_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Derives the key of challenges from the verifier's master secret.
const PURPOSE: &[u8] = b"symbolon VCALM challenge 1";

/// Multibase: base64url without padding.
const MULTIBASE_PREFIX: char = 'u';
const RANDOM_BYTES: usize = 16;
const TAG_BYTES: usize = 16;

/// What became of a challenge that a caller gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChallengeUse {
    /// One of ours, used for the first time.
    First,
    /// One of ours that was used before, or is too old.
    Spent,
    /// One of the caller's own: how often it is used is the caller's to watch.
    Callers,
}

impl State {
    pub(super) fn make_challenge(&self) -> Result<String, RandomnessUnavailable> {
        let expires = self.now().plus(CHALLENGE_LIFETIME).seconds().to_be_bytes();
        let random = random_bytes::<RANDOM_BYTES>(&*self.dependencies.randomness)?;
        let said = [expires.as_slice(), &random].concat();
        let bytes = [said.as_slice(), &self.challenge_tag(&said)].concat();
        Ok(format!("{MULTIBASE_PREFIX}{}", base64url::encode(&bytes)))
    }

    /// Spends a challenge, whatever is found about the presentation: a second try must not have it again.
    pub(super) async fn spend_challenge(&self, challenge: &str) -> Result<ChallengeUse, StoreError> {
        let Some(expires) = self.own_challenge(challenge) else {
            return Ok(ChallengeUse::Callers);
        };
        let Ok(nonce) = Nonce::parse(challenge) else {
            return Ok(ChallengeUse::Callers);
        };
        if self.now() >= expires {
            return Ok(ChallengeUse::Spent);
        }
        let deps = &self.dependencies;
        match deps.store.consume_nonce(&deps.tenant, &nonce, expires).await? {
            NonceUse::First => Ok(ChallengeUse::First),
            NonceUse::Replayed => Ok(ChallengeUse::Spent),
        }
    }

    /// When a challenge of ours ends; `None` for any other text.
    fn own_challenge(&self, challenge: &str) -> Option<UnixTime> {
        let bytes = base64url::decode(challenge.strip_prefix(MULTIBASE_PREFIX)?).ok()?;
        let (said, tag) = bytes.split_at_checked(8 + RANDOM_BYTES)?;
        if tag.len() != TAG_BYTES || !constant_time_equal(tag, &self.challenge_tag(said)) {
            return None;
        }
        let (expires, _) = said.split_first_chunk::<8>()?;
        Some(UnixTime::from_seconds(i64::from_be_bytes(*expires)))
    }

    fn challenge_tag(&self, said: &[u8]) -> [u8; TAG_BYTES] {
        let deps = &self.dependencies;
        let key = hmac_sha256(deps.master_secret.expose(), PURPOSE);
        let message = [said, deps.tenant.as_str().as_bytes()].concat();
        let mut tag = [0; TAG_BYTES];
        for (target, source) in tag.iter_mut().zip(hmac_sha256(&key, &message)) {
            *target = source;
        }
        tag
    }
}
