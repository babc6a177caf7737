//! Bitstring Status Lists of W3C credentials (Bitstring Status List 1.0, section 3.2).

use std::sync::Arc;

use symbolon_credential::w3c::{
    BitstringStatusEntry, StatusEntry, StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_credential::{Input, Presented};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::SignerChain;
use symbolon_trust::bitstring_status_list::{BitstringError, BitstringStatusError, PublishedList};
use symbolon_trust::pack::ProvenListCredential;
use symbolon_trust::status_list::Status as ListedStatus;
use symbolon_trust::trust_list::IssuerIdentifier;

use super::{Covered, StatusAnswer, StatusFindings, StatusQuestion};
use crate::evidence::{Era, PackTurn, StatusListCredentialEvidence};
use crate::report::{Check, CheckName, Reason, Status, StatusMessage};
use crate::session::Want;
use crate::session::found::Found;
use crate::session::w3c::{IssuerProof, Secured};

/// A list that its issuer has signed. Only a session makes one.
#[derive(Debug, Clone)]
pub struct VerifiedBitstringList {
    url: String,
    issuer: IssuerIdentifier,
    list: PublishedList,
    /// The certificates behind the proof, where there are any.
    signer: Option<SignerChain>,
}

impl VerifiedBitstringList {
    pub(in crate::session) fn into_proven(self) -> ProvenListCredential {
        ProvenListCredential {
            list: self.list,
            signer: self.signer,
        }
    }

    /// The URL of the list.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// From when on it holds, which is when its issuer made it; `None` where it does not say so.
    #[must_use]
    pub const fn valid_from(&self) -> Option<UnixTime> {
        self.list.valid_from()
    }

    /// From when on it is worthless.
    #[must_use]
    pub fn valid_until(&self) -> Option<UnixTime> {
        self.list.valid_until()
    }

    /// How long it may be kept before asking again.
    #[must_use]
    pub fn time_to_live(&self) -> Option<core::time::Duration> {
        self.list.time_to_live()
    }
}

/// What one entry asks.
enum Question<'e> {
    /// Whether the credential is out of force.
    Force(&'e BitstringStatusEntry),
    /// A message for developers. It does not bear on the verdict.
    Message(&'e BitstringStatusEntry),
    /// Nothing that bears on the verdict: that a newer credential is to be had.
    Advice,
    /// Something that only those who agreed on it understand.
    NotUnderstood,
}

impl<'e> Question<'e> {
    fn of(entry: &'e StatusEntry) -> Self {
        match entry {
            StatusEntry::Bitstring(entry) => match &entry.purpose {
                StatusPurpose::Revocation | StatusPurpose::Suspension => Self::Force(entry),
                StatusPurpose::Message => Self::Message(entry),
                StatusPurpose::Refresh => Self::Advice,
                StatusPurpose::Other(_) => Self::NotUnderstood,
            },
            StatusEntry::Other => Self::NotUnderstood,
        }
    }
}

impl StatusQuestion<'_, '_> {
    /// The worst that the entries say. One that cannot be read is not the absence of one.
    pub(super) fn bitstring_status(&self, entries: &[StatusEntry], found: &mut Found) -> StatusAnswer {
        let mut wants = Vec::new();
        let mut all: Option<StatusFindings> = None;
        let mut messages = Vec::new();
        for entry in entries {
            let findings = match Question::of(entry) {
                Question::Advice => continue,
                Question::Message(entry) => {
                    match self.message(entry, found) {
                        Ok(message) => messages.extend(message),
                        Err(more) => wants.extend(more),
                    }
                    continue;
                }
                Question::NotUnderstood => {
                    StatusFindings::unknown(Check::failed(CheckName::StatusReference, Reason::Unsupported))
                }
                Question::Force(entry) => match self.entry(entry, found) {
                    StatusAnswer::Known(findings) => findings,
                    StatusAnswer::Wanted(more) => {
                        wants.extend(more);
                        continue;
                    }
                },
            };
            all = Some(match all {
                None => findings,
                Some(so_far) => so_far.and(findings),
            });
        }
        if !wants.is_empty() {
            return StatusAnswer::Wanted(wants);
        }
        let findings = all.unwrap_or_else(|| self.without_reference());
        StatusAnswer::Known(StatusFindings { messages, ..findings })
    }

    /// What a list of messages says, where it can be had and believed; or what is missing to tell.
    fn message(
        &self,
        entry: &BitstringStatusEntry,
        found: &mut Found,
    ) -> Result<Option<StatusMessage>, Vec<Want>> {
        let Ok(list) = self.list_of(&entry.list, Reason::EvidenceAbsent, found)? else {
            return Ok(None);
        };
        let context = self.context;
        let is_of_then = list.valid_from().is_some_and(|from| from <= context.now);
        if context.evidence.era() == Era::Past && !is_of_then {
            return Ok(None);
        }
        let limit = context.policy.status_list_budget.max_inflated_bytes;
        let answer = list.list.status(entry, context.now, limit).ok();
        Ok(answer.and_then(|answer| {
            Some(StatusMessage {
                value: answer.value,
                message: answer.message?,
            })
        }))
    }

    fn entry(&self, entry: &BitstringStatusEntry, found: &mut Found) -> StatusAnswer {
        let mut findings = StatusFindings::referenced();
        let evidence = self.context.evidence;
        let before = self.packed_entry(PackTurn::BeforeNetwork, entry, &mut findings, found);
        if before == Covered::Answered {
            return StatusAnswer::Known(findings);
        }
        let list = match self.list_of(&entry.list, before.reason(), found) {
            Ok(list) => list,
            Err(wants) => return StatusAnswer::Wanted(wants),
        };
        let is_away = !found.bitstring_lists.contains_key(&entry.list)
            && matches!(
                evidence.status_list_credential(&entry.list),
                Some(StatusListCredentialEvidence::Absent) | None
            );
        let list = match list {
            Err(_) if is_away => {
                let after = self.packed_entry(PackTurn::AfterNetwork, entry, &mut findings, found);
                if after == Covered::Answered {
                    return StatusAnswer::Known(findings);
                }
                Err(before.or(after).reason())
            }
            list => list,
        };
        match list {
            Ok(list) => self.judge_entry(&list.list, entry, &mut findings),
            Err(reason) => findings.not_believed(reason),
        }
        StatusAnswer::Known(findings)
    }

    /// What the pack says of an entry. It has no entries of more than one bit.
    fn packed_entry(
        &self,
        turn: PackTurn,
        entry: &BitstringStatusEntry,
        findings: &mut StatusFindings,
        found: &mut Found,
    ) -> Covered {
        if entry.size == StatusSize::ONE {
            self.packed_status(turn, &entry.list, entry.index, findings, found)
        } else {
            Covered::Missing
        }
    }

    /// The list at `url`, proven to be the issuer's, or why there is none, which is `absence` where it cannot be had; or what is missing.
    fn list_of(
        &self,
        url: &str,
        absence: Reason,
        found: &mut Found,
    ) -> Result<Result<Arc<VerifiedBitstringList>, Reason>, Vec<Want>> {
        let evidence = self.context.evidence;
        let known = found.bitstring_lists.get(url);
        let list = match (known, evidence.status_list_credential(url)) {
            (Some(known), _) => known.clone(),
            (None, Some(StatusListCredentialEvidence::Credential(body))) => {
                let verified = self.verify_list(body, url, found).map_err(|want| vec![want])?;
                let verified = verified.map(Arc::new);
                found.bitstring_lists.insert(url.to_owned(), verified.clone());
                verified
            }
            (None, Some(StatusListCredentialEvidence::Verified(list))) => {
                self.accept_verified_list(list, url).map(|()| list.clone())
            }
            (None, None) if self.context.may_ask() => {
                return Err(vec![Want::StatusListCredential { url: url.to_owned() }]);
            }
            (None, Some(StatusListCredentialEvidence::Absent) | None) => Err(absence),
        };
        Ok(list.and_then(|list| self.of_signers_in_force(list, found)))
    }

    /// A signer whose certificate was taken back says nothing any more, as with a token.
    fn of_signers_in_force(
        &self,
        list: Arc<VerifiedBitstringList>,
        found: &mut Found,
    ) -> Result<Arc<VerifiedBitstringList>, Reason> {
        let signer = list.signer.as_ref();
        let doubt =
            signer.and_then(|signer| self.context.doubt_about_status_signer(signer, self.issuer, found));
        doubt.map_or(Ok(list), Err)
    }

    /// The credential at `url` as the issuer's own list; or the document that is missing to tell.
    pub(in crate::session) fn verify_list(
        &self,
        body: &str,
        url: &str,
        found: &mut Found,
    ) -> Result<Result<VerifiedBitstringList, Reason>, Want> {
        if body.len() > self.context.policy.status_list_budget.max_token_bytes {
            return Ok(Err(Reason::OverBudget));
        }
        let Ok(input) = Input::of_text(body) else {
            return Ok(Err(Reason::Malformed));
        };
        let secured = match input.read() {
            Ok(Presented::Credential(credential)) => Secured::Embedded(credential),
            Ok(Presented::JwtCredential(token)) => Secured::Jwt(token),
            Ok(Presented::CoseCredential(message)) => Secured::Cose(message),
            Ok(_) => return Ok(Err(Reason::WrongType)),
            Err(_) => return Ok(Err(Reason::Malformed)),
        };
        // Another believed issuer's list, or one at another's address, could reinstate what was revoked.
        if !self.is_issuers(secured.credential()) || !self.issuer.owns_status_list(url) {
            return Ok(Err(Reason::EvidenceOfAnotherIssuer));
        }
        let (proven, authorities) = match secured.prove(self.context, self.issuer, found) {
            IssuerProof::Proven {
                proven, authorities, ..
            } => (proven, authorities),
            IssuerProof::Waits { want, .. } => return Err(want),
            IssuerProof::Refused { reason, .. } | IssuerProof::Unknown { reason, .. } => {
                return Ok(Err(reason));
            }
        };
        Ok(PublishedList::read(&proven.credential)
            .map(|list| VerifiedBitstringList {
                url: url.to_owned(),
                issuer: self.issuer.identifier.clone(),
                list,
                signer: authorities.signer,
            })
            .map_err(|_| Reason::WrongType))
    }

    fn is_issuers(&self, credential: &VerifiableCredential) -> bool {
        match credential.issuer_did() {
            Some(did) => self.issuer.dids.contains(&did),
            None => credential.issuer() == self.issuer.identifier.as_str(),
        }
    }

    /// A list verified by another session: the proof holds for ever, its owner is looked at again, and its age with the
    /// entry.
    fn accept_verified_list(&self, list: &VerifiedBitstringList, url: &str) -> Result<(), Reason> {
        if list.url != url || list.issuer != self.issuer.identifier || !self.issuer.owns_status_list(url) {
            return Err(Reason::EvidenceOfAnotherIssuer);
        }
        Ok(())
    }

    fn judge_entry(&self, list: &PublishedList, entry: &BitstringStatusEntry, findings: &mut StatusFindings) {
        let context = self.context;
        let limit = context.policy.status_list_budget.max_inflated_bytes;
        if context.evidence.era() == Era::Past && list.valid_from().is_none_or(|from| context.now < from) {
            findings.not_believed(Reason::NotYetValid);
            return;
        }
        let answer = list.status(entry, context.now, limit);
        let as_of = list.valid_from();
        let dated = |check: Check| match as_of {
            Some(as_of) => check.from(as_of),
            None => check,
        };
        let (state, check) = match answer {
            Ok(status) => {
                findings.as_of = as_of;
                let listed = match (&entry.purpose, status.value) {
                    (_, 0) => ListedStatus::Valid,
                    (StatusPurpose::Suspension, _) => ListedStatus::Suspended,
                    _ => ListedStatus::Invalid,
                };
                self.judge_state(listed, as_of, findings)
            }
            Err(BitstringStatusError::List(BitstringError::OutOfRange)) => {
                findings.as_of = as_of;
                (
                    Status::OutOfRange,
                    Check::failed(CheckName::CredentialStatus, Reason::IndexOutOfRange),
                )
            }
            Err(error) => {
                findings.not_believed(reason_of(error));
                return;
            }
        };
        findings
            .axis
            .checks
            .push(dated(Check::passed(CheckName::StatusListSignature)));
        findings.axis.state = state;
        findings.axis.checks.push(dated(check));
    }
}

impl StatusFindings {
    /// The worse of two, and the older evidence.
    fn and(mut self, other: Self) -> Self {
        if severity(other.axis.state) > severity(self.axis.state) {
            self.axis.state = other.axis.state;
        }
        self.axis.checks.extend(other.axis.checks);
        self.as_of = match (self.as_of, other.as_of) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self
    }
}

/// A failure outweighs what is unknown, and that what is good.
const fn severity(status: Status) -> u8 {
    match status {
        Status::WithoutStatus => 0,
        Status::Good => 1,
        Status::Unknown => 2,
        Status::OutOfRange => 3,
        Status::Suspended => 4,
        Status::Revoked => 5,
    }
}

const fn reason_of(error: BitstringStatusError) -> Reason {
    match error {
        BitstringStatusError::OtherList => Reason::EvidenceOfAnotherIssuer,
        BitstringStatusError::OtherPurpose | BitstringStatusError::OtherSize => Reason::WrongType,
        BitstringStatusError::NotYetValid { .. } => Reason::NotYetValid,
        BitstringStatusError::Expired { .. } => Reason::EvidenceTooOld,
        BitstringStatusError::Retrieval => Reason::EvidenceAbsent,
        BitstringStatusError::Proof => Reason::WrongSignature,
        _ => Reason::Malformed,
    }
}
