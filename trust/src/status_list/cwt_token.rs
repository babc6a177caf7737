//! Reading a status list token that is a CWT (Token Status List, sections 5.2 and 8.3).

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::cose::{ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::cwt::{EXPIRES, ISSUED_AT, STATUS_LIST, STATUS_LIST_CWT_TYP, SUBJECT, TIME_TO_LIVE};
use super::signer::StatusSigner;
use super::{BitsPerStatus, StatusListBudget, StatusListError, TokenStatusList, VerifiedStatusList};
use crate::trust_list::TrustedIssuer;

/// A token whose form is right and whose signature has not been looked at. It answers nothing.
#[derive(Debug)]
pub struct StatusListCwt {
    sign1: ParsedSign1,
    uri: String,
    issued_at: UnixTime,
    expires_at: Option<UnixTime>,
    time_to_live: Option<Duration>,
    bits: BitsPerStatus,
    compressed: Vec<u8>,
    budget: StatusListBudget,
}

impl StatusListCwt {
    /// Reads a token's form: COSE_Sign1, `typ`, the claims that must be there. The list is not inflated yet: that is
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
        let sign1 = ParsedSign1::parse(token, TagPolicy::Optional, cbor_budget)
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
        let bits = member(list, &Value::from("bits"))
            .and_then(unsigned)
            .and_then(BitsPerStatus::from_count)
            .ok_or_else(malformed)?;
        let compressed = member(list, &Value::from("lst"))
            .and_then(Value::as_bytes)
            .ok_or_else(malformed)?
            .clone();
        Ok(Self {
            sign1,
            uri,
            issued_at,
            expires_at,
            time_to_live,
            bits,
            compressed,
            budget,
        })
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
        let chain: Vec<Certificate> = self
            .sign1
            .x5chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| StatusListError::Certificates)?;
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
