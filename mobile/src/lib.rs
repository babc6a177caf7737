#![doc = include_str!("../README.md")]

mod ble;
mod codes;
mod error;
mod file;
mod hold;
mod ports;
mod present;
mod receive;
mod settings;
mod verify;
mod wallet;

pub use ble::{
    BleAssembler, BleCharacteristics, BleEngagement, BleError, BleMode, BleReceiver, BleState,
    ble_characteristics, ble_frames, ble_state, read_ble_state,
};
pub use codes::{CodeError, CodeFrames, CodeMessage, CodeProgress, CodeReader, CodeSize, is_code_frame};
pub use error::{Argument, DeviceFault, NetworkFault, OfferProblem, RequestProblem, WalletError};
pub use file::{Person, PersonLock, WalletFile, WalletPart};
pub use hold::{
    AuthorizedTransaction, Badge, ColorScheme, Condition, Contrast, CredentialCodes, CredentialDetails,
    CredentialSummary, Delivery, DisclosedCredential, HeldClaim, HistoryEntry, HistoryEvent, ListOrder,
    ListOutcome, ListQuery, ListedCredential, Orientation, Receipt, RefreshScope, Refreshed, RefreshedList,
    Rendering, RenderingResource, Restored, StatusPlace, SvgTemplate, Translation, Validity,
    VerifierKnowledge, VerifierRecord,
};
pub use ports::{
    AttestationAge, AttestationFailure, CreatedKey, DeviceLock, Header, HttpMethod, HttpRequest,
    HttpResponse, KeyAttester, KeyFailure, KeyStore, LockFailure, PlatformFailure, ProgressObserver,
    ProgressStep, RandomSource, SigningOutcome, StorageFailure, Transport, TransportFailure,
    UnwrappingOutcome, WalletAttestation, WalletAttester, WalletClock, WalletStorage,
};
pub use present::{
    AfterAnswer, AskedClaim, AskedCredential, CandidateCredential, Chosen, ConsentRequest, Decision, Lack,
    Need, NfcEngagement, NfcHandover, OpenedRequest, OriginAsked, OriginOutcome, OverAskedCredential,
    PastRefusal, PresentOutcome, Presentation, ProximityAnswer, ProximityEvent, ProximityHolder, Refusal,
    RefusedCredential, Registration, Retention, SessionProblem, ShownTransaction, TransactionDetail,
};
pub use receive::{
    AwaitedCredential, NewOfferReason, OfferShown, ReceiptRefusal, ReceiveOutcome, Refill, RefillOutcome,
    ReissueFrom, ReissueReason, ShownIssuer, TransactionCode, TransactionCodeKeyboard, TransactionCodePrompt,
};
pub use settings::{
    AppClient, IssuerMetadataRule, KnownDid, OverAskingRule, SpentCopiesRule, UnknownParty, UrlRule,
    VerifierProfile, VerifierRules, WalletPorts, WalletSettings,
};
pub use verify::{
    AnswerByCodes, AnsweredQuery, AskByCodes, AuthenticState, CheckResult, CredentialReport, EngagedPhone,
    HolderState, JudgedAnswer, MemoryFailure, PackShown, Photo, PreparedPack, ProximityReader, ReaderEvent,
    ReportCheck, ReportClaim, ReportWarning, StatusState, TrustState, Verdict, Verifier, VerifierError,
    VerifierIdentity, VerifierMemory,
};
pub use wallet::{Recovered, Resumed, Wallet};

uniffi::setup_scaffolding!("symbolon");
