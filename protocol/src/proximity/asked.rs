//! What is kept of a request face to face: who asked, and what the device's proof is over.
//!
//! ISO/IEC 18013-5 has no request that could be shown to others. What proves it is the session transcript together with the
//! `DeviceRequest`: the reader signed over both, and so did the device.

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{CryptoProvider, UnixTime};
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::SessionError;
use super::reader_authentication::{ReaderTrust, ReceivedRequest};

/// A request face to face as it is kept beside the answer. Without the transcript nobody can check the device's signature again.
///
/// The keys of the session are not in it: a device's MAC convinces nobody but the reader that it was made for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedFaceToFace {
    /// The `SessionTranscript`, base64url.
    session_transcript: String,
    /// The `DeviceRequest`, base64url.
    device_request: String,
    /// When it was asked, in seconds of the UNIX time, by the clock of whoever kept it: nothing of a session says when it was.
    asked_at: UnixTime,
}

/// Why a kept request proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeptRequestError {
    /// It is no transcript of a session in proximity, or no base64url.
    #[error("it has no transcript of a session face to face")]
    Transcript,
    /// The request is none, or a reader's signature in it is wrong for this transcript.
    #[error(transparent)]
    Request(#[from] SessionError),
}

impl AskedFaceToFace {
    /// A request as it was asked in the session of `transcript`.
    #[must_use]
    pub fn new(transcript: &SessionTranscript, device_request: &[u8], asked_at: UnixTime) -> Self {
        Self {
            session_transcript: base64url::encode(transcript.as_bytes()),
            device_request: base64url::encode(device_request),
            asked_at,
        }
    }

    /// When it was asked.
    #[must_use]
    pub const fn asked_at(&self) -> UnixTime {
        self.asked_at
    }

    /// Checks every signature of the reader over this session: the request, of which [`ReceivedRequest::reader`] says who asked, and
    /// the transcript that the device's proof must be over. Certificates are held against `trust`.
    ///
    /// # Errors
    /// [`KeptRequestError`].
    pub fn verify(
        &self,
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<(ReceivedRequest, SessionTranscript), KeptRequestError> {
        let transcript = base64url::decode(&self.session_transcript)
            .ok()
            .and_then(|encoded| SessionTranscript::parse_proximity(&encoded))
            .ok_or(KeptRequestError::Transcript)?;
        let request = base64url::decode(&self.device_request).map_err(|_| KeptRequestError::Transcript)?;
        let request = ReceivedRequest::check(Zeroizing::new(request), &transcript, trust, crypto)?;
        Ok((request, transcript))
    }
}
