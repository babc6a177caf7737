//! The signed CWT that publishes a list (Token Status List, sections 5.2 and 8.3), for readers of mdocs that have CBOR and no
//! JSON; the states are the same.

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::cose::{self, ParsedSign1, PreparedSign1, Sign1Header, TagPolicy, Tagging};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::encoding::zlib;
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};

use super::token::Statement;
use super::{
    BitsPerStatus, CompressedStatusList, DecodeListError, PrepareStatusListError, StatusListBudget,
    StatusListClaims, StatusListError, TokenStatusList, VerifiedStatusList,
};
use crate::trust_list::TrustedIssuer;

/// The `typ` of a status list token as a CWT.
pub const STATUS_LIST_CWT_TYP: &str = "application/statuslist+cwt";

/// Claim keys of RFC 8392 and of Token Status List, section 14.4.
const SUBJECT: i64 = 2;
const EXPIRES: i64 = 4;
const ISSUED_AT: i64 = 6;
const STATUS_LIST: i64 = 65_533;
const TIME_TO_LIVE: i64 = 65_534;

/// Members of the `StatusList` map (section 4.3).
const BITS: &str = "bits";
const LIST: &str = "lst";
const AGGREGATION_URI: &str = "aggregation_uri";

/// A status list token as a CWT that waits for the signature of the status key.
#[derive(Debug)]
pub struct PreparedStatusListCwt {
    sign1: PreparedSign1,
    algorithm: SignatureAlgorithm,
}

impl PreparedStatusListCwt {
    /// Prepares the token of a list. `x5chain` is the status signer's chain, leaf first, without the anchor.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] as for the JWT.
    pub fn prepare(
        claims: &StatusListClaims,
        list: &TokenStatusList,
        algorithm: SignatureAlgorithm,
        x5chain: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        Self::prepare_compressed(claims, &list.compressed(), algorithm, x5chain)
    }

    /// The same of a list that was compressed before.
    ///
    /// # Errors
    /// [`PrepareStatusListError`] as for the JWT.
    pub fn prepare_compressed(
        claims: &StatusListClaims,
        list: &CompressedStatusList,
        algorithm: SignatureAlgorithm,
        x5chain: &[Certificate],
    ) -> Result<Self, PrepareStatusListError> {
        let ttl = claims.time_to_live.map(|ttl| ttl.as_secs());
        if ttl == Some(0) {
            return Err(PrepareStatusListError::TimeToLiveBelowOneSecond);
        }
        if x5chain.is_empty() {
            return Err(PrepareStatusListError::EmptyChain);
        }
        let mut states = vec![
            (Value::from(BITS), Value::from(list.bits().count())),
            (Value::from(LIST), Value::Bytes(list.as_bytes().to_vec())),
        ];
        if let Some(uri) = &claims.aggregation_uri {
            states.push((Value::from(AGGREGATION_URI), Value::from(uri.as_str())));
        }
        let members = [
            (SUBJECT, Some(Value::from(claims.uri.as_str()))),
            (EXPIRES, claims.expires_at.map(|time| Value::from(time.seconds()))),
            (ISSUED_AT, Some(Value::from(claims.issued_at.seconds()))),
            (STATUS_LIST, Some(Value::Map(states))),
            (TIME_TO_LIVE, ttl.map(Value::from)),
        ];
        let members = members
            .into_iter()
            .filter_map(|(key, value)| Some((Value::from(key), value?)))
            .collect();
        let header = Sign1Header {
            key_id: None,
            x5chain: x5chain
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
            typ: Some(STATUS_LIST_CWT_TYP.to_owned()),
        };
        let payload = cbor::encode(&Value::Map(members));
        Ok(Self {
            sign1: cose::prepare(algorithm, &header, payload, &[]),
            algorithm,
        })
    }

    /// What the status key has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        self.sign1.request(key)
    }

    /// Completes the token: the body of `application/statuslist+cwt`.
    ///
    /// # Errors
    /// [`PrepareStatusListError::Signature`] when the signature has the wrong length for its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<Vec<u8>, PrepareStatusListError> {
        if signature.len() != self.algorithm.signature_bytes() {
            return Err(PrepareStatusListError::Signature);
        }
        self.sign1
            .finish(signature.to_vec(), Tagging::Tagged)
            .map_err(|_| PrepareStatusListError::Serialization)
    }
}

/// A CWT whose form is right and whose signature has not been looked at. It answers nothing.
#[derive(Debug)]
pub struct StatusListCwt {
    sign1: ParsedSign1,
    statement: Statement,
    bits: BitsPerStatus,
    compressed: Vec<u8>,
    budget: StatusListBudget,
}

impl StatusListCwt {
    /// Reads a token's form: a tagged COSE_Sign1 without the tag of a CWT, `typ`, the claims that must be there. The list is not inflated
    /// yet.
    ///
    /// # Errors
    /// [`StatusListError`] when the form is wrong or over budget.
    pub fn parse(token: &[u8], budget: StatusListBudget) -> Result<Self, StatusListError> {
        if token.len() > budget.max_token_bytes {
            return Err(StatusListError::NotASign1);
        }
        let cbor_budget = CborBudget {
            bytes: budget.max_token_bytes,
            ..CborBudget::DEFAULT
        };
        let sign1 = ParsedSign1::parse(token, TagPolicy::Required, cbor_budget)
            .map_err(|_| StatusListError::NotASign1)?;
        if sign1.typ.as_deref() != Some(STATUS_LIST_CWT_TYP) {
            return Err(StatusListError::WrongType);
        }
        let claims = cbor::parse(sign1.payload(), cbor_budget).map_err(|_| StatusListError::Claims)?;
        let malformed = || StatusListError::Claims;
        let states = claim(&claims, STATUS_LIST).ok_or_else(malformed)?;
        let statement = Statement {
            uri: claim(&claims, SUBJECT)
                .and_then(Value::as_text)
                .map(str::to_owned)
                .ok_or_else(malformed)?,
            issued_at: claim(&claims, ISSUED_AT).and_then(time).ok_or_else(malformed)?,
            expires_at: optional(claim(&claims, EXPIRES), time)?,
            time_to_live: optional(claim(&claims, TIME_TO_LIVE), |value| {
                unsigned(value)
                    .filter(|seconds| *seconds > 0)
                    .map(Duration::from_secs)
            })?,
            aggregation_uri: optional(member(states, AGGREGATION_URI), |value| {
                value.as_text().map(str::to_owned)
            })?,
        };
        let bits = member(states, BITS)
            .and_then(unsigned)
            .and_then(BitsPerStatus::from_count)
            .ok_or_else(malformed)?;
        let compressed = member(states, LIST)
            .and_then(Value::as_bytes)
            .cloned()
            .ok_or_else(malformed)?;
        Ok(Self {
            sign1,
            statement,
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
        let chain = &self.sign1.x5chain;
        let signer = self.statement.signer(uri, issuer, chain, provider, now)?;
        self.sign1
            .verify(provider, signer.public_key(), &[])
            .map_err(|_| StatusListError::Signature)?;
        let bytes = zlib::inflate(&self.compressed, self.budget.max_inflated_bytes)
            .map_err(|error| StatusListError::List(DecodeListError::Inflate(error)))?;
        Ok(self
            .statement
            .with(issuer, TokenStatusList::from_bytes(self.bits, bytes)))
    }
}

/// The value of a claim that has a number.
fn claim(map: &Value, key: i64) -> Option<&Value> {
    let key = Value::from(key);
    map.as_map()?
        .iter()
        .find_map(|(name, value)| (*name == key).then_some(value))
}

/// The value of a member that has a name.
fn member<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    map.as_map()?
        .iter()
        .find_map(|(key, value)| (key.as_text() == Some(name)).then_some(value))
}

/// What may be left out, and must be right where it is not.
fn optional<T>(
    value: Option<&Value>,
    read: impl Fn(&Value) -> Option<T>,
) -> Result<Option<T>, StatusListError> {
    value
        .map(|value| read(value).ok_or(StatusListError::Claims))
        .transpose()
}

fn unsigned(value: &Value) -> Option<u64> {
    value.as_integer().and_then(|integer| u64::try_from(integer).ok())
}

fn time(value: &Value) -> Option<UnixTime> {
    let seconds = value.as_integer().and_then(|integer| i64::try_from(integer).ok());
    seconds.map(UnixTime::from_seconds)
}
