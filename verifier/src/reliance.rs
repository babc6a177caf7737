//! What is relied on for years: when the person is to be asked again, and what becomes of the credentials meanwhile.
//!
//! Only where a policy asks for it ([`RelianceTerms`]), the places of the credentials in their issuers' status lists are kept with the
//! request, for the time that the policy says. They are looked up again from time to time ([`StatusInquiry`]); a change is announced
//! once. A list that cannot be had, or cannot be believed, says nothing: it is not a revocation.
//!
//! [`StatusInquiry`]: crate::StatusInquiry

use core::time::Duration;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use symbolon_credential::status::StatusReference;
use symbolon_credential::w3c::{BitstringStatusEntry, StatusEntry, StatusPurpose, StatusSize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::QueryId;

use crate::name::{PolicyName, RelyingPartyName};
use crate::policy::RelianceTerms;
use crate::report::{Report, Status};
use crate::store::RequestId;

/// The most credentials of one presentation that are watched, and the most places of one credential.
const MAX_CREDENTIALS: usize = 64;
const MAX_PLACES: usize = 4;
/// When a list is looked at again that could not be had.
const RETRY: Duration = Duration::from_secs(60 * 60);

/// Where the status of a credential stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mechanism", rename_all = "snake_case", deny_unknown_fields)]
pub enum StatusPlace {
    /// In a Token Status List.
    TokenStatusList {
        /// The list.
        uri: String,
        /// The place, from zero.
        index: u64,
    },
    /// In a Bitstring Status List.
    BitstringStatusList {
        /// The list.
        url: String,
        /// The place, from zero.
        index: u64,
        /// What a set bit means.
        purpose: ForcePurpose,
        /// How many bits a place has.
        bits: u8,
    },
}

/// What a set bit of a Bitstring Status List means for the force of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForcePurpose {
    /// Out of force for good.
    Revocation,
    /// Out of force for a while.
    Suspension,
}

impl StatusPlace {
    /// The place that a status reference names.
    #[must_use]
    pub fn of_reference(reference: &StatusReference) -> Self {
        Self::TokenStatusList {
            uri: reference.uri().to_owned(),
            index: reference.index(),
        }
    }

    /// The place that an entry names; `None` for one that says nothing about the force of a credential.
    #[must_use]
    pub fn of_entry(entry: &StatusEntry) -> Option<Self> {
        let StatusEntry::Bitstring(entry) = entry else {
            return None;
        };
        let purpose = match entry.purpose {
            StatusPurpose::Revocation => ForcePurpose::Revocation,
            StatusPurpose::Suspension => ForcePurpose::Suspension,
            StatusPurpose::Refresh | StatusPurpose::Message | StatusPurpose::Other(_) => return None,
        };
        Some(Self::BitstringStatusList {
            url: entry.list.clone(),
            index: entry.index,
            purpose,
            bits: entry.size.bits(),
        })
    }

    /// The list.
    #[must_use]
    pub fn list(&self) -> &str {
        match self {
            Self::TokenStatusList { uri, .. } => uri,
            Self::BitstringStatusList { url, .. } => url,
        }
    }

    /// The reference again, of a place in a Token Status List.
    pub(crate) fn reference(&self) -> Option<StatusReference> {
        match self {
            Self::TokenStatusList { uri, index } => StatusReference::new(uri.clone(), *index).ok(),
            Self::BitstringStatusList { .. } => None,
        }
    }

    /// The entry again, of a place in a Bitstring Status List.
    pub(crate) fn entry(&self) -> Option<StatusEntry> {
        match self {
            Self::TokenStatusList { .. } => None,
            Self::BitstringStatusList {
                url,
                index,
                purpose,
                bits,
            } => Some(StatusEntry::Bitstring(BitstringStatusEntry {
                id: None,
                purpose: match purpose {
                    ForcePurpose::Revocation => StatusPurpose::Revocation,
                    ForcePurpose::Suspension => StatusPurpose::Suspension,
                },
                index: *index,
                list: url.clone(),
                size: StatusSize::from_bits((*bits).into()).ok()?,
                messages: Vec::new(),
            })),
        }
    }
}

/// A presentation that is relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reliance {
    /// The request that it answered.
    pub request: RequestId,
    /// Who relies on it.
    pub relying_party: RelyingPartyName,
    /// The policy by which it does.
    pub policy: PolicyName,
    /// Since when.
    pub began_at: UnixTime,
    /// When the person is to be asked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewal_due_at: Option<UnixTime>,
    /// Whether the relying party has been told that.
    #[serde(default)]
    pub renewal_announced: bool,
    /// When the status is looked at next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_look_at: Option<UnixTime>,
    /// The credentials that are watched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<ReliedCredential>,
    /// The last second in which any of this is kept.
    pub kept_until: UnixTime,
}

/// A credential that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReliedCredential {
    /// The part of the query that it answered.
    pub query_id: QueryId,
    /// The identifier of its issuer.
    pub issuer: String,
    /// Where its status stands.
    pub places: Vec<StatusPlace>,
    /// What was known last.
    pub status: ReliedStatus,
    /// As of when, by the clock of the list's signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<UnixTime>,
    /// When a look last brought an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<UnixTime>,
}

/// What has become of a credential that is relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReliedStatus {
    /// In force, or in force again.
    Good,
    /// Out of force for a while.
    Suspended,
    /// Revoked.
    Revoked,
}

impl ReliedStatus {
    /// What a list says; `None` where it says nothing that could be relied on.
    #[must_use]
    pub const fn of(status: Status) -> Option<Self> {
        match status {
            Status::Good => Some(Self::Good),
            Status::Suspended => Some(Self::Suspended),
            Status::Revoked => Some(Self::Revoked),
            Status::WithoutStatus | Status::OutOfRange | Status::Unknown => None,
        }
    }
}

/// What a look at a list brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusSeen {
    /// The status.
    pub status: ReliedStatus,
    /// As of when.
    pub as_of: Option<UnixTime>,
}

/// What is to be told about a presentation that is relied on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelianceNews {
    /// The person is to be asked again.
    RenewalDue,
    /// The status of a credential is another than was known.
    StatusChanged(StatusChange),
}

/// A change of a credential's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusChange {
    /// The part of the query that the credential answered.
    pub query_id: QueryId,
    /// What it is now.
    pub status: ReliedStatus,
    /// As of when, by the clock of the list's signer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<UnixTime>,
}

impl Reliance {
    /// Begins to rely on a presentation. `None` where there is nothing to watch: no renewal, and no credential with a place in a list.
    #[must_use]
    pub fn begin(
        terms: RelianceTerms,
        (request, relying_party, policy): (RequestId, RelyingPartyName, PolicyName),
        reports: &BTreeMap<QueryId, Vec<Report>>,
        now: UnixTime,
    ) -> Option<Self> {
        let credentials: Vec<ReliedCredential> = match terms.look_every {
            None => Vec::new(),
            Some(_) => reports
                .iter()
                .flat_map(|(id, reports)| reports.iter().filter_map(move |report| relied(id, report)))
                .take(MAX_CREDENTIALS)
                .collect(),
        };
        let mut reliance = Self {
            request,
            relying_party,
            policy,
            began_at: now,
            renewal_due_at: terms.renew_after.map(|after| now.plus(after)),
            renewal_announced: false,
            next_look_at: None,
            credentials,
            kept_until: now.plus(terms.duration),
        };
        reliance.next_look_at = reliance.next_look(terms.look_every, now);
        reliance.due_at().is_some().then_some(reliance)
    }

    /// When something is to be done; `None` when nothing is any more.
    #[must_use]
    pub fn due_at(&self) -> Option<UnixTime> {
        let renewal = self.renewal_due_at.filter(|_| !self.renewal_announced);
        match (renewal, self.next_look_at) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    /// Whether the status is to be looked at.
    #[must_use]
    pub fn looks_at(&self, now: UnixTime) -> bool {
        self.next_look_at.is_some_and(|at| at <= now)
    }

    /// The same after `now`, and what is to be told. `seen` has what each credential's look brought, in their order: nothing where
    /// none was made or its list said nothing. `look_every` is what the policy says today; without it the status is watched no longer.
    #[must_use]
    pub fn after(
        mut self,
        seen: &[Option<StatusSeen>],
        look_every: Option<Duration>,
        now: UnixTime,
    ) -> (Self, Vec<RelianceNews>) {
        let mut news = Vec::new();
        if !self.renewal_announced && self.renewal_due_at.is_some_and(|at| at <= now) {
            self.renewal_announced = true;
            news.push(RelianceNews::RenewalDue);
        }
        let looked = self.looks_at(now);
        let silent = self
            .credentials
            .iter()
            .zip(seen)
            .any(|(credential, seen)| seen.is_none() && credential.status != ReliedStatus::Revoked);
        for (credential, seen) in self.credentials.iter_mut().zip(seen) {
            let Some(seen) = seen else { continue };
            // An older list than the one that was believed is a list that somebody held back.
            if seen.as_of < credential.as_of {
                continue;
            }
            if seen.status != credential.status {
                news.push(RelianceNews::StatusChanged(StatusChange {
                    query_id: credential.query_id.clone(),
                    status: seen.status,
                    as_of: seen.as_of,
                }));
            }
            credential.status = seen.status;
            credential.as_of = seen.as_of;
            credential.looked_at = Some(now);
        }
        if looked {
            let next = self.next_look(look_every, now);
            self.next_look_at = next.map(|at| if silent { at.min(now.plus(RETRY)) } else { at });
        }
        (self, news)
    }

    /// The next look. Every interval is parted by the lists: those who watch one list look at one time, so that it is fetched once, and
    /// different lists at different times. What is revoked stays so, and is looked at no more.
    fn next_look(&self, every: Option<Duration>, now: UnixTime) -> Option<UnixTime> {
        let watched = self
            .credentials
            .iter()
            .find(|credential| credential.status != ReliedStatus::Revoked)?;
        let seconds = i64::try_from(every?.as_secs())
            .ok()
            .filter(|seconds| *seconds > 0)?;
        let digest = Sha256::digest(watched.places.first()?.list().as_bytes());
        let spread = digest
            .iter()
            .take(6)
            .fold(0_i64, |number, byte| (number << 8) | i64::from(*byte));
        let offset = spread.rem_euclid(seconds);
        let since = now.seconds().saturating_sub(offset).rem_euclid(seconds);
        let next = UnixTime::from_seconds(now.seconds().saturating_add(seconds.saturating_sub(since)));
        (next <= self.kept_until).then_some(next)
    }
}

/// A credential that can be watched: one that is in force and says where its status stands.
fn relied(id: &QueryId, report: &Report) -> Option<ReliedCredential> {
    let places: Vec<StatusPlace> = report
        .shown
        .status_places
        .iter()
        .take(MAX_PLACES)
        .cloned()
        .collect();
    if places.is_empty() || report.status.state != Status::Good {
        return None;
    }
    Some(ReliedCredential {
        query_id: id.clone(),
        issuer: report.issuer.as_ref()?.identifier.clone(),
        places,
        status: ReliedStatus::Good,
        as_of: report.as_of,
        looked_at: None,
    })
}

#[cfg(test)]
mod tests;
