//! The calls of the facade, and the loop over the stages.

use symbolon_crypto::UnixTime;
use symbolon_protocol::digital_credentials::iso_mdoc::encrypt_response;
use symbolon_protocol::digital_credentials::openid4vp::{answer_data, refusal_data};
use symbolon_protocol::digital_credentials::{
    AskedAtOrigin, DigitalCredentialMessage, ExchangeProtocol, Origin,
};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;

use super::outcome::{OriginOutcome, RefusedAtOrigin};
use super::stage::{FinishedAtOrigin, OriginAsk, OriginStage};
use super::verify::{INTERNAL, Means, Refused, VerifiedAsk};
use crate::error::WalletError;
use crate::identifiers::{FlowId, HistoryId};
use crate::language::Languages;
use crate::ports::Change;
use crate::present::answer::{Selection, SignedPresentations, device_response};
use crate::present::matching::{Asking, Holdings};
use crate::present::outcome::RequestProblem;
use crate::present::registration::{Registration, VerifierClaims};
use crate::present::run::{CONSENT_LIFETIME, shown_once};
use crate::present::{Choice, ConsentRequest, Decision, Presentation};
use crate::progress::Progress;
use crate::record::{Delivery, HeldCredential, HistoryEntry, HistoryEvent, RefusalRule, Stage};
use crate::wallet::{Cursor, Wallet};

impl Wallet {
    /// Verifies what a page asks over the Digital Credentials API, and tells who asks for what and what would be disclosed. Of several
    /// requests it is the first that this wallet can follow. `origin` is what the platform says of the page, never what the page says.
    /// Show it, then call [`Wallet::answer_at_origin`].
    ///
    /// # Errors
    /// [`RefusedAtOrigin`], with what may be told to the page.
    pub async fn present_at_origin(
        &self,
        requests: &[DigitalCredentialMessage],
        origin: &Origin,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, RefusedAtOrigin> {
        self.observe(Progress::VerifyingRequest);
        let mut first_refusal = None;
        for request in requests {
            let ask = OriginAsk {
                origin: origin.clone(),
                request: request.clone(),
                languages: languages.clone(),
            };
            match self.verify_ask(&ask, now).await {
                Ok(verified) => {
                    if self.refuses_always(&verified.verifier, now).await? {
                        // Without an answer: it would come faster than a person's.
                        return Err(WalletError::RequestRefused(RequestProblem::RefusedAlways).into());
                    }
                    let stage = OriginStage::AwaitingConsent(Box::new(ask));
                    let flow = self.begin(Stage::AtOrigin(stage), now).await?;
                    return Ok(self.ask_consent(flow, &verified, languages, now).await?);
                }
                Err(Refused::Failed(error)) => return Err(error.into()),
                Err(Refused::Request { problem, code }) => {
                    first_refusal.get_or_insert_with(|| RefusedAtOrigin {
                        error: WalletError::RequestRefused(problem),
                        answer: refusal(request.protocol, code),
                    });
                }
            }
        }
        Err(first_refusal.unwrap_or_else(|| WalletError::RequestRefused(RequestProblem::Malformed).into()))
    }

    /// The person decides. Signs and encrypts exactly what the consent request showed, for the platform to hand on; or makes the
    /// refusal.
    ///
    /// # Errors
    /// [`WalletError::InvalidChoice`] when the choice does not answer the request; [`WalletError::WrongStage`] when the flow
    /// is beyond consent; [`WalletError::RequestRefused`] when the request has expired meanwhile.
    pub async fn answer_at_origin(
        &self,
        flow: FlowId,
        decision: Decision,
        now: UnixTime,
    ) -> Result<OriginOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        let ask = match flow.stage {
            Stage::AtOrigin(OriginStage::AwaitingConsent(ask) | OriginStage::Consented { ask, .. }) => ask,
            _ => return Err(WalletError::WrongStage),
        };
        let mut changes = Vec::new();
        let rule = decision.refusal_rule().unwrap_or(RefusalRule::AskAgain);
        let stage = match decision {
            Decision::Share(choice) => {
                let verified = self.verify_ask(&ask, now).await?;
                if !self.ask_fits(&verified, &choice, now).await? {
                    return Err(WalletError::InvalidChoice);
                }
                OriginStage::Consented {
                    ask,
                    choice,
                    agreed: now,
                }
            }
            Decision::Decline | Decision::DeclineAlways => {
                if let Ok(verified) = self.verify_ask(&ask, now).await {
                    changes = self
                        .refusal(&verified.verifier, &verified.query, rule, now)
                        .await?;
                    changes.push(self.declined(verified.verifier, now)?);
                }
                let answer = refusal(ask.request.protocol, PresentationErrorCode::AccessDenied);
                OriginStage::Finished(Box::new(FinishedAtOrigin::Declined { answer }))
            }
        };
        let stage = cursor.write_at_origin(stage, changes).await?;
        self.drive_at_origin(cursor, stage).await
    }

    /// Goes from stage to stage until the person is needed or it is over.
    pub(crate) async fn drive_at_origin(
        &self,
        mut cursor: Cursor<'_>,
        mut stage: OriginStage,
    ) -> Result<OriginOutcome, WalletError> {
        loop {
            stage = match stage {
                OriginStage::AwaitingConsent(ask) => {
                    let verified = self.verify_ask(&ask, cursor.now).await?;
                    let (id, now) = (cursor.id, cursor.now);
                    let request = self.ask_consent(id, &verified, &ask.languages, now).await?;
                    return Ok(OriginOutcome::AwaitingConsent(Box::new(request)));
                }
                OriginStage::Consented { ask, choice, agreed } => {
                    match self.answer_ask(&mut cursor, ask, &choice, agreed).await? {
                        Some(stage) => stage,
                        None => return Ok(OriginOutcome::KeyLocked),
                    }
                }
                OriginStage::Finished(finished) => return Ok((*finished).into()),
            };
        }
    }

    /// One durable step: makes the answer to what was agreed to, or asks again when the consent no longer holds. `None` when the key
    /// store waits for the person.
    async fn answer_ask(
        &self,
        cursor: &mut Cursor<'_>,
        ask: Box<OriginAsk>,
        choice: &Choice,
        agreed: UnixTime,
    ) -> Result<Option<OriginStage>, WalletError> {
        let now = cursor.now;
        let verified = self.verify_ask(&ask, now).await?;
        let is_current = agreed.plus(CONSENT_LIFETIME) >= now;
        if !is_current || !self.ask_fits(&verified, choice, now).await? {
            let stage = OriginStage::AwaitingConsent(ask);
            return cursor.write_at_origin(stage, Vec::new()).await.map(Some);
        }
        self.observe(Progress::SigningPresentation);
        let credentials = self.presentable().await?;
        let holdings = self.ask_holdings(&credentials, &verified, now)?;
        let audience = ask.origin.audience();
        let binding = verified.binding(&ask.origin, &audience, now);
        let signed =
            self.sign_presentations(&verified.query, &holdings, choice, &binding, &|_, _| Vec::new())?;
        let SignedPresentations { vp_token, disclosed } = match signed {
            Selection::Signed(signed) => signed,
            Selection::KeyLocked => return Ok(None),
            Selection::KeyEnded(id) => return Err(self.note_ended_key(&credentials, id, now).await),
        };
        let text = serde_json::to_string(&vp_token).map_err(|_| INTERNAL)?;
        let data = match &verified.means {
            Means::OpenId4Vp(encryption) => answer_data(
                vp_token,
                encryption.as_ref(),
                self.ports.encryption.as_ref(),
                self.ports.randomness.as_ref(),
            )
            .map_err(|_| INTERNAL)?,
            Means::IsoMdoc(encryption_info) => encrypt_response(
                &device_response(&vp_token).ok_or(INTERNAL)?,
                encryption_info,
                &ask.origin,
                self.ports.crypto.as_ref(),
                self.ports.randomness.as_ref(),
            )
            .map_err(|_| INTERNAL)?,
        };
        let (mut changes, shown_keys) = shown_once(&credentials, &disclosed, now);
        changes.push(Change::PutHistory(Box::new(HistoryEntry {
            id: HistoryId::make(self.ports.randomness.as_ref())?,
            at: now,
            event: HistoryEvent::Presented {
                verifier: verified.verifier,
                disclosed,
                // The platform hands it on, and nobody tells whether it arrived.
                delivery: Delivery::Unconfirmed,
                // A browser hands nothing back to the wallet.
                receipt: None,
                transactions: Vec::new(),
            },
            data_requests: Vec::new(),
        })));
        let protocol = ask.request.protocol;
        let asked = AskedAtOrigin {
            origin: ask.origin,
            request: ask.request,
        };
        let request_object = serde_json::to_string(&asked).map_err(|_| INTERNAL)?;
        let finished = FinishedAtOrigin::Answered {
            answer: DigitalCredentialMessage { protocol, data },
            presentation: Presentation {
                vp_token: text,
                request_object,
            },
        };
        let stage = cursor
            .write_at_origin(OriginStage::Finished(Box::new(finished)), changes)
            .await?;
        // Killed in between, `recover` deletes them.
        for key in &shown_keys {
            self.ports.keys.delete(key)?;
        }
        Ok(Some(stage))
    }

    async fn ask_fits(
        &self,
        verified: &VerifiedAsk,
        choice: &Choice,
        now: UnixTime,
    ) -> Result<bool, WalletError> {
        let credentials = self.presentable().await?;
        Ok(self
            .ask_holdings(&credentials, verified, now)?
            .satisfies(&verified.query, choice))
    }

    async fn ask_consent(
        &self,
        flow: FlowId,
        verified: &VerifiedAsk,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        let credentials = self.presentable().await?;
        let refused_before = self
            .past_refusals(&verified.verifier, &verified.query, now)
            .await?;
        self.ask_holdings(&credentials, verified, now)?.consent_request(
            flow,
            Asking {
                refused_before,
                verifier: verified.verifier.clone(),
                claimed: VerifierClaims::default(),
                registration: Registration::NotShown,
                query: &verified.query,
                transactions: &[],
            },
            &self.policy,
            languages,
            now,
        )
    }

    fn ask_holdings<'a>(
        &'a self,
        credentials: &'a [HeldCredential],
        verified: &VerifiedAsk,
        now: UnixTime,
    ) -> Result<Holdings<'a>, WalletError> {
        Holdings::read(credentials, &verified.formats, &self.policy, self.json_ld(), now)
    }
}

/// The refusal in the words of the protocol; ISO/IEC 18013-7 has none, and the platform cancels the call.
fn refusal(protocol: ExchangeProtocol, code: PresentationErrorCode) -> Option<DigitalCredentialMessage> {
    match protocol {
        ExchangeProtocol::IsoMdoc => None,
        ExchangeProtocol::OpenId4VpUnsigned
        | ExchangeProtocol::OpenId4VpSigned
        | ExchangeProtocol::OpenId4VpMultisigned => Some(DigitalCredentialMessage {
            protocol,
            data: refusal_data(code),
        }),
    }
}

impl Cursor<'_> {
    async fn write_at_origin(
        &mut self,
        stage: OriginStage,
        changes: Vec<Change>,
    ) -> Result<OriginStage, WalletError> {
        match self.write(Stage::AtOrigin(stage), changes).await? {
            Stage::AtOrigin(stage) => Ok(stage),
            Stage::Receive(_) | Stage::Present(_) => Err(WalletError::WrongStage),
        }
    }
}

impl From<FinishedAtOrigin> for OriginOutcome {
    fn from(finished: FinishedAtOrigin) -> Self {
        match finished {
            FinishedAtOrigin::Answered { answer, presentation } => Self::Answered { answer, presentation },
            FinishedAtOrigin::Declined { answer } => Self::Declined { answer },
        }
    }
}
