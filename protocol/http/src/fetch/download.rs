//! Bodies that are too long to be waited for as a whole: they come piece by piece, and the caller keeps what came.

use std::time::Duration;

use axum::body::Bytes;
use http::HeaderMap;

use super::{Fetch, FetchError, GuardedFetcher};

/// How long a download may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadPatience {
    /// Without a single byte.
    pub silence: Duration,
    /// As a whole. A body that trickles for ever ends here.
    pub whole: Duration,
}

impl DownloadPatience {
    /// A slow phone network is used to its end; what is not there after half an hour is resumed by the next try.
    pub const STANDARD: Self = Self {
        silence: Duration::from_secs(30),
        whole: Duration::from_secs(30 * 60),
    };
}

/// An answer whose body is still to come.
pub struct Download {
    response: reqwest::Response,
    silence: Duration,
    limit: usize,
    taken: usize,
}

impl GuardedFetcher {
    /// Begins a download, guarded like every fetch: [`Fetch::max_bytes`] bounds its body.
    ///
    /// # Errors
    /// [`FetchError`]; an HTTP error status is no error of this call.
    pub async fn download(&self, fetch: Fetch, patience: DownloadPatience) -> Result<Download, FetchError> {
        let response = tokio::time::timeout(patience.silence, self.open(&fetch, patience.whole))
            .await
            .unwrap_or(Err(FetchError::Interrupted))?;
        let limit = fetch.max_bytes;
        if super::announces_more(&response, limit) {
            return Err(FetchError::TooLarge { limit });
        }
        Ok(Download {
            response,
            silence: patience.silence,
            limit,
            taken: 0,
        })
    }
}

impl Download {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// [`FetchError::Interrupted`] when the connection broke, nothing came for too long or the time is up;
    /// [`FetchError::TooLarge`] when the body goes on beyond its limit.
    pub async fn piece(&mut self) -> Result<Option<Bytes>, FetchError> {
        let piece = tokio::time::timeout(self.silence, self.response.chunk())
            .await
            .map_err(|_| FetchError::Interrupted)?
            .map_err(|_| FetchError::Interrupted)?;
        let Some(piece) = piece else {
            return Ok(None);
        };
        self.taken = self.taken.saturating_add(piece.len());
        if self.taken > self.limit {
            return Err(FetchError::TooLarge { limit: self.limit });
        }
        Ok(Some(piece))
    }
}
