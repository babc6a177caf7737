//! What came from the issuer: verified, matched with the keys, and stored.

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{KeyDescription, KeyHandle};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::credential::IssuedCredential;
use symbolon_protocol::openid4vci::identifiers::NotificationId;
use symbolon_protocol::openid4vci::notification::NotificationEvent;

use super::outcome::ReceiptProblem;
use super::stage::{FinishedReceipt, Issuing, PlannedCredential, ReceiveStage};
use super::verification::{CredentialProblem, Expected, Signer, Verified, verify_received};
use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::progress::Progress;
use crate::record::{HeldCopy, HeldCredential, HistoryEvent};
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Verifies what came; stores it together with its history and the next stage, or refuses it.
    pub(super) async fn keep(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
        planned: PlannedCredential,
        keys: Vec<KeyDescription>,
        received: Vec<IssuedCredential>,
        notification: Option<NotificationId>,
    ) -> Result<ReceiveStage, WalletError> {
        if self.was_deleted_meanwhile(&issuing).await? {
            if let Some(id) = notification {
                self.tell_issuer(cursor, &issuing, id, NotificationEvent::CredentialDeleted)
                    .await;
            }
            return self.keep_nothing(cursor, issuing).await;
        }
        self.observe(Progress::VerifyingCredential);
        // At most one credential for each key; an issuer may issue fewer (§8.3).
        let matched = if received.len() > keys.len() {
            Err(ReceiptProblem::CredentialResponse)
        } else {
            self.match_with_keys(cursor, &issuing, &planned, &keys, received)
                .map_err(ReceiptProblem::Credential)
        };
        let (first, copies) = match matched {
            Ok(matched) => matched,
            Err(problem) => {
                if let Some(id) = notification {
                    self.tell_issuer(cursor, &issuing, id, NotificationEvent::CredentialFailure)
                        .await;
                }
                return self.refuse_received(cursor, issuing, problem).await;
            }
        };
        self.observe(Progress::Storing);
        let id = CredentialId::make(self.ports.randomness.as_ref())?;
        let history = self.history_change(
            cursor,
            HistoryEvent::Received {
                credential: id,
                issuer: issuing.plan.issuer.as_str().to_owned(),
                credential_type: planned.credential_type.clone(),
            },
        )?;
        let used: Vec<KeyHandle> = core::iter::once(&first)
            .chain(&copies)
            .map(|copy| copy.key.clone())
            .collect();
        let arrived = 1 + copies.len();
        // Where several were asked for, each is shown once, also the only one that came: it must not become one that every verifier is
        // shown.
        let batch = planned.copies.max(arrived);
        let credential = HeldCredential {
            id,
            issuer: issuing.plan.issuer.as_str().to_owned(),
            issuer_name: issuing.plan.issuer_name.clone(),
            configuration: planned.configuration.as_str().to_owned(),
            credential_type: planned.credential_type,
            content: first.content,
            key: first.key,
            received: cursor.now,
            not_before: first.not_before,
            expires: first.expires,
            status: first.status,
            display: planned.display,
            batch,
            arrived: (arrived < batch).then_some(arrived),
            copies,
            spent: None,
        };
        let mut unused: Vec<KeyHandle> = keys.into_iter().map(|key| key.handle).collect();
        unused.retain(|key| !used.contains(key));
        let again = self.reissue_answered_by(&issuing, &credential).await?;
        let mut changes = vec![history];
        unused.extend(
            self.replaced(cursor, &mut issuing, again, credential, &mut changes)
                .await?,
        );
        issuing.stored.push(id);
        issuing.next += 1;
        issuing.key = None;
        issuing.copy_keys = Vec::new();
        issuing.deferred = None;
        issuing.to_accept = notification.filter(|_| issuing.plan.notification_endpoint.is_some());
        issuing
            .notifications
            .extend(issuing.to_accept.clone().map(|notification| (id, notification)));
        let stage = ReceiveStage::Issuing(Box::new(issuing));
        self.end_without(cursor, stage, changes, &unused).await
    }

    /// The credentials with their keys. An issuer answers in any order, so each is tried with every key that has none yet.
    fn match_with_keys(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        planned: &PlannedCredential,
        keys: &[KeyDescription],
        received: Vec<IssuedCredential>,
    ) -> Result<(HeldCopy, Vec<HeldCopy>), CredentialProblem> {
        let mut free: Vec<&KeyDescription> = keys.iter().collect();
        let mut matched = Vec::with_capacity(received.len());
        for credential in received {
            matched.push(self.match_with_key(cursor, issuing, planned, &mut free, credential)?);
        }
        let mut matched = matched.into_iter();
        let first = matched.next().ok_or(CredentialProblem::AnotherKey)?;
        Ok((first, matched.collect()))
    }

    fn match_with_key(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        planned: &PlannedCredential,
        free: &mut Vec<&KeyDescription>,
        credential: IssuedCredential,
    ) -> Result<HeldCopy, CredentialProblem> {
        for position in 0..free.len() {
            let Some(key) = free.get(position).copied() else {
                break;
            };
            let issuer = &issuing.plan.issuer;
            let expected = Expected {
                signer: self.signer(issuer, &planned.credential_type, cursor.now),
                credential_type: &planned.credential_type,
                format: &planned.format,
                holder_key: &key.public_key,
            };
            match verify_received(credential.clone(), &expected, self.ports.crypto.as_ref()) {
                Ok(Verified {
                    content,
                    not_before,
                    expires,
                    status,
                }) => {
                    free.remove(position);
                    return Ok(HeldCopy {
                        content,
                        key: key.handle.clone(),
                        not_before,
                        expires,
                        status,
                    });
                }
                Err(CredentialProblem::AnotherKey) => {}
                Err(problem) => return Err(problem),
            }
        }
        Err(CredentialProblem::AnotherKey)
    }

    /// Who must have signed what `issuer` issued of this type.
    pub(crate) fn signer<'w>(
        &'w self,
        issuer: &'w IssuerIdentifier,
        credential_type: &str,
        now: UnixTime,
    ) -> Signer<'w> {
        Signer {
            issuer,
            evidence: self.policy.issuers.evidence(issuer, credential_type),
            contexts: &self.policy.contexts,
            json_ld: self.json_ld(),
            now,
        }
    }

    async fn refuse_received(
        &self,
        cursor: &mut Cursor<'_>,
        issuing: Issuing,
        problem: ReceiptProblem,
    ) -> Result<ReceiveStage, WalletError> {
        let mut changes = Vec::new();
        if let ReceiptProblem::Credential(problem) = problem {
            let event = HistoryEvent::Refused {
                issuer: issuing.plan.issuer.as_str().to_owned(),
                reason: problem.to_string(),
            };
            changes.push(self.history_change(cursor, event)?);
        }
        let keys: Vec<KeyHandle> = issuing.keys().cloned().collect();
        let stage = ReceiveStage::Finished(FinishedReceipt::Refused {
            problem,
            stored: issuing.stored,
        });
        self.end_without(cursor, stage, changes, &keys).await
    }
}
