//! How residents sign in here: what an operator sets up, and the senders of codes.

mod demo;
mod file;
mod provider;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use symbolon_issuer::sign_in::{Channel, SendCode};

pub use demo::{DemoSender, ShownMessage};
pub use file::FileSender;
pub use provider::{ProviderSetup, ProviderUnusable};
pub use webhook::{WebhookSecret, WebhookSender};

pub(crate) use provider::{Provider, ProviderFailure};

use symbolon_pages::Translations;

/// How residents sign in, and what the pages are written with.
#[derive(Clone)]
pub struct SignInSetup {
    /// By what.
    pub way: SignInWay,
    /// The texts.
    pub translations: Arc<Translations>,
    /// No answer to a number or a code that was typed leaves sooner, so that its time says nothing: see
    /// [`SignInSetup::ANSWER_AFTER`].
    pub answer_after: Duration,
}

/// By what residents are recognised.
#[derive(Clone)]
pub enum SignInWay {
    /// Nobody signs in: credentials are issued by offers with pre-authorized codes alone.
    Closed,
    /// By a code that is sent to the contact of the record.
    OneTimeCode {
        /// Which contact.
        channel: Channel,
        /// How it is sent.
        sender: CodeSender,
    },
    /// By an OpenID Provider.
    OpenIdProvider(Box<ProviderSetup>),
}

/// How codes are sent.
#[derive(Clone)]
pub enum CodeSender {
    /// To the resident.
    Sent(Arc<dyn SendCode>),
    /// To nobody: they are shown on the operator's page. For development alone.
    Shown(Arc<DemoSender>),
}

impl SignInSetup {
    /// Longer than finding, or not finding, a record takes, and short enough to wait for.
    pub const ANSWER_AFTER: Duration = Duration::from_millis(400);

    /// Nobody signs in.
    #[must_use]
    pub fn closed(translations: Arc<Translations>) -> Self {
        Self {
            way: SignInWay::Closed,
            translations,
            answer_after: Self::ANSWER_AFTER,
        }
    }

    /// The messages that are shown to the operator, where that is how they are sent.
    pub(crate) fn shown(&self) -> Option<&Arc<DemoSender>> {
        match &self.way {
            SignInWay::OneTimeCode {
                sender: CodeSender::Shown(demo),
                ..
            } => Some(demo),
            _ => None,
        }
    }
}

impl CodeSender {
    pub(crate) fn port(&self) -> Arc<dyn SendCode> {
        match self {
            Self::Sent(sender) => Arc::clone(sender),
            Self::Shown(demo) => Arc::clone(demo) as Arc<dyn SendCode>,
        }
    }
}
