#![doc = include_str!("../README.md")]

mod error;
mod file;
mod hold;
mod ports;
mod present;
mod receive;
mod settings;
mod verify;
mod wallet;

pub use error::{Argument, DeviceFault, NetworkFault, OfferProblem, RequestProblem, WalletError};
pub use file::{Person, PersonLock, WalletFile};
pub use hold::{
    CredentialDetails, CredentialSummary, DisclosedCredential, HeldClaim, HistoryEntry, HistoryEvent,
    Translation, Validity, VerifierKnowledge, VerifierRecord,
};
pub use ports::{
    CreatedKey, DeviceLock, Header, HttpMethod, HttpRequest, HttpResponse, KeyFailure, KeyStore, LockFailure,
    PlatformFailure, ProgressObserver, ProgressStep, RandomSource, SigningOutcome, Transport,
    TransportFailure, UnwrappingOutcome, WalletClock,
};
pub use present::{
    AskedClaim, AskedCredential, CandidateCredential, Chosen, ConsentRequest, Decision, Lack, Need,
    OverAskedCredential, PresentOutcome, Presentation, Registration, Retention, ShownTransaction,
    TransactionDetail,
};
pub use receive::{
    NewOfferReason, OfferShown, ReceiptRefusal, ReceiveOutcome, ShownIssuer, TransactionCode,
    TransactionCodeKeyboard, TransactionCodePrompt,
};
pub use settings::{AppClient, UrlRule, WalletPorts, WalletSettings};
pub use verify::{
    AuthenticState, CheckResult, CredentialReport, HolderState, PackShown, Photo, ReportCheck, ReportClaim,
    ReportWarning, StatusState, TrustState, Verdict, Verifier, VerifierError,
};
pub use wallet::{Recovered, Resumed, Wallet};

uniffi::setup_scaffolding!("symbolon");
