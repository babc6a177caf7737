//! A verbatim section: the signed status list of an issuer that publishes no section, as it was served
//! (`docs/pack-format.md`, section 6). It is verified and compacted on the device that applies the pack.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_credential::w3c::{StatusPurpose, StatusSize};
use symbolon_crypto::x509::{Certificate, SignerChain};
use symbolon_crypto::{CryptoProvider, UnixTime};

use super::container::Cursor;
use super::directory::MAX_URI_BYTES;
use super::list::{Aspect, PackedStatusList, StatedTimes};
use super::section::set_of;
use super::set::PackedSet;
use super::signer::ListSigner;
use super::{PackBuildError, PackError, PackTools};
use crate::bitstring_status_list::PublishedList;
use crate::status_list::signer::StatusSigner;
use crate::status_list::{
    BitsPerStatus, Status, StatusListBudget, StatusListCwt, StatusListError, StatusListToken,
    VerifiedStatusList,
};
use crate::trust_list::{TrustList, TrustedIssuer};
use crate::validity::Validity;

/// What a verbatim list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VerbatimForm {
    /// A status list token as a JWT (`application/statuslist+jwt`).
    TokenJwt,
    /// A status list token as a CWT (`application/statuslist+cwt`).
    TokenCwt,
    /// A Bitstring Status List credential: JSON, or a JWT (`application/vc`, `application/vc+jwt`).
    Credential,
}

impl VerbatimForm {
    const ALL: [Self; 3] = [Self::TokenJwt, Self::TokenCwt, Self::Credential];

    const fn code(self) -> u8 {
        match self {
            Self::TokenJwt => 1,
            Self::TokenCwt => 2,
            Self::Credential => 3,
        }
    }

    /// The form that a body has: the content type with which it was served is not needed.
    #[must_use]
    pub fn recognise(body: &[u8]) -> Self {
        match core::str::from_utf8(body) {
            Err(_) => Self::TokenCwt,
            Ok(text) if StatusListToken::parse(text.trim(), StatusListBudget::LARGEST_SHARD).is_ok() => {
                Self::TokenJwt
            }
            Ok(_) => Self::Credential,
        }
    }
}

/// A signed status list as its issuer serves it, to be carried in a pack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerbatimSection {
    pub(super) bytes: Vec<u8>,
    uri: String,
}

impl VerbatimSection {
    /// Takes the body that was served at `uri`, the address of the list as it stands in credentials. It is verified by whoever
    /// applies the pack; [`VerbatimSection::check`] says whether that will succeed.
    ///
    /// # Errors
    /// [`PackBuildError::Lists`] when the URI is empty or longer than 2,048 bytes.
    pub fn new(uri: &str, form: VerbatimForm, body: &[u8]) -> Result<Self, PackBuildError> {
        let length = u16::try_from(uri.len())
            .ok()
            .filter(|length| (1..=MAX_URI_BYTES).contains(&usize::from(*length)))
            .ok_or(PackBuildError::Lists)?;
        let mut bytes = vec![form.code(), 0];
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(uri.as_bytes());
        bytes.extend_from_slice(body);
        Ok(Self {
            bytes,
            uri: uri.to_owned(),
        })
    }

    /// The URI of the list.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Whether a reader with this trust list will accept the list.
    ///
    /// # Errors
    /// [`PackError`] as for whoever applies the pack, also for a list that has expired.
    pub fn check(
        &self,
        trust_list: &TrustList,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<(), PackError> {
        match self.opened(trust_list, tools, now)?.validity {
            Validity::Expired { expired_at } => Err(PackError::Expired { expired_at }),
            _ => Ok(()),
        }
    }

    /// When the list was made, which a reader with this trust list accepts. It may have expired since.
    ///
    /// # Errors
    /// [`PackError`] as for whoever applies the pack.
    pub fn produced_at(
        &self,
        trust_list: &TrustList,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<UnixTime, PackError> {
        Ok(self.opened(trust_list, tools, now)?.produced_at())
    }

    fn opened(
        &self,
        trust_list: &TrustList,
        tools: PackTools<'_>,
        now: UnixTime,
    ) -> Result<PackedStatusList<'static>, PackError> {
        let forever = PackTimesOf {
            valid_until: now,
            grace: Duration::ZERO,
        };
        match open(&self.bytes, trust_list, tools, &forever, now)? {
            Verbatim::Proven(list) => Ok(list),
            Verbatim::NotProvable { .. } => Err(PackError::NoCredentialVerifier),
        }
    }
}

/// What bounds the use of a list that says nothing about its own age.
pub(super) struct PackTimesOf {
    pub(super) valid_until: UnixTime,
    pub(super) grace: Duration,
}

/// Verifies Bitstring Status List credentials, whose proofs need more than this crate knows: DID documents, JSON-LD. The rules
/// of verification implement it.
pub trait StatusListCredentialVerifier {
    /// The list in `body`, once it is certain that `issuer` of `trust_list` has signed it and may sign the list at `url`,
    /// as far as the trust list alone can tell. An implementation that lets another's list through lets its issuer
    /// reinstate what was revoked.
    ///
    /// # Errors
    /// [`CredentialNotProven`].
    fn verify(
        &self,
        body: &str,
        url: &str,
        issuer: &TrustedIssuer,
        trust_list: &TrustList,
        now: UnixTime,
    ) -> Result<ProvenListCredential, CredentialNotProven>;
}

/// A status list credential that its issuer has signed.
#[derive(Debug, Clone)]
pub struct ProvenListCredential {
    /// The list.
    pub list: PublishedList,
    /// Under which certificates it was signed; `None` where the proof is by a key without certificates.
    pub signer: Option<SignerChain>,
}

/// Why a status list credential is not proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialNotProven {
    /// It is wrong: forged, malformed, or not the issuer's to sign. A pack that has it is refused.
    Refused,
    /// Its proof is of a kind that this reader has no means for. The list is left out, and the rest of the pack is used.
    NotHere,
}

pub(super) struct VerbatimParts<'a> {
    pub(super) form: VerbatimForm,
    pub(super) uri: &'a str,
    pub(super) body: &'a [u8],
}

pub(super) fn parse(section: &[u8]) -> Result<VerbatimParts<'_>, PackError> {
    let mut rest = Cursor(section);
    let code = rest.u8()?;
    let form = VerbatimForm::ALL
        .into_iter()
        .find(|form| form.code() == code)
        .ok_or(PackError::Verbatim)?;
    if rest.u8()? != 0 {
        return Err(PackError::Verbatim);
    }
    let length = rest.u16()?;
    if !(1..=MAX_URI_BYTES).contains(&usize::from(length)) {
        return Err(PackError::Verbatim);
    }
    let uri = core::str::from_utf8(rest.take(u64::from(length))?).map_err(|_| PackError::Verbatim)?;
    Ok(VerbatimParts {
        form,
        uri,
        body: rest.0,
    })
}

/// What a verbatim section turned out to be.
pub(super) enum Verbatim {
    Proven(PackedStatusList<'static>),
    /// A credential whose proof this reader has no means for.
    NotProvable {
        uri: String,
    },
}

/// Verifies a verbatim list and compacts it.
pub(super) fn open(
    section: &[u8],
    trust_list: &TrustList,
    tools: PackTools<'_>,
    pack: &PackTimesOf,
    now: UnixTime,
) -> Result<Verbatim, PackError> {
    let parts = parse(section)?;
    let owner = trust_list.issuer_of_status_list(parts.uri);
    let signer_of = |certificates: Result<Vec<Certificate>, StatusListError>, at| match owner {
        Some(owner) => Ok(owner),
        None => {
            let chain = certificates.map_err(PackError::StatusListToken)?;
            authority_of(&chain, trust_list, tools.crypto, at).ok_or(PackError::StatusListOfNobody)
        }
    };
    let budget = StatusListBudget::LARGEST_SHARD;
    let token = match parts.form {
        VerbatimForm::TokenJwt => {
            let text = core::str::from_utf8(parts.body).map_err(|_| PackError::Verbatim)?;
            let token = StatusListToken::parse(text, budget).map_err(PackError::StatusListToken)?;
            let at = token.claimed_issued_at();
            let issuer = signer_of(token.certificates(), at)?;
            token.prove(parts.uri, issuer, tools.crypto, at)
        }
        VerbatimForm::TokenCwt => {
            let token = StatusListCwt::parse(parts.body, budget).map_err(PackError::StatusListToken)?;
            let at = token.claimed_issued_at();
            let issuer = signer_of(token.certificates(), at)?;
            token.prove(parts.uri, issuer, tools.crypto, at)
        }
        VerbatimForm::Credential => {
            let issuer = owner.ok_or(PackError::StatusListOfNobody)?;
            return open_credential(&parts, issuer, trust_list, tools, pack, now);
        }
    };
    let (token, signer_until) = token.map_err(PackError::StatusListToken)?;
    let times = times_of_token(&token, signer_until, pack);
    let list = token.list();
    Ok(Verbatim::Proven(PackedStatusList {
        uri: parts.uri.to_owned(),
        bitstring: None,
        aspect: Aspect::State,
        issuer: token.issuer().clone(),
        times,
        validity: usable(&times, now)?,
        bits: list.bits(),
        universe: list.len(),
        sets: sets_of(list.not_valid(), list.len())?,
        signer: Some(Arc::new(ListSigner::of(token.signer()))),
    }))
}

/// The authority, known by its certificate alone, under which a list was signed that is at nobody's address. It may sign lists wherever they are, and
/// they count for its own credentials alone.
fn authority_of<'t>(
    chain: &[Certificate],
    trust_list: &'t TrustList,
    provider: &dyn CryptoProvider,
    at: UnixTime,
) -> Option<&'t TrustedIssuer> {
    let top = chain.last()?;
    let authorities = trust_list
        .issuers
        .iter()
        .filter(|issuer| issuer.identifier.is_certificate() && issuer.status_prefix.is_none());
    let mut above = authorities.filter(|issuer| {
        let mut anchors = issuer.anchors.iter();
        anchors.any(|anchor| anchor.subject_name() == top.issuer_name())
    });
    above.find(|issuer| StatusSigner::of_chain(chain, issuer, at, provider).is_ok())
}

/// A list from the future is a sign of a clock that was set back.
fn usable(times: &StatedTimes, now: UnixTime) -> Result<Validity, PackError> {
    match times.judge(now) {
        Validity::NotYetIssued => Err(PackError::ClockBeforeCreation {
            created: times.produced_at,
        }),
        validity => Ok(validity),
    }
}

/// A token past its time to live is one to replace and no worse: it is used with a warning. Past its expiration it is worthless.
fn times_of_token(token: &VerifiedStatusList, signer_until: UnixTime, pack: &PackTimesOf) -> StatedTimes {
    stated(
        token.issued_at(),
        token.time_to_live(),
        token.expires_at(),
        signer_until,
        pack,
    )
}

fn stated(
    produced_at: UnixTime,
    time_to_live: Option<Duration>,
    expires_at: Option<UnixTime>,
    signer_until: UnixTime,
    pack: &PackTimesOf,
) -> StatedTimes {
    let last_second = expires_at.map(|expires_at| expires_at.minus(Duration::from_secs(1)));
    let last_second = last_second.unwrap_or_else(|| pack.valid_until.plus(pack.grace).max(produced_at));
    let fresh_until = time_to_live.map_or(last_second, |ttl| produced_at.plus(ttl).min(last_second));
    StatedTimes {
        produced_at,
        valid_until: fresh_until,
        grace: last_second.since(fresh_until),
        signer_until,
    }
}

fn open_credential(
    parts: &VerbatimParts<'_>,
    issuer: &TrustedIssuer,
    trust_list: &TrustList,
    tools: PackTools<'_>,
    pack: &PackTimesOf,
    now: UnixTime,
) -> Result<Verbatim, PackError> {
    let not_provable = || Verbatim::NotProvable {
        uri: parts.uri.to_owned(),
    };
    let Some(verifier) = tools.credentials else {
        return Ok(not_provable());
    };
    let budget = StatusListBudget::LARGEST_SHARD;
    let body = core::str::from_utf8(parts.body).map_err(|_| PackError::Verbatim)?;
    if body.len() > budget.max_token_bytes {
        return Err(PackError::OverBudget);
    }
    let ProvenListCredential {
        list: published,
        signer,
    } = match verifier.verify(body, parts.uri, issuer, trust_list, now) {
        Ok(proven) => proven,
        Err(CredentialNotProven::NotHere) => return Ok(not_provable()),
        Err(CredentialNotProven::Refused) => return Err(PackError::StatusListCredential),
    };
    let malformed = || PackError::StatusListCredential;
    if published.url().is_some_and(|url| url != parts.uri) || published.size() != StatusSize::ONE {
        return Err(malformed());
    }
    // What a set bit means must not depend on who asks.
    let (aspect, state) = match published.purposes() {
        [StatusPurpose::Revocation] => (Aspect::Revocation, Status::Invalid),
        [StatusPurpose::Suspension] => (Aspect::Suspension, Status::Suspended),
        _ => return Err(malformed()),
    };
    // Without a date the age of its answers could not be told.
    let produced_at = published.valid_from().ok_or_else(malformed)?;
    let list = published
        .list(budget.max_inflated_bytes)
        .map_err(|_| PackError::StatusListCredential)?;
    let times = stated(
        produced_at,
        published.time_to_live(),
        published.valid_until(),
        signer
            .as_ref()
            .map_or(UnixTime::from_seconds(i64::MAX), SignerChain::not_after),
        pack,
    );
    let set_bits = (0_u64..)
        .zip(list.as_bytes())
        .filter(|(_, byte)| **byte != 0)
        .flat_map(|(place, byte)| {
            (0..8)
                .filter(move |bit| byte & (0x80 >> bit) != 0)
                .map(move |bit| (place * 8 + bit, state))
        });
    Ok(Verbatim::Proven(PackedStatusList {
        uri: parts.uri.to_owned(),
        bitstring: None,
        aspect,
        issuer: issuer.identifier.clone(),
        times,
        validity: usable(&times, now)?,
        bits: BitsPerStatus::One,
        universe: list.len(),
        sets: sets_of(set_bits, list.len())?,
        signer: signer.map(|signer| Arc::new(ListSigner::of(&signer))),
    }))
}

type States = Vec<(Status, PackedSet<'static>)>;

/// One set for each state that occurs; invalid and suspended come first, by their values.
fn sets_of(states: impl Iterator<Item = (u64, Status)>, universe: u64) -> Result<States, PackError> {
    let mut members: BTreeMap<u8, Vec<u64>> = BTreeMap::new();
    for (index, status) in states {
        members.entry(status.value()).or_default().push(index);
    }
    members
        .into_iter()
        .filter(|(value, _)| *value != 0)
        .map(|(value, members)| {
            let bytes = set_of(&members, universe).map_err(|_| PackError::OverBudget)?;
            Ok((Status::from_value(value), PackedSet::made(bytes, universe)))
        })
        .collect()
}
