//! Codes that are shown to the operator instead of being sent.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use symbolon_issuer::sign_in::{CodeMessage, SendCode, SendFuture};

/// How many messages are remembered.
const REMEMBERED: usize = 50;

/// Remembers the newest messages, in memory alone.
#[derive(Default)]
pub struct DemoSender(Mutex<VecDeque<ShownMessage>>);

/// A message as the operator's page shows it.
#[derive(Clone, serde::Serialize, symbolon_http::openapi::ToSchema)]
pub struct ShownMessage {
    /// To whom it would have been sent.
    pub destination: String,
    /// The code.
    pub code: String,
    /// Which request it belongs to; empty for a code that is good for all.
    pub request: String,
    /// The whole message.
    pub text: String,
    /// When the code expires, in seconds since 1970.
    pub expires_at: i64,
}

impl DemoSender {
    /// The messages, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<ShownMessage> {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.iter().cloned().collect()
    }
}

impl SendCode for DemoSender {
    fn send<'a>(&'a self, message: &'a CodeMessage) -> SendFuture<'a> {
        let shown = ShownMessage {
            destination: message.destination.expose().to_owned(),
            code: message.code.to_string(),
            request: message.request.clone(),
            text: message.text.to_string(),
            expires_at: message.expires_at.seconds(),
        };
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.push_front(shown);
        remembered.truncate(REMEMBERED);
        Box::pin(std::future::ready(Ok(())))
    }
}
