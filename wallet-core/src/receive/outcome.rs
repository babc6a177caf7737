//! What comes of receiving, for the app to show.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::openid4vci::offer::TxCodePrompt;
use url::Url;

use super::verification::CredentialProblem;
use crate::identifiers::{CredentialId, FlowId};

/// An offer, before anything was fetched for it. Show the issuer and ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferShown {
    /// Names the flow in the calls that follow.
    pub flow: FlowId,
    /// Who offers. Several only when the offer is a reference that any of them could have made; the one that it turns out
    /// to be is checked to be among them.
    pub issuers: Vec<ShownIssuer>,
    /// Whether a transaction code will be needed, as far as it can be known before the offer is fetched.
    pub transaction_code: TransactionCodePrompt,
}

/// An issuer as the wallet knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownIssuer {
    /// Its identifier, a URL.
    pub identifier: IssuerIdentifier,
    /// Its name by the wallet's policy; absent under a policy that has no names, which then shows the URL.
    pub name: Option<String>,
}

/// Whether to ask for a transaction code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransactionCodePrompt {
    /// None is needed.
    NotNeeded,
    /// One is needed; how to ask for it. The description is the issuer's text.
    Needed(TxCodePrompt),
    /// Known once the offer was fetched.
    KnownLater,
}

/// What comes of a step of receiving.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReceiveOutcome {
    /// The person has not decided yet: show the offer, then [`accept_offer`](crate::Wallet::accept_offer) or
    /// [`decline_offer`](crate::Wallet::decline_offer).
    AwaitingConsent(OfferShown),
    /// Ask for the transaction code, then [`enter_transaction_code`](crate::Wallet::enter_transaction_code).
    TransactionCodeNeeded {
        /// How to ask. The description is the issuer's text.
        prompt: TxCodePrompt,
        /// Whether this is the first try.
        attempt: TransactionCodeAttempt,
    },
    /// Have the person sign in at the issuer: open this page in the system's browser, and when the browser comes back to the
    /// wallet's redirect URI, hand the address over with [`complete_sign_in`](crate::Wallet::complete_sign_in).
    SignInNeeded {
        /// The page.
        url: Url,
    },
    /// The credentials are verified and held.
    Stored {
        /// Them.
        credentials: Vec<CredentialId>,
        /// What was offered too and this wallet cannot hold.
        not_supported: Vec<ConfigurationId>,
    },
    /// The key store waits for the person (screen lock, biometry). Ask, then [`resume`](crate::Wallet::resume).
    KeyLocked,
    /// The issuer hands out a credential later. [`resume`](crate::Wallet::resume) the flow then.
    Deferred {
        /// Not to ask again before.
        until: UnixTime,
    },
    /// The person declined.
    Declined,
    /// This offer is used up; ask the issuer for a new one.
    NewOfferNeeded(NewOfferReason),
    /// Nothing more was stored.
    Refused {
        /// Why.
        problem: ReceiptProblem,
        /// Credentials of the same offer that were stored before.
        stored: Vec<CredentialId>,
    },
}

/// Whether a transaction code was tried before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionCodeAttempt {
    /// Not yet.
    First,
    /// The issuer refused this many. It allows only a few.
    AfterRefusal {
        /// How many.
        refused: u32,
    },
}

/// Why only a new offer helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum NewOfferReason {
    /// The issuer's answer to the code was lost on its way (the app was killed, the network broke), and the code works once.
    AnswerLost,
    /// The offer behind the link is gone.
    OfferGone,
    /// The code is expired, used or withdrawn.
    CodeRefused,
    /// The access that the code gave has expired.
    AccessExpired,
}

/// Why a receipt was refused. None of them is cured by trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ReceiptProblem {
    /// The offer is malformed or too large.
    Offer,
    /// The offer behind the link comes from another issuer than the one that was shown.
    AnotherIssuer,
    /// The offer has no pre-authorized code, and this wallet or the issuer does not let people sign in.
    GrantNotSupported,
    /// None of the offered credentials is of a kind that this wallet can hold.
    NothingSupported,
    /// The issuer's metadata is malformed, breaks a rule, or is for another issuer.
    IssuerMetadata,
    /// The authorization server's metadata is malformed, is for another server, or names no usable token endpoint.
    ServerMetadata,
    /// The issuer demands encryption of requests or responses by means that this wallet does not have.
    EncryptionRequired,
    /// The issuer demands that wallets identify themselves, and does not accept how this one does.
    ClientAuthenticationRequired,
    /// The issuer demands that wallets sign their requests, which this wallet does not do.
    SignedRequestRequired,
    /// On the issuer's page, the person or the issuer said no.
    AuthorizationDenied,
    /// The issuer refused to let the person sign in for another reason.
    AuthorizationRefused,
    /// The issuer refused the token request for a reason other than the code.
    TokenRequestRefused,
    /// The issuer's token response is malformed.
    TokenResponse,
    /// The issuer's token is of another kind than was asked for: it is not bound to the key of this wallet.
    TokenNotBound,
    /// The issuer granted none of the credentials that were asked for.
    NothingGranted,
    /// The issuer's nonce response is malformed.
    NonceResponse,
    /// The issuer refused the proof of the key again and again.
    ProofRefused,
    /// The issuer will not issue this credential to this person.
    Denied,
    /// The issuer refused the credential request for another reason.
    CredentialRequestRefused,
    /// The issuer will issue later, and does not say where to fetch it.
    Deferred,
    /// What the issuer wanted to hand out later is gone: it was fetched before, or nobody fetched it in time.
    TransactionGone,
    /// Nobody attests the wallet's keys, and the issuer wants to know how they are kept.
    KeysNotAttested,
    /// The issuer's credential response is malformed, or has another number of credentials than was asked for.
    CredentialResponse,
    /// The credential that came failed a check.
    Credential(CredentialProblem),
}
