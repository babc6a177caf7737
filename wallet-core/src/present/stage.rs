//! Where a presentation stands, as it is stored.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::presentation_receipt::ExpectedReceipt;

use url::Url;

use super::consent::Choice;
use super::outcome::Presentation;
use super::received::ReceivedRequest;
use crate::identifiers::HistoryId;
use crate::language::Languages;
use crate::record::{DisclosedCredential, TransactionRecord, VerifierRecord};

/// The stages of a presentation.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresentStage {
    /// The request was fetched and verified; the person has not decided.
    AwaitingConsent {
        /// The request, verified again whenever the flow goes on.
        request_object: ReceivedRequest,
        /// The client that the link named.
        client_id: ClientId,
        /// The languages to show it in.
        languages: Languages,
    },
    /// The person agreed. Signing comes next.
    Consented {
        /// The request.
        request_object: ReceivedRequest,
        /// The client that the link named.
        client_id: ClientId,
        /// The languages to show it in.
        languages: Languages,
        /// What to show.
        choice: Choice,
        /// When the person agreed.
        agreed: UnixTime,
    },
    /// The person declined; the verifier is being told.
    Declining {
        /// Where to tell it: an address that the verified request names.
        response_uri: HttpUrl,
        /// The form to post.
        form: String,
        /// Whom it tells.
        verifier: VerifierRecord,
    },
    /// Signed, and encrypted if asked for so; it is being sent, and may have arrived.
    Sending(Box<Sending>),
    /// It is over.
    Finished(Box<FinishedPresentation>),
}

/// What is being sent.
#[derive(Serialize, Deserialize)]
pub struct Sending {
    /// Where to.
    pub response_uri: HttpUrl,
    /// The form to post: the answer, encrypted if asked for so.
    pub form: String,
    /// When the person agreed.
    pub agreed: UnixTime,
    /// The entry of the history that tells of it.
    pub history: HistoryId,
    /// To whom.
    pub verifier: VerifierRecord,
    /// What.
    pub disclosed: Vec<DisclosedCredential>,
    /// What the person authorised by it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub transactions: Vec<TransactionRecord>,
    /// The same in the clear, for the person to keep.
    pub presentation: Presentation,
    /// What its receipt must say, where the request announced one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<ExpectedReceipt>,
}

/// How a presentation ended. Kept for a while, so that resuming it tells the same again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishedPresentation {
    /// The verifier accepted it.
    Presented {
        /// What was sent.
        presentation: Presentation,
        /// Where the verifier wants the person to go on.
        redirect_uri: Option<Url>,
    },
    /// It is shown as QR codes to the verifier's camera, which confirms nothing.
    Shown {
        /// What is shown.
        presentation: Presentation,
        /// The same encrypted to the verifier: a compact JWE.
        response: String,
    },
    /// The browser carries it to the verifier, which confirms nothing.
    Carried {
        /// What is carried.
        presentation: Presentation,
        /// The address with the answer in its fragment.
        redirect_uri: Url,
    },
    /// It may have arrived; the verifier's answer is not known.
    Unconfirmed {
        /// What was sent.
        presentation: Presentation,
    },
    /// The verifier answered with an error.
    Rejected,
    /// The verifier answered with an error, and says where to go on.
    RejectedAndReturned {
        /// Where.
        redirect_uri: Url,
    },
    /// The person declined.
    Declined,
    /// The person declined, and the verifier says where to go on.
    DeclinedAndReturned {
        /// Where.
        redirect_uri: Url,
    },
}
