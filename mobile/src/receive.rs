//! Receiving credentials (OpenID4VCI).

use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::offer::{TxCodeInputMode, TxCodePrompt};
use symbolon_protocol::secret;
use symbolon_wallet_core::receive as core;

mod refill;
mod reissue;

use crate::error::{Argument, DeviceFault, WalletError};
use crate::wallet::Wallet;

pub use refill::{Refill, RefillOutcome};
pub use reissue::{AwaitedCredential, ReissueFrom, ReissueReason};

/// An offer, before anything was fetched for it. Show the issuers and ask.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OfferShown {
    /// Names the flow in the calls that follow.
    pub flow: String,
    /// Who offers. Several only when the offer is a reference that any of them could have made.
    pub issuers: Vec<ShownIssuer>,
    /// Whether a transaction code will be needed.
    pub transaction_code: TransactionCode,
}

/// An issuer as the wallet knows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShownIssuer {
    /// Its identifier, a URL.
    pub identifier: String,
    /// Its name in the trust list.
    pub name: Option<String>,
}

/// Whether a transaction code is needed.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum TransactionCode {
    /// None is.
    NotNeeded,
    /// One is.
    Needed {
        /// How to ask for it.
        prompt: TransactionCodePrompt,
    },
    /// It is known once the offer was fetched.
    KnownLater,
}

/// How to ask for a transaction code.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct TransactionCodePrompt {
    /// Which keyboard.
    pub keyboard: TransactionCodeKeyboard,
    /// How many characters.
    pub length: Option<u32>,
    /// Where the code comes from: the issuer's own words, to be shown as such.
    pub description: Option<String>,
}

/// The characters of a transaction code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum TransactionCodeKeyboard {
    /// Digits.
    Digits,
    /// Any.
    Text,
}

/// What comes of a step of receiving.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiveOutcome {
    /// The person has not decided yet: show the offer, then `accept_offer` or `decline_offer`.
    AwaitingConsent {
        /// What to show.
        offer: OfferShown,
    },
    /// Ask for the transaction code, then `enter_transaction_code`.
    TransactionCodeNeeded {
        /// How to ask.
        prompt: TransactionCodePrompt,
        /// How many codes the issuer refused before. It allows only a few.
        refused: u32,
    },
    /// Have the person sign in: open this page in the system's browser, and when the browser comes back to the app's redirect URI, hand
    /// the whole address over with `complete_sign_in`.
    SignInNeeded {
        /// The page.
        url: String,
    },
    /// The credentials are verified and held.
    Stored {
        /// Their identifiers.
        credentials: Vec<String>,
        /// The configurations that were offered too and that this wallet cannot hold.
        not_supported: Vec<String>,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then `resume`.
    KeyLocked,
    /// The issuer hands out a credential later. `resume` the flow then.
    Deferred {
        /// Not to ask again before: seconds since 1970-01-01T00:00:00Z.
        until: i64,
    },
    /// The person declined.
    Declined,
    /// This offer is used up; ask the issuer for a new one.
    NewOfferNeeded {
        /// Why.
        reason: NewOfferReason,
    },
    /// Nothing more was stored. Trying again does not help.
    Refused {
        /// Whose doing it is.
        refusal: ReceiptRefusal,
        /// Which check or answer it was, in a fixed word of the wallet's: for the app's maker, not for the person.
        detail: String,
        /// Credentials of the same offer that were stored before.
        stored: Vec<String>,
    },
}

/// Why only a new offer helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NewOfferReason {
    /// The issuer's answer to the code was lost on its way, and the code works once.
    AnswerLost,
    /// The offer behind the link is gone.
    OfferGone,
    /// The code is expired, used or withdrawn.
    CodeRefused,
    /// The access that the code gave has expired.
    AccessExpired,
}

/// Whose doing it is that nothing was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ReceiptRefusal {
    /// The offer breaks a rule, or comes from another issuer than the one shown.
    Offer,
    /// The wallet cannot hold what is offered, or does not do what the issuer demands.
    NotSupported,
    /// What the issuer says about itself, or answers, breaks a rule.
    IssuerAnswer,
    /// The issuer, or the person on its page, said no.
    Denied,
    /// The credential that came failed a check.
    Credential,
}

#[uniffi::export]
impl Wallet {
    /// Reads an offer, from a QR code or a deep link alike. Nothing is fetched: show the issuer, then `accept_offer` or `decline_offer`.
    pub async fn receive_offer(&self, link: String) -> Result<OfferShown, WalletError> {
        let shown = self.core.receive_offer(&link, self.time.for_wallet()?).await?;
        Ok(shown.into())
    }

    /// The person wants credentials of an issuer without an offer of it. Nothing is fetched: show the issuer, then `accept_offer` or
    /// `decline_offer`.
    pub async fn ask_issuer(
        &self,
        issuer: String,
        configurations: Vec<String>,
    ) -> Result<OfferShown, WalletError> {
        let unusable = || WalletError::argument(Argument::Issuer);
        let issuer = parse_issuer(&issuer)?;
        let configurations: Option<Vec<_>> = configurations.into_iter().map(ConfigurationId::parse).collect();
        let configurations = configurations
            .filter(|all| !all.is_empty())
            .ok_or_else(unusable)?;
        let wanted = core::Wanted::Configurations(configurations);
        let now = self.time.for_wallet()?;
        Ok(self.core.ask_issuer(issuer, wanted, now).await?.into())
    }

    /// The same for what a scope of the issuer stands for.
    pub async fn ask_issuer_by_scope(
        &self,
        issuer: String,
        scope: String,
    ) -> Result<OfferShown, WalletError> {
        let wanted = core::Wanted::Scope(scope);
        let now = self.time.for_wallet()?;
        Ok(self
            .core
            .ask_issuer(parse_issuer(&issuer)?, wanted, now)
            .await?
            .into())
    }

    /// The person agrees to receive from the issuer shown. Fetches, creates keys, requests, verifies and stores. Give the transaction code
    /// when the person already has it.
    pub async fn accept_offer(
        &self,
        flow: String,
        transaction_code: Option<String>,
    ) -> Result<ReceiveOutcome, WalletError> {
        let code = transaction_code.map(parse_code).transpose()?;
        let now = self.time.for_wallet()?;
        self.core.accept_offer(flow.parse()?, code, now).await?.try_into()
    }

    /// The person declines, or does not sign in. Nothing is sent.
    pub async fn decline_offer(&self, flow: String) -> Result<(), WalletError> {
        let now = self.time.for_wallet()?;
        Ok(self.core.decline_offer(flow.parse()?, now).await?)
    }

    /// The person entered the transaction code. A wrong one is an outcome: `TransactionCodeNeeded` again.
    pub async fn enter_transaction_code(
        &self,
        flow: String,
        transaction_code: String,
    ) -> Result<ReceiveOutcome, WalletError> {
        let code = parse_code(transaction_code)?;
        let now = self.time.for_wallet()?;
        let outcome = self.core.enter_transaction_code(flow.parse()?, code, now);
        outcome.await?.try_into()
    }

    /// The browser came back at `address`: the redirect URI with everything that the issuer added to it.
    pub async fn complete_sign_in(
        &self,
        flow: String,
        address: String,
    ) -> Result<ReceiveOutcome, WalletError> {
        let now = self.time.for_wallet()?;
        let outcome = self.core.complete_sign_in(flow.parse()?, &address, now);
        outcome.await?.try_into()
    }

    /// Has a credential issued again, and every other one that is still held of the same receipt. `NotFound` when the issuer granted no
    /// access that could be renewed.
    pub async fn renew(&self, credential: String) -> Result<ReceiveOutcome, WalletError> {
        let now = self.time.for_wallet()?;
        self.core.renew(credential.parse()?, now).await?.try_into()
    }
}

pub(crate) fn parse_issuer(text: &str) -> Result<IssuerIdentifier, WalletError> {
    IssuerIdentifier::parse(text).map_err(|_| WalletError::argument(Argument::Issuer))
}

fn parse_code(text: String) -> Result<secret::TransactionCode, WalletError> {
    secret::TransactionCode::parse(text).ok_or(WalletError::argument(Argument::TransactionCode))
}

impl From<core::OfferShown> for OfferShown {
    fn from(shown: core::OfferShown) -> Self {
        let issuers = shown.issuers.into_iter().map(|issuer| ShownIssuer {
            identifier: issuer.identifier.as_str().to_owned(),
            name: issuer.name,
        });
        Self {
            flow: shown.flow.to_string(),
            issuers: issuers.collect(),
            transaction_code: match shown.transaction_code {
                core::TransactionCodePrompt::NotNeeded => TransactionCode::NotNeeded,
                core::TransactionCodePrompt::Needed(prompt) => TransactionCode::Needed {
                    prompt: prompt.into(),
                },
                core::TransactionCodePrompt::KnownLater => TransactionCode::KnownLater,
            },
        }
    }
}

impl From<TxCodePrompt> for TransactionCodePrompt {
    fn from(prompt: TxCodePrompt) -> Self {
        Self {
            keyboard: match prompt.input_mode {
                TxCodeInputMode::Numeric => TransactionCodeKeyboard::Digits,
                TxCodeInputMode::Text => TransactionCodeKeyboard::Text,
            },
            length: prompt.length,
            description: prompt.description,
        }
    }
}

impl TryFrom<core::ReceiveOutcome> for ReceiveOutcome {
    type Error = WalletError;

    fn try_from(outcome: core::ReceiveOutcome) -> Result<Self, WalletError> {
        use core::ReceiveOutcome as Core;
        Ok(match outcome {
            Core::AwaitingConsent(offer) => Self::AwaitingConsent { offer: offer.into() },
            Core::TransactionCodeNeeded { prompt, attempt } => Self::TransactionCodeNeeded {
                prompt: prompt.into(),
                refused: match attempt {
                    core::TransactionCodeAttempt::First => 0,
                    core::TransactionCodeAttempt::AfterRefusal { refused } => refused,
                },
            },
            Core::SignInNeeded { url } => Self::SignInNeeded { url: url.into() },
            Core::Stored {
                credentials,
                not_supported,
            } => Self::Stored {
                credentials: texts(&credentials),
                not_supported: not_supported.iter().map(|id| id.as_str().to_owned()).collect(),
            },
            Core::KeyLocked => Self::KeyLocked,
            Core::Deferred { until } => Self::Deferred {
                until: until.seconds(),
            },
            Core::Declined => Self::Declined,
            Core::NewOfferNeeded(reason) => Self::NewOfferNeeded {
                reason: reason.into(),
            },
            Core::Refused { problem, stored } => Self::Refused {
                refusal: problem.into(),
                detail: word(problem),
                stored: texts(&stored),
            },
            // The core may come to know more outcomes than this interface.
            _ => return Err(WalletError::device(DeviceFault::Internal)),
        })
    }
}

impl From<core::NewOfferReason> for NewOfferReason {
    fn from(reason: core::NewOfferReason) -> Self {
        use core::NewOfferReason as Core;
        match reason {
            Core::AnswerLost => Self::AnswerLost,
            Core::OfferGone => Self::OfferGone,
            Core::AccessExpired => Self::AccessExpired,
            _ => Self::CodeRefused,
        }
    }
}

impl From<core::ReceiptProblem> for ReceiptRefusal {
    fn from(problem: core::ReceiptProblem) -> Self {
        use core::ReceiptProblem as Core;
        match problem {
            Core::Offer | Core::AnotherIssuer => Self::Offer,
            Core::GrantNotSupported
            | Core::NothingSupported
            | Core::EncryptionRequired
            | Core::ClientAuthenticationRequired
            | Core::SignedRequestRequired
            | Core::KeysNotAttested => Self::NotSupported,
            Core::AuthorizationDenied | Core::NothingGranted | Core::Denied | Core::TransactionGone => {
                Self::Denied
            }
            Core::Credential(_) => Self::Credential,
            _ => Self::IssuerAnswer,
        }
    }
}

/// The word that the flow's record has for a problem: `issuer_metadata`, `credential: signature`.
fn word(problem: core::ReceiptProblem) -> String {
    match serde_json::to_value(problem) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(inner)) => inner
            .iter()
            .map(|(kind, word)| format!("{kind}: {}", word.as_str().unwrap_or_default()))
            .collect(),
        _ => String::new(),
    }
}

fn texts<T: ToString>(identifiers: &[T]) -> Vec<String> {
    identifiers.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use symbolon_wallet_core::receive::{CredentialProblem, ReceiptProblem};

    use super::*;

    #[test]
    fn a_refusal_says_whose_doing_it_is_and_which_check_it_was() {
        let cases = [
            (
                ReceiptProblem::AnotherIssuer,
                ReceiptRefusal::Offer,
                "another_issuer",
            ),
            (ReceiptProblem::Denied, ReceiptRefusal::Denied, "denied"),
            (
                ReceiptProblem::IssuerMetadata,
                ReceiptRefusal::IssuerAnswer,
                "issuer_metadata",
            ),
            (
                ReceiptProblem::Credential(CredentialProblem::Signature),
                ReceiptRefusal::Credential,
                "credential: signature",
            ),
        ];
        for (problem, refusal, detail) in cases {
            assert_eq!(ReceiptRefusal::from(problem), refusal);
            assert_eq!(word(problem), detail);
        }
    }
}
