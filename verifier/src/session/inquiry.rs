//! What has become of a credential that was verified before, by the places in its issuer's lists that were kept of it.

use std::sync::Arc;

use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_trust::trust_list::TrustedIssuer;
use symbolon_trust::validity::Validity;

use super::context::{Context, Rounds};
use super::found::Found;
use super::judged::StatusSource;
use super::status::{StatusAnswer, StatusQuestion, VerifiedBitstringList};
use super::{MAX_ROUNDS, Want};
use crate::evidence::Evidence;
use crate::expected::Expected;
use crate::policy::Policy;
use crate::reliance::{ReliedCredential, ReliedStatus, StatusPlace, StatusSeen};
use crate::tools::Tools;

/// A look at the status of a credential that is relied on. It asks for its evidence as a session does.
pub struct StatusInquiry {
    issuer: String,
    source: Option<StatusSource>,
    policy: Policy,
    rounds: u8,
    found: Found,
}

/// Where an inquiry stands.
#[derive(Debug)]
pub enum InquiryStep {
    /// It is over. `None` where nothing is known that can be believed: that says nothing about the credential.
    Done(Option<StatusSeen>),
    /// Evidence is wanted.
    Wants(Vec<Want>),
}

impl StatusInquiry {
    /// An inquiry about a credential.
    #[must_use]
    pub fn new(credential: &ReliedCredential, policy: Policy) -> Self {
        let places = &credential.places;
        let source = match places.as_slice() {
            [] => None,
            [place @ StatusPlace::TokenStatusList { .. }] => place
                .reference()
                .map(|reference| StatusSource::Token(CredentialStatus::StatusList(reference))),
            places => {
                let entries: Option<Vec<_>> = places.iter().map(StatusPlace::entry).collect();
                entries.map(StatusSource::Entries)
            }
        };
        Self {
            issuer: credential.issuer.clone(),
            source,
            policy,
            rounds: 0,
            found: Found::default(),
        }
    }

    /// Goes as far as the evidence reaches. After [`MAX_ROUNDS`] answers whatever is still missing counts as absent.
    pub fn step(&mut self, evidence: &Evidence<'_>, tools: Tools<'_>, now: UnixTime) -> InquiryStep {
        self.found.take_up_documents(evidence, tools.crypto, now);
        let context = Context {
            evidence,
            policy: &self.policy,
            expected: &Expected::Unchecked,
            tools,
            now,
            rounds: if self.rounds < MAX_ROUNDS {
                Rounds::Left
            } else {
                Rounds::Exhausted
            },
        };
        let is_usable = |validity| matches!(validity, Validity::Current | Validity::InGrace { .. });
        let list = evidence.trust_list();
        // An issuer whom nobody trusts any more is not asked; that its word is gone says nothing of what it once said.
        let trusts = |issuer: &&TrustedIssuer| {
            is_usable(list.validity(now)) && is_usable(list.validity_of(issuer, now))
        };
        let mut entries = list.issuers.iter();
        let issuer = entries.find(|issuer| issuer.identifier.as_str() == self.issuer && trusts(issuer));
        let (Some(issuer), Some(source)) = (issuer, &self.source) else {
            return InquiryStep::Done(None);
        };
        let question = StatusQuestion {
            context: &context,
            issuer,
            // What was relied on is kept without its type.
            freshness: self.policy.freshness.otherwise(),
        };
        match question.answer(source, &mut self.found) {
            StatusAnswer::Wanted(wants) => {
                self.rounds = self.rounds.saturating_add(1);
                InquiryStep::Wants(wants)
            }
            StatusAnswer::Known(findings) => {
                InquiryStep::Done(ReliedStatus::of(findings.axis.state).map(|status| StatusSeen {
                    status,
                    as_of: findings.as_of,
                }))
            }
        }
    }

    /// The status lists that were verified, for the evidence of other inquiries.
    pub fn verified_status_lists(&self) -> impl Iterator<Item = &Arc<VerifiedStatusList>> {
        self.found.verified_token_lists()
    }

    /// The Bitstring status list credentials that were verified, for the evidence of other inquiries.
    pub fn verified_status_list_credentials(&self) -> impl Iterator<Item = &Arc<VerifiedBitstringList>> {
        self.found.verified_bitstring_lists()
    }
}
