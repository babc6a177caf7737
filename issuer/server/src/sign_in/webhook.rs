//! Codes that are handed to a gateway over HTTP, signed.

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Method};
use symbolon_crypto::UnixTime;
use symbolon_crypto::symmetric::hmac_sha256;
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, GuardedFetcher, Redirects};
use symbolon_issuer::sign_in::{CodeMessage, SendCode, SendFuture, SendRefused};
use symbolon_protocol::identifier::HttpUrl;
use zeroize::Zeroizing;

use super::file::WireMessage;
use crate::setup::Clock;

/// The header field with the signature: `t=SECONDS,v1=HEXADECIMAL`, an HMAC-SHA-256 over the seconds, a dot and the body.
const SIGNATURE: HeaderName = HeaderName::from_static("symbolon-signature");

/// A gateway answers in a few words.
const MAX_ANSWER_BYTES: usize = 64 << 10;

/// What a webhook signs with; the gateway has it too. It has no `Debug`.
#[derive(Clone)]
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl WebhookSecret {
    /// Takes the text of a file; `None` for fewer than [`WebhookSecret::MIN_BYTES`] without surrounding blanks.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.trim().as_bytes();
        (secret.len() >= Self::MIN_BYTES).then(|| Self(Zeroizing::new(secret.to_vec())))
    }

    /// The fewest bytes of a secret.
    pub const MIN_BYTES: usize = 32;

    fn signature(&self, at: UnixTime, body: &[u8]) -> String {
        use std::fmt::Write as _;
        let signed = Zeroizing::new([at.seconds().to_string().as_bytes(), b".", body].concat());
        let mut text = format!("t={},v1=", at.seconds());
        for byte in hmac_sha256(&self.0, &signed) {
            // Writing to a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Posts each message to one address.
pub struct WebhookSender {
    url: HttpUrl,
    secret: WebhookSecret,
    fetcher: GuardedFetcher,
    clock: Clock,
}

impl WebhookSender {
    /// Posts to `url`, which the operator chose: it may be inside the operator's own network.
    ///
    /// # Errors
    /// [`FetchError::Client`].
    pub fn new(url: HttpUrl, secret: WebhookSecret, clock: Clock) -> Result<Self, FetchError> {
        Ok(Self {
            url,
            secret,
            fetcher: GuardedFetcher::new(FetchPolicy::Configured)?,
            clock,
        })
    }
}

impl SendCode for WebhookSender {
    fn send<'a>(&'a self, message: &'a CodeMessage) -> SendFuture<'a> {
        Box::pin(async move {
            let body = WireMessage::of(message)
                .to_json()
                .map_err(|_| SendRefused::File)?;
            let signature = self.secret.signature((self.clock)(), &body);
            let signature = HeaderValue::from_str(&signature).map_err(|_| SendRefused::Unreachable)?;
            let fetch = Fetch {
                method: Method::POST,
                url: self.url.url().clone(),
                headers: vec![
                    (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                    (SIGNATURE, signature),
                ],
                body: body.to_vec(),
                max_bytes: MAX_ANSWER_BYTES,
                redirects: Redirects::Refuse,
            };
            match self.fetcher.fetch(fetch).await {
                Ok(answer) if answer.is_success() => Ok(()),
                Ok(answer) => Err(SendRefused::Status {
                    status: answer.status,
                }),
                Err(_) => Err(SendRefused::Unreachable),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_the_guide() {
        // docs/sign-in.md shows this example; computed with `openssl dgst -sha256 -hmac`.
        let secret = WebhookSecret::parse("an-example-of-a-secret-of-32-bytes\n").unwrap();
        let signature = secret.signature(UnixTime::from_seconds(1_795_435_200), br#"{"code":"123456"}"#);
        assert_eq!(signature, EXAMPLE);
    }

    const EXAMPLE: &str = "t=1795435200,v1=2eb024e7781ede847aed67f172010e4e4ecd95d933b92fb6ad2805b24d7a1d1f";

    #[test]
    fn a_short_secret_is_none() {
        assert!(WebhookSecret::parse("short").is_none());
        assert!(WebhookSecret::parse(&format!("{:40}", "short")).is_none());
    }
}
