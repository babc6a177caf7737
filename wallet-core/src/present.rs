//! Showing credentials by [OpenID4VP 1.0].
//!
//! ```text
//! link → AwaitingConsent → Consented → Sending → Finished
//!                        ↘ Declining ↗
//! ```
//! The request object is fetched and verified before anything is shown; who asks is part of what is shown. Nothing is signed
//! before consent, and what is disclosed is exactly what was shown. What was agreed to is written down before it is signed,
//! and what may have been sent before it is sent.
//!
//! [OpenID4VP 1.0]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html

mod answer;
mod at_origin;
mod consent;
mod did_document;
mod formats;
mod matching;
mod opening;
mod outcome;
mod proximity;
mod received;
mod refusals;
mod registration;
mod request;
mod run;
mod selected;
mod send;
mod stage;
mod transactions;
mod turned_away;

pub use at_origin::{FinishedAtOrigin, OriginAsk, OriginOutcome, OriginStage, RefusedAtOrigin};
pub use consent::{
    Answerable, AskedClaim, AskedCredential, AskedThen, CandidateCredential, Choice, ConsentRequest,
    Decision, Lack, Need, PastRefusal, Retention,
};
pub use outcome::{Opened, PresentOutcome, Presentation, RequestProblem};
pub use proximity::{
    AfterAnswer, DeviceProof, ProximityAsk, ProximityEnded, ProximityError, ProximityEvent, ProximityOutcome,
    SendFarewell, WaitingHolder,
};
pub use received::ReceivedRequest;
pub(crate) use refusals::remembered;
pub use registration::{OverAskedCredential, RegisteredUse, Registration, VerifierClaims};
pub use stage::{FinishedPresentation, PresentStage, Sending};
pub use transactions::{ShownDetail, ShownTransaction};
