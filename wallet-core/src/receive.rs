//! Receiving credentials by [OpenID4VCI 1.0]: with the code of an offer, or by signing in at the issuer.
//!
//! ```text
//! link or choice → AwaitingConsent → Consented → AwaitingTransactionCode? → RequestingToken → Issuing (key) → Finished
//!                                              → Authorizing (browser) → RedeemingCode ────↗  ↑ ↓
//!                                                                       Renewable → Renewing ──┘
//! ```
//! With a refresh token, a receipt ends as `Renewable`: its credentials can be issued again.
//!
//! Nothing is fetched before consent, also not the offer of a link by reference: the policy names the issuers that the link
//! can come from, and they are shown. Every arrow is a durable write, so a killed app continues from the last one.
//!
//! [OpenID4VCI 1.0]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html

mod access;
mod deleted;
mod formats;
mod intent;
mod issuing;
mod keep;
mod metadata;
mod offer;
mod outcome;
mod pre_authorized;
mod proof;
mod redeem;
mod refill;
mod reissue;
mod renew;
mod request;
mod run;
mod server;
mod sign_in;
mod stage;
mod verification;

pub use formats::{PlannedFormat, PlannedProof, ProofKeyName};
pub use outcome::{
    NewOfferReason, OfferShown, ReceiptProblem, ReceiveOutcome, ShownIssuer, TransactionCodeAttempt,
    TransactionCodePrompt,
};
pub use refill::{Refill, RefillOutcome};
pub use reissue::ReissueFrom;
pub use stage::{
    Authorizing, Deferral, Deletion, FinishedReceipt, Grant, Issuing, OfferSource, Plan, PlannedClient,
    PlannedCredential, PlannedServer, PlannedTokens, PreparedSignIn, ReceiveStage, RedeemingCode, Renewing,
    RequestedAccess, RequestingToken, SendState, Untold, Wanted,
};
pub use verification::CredentialProblem;

pub(crate) use reissue::key_ended;
pub(crate) use verification::read_list_credential;
