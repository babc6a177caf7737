//! The key binding JWT, verifier's side ([RFC 9901 §7.3](https://www.rfc-editor.org/rfc/rfc9901.html#section-7.3),
//! [OpenID4VP 1.0 §B.3](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html)).
//!
//! Whether a key binding is required is the verifier's policy and never read off the presentation: who calls
//! [`Verified::verify_key_binding`] requires it, and a presentation without one is refused. Nothing is skipped because
//! it is absent.

use core::time::Duration;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::{CryptoProvider, UnixTime};
use thiserror::Error;

use super::holder::HolderBinding;
use super::read::SdJwtVc;
use crate::sd_jwt::DigestAlgorithm;
use crate::verified::Verified;

/// Longest payload of a key binding JWT, in bytes: room for the hashes of some dozens of transactions.
const MAX_PAYLOAD_BYTES: usize = 16 << 10;

/// What a verifier asked for. There are no defaults: each field is part of the security of the check.
#[derive(Debug, Clone)]
pub struct ExpectedKeyBinding<'e> {
    /// The verifier's full client identifier, prefix and all, or `origin:` with the web origin.
    pub audience: &'e str,
    /// The nonce of this very request.
    pub nonce: &'e str,
    /// Now.
    pub now: UnixTime,
    /// How old a key binding may be.
    pub max_age: Duration,
    /// How far the holder's clock may be ahead.
    pub max_clock_skew: Duration,
    /// The transactions of the request.
    pub transaction_data: ExpectedTransactionData<'e>,
}

/// The `transaction_data` of a request.
#[derive(Debug, Clone, Copy)]
pub enum ExpectedTransactionData<'e> {
    /// The request had none: hashes in the answer are refused.
    None,
    /// The strings of the request, in order; all of them must be authorised.
    Strings(&'e [&'e str]),
    /// Those that this credential may authorise. What it does authorise is told, and whether that is enough is a question to the
    /// whole answer: the holder uses one of several credentials.
    Among(&'e [TransactionString<'e>]),
}

/// One string of `transaction_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionString<'e> {
    /// The string, as it stands in the request.
    pub text: &'e str,
    /// The algorithms of which its hash must have one; without a choice it is SHA-256.
    pub algorithms: Option<&'e [DigestAlgorithm]>,
}

/// A key binding that was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBinding {
    /// When the holder signed, by the holder's clock.
    pub issued_at: UnixTime,
    /// The transactions that it authorises, in its order.
    pub transactions: Vec<AuthorizedString>,
}

/// A transaction that a key binding authorises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedString {
    /// The place of its string among those that were expected.
    pub position: usize,
    /// The hash that the holder signed.
    pub hash: String,
    /// The algorithm of the hash.
    pub algorithm: DigestAlgorithm,
}

/// Why a presentation is not bound to its holder and this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyBindingRejected {
    /// The presentation has no key binding JWT.
    #[error("no key binding")]
    Missing,
    /// The credential names no holder's key.
    #[error("the credential is not bound to a key")]
    NotBound,
    /// The credential names the holder's key in a way or of a kind that is not known.
    #[error("the holder's key is of a kind that is not supported")]
    UnsupportedKey,
    /// The holder's signature does not verify.
    #[error("the holder's signature does not verify")]
    Signature,
    /// The payload is not what it must be.
    #[error("the key binding is malformed")]
    Malformed,
    /// For another verifier.
    #[error("the key binding is for another audience")]
    Audience,
    /// For another request.
    #[error("the key binding has another nonce")]
    Nonce,
    /// Over another selection of claims, or another credential.
    #[error("the key binding is over another presentation")]
    SdHash,
    /// Too old.
    #[error("the key binding is too old")]
    TooOld,
    /// From the future, or not valid yet.
    #[error("the key binding is from the future")]
    FromTheFuture,
    /// For other transactions, or for none where some were asked.
    #[error("the key binding is for other transactions")]
    TransactionData,
}

impl Verified<SdJwtVc<'_>> {
    /// Verifies that the holder of this credential's key made this presentation for this request.
    ///
    /// # Errors
    /// [`KeyBindingRejected`].
    pub fn verify_key_binding(
        &self,
        expected: &ExpectedKeyBinding<'_>,
        provider: &dyn CryptoProvider,
    ) -> Result<Verified<KeyBinding>, KeyBindingRejected> {
        let jwt = self.sd_jwt().key_binding().ok_or(KeyBindingRejected::Missing)?;
        let key = match self.holder() {
            HolderBinding::Key(key) => key,
            HolderBinding::None => return Err(KeyBindingRejected::NotBound),
            HolderBinding::Unsupported => return Err(KeyBindingRejected::UnsupportedKey),
        };
        // A key in the header of the JWT is not looked at: whoever made the JWT chose it.
        jwt.verify(provider, key)
            .map_err(|_| KeyBindingRejected::Signature)?;
        let budget = JsonBudget {
            bytes: MAX_PAYLOAD_BYTES,
            ..JsonBudget::MESSAGE
        };
        let Ok(Value::Object(payload)) = json::parse_value(&jwt.payload, budget) else {
            return Err(KeyBindingRejected::Malformed);
        };
        // An empty audience or nonce of a careless verifier must not be matched by an empty one of an attacker.
        if expected.audience.is_empty() || required(&payload, "aud")? != expected.audience {
            return Err(KeyBindingRejected::Audience);
        }
        if expected.nonce.is_empty() || required(&payload, "nonce")? != expected.nonce {
            return Err(KeyBindingRejected::Nonce);
        }
        let sd_hash = self
            .sd_jwt()
            .digest_algorithm()
            .digest(self.sd_jwt().hashed_part());
        if required(&payload, "sd_hash")? != sd_hash {
            return Err(KeyBindingRejected::SdHash);
        }
        let issued_at = time(&payload, "iat")?.ok_or(KeyBindingRejected::Malformed)?;
        check_times(&payload, issued_at, expected)?;
        let transactions = authorized(&payload, expected.transaction_data)?;
        Ok(Verified::after_check(KeyBinding {
            issued_at,
            transactions,
        }))
    }
}

fn check_times(
    payload: &Map<String, Value>,
    issued_at: UnixTime,
    expected: &ExpectedKeyBinding<'_>,
) -> Result<(), KeyBindingRejected> {
    let latest = expected.now.plus(expected.max_clock_skew);
    if issued_at > latest || time(payload, "nbf")?.is_some_and(|not_before| not_before > latest) {
        return Err(KeyBindingRejected::FromTheFuture);
    }
    let oldest = expected
        .now
        .minus(expected.max_age)
        .minus(expected.max_clock_skew);
    let expiry = expected.now.minus(expected.max_clock_skew);
    if issued_at < oldest || time(payload, "exp")?.is_some_and(|expires| expires <= expiry) {
        return Err(KeyBindingRejected::TooOld);
    }
    Ok(())
}

/// The transactions that the hashes of the payload are of, each once.
fn authorized(
    payload: &Map<String, Value>,
    expected: ExpectedTransactionData<'_>,
) -> Result<Vec<AuthorizedString>, KeyBindingRejected> {
    let rejected = KeyBindingRejected::TransactionData;
    let hashes = payload.get("transaction_data_hashes");
    let hashes = match (expected, hashes, payload.get("transaction_data_hashes_alg")) {
        (ExpectedTransactionData::None | ExpectedTransactionData::Among(_), None, None) => {
            return Ok(Vec::new());
        }
        (ExpectedTransactionData::None, ..) | (_, None, _) => return Err(rejected),
        (_, Some(hashes), _) => hashes
            .as_array()
            .filter(|hashes| !hashes.is_empty())
            .ok_or(rejected)?,
    };
    let (algorithm, is_named) = match payload.get("transaction_data_hashes_alg") {
        None => (DigestAlgorithm::Sha256, false),
        Some(name) => {
            let algorithm = name.as_str().and_then(DigestAlgorithm::from_name);
            (algorithm.ok_or(rejected)?, true)
        }
    };
    let authorize = |position: usize, hash: &Value, text: &str| {
        let hash = hash.as_str().filter(|hash| *hash == algorithm.digest(text))?;
        Some(AuthorizedString {
            position,
            hash: hash.to_owned(),
            algorithm,
        })
    };
    match expected {
        ExpectedTransactionData::None => Err(rejected),
        ExpectedTransactionData::Strings(strings) => {
            if hashes.len() != strings.len() {
                return Err(rejected);
            }
            let pairs = hashes.iter().zip(strings).enumerate();
            pairs
                .map(|(position, (hash, text))| authorize(position, hash, text).ok_or(rejected))
                .collect()
        }
        ExpectedTransactionData::Among(strings) => {
            let mut found: Vec<AuthorizedString> = Vec::with_capacity(strings.len());
            for hash in hashes {
                let authorized = strings
                    .iter()
                    .enumerate()
                    .filter(|(position, _)| found.iter().all(|one| one.position != *position))
                    .filter(|(_, string)| match string.algorithms {
                        // Which of the choice was taken has to be said (OpenID4VP 1.0, appendix B.3.3.1).
                        Some(choice) => is_named && choice.contains(&algorithm),
                        None => algorithm == DigestAlgorithm::Sha256,
                    })
                    .find_map(|(position, string)| authorize(position, hash, string.text));
                found.push(authorized.ok_or(rejected)?);
            }
            Ok(found)
        }
    }
}

fn required<'p>(payload: &'p Map<String, Value>, name: &str) -> Result<&'p str, KeyBindingRejected> {
    payload
        .get(name)
        .and_then(Value::as_str)
        .ok_or(KeyBindingRejected::Malformed)
}

fn time(payload: &Map<String, Value>, name: &str) -> Result<Option<UnixTime>, KeyBindingRejected> {
    match payload.get(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(|at| Some(UnixTime::from_seconds(at)))
            .ok_or(KeyBindingRejected::Malformed),
    }
}
