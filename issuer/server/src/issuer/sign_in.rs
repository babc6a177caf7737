//! A resident's sign-in, as the pages drive it: by codes here, by an OpenID Provider in [`super::provider_sign_in`].

use std::pin::pin;
use std::time::Duration;

use symbolon_crypto::RandomnessUnavailable;
use symbolon_issuer::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use symbolon_issuer::authorization::{AuthorizationRefusal, AuthorizationStage, BrowserKey, FormToken};
use symbolon_issuer::mapping::bcp47;
use symbolon_issuer::record::{IdRecord, Uin};
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::sign_in::{
    Ask, AskRefusal, Channel, CodeLength, CodeMessage, DueMessage, Entry, EntryRefusal, NotANumber,
    OneTimeCode, RequestLabel, ResidentNumber, SendBudget, SignIn, SignInMethod, SignInPage,
};
use symbolon_issuer::store::{Change, Revision, SignInCommit, StoreError, Stored, Swap};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Issuer;
use super::authorization::AuthorizationFailure;
use crate::records::to_sign_in;
use crate::sign_in::{CodeSender, ProviderFailure, SignInWay};

/// Each lost round means that another request of this browser, or about this number, was counted.
const MAX_ATTEMPTS: usize = 32;

/// How often a message is handed to its sender before it is given up: after one, five and twenty-five seconds.
const SEND_PAUSES: [Duration; 3] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(25),
];

/// How many times longer an answer waits where records are in a repository that somebody else keeps: it is further away, and
/// takes longer for a record that it has than for one that it has not.
const REPOSITORY_PATIENCE: u32 = 5;

impl Issuer {
    /// The sign-in of a browser whose authorization is open; one that begins where there is none yet.
    pub(crate) async fn sign_in(&self, browser: &SecretDigest) -> Result<Stored<SignIn>, StoreError> {
        let found = self.store().sign_in(browser).await?;
        Ok(found.unwrap_or_else(|| Stored {
            value: SignIn::start(self.now()),
            revision: Revision::absent(),
        }))
    }

    /// What page and message call the sign-in of a browser.
    pub(crate) fn request_label(&self, browser: &SecretDigest) -> RequestLabel {
        RequestLabel::derive(&self.secret, browser)
    }

    /// Sends a code for a number that was typed. What is answered, and when, does not depend on whether anybody has it.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub(crate) async fn ask_code(
        &self,
        browser: &str,
        form_token: &str,
        typed: &str,
    ) -> Result<(), SignInFailure> {
        let (channel, sender) = self.code_way()?;
        let digest = self.open_session(browser, form_token).await?;
        let number = ResidentNumber::parse(typed)?;
        self.unhurried_lookup(self.ask(&digest, &number, channel, sender))
            .await
    }

    /// Sends another code for the number that was typed before.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub(crate) async fn ask_again(&self, browser: &str, form_token: &str) -> Result<(), SignInFailure> {
        let (channel, sender) = self.code_way()?;
        let digest = self.open_session(browser, form_token).await?;
        let stored = self.sign_in(&digest).await?;
        let number = stored.value.typed().map(|(number, _)| number);
        let number = number.ok_or(EntryRefusal::NotAsked)?;
        self.unhurried_lookup(self.ask(&digest, &number, channel, sender))
            .await
    }

    /// Forgets the number that was typed.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub(crate) async fn start_over(&self, browser: &str, form_token: &str) -> Result<(), SignInFailure> {
        let digest = self.open_session(browser, form_token).await?;
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.sign_in(&digest).await?;
            let change = Change::of(digest, &stored, stored.value.start_over());
            if self.commit_sign_in(change, None, Vec::new()).await? == Swap::Done {
                return Ok(());
            }
        }
        Err(StoreError::Contended { what: "sign-in" }.into())
    }

    /// Judges a code that was typed. The answer is the browser's new key, for its cookie.
    ///
    /// # Errors
    /// [`SignInFailure`]; a wrong code was counted, durably, before it is told.
    pub(crate) async fn enter_code(
        &self,
        browser: &str,
        form_token: &str,
        typed: &str,
    ) -> Result<BrowserKey, SignInFailure> {
        self.code_way()?;
        let digest = self.open_session(browser, form_token).await?;
        let code = OneTimeCode::typed(typed);
        let record = self.unhurried(self.enter(&digest, &code)).await?;
        Ok(self.identify(browser, form_token, record).await?)
    }

    /// Takes up a sign-in that was recognised and whose authorization does not say so yet: the process ended between the two.
    ///
    /// # Errors
    /// [`SignInFailure`].
    pub(crate) async fn resume(&self, browser: &str) -> Result<Option<BrowserKey>, SignInFailure> {
        let digest = SecretDigest::of(browser);
        let stored = self.sign_in(&digest).await?;
        let SignInPage::Identified { record, .. } = stored.value.page(self.now()) else {
            return Ok(None);
        };
        let token = FormToken::derive(&self.secret, &digest);
        Ok(Some(
            self.identify(browser, token.expose(), record.clone()).await?,
        ))
    }

    async fn ask(
        &self,
        browser: &SecretDigest,
        typed: &ResidentNumber,
        channel: Channel,
        sender: &CodeSender,
    ) -> Result<(), SignInFailure> {
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.sign_in(browser).await?;
            let record = self.record_of(typed).await?;
            let reference = SignIn::budget_of(&self.secret, typed, record.as_ref());
            let budget = self.store().send_budget(&reference).await?;
            let ask = Ask {
                session: browser,
                typed,
                record: record.as_ref(),
                budget: &budget.value,
                channel,
            };
            let asked = stored
                .value
                .ask(&ask, &self.secret, self.now(), &*self.setup.randomness)?;
            let change = Change::of(*browser, &stored, asked.sign_in);
            let counted = Change::of(reference, &budget, asked.budget);
            let event = match &asked.message {
                Some(due) => vec![self.sent_event(&due.record)?],
                None => Vec::new(),
            };
            if self.commit_sign_in(change, Some(counted), event).await? == Swap::Done {
                if let (Some(due), Some(record)) = (asked.message, &record) {
                    self.send(self.message(due, record, browser), sender);
                }
                return Ok(());
            }
        }
        Err(StoreError::Contended { what: "sign-in" }.into())
    }

    async fn enter(&self, browser: &SecretDigest, code: &OneTimeCode) -> Result<Uin, SignInFailure> {
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.sign_in(browser).await?;
            let reference = stored.value.typed().map(|(_, reference)| reference.clone());
            let reference = reference.ok_or(EntryRefusal::NotAsked)?;
            let budget = self.store().send_budget(&reference).await?;
            let entered = stored
                .value
                .enter(code, browser, &budget.value, &self.secret, self.now())?;
            let event = match &entered.outcome {
                Entry::Right { record } => vec![self.signed_in_event(record, SignInMethod::OneTimeCode)?],
                Entry::Wrong | Entry::Exhausted => Vec::new(),
            };
            let change = Change::of(*browser, &stored, entered.sign_in);
            let counted = entered
                .budget
                .map(|changed| Change::of(reference, &budget, changed));
            // The failure is on disk before the guesser hears of it, so that no crash gives a try back.
            if self.commit_sign_in(change, counted, event).await? == Swap::Done {
                return match entered.outcome {
                    Entry::Right { record } => Ok(record),
                    Entry::Wrong => Err(SignInFailure::WrongCode),
                    Entry::Exhausted => Err(EntryRefusal::Exhausted.into()),
                };
            }
        }
        Err(StoreError::Contended { what: "sign-in" }.into())
    }

    /// The record of a number: by UIN, else by virtual identifier. Both are looked for whatever is found.
    async fn record_of(&self, typed: &ResidentNumber) -> Result<Option<IdRecord>, RecordSourceError> {
        let by_vid = async {
            match typed.vid() {
                Some(vid) => self.record_by_vid(vid).await.map(to_sign_in),
                None => Ok(None),
            }
        };
        let (by_uin, by_vid) = tokio::join!(self.record(typed.uin()), by_vid);
        let by_vid = by_vid?;
        Ok(to_sign_in(by_uin?).or(by_vid))
    }

    pub(super) async fn commit_sign_in(
        &self,
        sign_in: Change<SecretDigest, SignIn>,
        budget: Option<Change<RecordReference, SendBudget>>,
        events: Vec<WaitingEvent>,
    ) -> Result<Swap, StoreError> {
        let commit = SignInCommit {
            sign_in,
            budget,
            events,
        };
        let swap = self.store().commit_sign_in(commit).await?;
        self.events.notify_one();
        Ok(swap)
    }

    /// The digest of a browser's key, if the form is its own and its authorization is open.
    async fn open_session(&self, browser: &str, form_token: &str) -> Result<SecretDigest, SignInFailure> {
        if !FormToken::derive(&self.secret, &SecretDigest::of(browser)).is(form_token) {
            return Err(AuthorizationFailure::from(AuthorizationRefusal::ForeignForm).into());
        }
        self.nobody_signed_in(browser).await?;
        Ok(SecretDigest::of(browser))
    }

    /// Whether an authorization is open and waits for somebody to sign in. Once somebody has, nobody else does.
    pub(super) async fn nobody_signed_in(&self, browser: &str) -> Result<(), SignInFailure> {
        let refusal = match self.authorization(browser).await?.stage {
            AuthorizationStage::Requested => return Ok(()),
            AuthorizationStage::Identified { .. } => AuthorizationRefusal::AlreadyIdentified,
            AuthorizationStage::Granted | AuthorizationStage::Denied => AuthorizationRefusal::Decided,
        };
        Err(AuthorizationFailure::from(refusal).into())
    }

    fn code_way(&self) -> Result<(Channel, &CodeSender), SignInFailure> {
        match &self.setup.sign_in.way {
            SignInWay::OneTimeCode { channel, sender } => Ok((*channel, sender)),
            SignInWay::Closed | SignInWay::OpenIdProvider(_) => Err(SignInFailure::NotSetUp),
        }
    }

    /// The same for work that looks a record up.
    async fn unhurried_lookup<T>(&self, work: impl Future<Output = T>) -> T {
        let least = self.setup.sign_in.answer_after;
        if self.keeps_records() {
            return self.unhurried(work).await;
        }
        let least = least.saturating_mul(REPOSITORY_PATIENCE);
        let (mut work, mut patience) = (pin!(work), pin!(tokio::time::sleep(least)));
        tokio::select! {
            biased;
            done = &mut work => {
                patience.await;
                done
            }
            () = &mut patience => {
                if !least.is_zero() {
                    tracing::warn!(
                        "the repository of ID records took longer than sign-in answers wait: their time may tell who is known"
                    );
                }
                work.await
            }
        }
    }

    /// Does the work and answers no sooner than every other answer of its kind.
    async fn unhurried<T>(&self, work: impl Future<Output = T>) -> T {
        let (done, ()) = tokio::join!(work, tokio::time::sleep(self.setup.sign_in.answer_after));
        done
    }

    fn message(&self, due: DueMessage, record: &IdRecord, browser: &SecretDigest) -> CodeMessage {
        let translations = &self.setup.sign_in.translations;
        let preferred = record.preferred_language().map(bcp47);
        let language = preferred
            .and_then(|tag| translations.matching(&tag))
            .unwrap_or(translations.english());
        let (key, request) = match due.length {
            CodeLength::Short => ("message-own", self.request_label(browser).to_string()),
            CodeLength::Long => ("message-shared", String::new()),
        };
        let minutes = due
            .expires_at
            .since(self.now())
            .as_secs()
            .div_ceil(60)
            .to_string();
        let spelled = due.code.spelled();
        let values = [
            ("code", spelled.as_str()),
            ("issuer", self.profile().name()),
            ("request", &request),
            ("minutes", &minutes),
        ];
        CodeMessage {
            text: Zeroizing::new(translations.message(language, key, &values)),
            language: language.tag.clone(),
            code: Zeroizing::new(due.code.expose().to_owned()),
            destination: due.destination,
            request,
            expires_at: due.expires_at,
        }
    }

    /// Hands a message over while nobody waits: how long a gateway takes would tell whether there is a message.
    fn send(&self, message: CodeMessage, sender: &CodeSender) {
        let sender = sender.port();
        tokio::spawn(async move {
            for pause in SEND_PAUSES {
                match sender.send(&message).await {
                    Ok(()) => return,
                    Err(error) => tracing::warn!(%error, "a sign-in code was not sent"),
                }
                tokio::time::sleep(pause).await;
            }
            if let Err(error) = sender.send(&message).await {
                tracing::error!(%error, "a sign-in code was given up");
            }
        });
    }

    fn sent_event(&self, record: &Uin) -> Result<WaitingEvent, RandomnessUnavailable> {
        let record = RecordReference::derive(&self.secret, record);
        let action = AuditAction::SignInCodeSent { record };
        WaitingEvent::make(self.now(), Actor::Issuer, action, &*self.setup.randomness)
    }

    pub(super) fn signed_in_event(
        &self,
        record: &Uin,
        method: SignInMethod,
    ) -> Result<WaitingEvent, RandomnessUnavailable> {
        let record = RecordReference::derive(&self.secret, record);
        let action = AuditAction::SignedIn { record, method };
        WaitingEvent::make(self.now(), Actor::Resident, action, &*self.setup.randomness)
    }
}

/// Why a sign-in does not move on.
#[derive(Debug, Error)]
pub(crate) enum SignInFailure {
    /// There is no authorization, or it is not open.
    #[error(transparent)]
    Authorization(#[from] AuthorizationFailure),
    /// What was typed is no number.
    #[error(transparent)]
    Number(#[from] NotANumber),
    /// No code is sent.
    #[error(transparent)]
    Ask(#[from] AskRefusal),
    /// The code was wrong.
    #[error("the code is wrong")]
    WrongCode,
    /// The code was not looked at.
    #[error(transparent)]
    Entry(#[from] EntryRefusal),
    /// Residents do not sign in here, or not in this way.
    #[error("sign-in is not set up")]
    NotSetUp,
    /// The provider signed nobody in.
    #[error(transparent)]
    Provider(#[from] ProviderFailure),
    /// The provider knows somebody whom the register does not.
    #[error("no record belongs to the provider's word")]
    NoRecord,
    /// The repository of ID records did not answer.
    #[error(transparent)]
    Records(#[from] RecordSourceError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}
