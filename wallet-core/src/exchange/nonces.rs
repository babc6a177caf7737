//! The last nonce of each server, for the proofs of the next requests ([RFC 9449 §8.2, §9]).
//!
//! They are not written down: a wallet that lost one is told a new one at the cost of one request.
//!
//! [RFC 9449 §8.2, §9]: https://www.rfc-editor.org/rfc/rfc9449#section-8.2

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::dpop::{DpopNonce, NONCE_HEADER};

use crate::ports::HttpResponse;

/// More servers than a wallet talks to between two starts. The oldest name goes when one more comes.
const MAX_SERVERS: usize = 64;

/// Whose nonce it is. Authorization server and issuer can stand on one host and give nonces of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NonceOf {
    /// Of the endpoints that take forms.
    AuthorizationServer,
    /// Of the endpoints that take access tokens.
    Resource,
}

/// The last nonce of each server. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct DpopNonces {
    known: Arc<Mutex<BTreeMap<(String, NonceOf), DpopNonce>>>,
}

impl DpopNonces {
    /// The last nonce of the server at `url`.
    pub(crate) fn last(&self, url: &HttpUrl, of: NonceOf) -> Option<DpopNonce> {
        self.known().get(&name(url, of)).cloned()
    }

    /// Remembers the nonce that came with an answer, and tells whether it is another one than the request was sent with. What is known does not
    /// tell: a request that went at the same time may have brought it.
    pub(crate) fn remember(
        &self,
        url: &HttpUrl,
        of: NonceOf,
        sent: Option<&DpopNonce>,
        response: &HttpResponse,
    ) -> Novelty {
        let Some(nonce) = response
            .header_values(NONCE_HEADER)
            .next()
            .and_then(DpopNonce::parse)
        else {
            return Novelty::Nothing;
        };
        let mut known = self.known();
        let name = name(url, of);
        let novelty = if sent == Some(&nonce) {
            Novelty::Nothing
        } else {
            Novelty::Fresh
        };
        if known.len() >= MAX_SERVERS && !known.contains_key(&name) {
            known.pop_first();
        }
        known.insert(name, nonce);
        novelty
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<(String, NonceOf), DpopNonce>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether an answer brought another nonce than its request had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// It did: the request is worth repeating.
    Fresh,
    /// It did not.
    Nothing,
}

fn name(url: &HttpUrl, of: NonceOf) -> (String, NonceOf) {
    (url.url().origin().ascii_serialization(), of)
}
