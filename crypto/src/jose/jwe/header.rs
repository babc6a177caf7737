//! The header of a JWE, read before anything else.

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::{CompressedContent, ContentCompression, ContentEncryption, DEFLATE, JweBudget, JweError};
use crate::SignatureAlgorithm;
use crate::encoding::base64url;
use crate::encoding::json::{self, JsonBudget};
use crate::encoding::zlib::{self, InflateError};
use crate::key::{Jwk, PublicKey};

/// The longest protected header that is read, in bytes of JSON.
const MAX_HEADER_BYTES: usize = 4 << 10;

/// The header of a JWE of the suite, read strictly. Implementers of [`JweCodec`] check it before anything else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JweHeader {
    /// `kid`.
    pub key_id: Option<String>,
    /// `enc`.
    pub content_encryption: ContentEncryption,
    /// `zip`.
    pub compression: ContentCompression,
    /// `epk`.
    pub ephemeral_key: PublicKey,
    /// `apu`, decoded.
    pub party_u: Vec<u8>,
    /// `apv`, decoded.
    pub party_v: Vec<u8>,
}

impl JweHeader {
    /// Reads the header of a compact JWE within a budget.
    ///
    /// # Errors
    /// [`JweError`].
    pub fn parse(text: &str, budget: JweBudget) -> Result<Self, JweError> {
        if text.len() > budget.max_bytes {
            return Err(JweError::OverBudget);
        }
        let (header, _) = text.split_once('.').ok_or(JweError::Malformed)?;
        let header = base64url::decode(header).map_err(|_| JweError::Malformed)?;
        let header_budget = JsonBudget {
            bytes: MAX_HEADER_BYTES,
            ..JsonBudget::DEFAULT
        };
        let Ok(Value::Object(members)) = json::parse_value(&header, header_budget) else {
            return Err(JweError::Malformed);
        };
        if members.contains_key("crit") {
            return Err(JweError::Algorithm);
        }
        let compression = match (members.get("zip"), budget.compression) {
            (None, _) => ContentCompression::Plain,
            (Some(Value::String(zip)), CompressedContent::Inflated { .. }) if zip == DEFLATE => {
                ContentCompression::Deflate
            }
            (Some(_), _) => return Err(JweError::Algorithm),
        };
        if text_member(&members, "alg")? != Some("ECDH-ES") {
            return Err(JweError::Algorithm);
        }
        let content_encryption = text_member(&members, "enc")?
            .and_then(ContentEncryption::from_jose_name)
            .ok_or(JweError::Algorithm)?;
        let ephemeral_key: Jwk = members
            .get("epk")
            .and_then(|epk| serde_json::from_value(epk.clone()).ok())
            .ok_or(JweError::Malformed)?;
        let ephemeral_key = PublicKey::from_jwk(&ephemeral_key).map_err(|_| JweError::Malformed)?;
        if ephemeral_key.algorithm() != SignatureAlgorithm::Es256 {
            return Err(JweError::Algorithm);
        }
        let party = |name| match text_member(&members, name)? {
            None => Ok(Vec::new()),
            Some(text) => base64url::decode(text).map_err(|_| JweError::Malformed),
        };
        Ok(Self {
            key_id: text_member(&members, "kid")?.map(str::to_owned),
            content_encryption,
            compression,
            ephemeral_key,
            party_u: party("apu")?,
            party_v: party("apv")?,
        })
    }

    /// The content of what was decrypted under this header.
    ///
    /// # Errors
    /// [`JweError::OverBudget`] when it inflates to more than the budget allows, [`JweError::Decryption`] when it does not inflate.
    pub fn expand(
        &self,
        decrypted: Zeroizing<Vec<u8>>,
        budget: JweBudget,
    ) -> Result<Zeroizing<Vec<u8>>, JweError> {
        match (self.compression, budget.compression) {
            (ContentCompression::Plain, _) => Ok(decrypted),
            (ContentCompression::Deflate, CompressedContent::Refused) => Err(JweError::Algorithm),
            (ContentCompression::Deflate, CompressedContent::Inflated { max_bytes }) => {
                match zlib::inflate_unframed(&decrypted, max_bytes) {
                    Ok(inflated) => Ok(Zeroizing::new(inflated)),
                    Err(InflateError::OverLimit { .. }) => Err(JweError::OverBudget),
                    Err(_) => Err(JweError::Decryption),
                }
            }
        }
    }
}

fn text_member<'a>(members: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, JweError> {
    match members.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JweError::Malformed),
    }
}
