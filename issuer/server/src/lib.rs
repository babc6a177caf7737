#![doc = include_str!("../README.md")]

pub mod administration;
mod attestation_status;
pub mod card;
mod http;
mod issuer;
mod pages;
mod pictures;
mod records;
mod revocation_lists;
mod server;
mod setup;
pub mod sign_in;
mod store;

pub use crate::attestation_status::{AttestationStatesUnusable, FetchedAttestationStates};
pub use crate::http::{TenantsError, description::description, router};
pub use issuer::{
    AccessFailure, Answered, AskedCredential, AuthorizationFailure, AuthorizationView, BackChannelRequest,
    BeginFailure, CarriedRequest, CredentialFailure, DocumentFailure, Issuer, NotificationFailure,
    OpenIssuerError, PublicationFailed, PublishedList, PushFailure, ResourceRequest, StatusRefused,
    StatusUpdate, TokenFailure, VerifyAuditError,
};
pub use pages::shipped_translations;
pub use records::{MosipRepository, MosipSettings, Records, Retrieval};
pub use revocation_lists::{CertificateAuthority, RevocationListUnavailable, RevocationLists};
pub use server::{Listening, Running, ServedIssuer, Server, StartError};
pub use setup::{
    CARD_QR_MAX_CHARACTERS, CardCodes, Clock, CodeCount, IssuerKeys, MIN_CARD_FACE_BYTES, PlainKey,
    RetiredPublicKeys, Setup, Signer, SigningFailed,
};
pub use store::{EmbeddedIssuerStore, EmbeddedKeyValue, open_embedded};
pub use symbolon_pages::{Translations, TranslationsError};
