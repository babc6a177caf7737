//! Receiving credentials by the pre-authorized code flow of [OpenID4VCI 1.0].
//!
//! ```text
//! link → AwaitingConsent → Consented → AwaitingTransactionCode? → RequestingToken → Issuing (key) → Finished
//! ```
//! Nothing is fetched before consent, also not the offer of a link by reference: the policy names the issuers that the link
//! can come from, and they are shown. Every arrow is a durable write, so a killed app continues from the last one.
//!
//! [OpenID4VCI 1.0]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html

mod authorization;
mod formats;
mod issuing;
mod metadata;
mod offer;
mod outcome;
mod proof;
mod run;
mod stage;
mod verification;

pub use formats::{PlannedFormat, ProofKeyName};
pub use outcome::{
    NewOfferReason, OfferShown, ReceiptProblem, ReceiveOutcome, ShownIssuer, TransactionCodeAttempt,
    TransactionCodePrompt,
};
pub use stage::{
    FinishedReceipt, Grant, Issuing, OfferSource, Plan, PlannedCredential, ReceiveStage, RequestingToken,
    SendState,
};
pub use verification::CredentialProblem;
