#![doc = include_str!("../README.md")]

pub mod administration;
pub mod card;
mod http;
mod issuer;
mod pictures;
mod records;
mod server;
mod setup;
mod store;

pub use crate::http::router;
pub use issuer::{
    CredentialFailure, DocumentFailure, Issuer, OpenIssuerError, PublicationFailed, PublishedList,
    PublishedToken, StatusRefused, StatusUpdate, TokenFailure, VerifyAuditError,
};
pub use records::{MosipRepository, MosipSettings, Records, Retrieval};
pub use server::{Listening, Running, Server, StartError};
pub use setup::{
    CARD_QR_MAX_CHARACTERS, CardCodes, Clock, CodeCount, IssuerKeys, MIN_CARD_FACE_BYTES, PlainKey,
    RetiredPublicKeys, Setup, Signer, SigningFailed,
};
pub use store::{EmbeddedIssuerStore, EmbeddedKeyValue, open_embedded};
