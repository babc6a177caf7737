//! One sign-in: from a number that was typed to the resident whose it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Randomness, UnixTime};

use super::budget::{SendBudget, Sending};
use super::code::{CodeLength, CodeTag, CodeUse, OneTimeCode};
use super::destination::{Destination, MaskedDestination};
use super::guard::{CODE_LIFETIME, Claimable, Tries, Try};
use super::number::ResidentNumber;
use super::openid_provider::ProviderState;
use super::outcome::{
    Ask, AskRefusal, Asked, DueMessage, Entered, Entry, EntryRefusal, SignInMethod, SignInPage,
};
use crate::audit::RecordReference;
use crate::record::{IdRecord, Uin, VitalStatus};
use crate::secret::{InstallationSecret, SecretDigest};

/// How long a sign-in may take, from the first page to the last: a resident may have to fetch a telephone from elsewhere.
pub const SIGN_IN_LIFETIME: Duration = Duration::from_secs(900);

/// How often one sign-in may ask for a code.
pub const MAX_ASKS: u8 = 3;

/// How long a sign-in waits before it may ask again: messages take some seconds to arrive.
const ASK_INTERVAL: Duration = Duration::from_secs(30);

/// What is kept of one sign-in, under the digest of its authorization session's handle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// It is refused from here on.
    pub expires_at: UnixTime,
    asks: u8,
    ask_not_before: UnixTime,
    stage: SignInStage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum SignInStage {
    /// Nobody has said who they are.
    Started,
    /// A number was typed, and a code sent if it is anybody's.
    CodeSent(Box<CodeSent>),
    /// The browser is at the OpenID Provider.
    AtProvider(ProviderState),
    /// It is known who it is.
    Identified { record: Uin, method: SignInMethod },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CodeSent {
    /// The number that was typed, for asking again.
    typed: Uin,
    /// Whom a right code signs in; `None` where nobody was sent one. No page tells which.
    record: Option<Uin>,
    /// Whose budget this counts against.
    budget: RecordReference,
    shown: MaskedDestination,
    /// The code of this sign-in's own; `None` where the record's code for all must be used, and when it died.
    own: Option<OwnCode>,
    /// Until when the record's code for all is good that was out when this sign-in asked: until then asking sends nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared_until: Option<UnixTime>,
    tries: TriesLeft,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OwnCode {
    tag: CodeTag,
    expires_at: UnixTime,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TriesLeft {
    Some(Tries),
    None,
}

impl SignIn {
    /// A sign-in that begins.
    #[must_use]
    pub fn start(now: UnixTime) -> Self {
        Self {
            expires_at: now.plus(SIGN_IN_LIFETIME),
            asks: 0,
            ask_not_before: UnixTime::from_seconds(0),
            stage: SignInStage::Started,
        }
    }

    /// Under which budget a number counts: of the record, however it was named, else of the number itself.
    #[must_use]
    pub fn budget_of(
        secret: &InstallationSecret,
        typed: &ResidentNumber,
        record: Option<&IdRecord>,
    ) -> RecordReference {
        RecordReference::derive(secret, record.map_or(typed.uin(), IdRecord::uin))
    }

    /// Asks for a code for a number that was typed. Of a number of nobody, of a resident who has died and of one whom no
    /// message reaches everything is the same but the message.
    ///
    /// # Errors
    /// [`AskRefusal`]; nothing changes.
    pub fn ask(
        &self,
        ask: &Ask<'_>,
        secret: &InstallationSecret,
        now: UnixTime,
        randomness: &dyn Randomness,
    ) -> Result<Asked, AskRefusal> {
        if now >= self.expires_at {
            return Err(AskRefusal::Expired);
        }
        match self.stage {
            SignInStage::Started | SignInStage::CodeSent(_) => {}
            SignInStage::AtProvider(_) | SignInStage::Identified { .. } => return Err(AskRefusal::NotNeeded),
        }
        if self.asks >= MAX_ASKS {
            return Err(AskRefusal::TooOften);
        }
        if now < self.ask_not_before {
            let wait = self.ask_not_before.since(now);
            return Err(AskRefusal::TooEarly { wait });
        }
        let destination = ask
            .record
            .filter(|record| record.vital_status() == VitalStatus::Living)
            .and_then(|record| {
                Destination::of(record, ask.channel).map(|destination| (record.uin(), destination))
            });
        let reference = Self::budget_of(secret, ask.typed, ask.record);
        let sending = ask.budget.ask(now);
        // One of each is made whatever is needed, so that the same work is done.
        let short = OneTimeCode::make(CodeLength::Short, randomness)?;
        let long = OneTimeCode::make(CodeLength::Long, randomness)?;
        let short_tag = short.tag(secret, &CodeUse::SignIn(ask.session));
        let long_tag = long.tag(secret, &CodeUse::Record(reference.as_str()));
        let own_until = now.plus(CODE_LIFETIME);
        let (budget, own, due) = match sending {
            Sending::Own => {
                let own = OwnCode {
                    tag: short_tag,
                    expires_at: own_until,
                };
                let due = (short, CodeLength::Short, own_until);
                (ask.budget.after_own(now), Some(own), Some(due))
            }
            Sending::Shared { lifetime } => {
                let due = (long, CodeLength::Long, now.plus(lifetime));
                (ask.budget.after_shared(long_tag, lifetime, now), None, Some(due))
            }
            Sending::AlreadySent { .. } => (ask.budget.after_nothing(now), None, None),
        };
        let shared_until = match sending {
            Sending::Own => None,
            Sending::Shared { lifetime } => Some(now.plus(lifetime)),
            Sending::AlreadySent { expires_at } => Some(expires_at),
        };
        let shown = destination.as_ref().map(|(_, destination)| destination);
        let sent = CodeSent {
            typed: ask.typed.uin().clone(),
            record: destination.as_ref().map(|(uin, _)| (*uin).clone()),
            budget: reference,
            shown: MaskedDestination::show(ask.channel, shown, ask.typed, secret),
            own,
            shared_until,
            tries: TriesLeft::Some(Tries::NONE),
        };
        let message = destination
            .zip(due)
            .map(|((uin, destination), (code, length, expires_at))| DueMessage {
                destination,
                code,
                length,
                expires_at,
                record: uin.clone(),
            });
        Ok(Asked {
            sign_in: Self {
                asks: self.asks.saturating_add(1),
                ask_not_before: now.plus(ASK_INTERVAL),
                stage: SignInStage::CodeSent(Box::new(sent)),
                ..self.clone()
            },
            budget,
            message,
        })
    }

    /// Judges a code that was typed: six digits are the code of this sign-in, twelve that of the record.
    ///
    /// # Errors
    /// [`EntryRefusal`]; nothing changes.
    pub fn enter(
        &self,
        typed: &OneTimeCode,
        session: &SecretDigest,
        budget: &SendBudget,
        secret: &InstallationSecret,
        now: UnixTime,
    ) -> Result<Entered, EntryRefusal> {
        if now >= self.expires_at {
            return Err(EntryRefusal::Expired);
        }
        let SignInStage::CodeSent(sent) = &self.stage else {
            return Err(EntryRefusal::NotAsked);
        };
        let TriesLeft::Some(tries) = &sent.tries else {
            return Err(EntryRefusal::Exhausted);
        };
        let own = sent.own.as_ref().filter(|own| now < own.expires_at);
        let shared = budget.shared_tag(now);
        if own.is_none() && shared.is_none() {
            return Err(EntryRefusal::CodeExpired);
        }
        let long = typed.expose().len() == usize::from(CodeLength::Long.digits());
        let (expected, used_in) = if long {
            (shared, CodeUse::Record(sent.budget.as_str()))
        } else {
            (own.map(|own| &own.tag), CodeUse::SignIn(session))
        };
        let presented = typed.tag(secret, &used_in);
        let claim = match (&sent.record, expected) {
            (Some(_), Some(_)) => Claimable::ByARecord,
            _ => Claimable::ByNobody,
        };
        let judged = tries.judge(expected.unwrap_or(&CodeTag::NONE), &presented, claim, now);
        let again = |tries| {
            let sent = CodeSent {
                tries,
                ..(**sent).clone()
            };
            Self {
                stage: SignInStage::CodeSent(Box::new(sent)),
                ..self.clone()
            }
        };
        match (judged, &sent.record) {
            (Try::TooEarly { wait }, _) => Err(EntryRefusal::TooEarly { wait }),
            (Try::Right, Some(record)) => Ok(Entered {
                sign_in: self.identified(record.clone(), SignInMethod::OneTimeCode),
                budget: Some(budget.after_success()),
                outcome: Entry::Right {
                    record: record.clone(),
                },
            }),
            (Try::Wrong(tries), _) => Ok(Entered {
                sign_in: again(TriesLeft::Some(tries)),
                budget: None,
                outcome: Entry::Wrong,
            }),
            (Try::Exhausted | Try::Right, _) => Ok(Entered {
                sign_in: again(TriesLeft::None),
                budget: None,
                outcome: Entry::Exhausted,
            }),
        }
    }

    /// Forgets the number, so that another can be typed. What was asked counts on.
    #[must_use]
    pub fn start_over(&self) -> Self {
        match self.stage {
            SignInStage::Identified { .. } => self.clone(),
            _ => Self {
                stage: SignInStage::Started,
                ..self.clone()
            },
        }
    }

    /// The sign-in once the browser was sent to the provider.
    #[must_use]
    pub fn at_provider(&self, state: ProviderState) -> Self {
        Self {
            stage: SignInStage::AtProvider(state),
            ..self.clone()
        }
    }

    /// What the provider's answer must fit; `None` when no answer is expected.
    #[must_use]
    pub const fn provider_state(&self) -> Option<&ProviderState> {
        match &self.stage {
            SignInStage::AtProvider(state) => Some(state),
            _ => None,
        }
    }

    /// The sign-in once it is known who it is.
    #[must_use]
    pub fn identified(&self, record: Uin, method: SignInMethod) -> Self {
        Self {
            stage: SignInStage::Identified { record, method },
            ..self.clone()
        }
    }

    /// The number that was typed and the budget it counts against; `None` before and after.
    #[must_use]
    pub fn typed(&self) -> Option<(ResidentNumber, &RecordReference)> {
        let SignInStage::CodeSent(sent) = &self.stage else {
            return None;
        };
        // It was a number when it was stored.
        let typed = ResidentNumber::parse(sent.typed.as_str()).ok()?;
        Some((typed, &sent.budget))
    }

    /// Which page comes next.
    #[must_use]
    pub fn page(&self, now: UnixTime) -> SignInPage<'_> {
        match &self.stage {
            SignInStage::Started => SignInPage::Number,
            SignInStage::CodeSent(sent) => SignInPage::Code {
                shown: &sent.shown,
                length: match sent.own {
                    Some(_) => CodeLength::Short,
                    None => CodeLength::Long,
                },
                ask_again: (self.asks < MAX_ASKS && sent.shared_until.is_none_or(|until| now >= until))
                    .then(|| self.ask_not_before.max(now)),
            },
            SignInStage::AtProvider(_) => SignInPage::Provider,
            SignInStage::Identified { record, method } => SignInPage::Identified {
                record,
                method: *method,
            },
        }
    }
}
