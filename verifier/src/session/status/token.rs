//! Token Status Lists (Token Status List, section 8.3; offline pack, section 5).

use std::sync::Arc;

use symbolon_trust::status_list::{StatusListCwt, StatusListError, StatusListToken, VerifiedStatusList};

use super::{Covered, StatusAnswer, StatusFindings, StatusQuestion};
use crate::evidence::{Era, PackTurn, StatusEvidence};
use crate::report::{Check, CheckName, Reason, Status};
use crate::session::Want;
use crate::session::found::Found;

impl StatusQuestion<'_, '_> {
    pub(super) fn token_status(&self, uri: &str, index: u64, found: &mut Found) -> StatusAnswer {
        let mut findings = StatusFindings::referenced();
        let evidence = self.context.evidence;
        let before = self.packed_status(PackTurn::BeforeNetwork, uri, index, &mut findings, found);
        if before == Covered::Answered {
            return StatusAnswer::Known(findings);
        }
        let list = match (found.token_lists.get(uri), evidence.status_list(uri)) {
            (Some(known), _) => known.clone(),
            (None, Some(StatusEvidence::Token(token))) => {
                let result = self.verify_token(token, uri).map(Arc::new);
                found.token_lists.insert(uri.to_owned(), result.clone());
                result
            }
            (None, Some(StatusEvidence::Cwt(token))) => {
                let result = self.verify_cwt(token, uri).map(Arc::new);
                found.token_lists.insert(uri.to_owned(), result.clone());
                result
            }
            (None, Some(StatusEvidence::Verified(list))) => {
                self.accept_verified(list, uri).map(|()| list.clone())
            }
            (None, None) if self.context.may_ask() => {
                return StatusAnswer::Wanted(vec![Want::StatusList { uri: uri.to_owned() }]);
            }
            (None, Some(StatusEvidence::Absent) | None) => {
                let after = self.packed_status(PackTurn::AfterNetwork, uri, index, &mut findings, found);
                if after == Covered::Answered {
                    return StatusAnswer::Known(findings);
                }
                Err(before.or(after).reason())
            }
        };
        let list = list
            .and_then(|list| self.in_its_time(list))
            .and_then(|list| self.of_a_signer_in_force(list, found));
        match list {
            Ok(list) => self.judge_listed(&list, index, &mut findings),
            Err(reason) => findings.not_believed(reason),
        }
        StatusAnswer::Known(findings)
    }

    fn verify_token(&self, token: &str, uri: &str) -> Result<VerifiedStatusList, Reason> {
        let context = self.context;
        StatusListToken::parse(token, context.policy.status_list_budget)
            .and_then(|token| token.verify(uri, self.issuer, context.tools.crypto, context.now))
            .map_err(|error| reason_of(&error))
    }

    fn verify_cwt(&self, token: &[u8], uri: &str) -> Result<VerifiedStatusList, Reason> {
        let context = self.context;
        StatusListCwt::parse(token, context.policy.status_list_budget)
            .and_then(|token| token.verify(uri, self.issuer, context.tools.crypto, context.now))
            .map_err(|error| reason_of(&error))
    }

    /// What is asked about the past is told by a list of the past alone. Of the present a list made a little later is told by a clock
    /// that is a little ahead.
    fn in_its_time(&self, list: Arc<VerifiedStatusList>) -> Result<Arc<VerifiedStatusList>, Reason> {
        match self.context.evidence.era() {
            Era::Past if !list.covers(self.context.now) => Err(Reason::NotYetValid),
            Era::Past | Era::Present => Ok(list),
        }
    }

    /// A signer whose certificate was taken back says nothing any more, of whatever date: whoever has its key writes the date himself.
    fn of_a_signer_in_force(
        &self,
        list: Arc<VerifiedStatusList>,
        found: &mut Found,
    ) -> Result<Arc<VerifiedStatusList>, Reason> {
        let context = self.context;
        match context.doubt_about_status_signer(list.signer(), self.issuer, found) {
            Some(reason) => Err(reason),
            None => Ok(list),
        }
    }

    /// A list verified by another session: the signature holds for ever, its owner and its age are looked at again.
    fn accept_verified(&self, list: &VerifiedStatusList, uri: &str) -> Result<(), Reason> {
        if list.uri() != uri || *list.issuer() != self.issuer.identifier || !self.issuer.owns_status_list(uri)
        {
            return Err(Reason::EvidenceOfAnotherIssuer);
        }
        if list
            .expires_at()
            .is_some_and(|expires_at| expires_at <= self.context.now)
        {
            return Err(Reason::EvidenceTooOld);
        }
        Ok(())
    }

    fn judge_listed(&self, list: &VerifiedStatusList, index: u64, findings: &mut StatusFindings) {
        let as_of = list.issued_at();
        findings.as_of = Some(as_of);
        findings
            .axis
            .checks
            .push(Check::passed(CheckName::StatusListSignature).from(as_of));
        let (state, check) = match list.status(index) {
            Ok(status) => self.judge_state(status, Some(as_of), findings),
            Err(_) => (
                Status::OutOfRange,
                Check::failed(CheckName::CredentialStatus, Reason::IndexOutOfRange),
            ),
        };
        findings.axis.state = state;
        findings.axis.checks.push(check.from(as_of));
    }
}

fn reason_of(error: &StatusListError) -> Reason {
    match error {
        StatusListError::WrongType => Reason::WrongType,
        StatusListError::OtherSubject | StatusListError::NotTheIssuersList => Reason::EvidenceOfAnotherIssuer,
        StatusListError::IssuedInTheFuture { .. } => Reason::NotYetValid,
        StatusListError::Expired { .. } => Reason::EvidenceTooOld,
        StatusListError::Chain(_) => Reason::NoChainToAnchor,
        StatusListError::SignerIsNotTheIssuer => Reason::SignerIsNotIssuer,
        StatusListError::Signature => Reason::WrongSignature,
        _ => Reason::Malformed,
    }
}
