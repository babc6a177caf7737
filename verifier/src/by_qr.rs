//! Asking by QR codes where there is no network: the request, and what was scanned (`docs/qr-presentation.md`).
//!
//! The device that asked reads the answer: it alone can derive the key that decrypts it, spends the nonce once, and knows the time.

mod asked;

use core::cell::RefCell;

use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestDefect, RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::response::{DirectPost, MAX_RESPONSE_BYTES, VpToken};
use symbolon_protocol::qr_transport::{FrameDecoder, FrameError, Progress, is_frame};
use thiserror::Error;

use crate::request::{ResponseKey, decrypt_answer};
use crate::store::Nonce;

pub use self::asked::{AnswerRefused, AskFailure, AskedByQr};

/// A request whose answer is shown as QR codes. It says no more than wallets need, as every byte is another fraction of a second before
/// a camera: of the formats only those that the query asks for.
///
/// # Errors
/// [`RequestDefect`] when no wallet would accept it.
pub fn request(
    client_id: ClientId,
    nonce: &Nonce,
    state: &Nonce,
    query: &DcqlQuery,
    key: &ResponseKey,
    name: &str,
) -> Result<PresentationRequest, RequestDefect> {
    let mut client_metadata = ClientMetadata::for_encrypted_response(key.public_key(), Some(name.to_owned()));
    client_metadata.vp_formats_supported = client_metadata.vp_formats_supported.asked_by(query);
    let request = PresentationRequest {
        client_id,
        response_mode: ResponseMode::SymbolonQrJwt,
        response_uri: None,
        nonce: RequestNonce::parse(nonce.as_str()).ok_or(RequestDefect::Nonce)?,
        state: RequestNonce::parse(state.as_str()),
        dcql_query: query.clone(),
        scope: None,
        transaction_data: Vec::new(),
        verifier_info: Vec::new(),
        client_metadata,
    };
    request.check()?;
    Ok(request)
}

/// What was scanned: codes that are whole in themselves, and what the frames among them carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scanned {
    /// The codes that are no frames.
    pub codes: Vec<Vec<u8>>,
    /// What the frames carry; `None` where there are none.
    pub carried: Option<Progress>,
}

/// Sorts what was scanned and puts its frames together.
///
/// # Errors
/// [`FrameError`]; one frame of another message spoils the whole, as nobody can tell which one was meant.
pub fn sort_scanned(texts: Vec<Vec<u8>>) -> Result<Scanned, FrameError> {
    let mut decoder = FrameDecoder::default();
    let mut scanned = Scanned {
        codes: Vec::new(),
        carried: None,
    };
    for text in texts {
        match core::str::from_utf8(&text) {
            Ok(frame) if is_frame(frame.trim()) => {
                let progress = decoder.take(frame)?;
                if !matches!(scanned.carried, Some(Progress::Complete(_))) {
                    scanned.carried = Some(progress);
                }
            }
            _ => scanned.codes.push(text),
        }
    }
    Ok(scanned)
}

/// Why an answer by QR codes is not the answer to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerUnreadable {
    /// The key of the request does not decrypt it: it answers another request, or another device asked.
    #[error("the answer is for another request or another device")]
    NotDecrypted,
    /// What was encrypted is no answer.
    #[error("the answer is malformed")]
    Malformed,
    /// It repeats the state of another request.
    #[error("the answer belongs to another request")]
    WrongState,
    /// It holds no presentation, but a refusal.
    #[error("the wallet shows nothing")]
    Declined,
}

/// What the key is called that an answer says it is encrypted for ([`AskedByQr::response_key_id`]); nothing where it says none or is no answer. It
/// needs no key, and proves nothing.
#[must_use]
pub fn key_id_of_answer(jwe: &str, codec: &dyn JweCodec) -> Option<String> {
    let named = RefCell::new(None);
    let lookup = |wanted: Option<&str>| {
        named.replace(wanted.map(str::to_owned));
        None
    };
    codec.decrypt(jwe, &lookup, MAX_RESPONSE_BYTES).err()?;
    named.into_inner()
}

/// Decrypts an answer and checks that it answers the request with this state. The nonce is for the caller to spend, before anything of
/// it is judged.
///
/// # Errors
/// [`AnswerUnreadable`].
pub fn open_answer(
    jwe: &str,
    key: &dyn Fn() -> Option<ResponseKey>,
    state: &Nonce,
    codec: &dyn JweCodec,
) -> Result<VpToken, AnswerUnreadable> {
    let payload = decrypt_answer(jwe, key, codec).ok_or(AnswerUnreadable::NotDecrypted)?;
    match DirectPost::parse_decrypted(&payload) {
        Ok(DirectPost::Answer(answer)) => {
            if answer.state.is_some_and(|found| found.as_str() == state.as_str()) {
                Ok(answer.vp_token)
            } else {
                Err(AnswerUnreadable::WrongState)
            }
        }
        Ok(DirectPost::Refusal(_)) => Err(AnswerUnreadable::Declined),
        Ok(DirectPost::Encrypted(_)) | Err(_) => Err(AnswerUnreadable::Malformed),
    }
}

#[cfg(test)]
mod tests;
