//! Everything a judgement rests on, and the report that it ends in.

use symbolon_credential::data_integrity::{JsonLd, JsonLdBudget};
use symbolon_crypto::UnixTime;
use symbolon_trust::trust_list::TrustedIssuer;
use symbolon_trust::validity::Validity;

use super::found::Found;
use super::judged::Judged;
use super::status::{StatusAnswer, StatusFindings, StatusQuestion};
use crate::evidence::{Evidence, PackEvidence, PackTurn, Reach};
use crate::expected::Expected;
use crate::policy::Policy;
use crate::report::{
    Authentic, Check, CheckName, CredentialFormat, REPORT_VERSION, Reason, Report, Shown, Trusted, Verdict,
    Warning,
};
use crate::tools::Tools;

/// Everything a judgement rests on.
pub(super) struct Context<'c> {
    pub(super) evidence: &'c Evidence<'c>,
    pub(super) policy: &'c Policy,
    pub(super) expected: &'c Expected,
    pub(super) tools: Tools<'c>,
    pub(super) now: UnixTime,
    /// Whether the session may still ask.
    pub(super) rounds: Rounds,
}

/// Whether the session may still ask for evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rounds {
    Left,
    Exhausted,
}

impl<'c> Context<'c> {
    /// Whether what is missing can be asked for.
    pub(super) fn may_ask(&self) -> bool {
        (self.evidence.reach(), self.rounds) == (Reach::Network, Rounds::Left)
    }

    /// JSON-LD with the contexts of the trust list, where a processor was handed in.
    pub(super) fn json_ld(&self) -> Option<JsonLd<'c>> {
        self.tools.json_ld.map(|processor| JsonLd {
            processor,
            contexts: self.evidence.contexts(),
            budget: JsonLdBudget::DEFAULT,
        })
    }

    /// The issuer with this identifier, if the trust list believes it for credentials of the format.
    pub(super) fn issuer_for(&self, format: CredentialFormat, identifier: &str) -> Option<&'c TrustedIssuer> {
        let issuer = self.evidence.trust_list().issuer(identifier);
        issuer.filter(|issuer| issuer.vouches_for(format.anchored()))
    }

    /// Whether the list that the issuer was taken from can be used now, where that is another than the trust list itself.
    ///
    /// # Errors
    /// The check that failed: of such an issuer nothing can be told, as if there were no list.
    pub(super) fn judge_source(&self, judged: &mut Judged<'_>, issuer: &TrustedIssuer) -> Result<(), Check> {
        let list = self.evidence.trust_list();
        let Some(source) = &issuer.source else {
            return Ok(());
        };
        let issued_at = list.sources.get(source).and_then(|source| source.issued_at);
        let dated = |check: Check| match issued_at {
            Some(issued_at) => check.from(issued_at),
            None => check,
        };
        let reason = match list.validity_of(issuer, self.now) {
            Validity::Current => None,
            Validity::InGrace { expired_at } => {
                judged.warnings.push(Warning::TrustListInGrace { expired_at });
                None
            }
            Validity::Expired { .. } => Some(Reason::EvidenceTooOld),
            Validity::NotYetIssued => Some(Reason::NotYetValid),
        };
        match reason {
            None => {
                judged
                    .trusted
                    .checks
                    .push(dated(Check::passed(CheckName::TrustList)));
                Ok(())
            }
            Some(reason) => Err(dated(Check::failed(CheckName::TrustList, reason))),
        }
    }

    /// Whether the trust list can be used now, as a check.
    pub(super) fn trust_list_check(&self) -> Check {
        let list = self.evidence.trust_list();
        match list.validity(self.now) {
            Validity::Current | Validity::InGrace { .. } => Check::passed(CheckName::TrustList),
            Validity::Expired { .. } => Check::failed(CheckName::TrustList, Reason::EvidenceTooOld),
            Validity::NotYetIssued => Check::failed(CheckName::TrustList, Reason::NotYetValid),
        }
        .from(list.issued_at)
    }

    pub(super) fn warnings(&self) -> impl Iterator<Item = Warning> {
        let trust_list = match self.evidence.trust_list().validity(self.now) {
            Validity::InGrace { expired_at } => Some(Warning::TrustListInGrace { expired_at }),
            Validity::Current | Validity::Expired { .. } | Validity::NotYetIssued => None,
        };
        let pack = match self.evidence.pack_turn() {
            PackTurn::BeforeNetwork => self.pack_warning(),
            // Told only of a status that the pack was asked for.
            PackTurn::AfterNetwork => None,
        };
        trust_list.into_iter().chain(pack)
    }

    /// What is to be said of the pack.
    pub(super) fn pack_warning(&self) -> Option<Warning> {
        match self.evidence.pack() {
            PackEvidence::Accepted(pack) => match pack.validity() {
                Validity::InGrace { expired_at } => Some(Warning::PackInGrace { expired_at }),
                Validity::Current | Validity::Expired { .. } | Validity::NotYetIssued => None,
            },
            PackEvidence::Refused => Some(Warning::PackRefused),
            PackEvidence::NotGiven => None,
        }
    }

    pub(super) fn status(&self, judged: &Judged<'_>, found: &mut Found) -> StatusAnswer {
        let issuer = judged
            .issuer
            .as_ref()
            .and_then(|issuer| self.evidence.trust_list().issuer(&issuer.identifier));
        let (true, Some(issuer)) = (judged.is_believed(), issuer) else {
            // Whoever is not believed is not asked: neither for the state nor at the address in the text.
            let check = Check::absent(CheckName::CredentialStatus, Reason::NotReached);
            return StatusAnswer::Known(StatusFindings::unknown(check));
        };
        StatusQuestion {
            context: self,
            issuer,
            freshness: judged.freshness(&self.policy.freshness),
        }
        .answer(&judged.status, found)
    }

    pub(super) fn report(&self, judged: &Judged<'_>, status: StatusFindings) -> Report {
        let (mut authentic, mut trusted) = (judged.authentic.clone(), judged.trusted.clone());
        let (mut holder, mut status_axis) = (judged.holder.clone(), status.axis);
        let all = [
            &mut authentic.checks,
            &mut trusted.checks,
            &mut status_axis.checks,
            &mut holder.checks,
        ];
        for checks in all {
            *checks = core::mem::take(checks)
                .into_iter()
                .map(|check| check.of(judged.format))
                .collect();
        }
        let verdict = Verdict::judge(
            authentic.state,
            trusted.state,
            status_axis.state,
            holder.state,
            self.policy.holder,
        );
        let mut warnings = judged.warnings.clone();
        warnings.extend(status.warnings);
        let believed = authentic.state == Authentic::Authentic && trusted.state == Trusted::Trusted;
        Report {
            version: REPORT_VERSION,
            verdict,
            as_of: status.as_of,
            verified_at: self.now,
            format: judged.format,
            credential_type: judged.credential_type.clone(),
            type_iris: judged.type_iris.clone(),
            issuer: judged.issuer.clone(),
            authentic,
            trusted,
            status: status_axis,
            holder,
            status_messages: status.messages,
            warnings,
            claims: if believed {
                judged.claims.clone()
            } else {
                serde_json::Map::new()
            },
            photo: judged.photo.clone().filter(|_| believed),
            authority_key_identifiers: judged.authority_key_identifiers.clone(),
            shown: Shown {
                status_places: judged.status.places(),
                ..judged.shown.clone()
            },
            holder_key: judged.holder_key.clone(),
        }
    }
}
