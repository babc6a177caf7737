//! The person decides, and the loop over the stages that follow.

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request_object::{Carrier, VerifiedRequest};

use super::answer::{Sealed, Signed};
use super::consent::{Choice, Decision};
use super::matching::Holdings;
use super::outcome::{PresentOutcome, Presentation};
use super::received::ReceivedRequest;
use super::request::carried;
use super::send::Attempt;
use super::stage::{FinishedPresentation, PresentStage, Sending};
use crate::error::{DeviceFault, WalletError};
use crate::identifiers::{CredentialId, FlowId, HistoryId};
use crate::language::Languages;
use crate::ports::Change;
use crate::progress::Progress;
use crate::receive::key_ended;
use crate::record::{
    Delivery, DisclosedCredential, HeldCredential, HistoryEntry, HistoryEvent, ReceiptRecord, RefusalRule,
    Stage,
};
use crate::wallet::{Cursor, Wallet};

/// How long consent holds while the app is dead or the key is locked. Afterwards the person is asked again: nobody expects
/// yesterday's yes to send something today.
pub(super) const CONSENT_LIFETIME: Duration = Duration::from_secs(10 * 60);

/// What a step led to.
enum Step {
    /// A further stage, already durable.
    Next(PresentStage, Attempt),
    /// The person must do something.
    Wait(PresentOutcome),
}

impl Wallet {
    /// The person decides. Signs, encrypts and sends exactly what the consent request showed; or tells the verifier that
    /// access was denied.
    ///
    /// # Errors
    /// [`WalletError::InvalidChoice`] when the choice does not answer the request; [`WalletError::WrongStage`] when the flow
    /// is beyond consent; [`WalletError::RequestRefused`] when the request has expired meanwhile. [`WalletError::Network`]
    /// and [`WalletError::PeerUnavailable`] leave the flow to be resumed.
    pub async fn answer_request(
        &self,
        flow: FlowId,
        decision: Decision,
        now: UnixTime,
    ) -> Result<PresentOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        // A person who waits before a locked key may still change their mind.
        let (request_object, client_id, languages) = match flow.stage {
            Stage::Present(
                PresentStage::AwaitingConsent {
                    request_object,
                    client_id,
                    languages,
                }
                | PresentStage::Consented {
                    request_object,
                    client_id,
                    languages,
                    ..
                },
            ) => (request_object, client_id, languages),
            Stage::Present(_) | Stage::Receive(_) | Stage::AtOrigin(_) => {
                return Err(WalletError::WrongStage);
            }
        };
        let mut changes = Vec::new();
        let rule = decision.refusal_rule().unwrap_or(RefusalRule::AskAgain);
        let stage = match decision {
            Decision::Share(choice) => {
                let verified = self.verify_again(&request_object, &client_id, now).await?;
                if !self.fits(&verified, &choice, now).await? {
                    return Err(WalletError::InvalidChoice);
                }
                let agreed = now;
                PresentStage::Consented {
                    request_object,
                    client_id,
                    languages,
                    choice,
                    agreed,
                }
            }
            Decision::Decline | Decision::DeclineAlways => {
                match self.verify_again(&request_object, &client_id, now).await {
                    Ok(verified) => {
                        let verifier = self.verifier_record(&verified, now);
                        let query = &verified.request().dcql_query;
                        changes = self.refusal(&verifier, query, rule, now).await?;
                        match verified.refuse(PresentationErrorCode::AccessDenied) {
                            Some(target) if target.carrier == Carrier::Browser => {
                                changes.push(self.declined(verifier, now)?);
                                let redirect_uri = carried(&target.response_uri, &target.answer.to_form());
                                let declined = FinishedPresentation::DeclinedAndReturned { redirect_uri };
                                PresentStage::Finished(Box::new(declined))
                            }
                            Some(target) => PresentStage::Declining {
                                form: target.answer.to_form(),
                                response_uri: target.response_uri,
                                verifier,
                            },
                            // Nothing proves that the address wants to be told.
                            None => {
                                changes.push(self.declined(verifier, now)?);
                                PresentStage::Finished(Box::new(FinishedPresentation::Declined))
                            }
                        }
                    }
                    // Nobody waits for the answer to a request that is no longer good.
                    Err(_) => PresentStage::Finished(Box::new(FinishedPresentation::Declined)),
                }
            }
        };
        let stage = cursor.write_presentation(stage, changes).await?;
        self.drive_presentation(cursor, stage).await
    }

    /// Goes from stage to stage until the person is needed or it is over.
    pub(crate) async fn drive_presentation(
        &self,
        mut cursor: Cursor<'_>,
        mut stage: PresentStage,
    ) -> Result<PresentOutcome, WalletError> {
        // A stage read from the store may have been acted on by a process that died.
        let mut attempt = Attempt::Repeated;
        loop {
            let step = match stage {
                PresentStage::AwaitingConsent {
                    request_object,
                    client_id,
                    languages,
                } => {
                    let verified = self.verify_again(&request_object, &client_id, cursor.now).await?;
                    let request = self
                        .consent_request(cursor.id, &verified, &languages, cursor.now)
                        .await?;
                    return Ok(PresentOutcome::AwaitingConsent(Box::new(request)));
                }
                PresentStage::Consented {
                    request_object,
                    client_id,
                    languages,
                    choice,
                    agreed,
                } => {
                    let consent = Consent {
                        request_object,
                        client_id,
                        languages,
                        choice,
                        agreed,
                    };
                    self.sign(&mut cursor, consent).await?
                }
                PresentStage::Declining {
                    response_uri,
                    form,
                    verifier,
                } => {
                    self.observe(Progress::SendingAnswer);
                    let next = self
                        .send_refusal(&mut cursor, &response_uri, form, verifier)
                        .await?;
                    Step::Next(next, attempt)
                }
                PresentStage::Sending(sending) => {
                    self.observe(Progress::SendingAnswer);
                    Step::Next(self.send_answer(&mut cursor, *sending, attempt).await?, attempt)
                }
                PresentStage::Finished(finished) => return Ok((*finished).into()),
            };
            match step {
                Step::Next(next, next_attempt) => {
                    stage = next;
                    attempt = next_attempt;
                }
                Step::Wait(outcome) => return Ok(outcome),
            }
        }
    }

    /// One durable step: signs what was agreed to, or asks again when the consent no longer holds.
    async fn sign(&self, cursor: &mut Cursor<'_>, consent: Consent) -> Result<Step, WalletError> {
        let now = cursor.now;
        let verified = self
            .verify_again(&consent.request_object, &consent.client_id, now)
            .await?;
        let current = consent.agreed.plus(CONSENT_LIFETIME) >= now;
        if !current || !self.fits(&verified, &consent.choice, now).await? {
            let Consent {
                request_object,
                client_id,
                languages,
                ..
            } = consent;
            let stage = PresentStage::AwaitingConsent {
                request_object,
                client_id,
                languages,
            };
            let stage = cursor.write_presentation(stage, Vec::new()).await?;
            return Ok(Step::Next(stage, Attempt::First));
        }
        self.observe(Progress::SigningPresentation);
        let credentials = self.presentable().await?;
        let holdings = self.holdings(&credentials, &verified, now)?;
        let answer = match self.sign_answer(&verified, &holdings, &consent.choice, now)? {
            Signed::Answer(answer) => answer,
            Signed::KeyLocked => return Ok(Step::Wait(PresentOutcome::KeyLocked)),
            Signed::KeyEnded(id) => return Err(self.note_ended_key(&credentials, id, now).await),
        };
        let history = HistoryId::make(self.ports.randomness.as_ref())?;
        let verifier = self.verifier_record(&verified, now);
        let (replaced, shown_keys) = shown_once(&credentials, &answer.disclosed, now);
        let presentation = Presentation {
            vp_token: answer.vp_token,
            request_object: consent.request_object.as_str().to_owned(),
        };
        // The history comes before the sending: what may have been shown must be in it.
        let (next, entry) = match answer.sealed {
            Sealed::Form { response_uri, form } => {
                let sending = Sending {
                    response_uri,
                    form,
                    agreed: consent.agreed,
                    history,
                    verifier,
                    disclosed: answer.disclosed,
                    receipt: answer.receipt,
                    transactions: answer.transactions,
                    presentation,
                };
                let entry = sending.history_change(now, Delivery::Unconfirmed, None);
                (PresentStage::Sending(Box::new(sending)), entry)
            }
            // Nothing comes back over a screen or through a browser, a receipt neither.
            sealed @ (Sealed::Shown(_) | Sealed::Carried(_)) => {
                let event = HistoryEvent::Presented {
                    verifier,
                    disclosed: answer.disclosed,
                    delivery: Delivery::Unconfirmed,
                    receipt: None,
                    transactions: answer.transactions,
                };
                let entry = Change::PutHistory(Box::new(HistoryEntry {
                    id: history,
                    at: now,
                    event,
                    data_requests: Vec::new(),
                }));
                let finished = match sealed {
                    Sealed::Carried(redirect_uri) => FinishedPresentation::Carried {
                        presentation,
                        redirect_uri,
                    },
                    Sealed::Shown(response) => FinishedPresentation::Shown {
                        presentation,
                        response,
                    },
                    Sealed::Form { .. } => return Err(WalletError::DeviceFailed(DeviceFault::Internal)),
                };
                (PresentStage::Finished(Box::new(finished)), entry)
            }
        };
        let mut changes = vec![entry];
        changes.extend(replaced);
        let stage = cursor.write_presentation(next, changes).await?;
        // Killed in between, `recover` deletes them.
        for key in &shown_keys {
            self.ports.keys.delete(key)?;
        }
        Ok(Step::Next(stage, Attempt::First))
    }

    /// A request is verified whenever the flow goes on: it expires, and certificates do.
    pub(super) async fn verify_again(
        &self,
        request_object: &ReceivedRequest,
        client_id: &ClientId,
        now: UnixTime,
    ) -> Result<VerifiedRequest, WalletError> {
        // The nonce of the wallet was checked when the object was fetched.
        Ok(self.verify_request(request_object, client_id, None, now).await?)
    }

    async fn fits(
        &self,
        verified: &VerifiedRequest,
        choice: &Choice,
        now: UnixTime,
    ) -> Result<bool, WalletError> {
        let credentials = self.presentable().await?;
        let holdings = self.holdings(&credentials, verified, now)?;
        let request = verified.request();
        Ok(holdings.satisfies(&request.dcql_query, choice)
            && holdings.authorizations(request, choice).is_some())
    }

    /// What is held but for the credentials whose keys have ended: nobody could be shown that they are the person's.
    pub(super) async fn presentable(&self) -> Result<Vec<HeldCredential>, WalletError> {
        let waiting = self.ports.store.reissues().await?;
        let mut credentials = self.ports.store.credentials().await?;
        credentials.retain(|held| !waiting.iter().any(|again| again.id == held.id));
        Ok(credentials)
    }

    /// Notes that the key of a credential has ended, and says so.
    pub(super) async fn note_ended_key(
        &self,
        credentials: &[HeldCredential],
        id: CredentialId,
        now: UnixTime,
    ) -> WalletError {
        let ended = credentials.iter().find(|held| held.id == id);
        let noted = ended.map(|held| key_ended(held, now)).into_iter().collect();
        match self.ports.store.commit(noted).await {
            Ok(()) => WalletError::KeyGone,
            Err(error) => error.into(),
        }
    }

    pub(super) fn holdings<'a>(
        &'a self,
        credentials: &'a [HeldCredential],
        verified: &VerifiedRequest,
        now: UnixTime,
    ) -> Result<Holdings<'a>, WalletError> {
        let formats = &verified.request().client_metadata.vp_formats_supported;
        Holdings::read(credentials, formats, &self.policy, self.json_ld(), now)
    }
}

/// What is shown once makes room for its next copy, whether or not it arrives; what is sent again is the same answer. With the keys
/// that are to be deleted then.
pub(super) fn shown_once(
    credentials: &[HeldCredential],
    disclosed: &[DisclosedCredential],
    now: UnixTime,
) -> (Vec<Change>, Vec<KeyHandle>) {
    let (mut changes, mut ended_keys) = (Vec::new(), Vec::new());
    // One copy answers every query of a request: the verifier knows that it is one person's anyway.
    let is_disclosed = |held: &&HeldCredential| disclosed.iter().any(|one| one.credential == held.id);
    for shown in credentials.iter().filter(is_disclosed) {
        let Some(next) = shown.after_showing(now) else {
            continue;
        };
        // The last copy stays, and with it its key.
        if next.key != shown.key {
            ended_keys.push(shown.key.clone());
        }
        changes.push(Change::AfterShowing {
            shown: shown.key.clone(),
            credential: Box::new(next),
        });
    }
    (changes, ended_keys)
}

/// What the person agreed to.
struct Consent {
    request_object: ReceivedRequest,
    client_id: ClientId,
    languages: Languages,
    choice: Choice,
    agreed: UnixTime,
}

impl Sending {
    /// The entry of the history, with what is known about the arrival.
    pub(super) fn history_change(
        &self,
        at: UnixTime,
        delivery: Delivery,
        receipt: Option<ReceiptRecord>,
    ) -> Change {
        let event = HistoryEvent::Presented {
            verifier: self.verifier.clone(),
            disclosed: self.disclosed.clone(),
            transactions: self.transactions.clone(),
            delivery,
            receipt,
        };
        Change::PutHistory(Box::new(HistoryEntry {
            id: self.history,
            at,
            event,
            data_requests: Vec::new(),
        }))
    }
}

impl Cursor<'_> {
    /// Makes a stage durable together with `changes`.
    pub(super) async fn write_presentation(
        &mut self,
        stage: PresentStage,
        changes: Vec<Change>,
    ) -> Result<PresentStage, WalletError> {
        match self.write(Stage::Present(stage), changes).await? {
            Stage::Present(stage) => Ok(stage),
            Stage::Receive(_) | Stage::AtOrigin(_) => Err(WalletError::WrongStage),
        }
    }
}
