#![doc = include_str!("../README.md")]

pub mod afterwards;
pub mod backup;
mod client;
pub mod consent_policy;
mod error;
mod exchange;
pub mod hold;
mod holder_did;
mod identifiers;
mod language;
mod memory;
mod person;
mod policy;
pub mod ports;
pub mod present;
mod progress;
pub mod receive;
pub mod record;
mod secret;
#[cfg(feature = "testing")]
pub mod testing;
mod waiting;
mod wallet;

pub use client::WalletClient;
pub use error::{DeviceFault, WalletError};
pub use identifiers::{CredentialId, FlowId, HistoryId, NotAnIdentifier, PersonId, RefusalId};
pub use language::Languages;
pub use memory::MemoryStore;
pub use person::{NotAName, Person, PersonName};
pub use policy::{
    AllowedIssuer, AllowedTypes, AnswerProtection, BrowserAnswers, IssuerDid, IssuerPolicy, OverAsking,
    PolicyError, ProfileContradiction, RelyingPartyPolicy, SignedMetadata, SpentCopies, UnverifiedParties,
    WalletPolicy,
};
pub use ports::{
    AttestKeys, AttestWallet, AttestationUnavailable, BoxFuture, Change, ClientAttestation, HttpRequest,
    HttpResponse, ListKeys, Method, StoreError, Telling, Transport, TransportError, WalletKeys, WalletStore,
    WantedAttestation,
};
pub use progress::{ObserveProgress, Progress, Silent};
pub use waiting::{Direction, HandedOut, WaitingFlow, WaitsFor};
pub use wallet::{Ports, Recovered, Resumed, Wallet};
