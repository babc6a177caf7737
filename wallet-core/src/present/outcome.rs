//! What comes of presenting, for the app to show.

use serde::{Deserialize, Serialize};
use symbolon_protocol::qr_transport::Message;
use thiserror::Error;
use url::Url;

use super::consent::ConsentRequest;
use super::stage::FinishedPresentation;

/// What comes of a step of presenting.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum PresentOutcome {
    /// Show who asks for what, then [`answer_request`](crate::Wallet::answer_request).
    AwaitingConsent(Box<ConsentRequest>),
    /// The key store waits for the person (screen lock, biometry). Ask, then [`resume`](crate::Wallet::resume).
    KeyLocked,
    /// The verifier accepted the presentation.
    Presented {
        /// What was sent, for the person to keep.
        presentation: Presentation,
        /// Where the verifier wants the person to go on: open it in the browser.
        redirect_uri: Option<Url>,
    },
    /// Show the answer as QR codes until the verifier's device has it
    /// ([`Message::frames`](symbolon_protocol::qr_transport::Message::frames)). Nobody confirms it; the history tells of it.
    /// Resuming the flow gives the same answer again.
    Show {
        /// What is shown, for the person to keep.
        presentation: Presentation,
        /// The same encrypted to the verifier.
        answer: Message,
    },
    /// Open the address in the browser that brought the request: it carries the answer. Nobody confirms it; the history tells of it.
    /// Only a policy with [`BrowserAnswers::Carried`](crate::BrowserAnswers) leads here.
    Carry {
        /// What is carried, for the person to keep.
        presentation: Presentation,
        /// The address with the answer in its fragment. It is personal data: no log may have it.
        redirect_uri: Url,
    },
    /// The presentation may have arrived; the verifier's answer is not known. The history tells of it.
    Unconfirmed {
        /// What was sent.
        presentation: Presentation,
    },
    /// The verifier answered with an error. It may have read what was sent; the history tells of it.
    Rejected,
    /// The same, and the verifier wants the person to go on elsewhere.
    RejectedAndReturned {
        /// Where: open it in the browser.
        redirect_uri: Url,
    },
    /// The person declined. Nothing was disclosed.
    Declined,
    /// The person declined, and the verifier wants the person to go on elsewhere. Nothing was disclosed.
    DeclinedAndReturned {
        /// Where: open it in the browser.
        redirect_uri: Url,
    },
}

/// What comes of a link to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Opened {
    /// Show who asks for what, then [`answer_request`](crate::Wallet::answer_request).
    AwaitingConsent(Box<ConsentRequest>),
    /// The request is not answered. The verifier was told why, if its request proved that its address belongs to it, and if the reason
    /// says nothing of what is held or was refused before.
    Refused {
        /// Why.
        problem: RequestProblem,
        /// Where the verifier wants the person to go on, once it was told: open it in the browser.
        redirect_uri: Option<Url>,
    },
}

/// What was sent, in the clear. Together the two parts let anybody who has the issuer's anchors check the presentation later.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presentation {
    /// `vp_token`: a JSON object from query to presentations.
    pub vp_token: String,
    /// The request that it answers: the request object, or the parameters of a request that nobody signed.
    pub request_object: String,
}

/// Without the claims, which are personal data.
impl std::fmt::Debug for Presentation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Presentation")
            .field("vp_token_bytes", &self.vp_token.len())
            .finish_non_exhaustive()
    }
}

/// Why a request was refused. Nothing was answered: an error goes only to an address that a verified request names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestProblem {
    /// The link breaks a rule: no client, no address of a request, or an address that is not allowed.
    #[error("the link of the request breaks a rule")]
    Link,
    /// There is no request at the address (any more).
    #[error("there is no request at the address")]
    Gone,
    /// What is at the address is no signed request object.
    #[error("what is at the address is no signed request")]
    NotARequestObject,
    /// The link names a client in a way that this wallet does not know or deal with, or none at all.
    #[error("the wallet does not deal with this kind of client identifier, or with this client")]
    ClientIdentifier,
    /// The client must sign its requests, and did not; or it cannot, and did.
    #[error("the client must sign its request and did not, or cannot and did")]
    SigningRule,
    /// The request is for another client than the link.
    #[error("the request names another client than the link")]
    AnotherClient,
    /// The signature is wrong, or the certificate does not belong to the client.
    #[error("the signature of the request is wrong")]
    Signature,
    /// The certificate is not under an anchor of the policy, or not valid; or the DID of the verifier cannot be resolved.
    #[error("the certificate of the verifier is not trusted, or its DID cannot be resolved")]
    UntrustedVerifier,
    /// The answer would go to an address that does not belong to the client.
    #[error("the answer would go to an address that does not belong to the verifier")]
    ResponseAddress,
    /// The request was made for pages of another origin: somebody else's is being replayed.
    #[error("the request was made for another origin")]
    AnotherOrigin,
    /// The request is of another kind, for another audience, or answers another nonce.
    #[error("the request is not meant for this wallet")]
    NotForThisWallet,
    /// The request has expired or is from the future.
    #[error("the request has expired")]
    Expired,
    /// The request is malformed or breaks a rule.
    #[error("the request breaks a rule")]
    Malformed,
    /// The request is about a transaction that this wallet does not know, or that what it holds cannot authorise.
    #[error("the request is about a transaction that this wallet does not know, or cannot authorise")]
    TransactionData,
    /// More is asked for than the verifier is registered for, and the policy leaves that to nobody.
    #[error("the verifier asks for more than it is registered for")]
    OverAsking,
    /// The person refused this verifier for always. It is told nothing of it, since only a machine says no so fast.
    #[error("this verifier was refused for always; forget that refusal first")]
    RefusedAlways,
    /// The request wants something that this wallet does not do: another response mode, a format.
    #[error("the request wants something that this wallet does not do")]
    Unsupported,
    /// The verifier gives no key to encrypt the answer with.
    #[error("the request has no usable key to encrypt the answer with")]
    EncryptionKey,
}

impl From<FinishedPresentation> for PresentOutcome {
    fn from(finished: FinishedPresentation) -> Self {
        match finished {
            FinishedPresentation::Presented {
                presentation,
                redirect_uri,
            } => Self::Presented {
                presentation,
                redirect_uri,
            },
            FinishedPresentation::Shown {
                presentation,
                response,
            } => Self::Show {
                presentation,
                answer: Message::Response(response),
            },
            FinishedPresentation::Carried {
                presentation,
                redirect_uri,
            } => Self::Carry {
                presentation,
                redirect_uri,
            },
            FinishedPresentation::Unconfirmed { presentation } => Self::Unconfirmed { presentation },
            FinishedPresentation::Rejected => Self::Rejected,
            FinishedPresentation::RejectedAndReturned { redirect_uri } => {
                Self::RejectedAndReturned { redirect_uri }
            }
            FinishedPresentation::Declined => Self::Declined,
            FinishedPresentation::DeclinedAndReturned { redirect_uri } => {
                Self::DeclinedAndReturned { redirect_uri }
            }
        }
    }
}
