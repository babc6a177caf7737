//! The verifier's rules: what a presentation proves, and how a request for one is made.
//!
//! - [`VerificationSession`] judges one presentation, of any format, with one or several credentials. It asks for evidence and never fetches any: a server answers
//!   its [`Want`]s from the network, an offline reader from its pack, and what cannot be had is recorded as absent.
//! - [`Report`](report::Report) is the answer: four axes, the checks behind each with the section that demands it and
//!   the time of the evidence, and one word.
//! - [`Policy`] names every choice; [`Expected`] says what is known of the request.
//! - [`policy::PresentationPolicy`] is what a relying party wants beyond that: types, issuers, assurance, claims, age, one holder.
//!   Its [`PolicyDecision`](policy::PolicyDecision) stands beside the report and changes nothing in it.
//! - [`verified_claims`] makes claims of OpenID Connect of a presentation, with how they were verified.
//! - [`receipt`] says what both sides keep of a presentation, [`reliance`] what becomes of one that is relied on.
//! - [`relying_party`] says who may ask, for what, how often.
//! - [`openid_provider`] makes a sign-in of a presentation, for clients of OpenID Connect.
//! - [`input`] says what of a file or a scanned text is to be judged, each by itself.
//! - [`card`] judges the codes of a printed card together.
//! - [`answer`] checks a whole answer against the query that was asked.
//! - [`ask`] says what a counter without a network asks for.
//! - [`by_qr`] asks by QR codes where there is no network, and reads what was scanned.
//! - [`offline`] judges without a network, and [`proximity`] asks for mdocs face to face.
//! - [`compose`] makes a query of what a person chose on a page.
//! - [`choices`] says how a request is made and answered, and [`haip`] what the profile leaves of that.
//! - [`digital_credentials`] says what is offered to a browser.
//! - [`request`] derives the keys and makes the unpredictable parts of a request; [`store`] is what a verifier keeps.
//!
//! The crate reads no clock, draws no randomness and touches neither disk nor network. It never says `valid` for want
//! of evidence: a missing status, a stored presentation without its request, and a pack by an unknown signer are
//! `unknown`.

pub mod answer;
pub mod ask;
pub mod by_qr;
pub mod card;
pub mod choices;
pub mod compose;
pub mod device_response;
pub mod digital_credentials;
mod evidence;
mod expected;
pub mod haip;
pub mod input;
pub mod name;
pub mod offline;
pub mod openid_provider;
pub mod policy;
pub mod proximity;
pub mod receipt;
pub mod reliance;
pub mod relying_party;
pub mod report;
pub mod request;
mod session;
pub mod store;
mod tools;
pub mod transaction;
pub mod verified_claims;
pub mod webhook;

pub use self::evidence::{
    DidDocumentEvidence, DocumentEvidence, Evidence, PackAbsence, RevocationListEvidence, StatusEvidence,
    StatusListCredentialEvidence, TypeMetadataEvidence,
};
pub use self::expected::{Binding, Expected, MdocSession};
pub use self::policy::{HolderPolicy, Policy, StatusAge, StatusPolicy, TypeMetadataPolicy};
pub use self::session::{
    InquiryStep, MAX_ROUNDS, MAX_WANTS, PackCredentials, StatusInquiry, Step, UnreadablePresentation,
    VerificationSession, VerifiedBitstringList, Want,
};
pub use self::tools::Tools;
