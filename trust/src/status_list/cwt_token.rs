//! Reading a status list token that is a CWT (Token Status List, sections 5.2 and 8.3).

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::cose::{ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::cwt::{
    AGGREGATION_URI, BITS, EXPIRES, ISSUED_AT, LIST, STATUS_LIST, STATUS_LIST_CWT_TYP, SUBJECT, TIME_TO_LIVE,
};
use super::signer::StatusSigner;
use super::{BitsPerStatus, StatusListBudget, StatusListError, TokenStatusList, VerifiedStatusList};
use crate::trust_list::TrustedIssuer;
use crate::validity::CLOCK_TOLERANCE;

/// A token whose form is right and whose signature has not been looked at. It answers nothing.
#[derive(Debug)]
pub struct StatusListCwt {
    sign1: ParsedSign1,
    uri: String,
    issued_at: UnixTime,
    expires_at: Option<UnixTime>,
    time_to_live: Option<Duration>,
    aggregation_uri: Option<String>,
    bits: BitsPerStatus,
    compressed: Vec<u8>,
    budget: StatusListBudget,
}

impl StatusListCwt {
    /// Reads a token's form: a tagged COSE_Sign1 without the tag of a CWT, `typ`, the claims that must be there. The list is not inflated yet: that is
    /// work for what has been signed.
    ///
    /// # Errors
    /// [`StatusListError`] when the form is wrong or over budget.
    pub fn parse(token: &[u8], budget: StatusListBudget) -> Result<Self, StatusListError> {
        let cbor_budget = CborBudget {
            bytes: budget.max_token_bytes,
            depth: 8,
            items: 1_000,
        };
        let sign1 = ParsedSign1::parse(token, TagPolicy::Required, cbor_budget)
            .map_err(|_| StatusListError::NotAJws)?;
        // Every signed message of the suite has its own typ, so that none passes for another.
        if sign1.typ.as_deref() != Some(STATUS_LIST_CWT_TYP) {
            return Err(StatusListError::WrongType);
        }
        let claims = cbor::parse(sign1.payload(), cbor_budget).map_err(|_| StatusListError::Claims)?;
        let malformed = || StatusListError::Claims;
        let claims = claims.as_map().ok_or_else(malformed)?;
        let uri = member(claims, &Value::from(SUBJECT))
            .and_then(Value::as_text)
            .ok_or_else(malformed)?
            .to_owned();
        let issued_at = time(claims, ISSUED_AT)?.ok_or_else(malformed)?;
        let expires_at = time(claims, EXPIRES)?;
        let time_to_live = match member(claims, &Value::from(TIME_TO_LIVE)) {
            None => None,
            Some(seconds) => {
                let seconds = unsigned(seconds)
                    .filter(|seconds| *seconds > 0)
                    .ok_or_else(malformed)?;
                Some(Duration::from_secs(seconds))
            }
        };
        let list = member(claims, &Value::from(STATUS_LIST))
            .and_then(Value::as_map)
            .ok_or_else(malformed)?;
        let bits = member(list, &Value::from(BITS))
            .and_then(unsigned)
            .and_then(BitsPerStatus::from_count)
            .ok_or_else(malformed)?;
        let compressed = member(list, &Value::from(LIST))
            .and_then(Value::as_bytes)
            .ok_or_else(malformed)?
            .clone();
        let aggregation_uri = match member(list, &Value::from(AGGREGATION_URI)) {
            None => None,
            Some(uri) => Some(uri.as_text().ok_or_else(malformed)?.to_owned()),
        };
        Ok(Self {
            sign1,
            uri,
            issued_at,
            expires_at,
            time_to_live,
            aggregation_uri,
            bits,
            compressed,
            budget,
        })
    }

    /// Verifies the token as the list at `uri`, made by `issuer`, and inflates it; what is asked of the signer is what
    /// [`StatusListToken::verify`](super::StatusListToken::verify) asks.
    ///
    /// # Errors
    /// [`StatusListError`], one variant for each refusal. Whoever meets one knows nothing about the credential.
    pub fn verify(
        self,
        uri: &str,
        issuer: &TrustedIssuer,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<VerifiedStatusList, StatusListError> {
        let issued_at = self.issued_at;
        if now.plus(CLOCK_TOLERANCE) < issued_at {
            return Err(StatusListError::IssuedInTheFuture { issued_at });
        }
        if let Some(expired_at) = self.expires_at.filter(|exp| *exp <= now) {
            return Err(StatusListError::Expired { expired_at });
        }
        self.prove(uri, issuer, provider, now).map(|(list, _)| list)
    }

    /// The certificates of whoever signed the token, leaf first. Nothing is proven about them.
    pub(crate) fn certificates(&self) -> Result<Vec<Certificate>, StatusListError> {
        self.sign1
            .x5chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| StatusListError::Certificates)
    }

    /// When the token says it was made. Not believed before it is proven.
    pub(crate) fn claimed_issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// Verifies the token as the list at `uri`, made by `issuer`, with a signer whose certificates held at the time `at` and
    /// whatever its age, and inflates it; beside the list, when the first of these certificates ends.
    pub(crate) fn prove(
        self,
        uri: &str,
        issuer: &TrustedIssuer,
        provider: &dyn CryptoProvider,
        at: UnixTime,
    ) -> Result<(VerifiedStatusList, UnixTime), StatusListError> {
        if self.uri != uri {
            return Err(StatusListError::OtherSubject);
        }
        if !issuer.owns_status_list(uri) {
            return Err(StatusListError::NotTheIssuersList);
        }
        let chain = self.certificates()?;
        let signer = StatusSigner::of_chain(&chain, issuer, at, provider)?;
        self.sign1
            .verify(provider, &signer.key, &[])
            .map_err(|_| StatusListError::Signature)?;
        let list = TokenStatusList::inflate(self.bits, &self.compressed, self.budget.max_inflated_bytes)
            .map_err(StatusListError::List)?;
        let list = VerifiedStatusList {
            uri: self.uri,
            issuer: issuer.identifier.clone(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
            time_to_live: self.time_to_live,
            aggregation_uri: self.aggregation_uri,
            signer: signer.chain,
            list,
        };
        Ok((list, signer.until))
    }
}

fn member<'v>(map: &'v [(Value, Value)], key: &Value) -> Option<&'v Value> {
    map.iter().find(|(found, _)| found == key).map(|(_, value)| value)
}

fn unsigned(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|integer| u64::try_from(integer).ok())
}

fn time(claims: &[(Value, Value)], key: i64) -> Result<Option<UnixTime>, StatusListError> {
    match member(claims, &Value::from(key)) {
        None => Ok(None),
        Some(value) => value
            .as_integer()
            .and_then(|integer| i64::try_from(integer).ok())
            .map(|seconds| Some(UnixTime::from_seconds(seconds)))
            .ok_or(StatusListError::Claims),
    }
}
