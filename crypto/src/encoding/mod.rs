//! Strict, bounded codecs. Every one of them refuses a second text for the same value where the format lets it.

pub mod base64;
pub mod base64url;
pub mod cbor;
pub mod json;
pub mod zlib;

use thiserror::Error;

/// The text is not in the encoding it should be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not correctly encoded")]
pub struct DecodeError;
