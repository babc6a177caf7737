//! The calls of the facade.

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::items::query_of_items;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::vp_formats::{MdocAlgorithms, VpFormats};
use symbolon_protocol::proximity::{
    AskedFaceToFace, EngageError, EngagedHolder, HolderEvent, ReaderAuthentication, ReaderTrust,
    RequestedHolder, RetrievalMethod, SessionData, SessionStatus,
};

use super::ask::{ProximityAsk, WaitingHolder};
use super::outcome::{
    AfterAnswer, DeviceProof, ProximityEnded, ProximityEvent, ProximityOutcome, SendFarewell,
};
use crate::error::{DeviceFault, WalletError};
use crate::identifiers::{CredentialId, FlowId, HistoryId};
use crate::language::Languages;
use crate::policy::UnverifiedParties;
use crate::ports::Change;
use crate::present::answer::{Selection, SignedPresentations, device_response};
use crate::present::matching::{Asking, Holdings};
use crate::present::outcome::RequestProblem;
use crate::present::registration::{Registration, VerifierClaims};
use crate::present::run::shown_once;
use crate::present::selected::{Binding, SessionProof};
use crate::present::{Choice, ConsentRequest, Decision, Presentation};
use crate::progress::Progress;
use crate::record::{
    Delivery, DisclosedCredential, HeldCredential, HistoryEntry, HistoryEvent, RefusalRule, VerifierEvidence,
    VerifierRecord,
};
use crate::wallet::Wallet;

/// What came of preparing a response.
enum Preparation {
    Ready(Box<Prepared>),
    /// The key store waits for the person.
    KeyLocked,
    /// The platform ended the key of this credential.
    KeyEnded(CredentialId),
}

/// A response that was made, and what has to be written down before it is sent.
struct Prepared {
    device_response: Vec<u8>,
    presentation: Presentation,
    disclosed: Vec<DisclosedCredential>,
    changes: Vec<Change>,
    shown_keys: Vec<KeyHandle>,
}

impl Wallet {
    /// Begins a session: makes its key, and the engagement that a QR code shows, with the ways in which the app can be reached.
    ///
    /// # Errors
    /// [`EngageError`].
    pub fn engage(&self, retrieval_methods: Vec<RetrievalMethod>) -> Result<EngagedHolder, EngageError> {
        let (crypto, randomness) = (self.ports.crypto.as_ref(), self.ports.randomness.as_ref());
        EngagedHolder::engage(retrieval_methods, crypto, randomness)
    }

    /// Takes a message of the reader. If it asks, verifies who asks, and tells what would be disclosed; the policy decides about
    /// readers for whom nobody vouches.
    ///
    /// # Errors
    /// [`ProximityEnded`], with the last message to send.
    pub async fn receive_from_reader(
        &self,
        holder: WaitingHolder,
        message: &[u8],
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ProximityEvent, ProximityEnded> {
        self.observe(Progress::VerifyingRequest);
        let crypto = self.ports.crypto.as_ref();
        let trust = ReaderTrust {
            anchors: &self.policy.relying_parties.anchors,
            now,
        };
        let event = match holder {
            WaitingHolder::Engaged(holder) => holder.receive(message, trust, crypto),
            WaitingHolder::Answered(holder) => holder.receive(message, trust, crypto),
        }?;
        let holder = match event {
            HolderEvent::Requested(holder) => holder,
            HolderEvent::Ended(status) => return Ok(ProximityEvent::Ended(status)),
        };
        match self.ask_in_proximity(&holder, languages, now).await {
            Ok((query, verifier, consent)) => Ok(ProximityEvent::AwaitingConsent(Box::new(ProximityAsk {
                holder,
                query,
                verifier,
                consent,
            }))),
            // The same message as the person's own no: a reader must not learn that it was refused for always.
            Err(error @ WalletError::RequestRefused(RequestProblem::RefusedAlways)) => Err(ProximityEnded {
                farewell: match holder.decline() {
                    Ok((message, _)) => message,
                    Err(ended) => ended.farewell,
                },
                send: SendFarewell::WhenThePersonLeaves,
                error: error.into(),
            }),
            Err(error) => Err(ended(holder, error)),
        }
    }

    /// The person decides. Proves and discloses exactly what the consent request showed, and writes it down before the message is
    /// given out.
    ///
    /// # Errors
    /// [`ProximityEnded`] when store or keys fail; nothing was disclosed then.
    pub async fn answer_reader(
        &self,
        ask: Box<ProximityAsk>,
        decision: Decision,
        proof: DeviceProof<'_>,
        then: AfterAnswer,
        now: UnixTime,
    ) -> Result<ProximityOutcome, ProximityEnded> {
        let choice = match decision {
            Decision::Share(choice) => choice,
            Decision::Decline => return self.decline_reader(*ask, RefusalRule::AskAgain, now).await,
            Decision::DeclineAlways => return self.decline_reader(*ask, RefusalRule::Always, now).await,
        };
        let credentials = match self.presentable().await {
            Ok(credentials) => credentials,
            Err(error) => return Err(ended(ask.holder, error)),
        };
        match self.prepare_response(&ask, &credentials, &choice, proof, now) {
            Ok(Preparation::Ready(prepared)) => self.send_to_reader(*ask, *prepared, then).await,
            Ok(Preparation::KeyLocked) => Ok(ProximityOutcome::KeyLocked(ask)),
            Ok(Preparation::KeyEnded(id)) => {
                let noted = self.note_ended_key(&credentials, id, now).await;
                Err(ended(ask.holder, noted))
            }
            Err(WalletError::InvalidChoice) => Ok(ProximityOutcome::InvalidChoice(ask)),
            Err(error) => Err(ended(ask.holder, error)),
        }
    }

    async fn ask_in_proximity(
        &self,
        holder: &RequestedHolder,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<(DcqlQuery, VerifierRecord, ConsentRequest), WalletError> {
        let request = holder.request();
        let verifier = self.reader_record(request.reader())?;
        let items: Vec<_> = request
            .documents()
            .iter()
            .map(|document| document.items.clone())
            .collect();
        let query = query_of_items(&items).ok_or(WalletError::RequestRefused(RequestProblem::Malformed))?;
        if self.refuses_always(&verifier, now).await? {
            return Err(WalletError::RequestRefused(RequestProblem::RefusedAlways));
        }
        let credentials = self.presentable().await?;
        let holdings = self.holdings_for_reader(&credentials, now)?;
        let flow = FlowId::make(self.ports.randomness.as_ref())?;
        let asking = Asking {
            refused_before: self.past_refusals(&verifier, &query, now).await?,
            verifier: verifier.clone(),
            claimed: VerifierClaims::default(),
            registration: Registration::NotShown,
            query: &query,
            transactions: &[],
        };
        let consent = holdings.consent_request(flow, asking, &self.policy, languages, now)?;
        Ok((query, verifier, consent))
    }

    /// Who asks, if the policy deals with such.
    fn reader_record(&self, reader: &ReaderAuthentication) -> Result<VerifierRecord, WalletError> {
        let name = |leaf: &Certificate| leaf.subject_common_name().map(str::to_owned);
        match reader {
            ReaderAuthentication::Proven(chain) => Ok(VerifierRecord {
                client_id: ClientId::x509_hash(chain.leaf().sha256()).as_str().to_owned(),
                name: name(chain.leaf()),
                response_origin: String::new(),
                evidence: VerifierEvidence::Reader {
                    authority: name(chain.anchor()),
                },
                contact: None,
            }),
            // What a certificate says for which nobody vouches is not shown as a name.
            ReaderAuthentication::Unvouched { .. } | ReaderAuthentication::Anonymous => {
                match self.policy.relying_parties.readers {
                    UnverifiedParties::Shown => Ok(VerifierRecord {
                        client_id: String::new(),
                        name: None,
                        response_origin: String::new(),
                        evidence: VerifierEvidence::Nearby,
                        contact: None,
                    }),
                    UnverifiedParties::Refused => {
                        Err(WalletError::RequestRefused(RequestProblem::UntrustedVerifier))
                    }
                }
            }
        }
    }

    fn holdings_for_reader<'a>(
        &'a self,
        credentials: &'a [HeldCredential],
        now: UnixTime,
    ) -> Result<Holdings<'a>, WalletError> {
        // A reader says nothing of algorithms, and must know those of the standard.
        let formats = VpFormats {
            mso_mdoc: Some(MdocAlgorithms::default()),
            ..VpFormats::default()
        };
        Holdings::read(credentials, &formats, &self.policy, self.json_ld(), now)
    }

    /// The response to what was agreed to.
    fn prepare_response(
        &self,
        ask: &ProximityAsk,
        credentials: &[HeldCredential],
        choice: &Choice,
        proof: DeviceProof<'_>,
        now: UnixTime,
    ) -> Result<Preparation, WalletError> {
        let holdings = self.holdings_for_reader(credentials, now)?;
        if !holdings.satisfies(&ask.query, choice) {
            return Err(WalletError::InvalidChoice);
        }
        self.observe(Progress::SigningPresentation);
        let binding = Binding {
            audience: "",
            nonce: "",
            session: ask.holder.transcript().clone(),
            proof: match proof {
                DeviceProof::Signature => SessionProof::Signature,
                DeviceProof::Mac(agree) => SessionProof::Mac {
                    agree,
                    reader_key: ask.holder.reader_key(),
                },
            },
            now,
            transactions: Vec::new(),
        };
        let signed = self.sign_presentations(&ask.query, &holdings, choice, &binding, &|_, _| Vec::new())?;
        let SignedPresentations { vp_token, disclosed } = match signed {
            Selection::Signed(signed) => signed,
            Selection::KeyLocked => return Ok(Preparation::KeyLocked),
            Selection::KeyEnded(id) => return Ok(Preparation::KeyEnded(id)),
        };
        let internal = WalletError::DeviceFailed(DeviceFault::Internal);
        let asked = AskedFaceToFace::new(ask.holder.transcript(), ask.holder.request().as_bytes(), now);
        let (mut changes, shown_keys) = shown_once(credentials, &disclosed, now);
        changes.push(Change::PutHistory(Box::new(HistoryEntry {
            id: HistoryId::make(self.ports.randomness.as_ref())?,
            at: now,
            event: HistoryEvent::Presented {
                verifier: ask.verifier.clone(),
                disclosed: disclosed.clone(),
                delivery: Delivery::Unconfirmed,
                // ISO/IEC 18013-5 has no message for one.
                receipt: None,
                transactions: Vec::new(),
            },
            data_requests: Vec::new(),
        })));
        Ok(Preparation::Ready(Box::new(Prepared {
            device_response: device_response(&vp_token).ok_or(internal)?,
            presentation: Presentation {
                vp_token: serde_json::to_string(&vp_token).map_err(|_| internal)?,
                request_object: serde_json::to_string(&asked).map_err(|_| internal)?,
            },
            disclosed,
            changes,
            shown_keys,
        })))
    }

    async fn send_to_reader(
        &self,
        ask: ProximityAsk,
        prepared: Prepared,
        then: AfterAnswer,
    ) -> Result<ProximityOutcome, ProximityEnded> {
        let (message, holder) = match then {
            AfterAnswer::Continue => {
                let (message, holder) = ask.holder.answer(&prepared.device_response)?;
                (message, Some(holder))
            }
            AfterAnswer::End => (ask.holder.answer_and_end(&prepared.device_response)?, None),
        };
        self.commit_in_session(prepared.changes).await?;
        for key in &prepared.shown_keys {
            // One that is left is found by `recover`. The history says that this was shown, so it is not held back.
            let _ = self.ports.keys.delete(key);
        }
        Ok(ProximityOutcome::Answered {
            message,
            disclosed: prepared.disclosed,
            presentation: prepared.presentation,
            holder,
        })
    }

    async fn decline_reader(
        &self,
        ask: ProximityAsk,
        rule: RefusalRule,
        now: UnixTime,
    ) -> Result<ProximityOutcome, ProximityEnded> {
        let refusal = self.refusal(&ask.verifier, &ask.query, rule, now).await;
        let changes = refusal.and_then(|mut changes| {
            changes.push(self.declined(ask.verifier, now)?);
            Ok(changes)
        });
        let changes = match changes {
            Ok(changes) => changes,
            Err(error) => return Err(ended(ask.holder, error)),
        };
        let (message, holder) = ask.holder.decline()?;
        self.commit_in_session(changes).await?;
        Ok(ProximityOutcome::Declined { message, holder })
    }

    async fn commit_in_session(&self, changes: Vec<Change>) -> Result<(), ProximityEnded> {
        let committed = self.ports.store.commit(changes).await;
        committed.map_err(|error| ended_without(error.into()))
    }
}

/// The end for a reason of the wallet's own.
fn ended(holder: RequestedHolder, error: WalletError) -> ProximityEnded {
    ProximityEnded {
        error: error.into(),
        farewell: holder.terminate(),
        send: SendFarewell::AtOnce,
    }
}

/// The same, when the session has already moved on with a message that is not given out.
fn ended_without(error: WalletError) -> ProximityEnded {
    ProximityEnded {
        error: error.into(),
        farewell: SessionData::of_status(SessionStatus::Termination).to_bytes(),
        send: SendFarewell::AtOnce,
    }
}
