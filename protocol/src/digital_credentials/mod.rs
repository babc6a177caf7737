//! Requests and answers over the [Digital Credentials API]: what a page hands to `navigator.credentials.get`, and what comes back
//! from the wallet that the person chose.
//!
//! - [`ExchangeProtocol`]: the four ways of asking, and [`DigitalCredentialMessage`], the pair of protocol and data that travels.
//! - [`Origin`]: who asks, as the browser proves it.
//! - [`openid4vp`]: requests without a signature, with one and with several ([OpenID4VP appendix A]).
//! - [`iso_mdoc`]: requests of ISO/IEC 18013-7 Annex C, and their encryption.
//! - [`items`]: DCQL queries as requests for the elements of mdocs, and the reverse.
//!
//! [Digital Credentials API]: https://www.w3.org/TR/digital-credentials/
//! [OpenID4VP appendix A]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A

pub mod iso_mdoc;
pub mod items;
pub mod openid4vp;
mod origin;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

pub use self::origin::{InvalidOrigin, Origin};
use crate::openid4vp::response::MAX_RESPONSE_BYTES;

/// The largest set of requests that a wallet reads, in bytes: request objects with certificate chains, one for each protocol.
pub const MAX_REQUESTS_BYTES: usize = 512 * 1024;

/// The most requests of one call.
pub const MAX_REQUESTS: usize = 16;

/// How a credential is asked for ([Digital Credentials API, section "Protocol Registry"], [OpenID4VP appendix A.1]).
///
/// [Digital Credentials API, section "Protocol Registry"]: https://www.w3.org/TR/digital-credentials/#protocol-registry
/// [OpenID4VP appendix A.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExchangeProtocol {
    /// A request that several signatures stand under, each for another client identifier.
    #[serde(rename = "openid4vp-v1-multisigned")]
    OpenId4VpMultisigned,
    /// A signed request.
    #[serde(rename = "openid4vp-v1-signed")]
    OpenId4VpSigned,
    /// A request that nothing but the origin proves.
    #[serde(rename = "openid4vp-v1-unsigned")]
    OpenId4VpUnsigned,
    /// ISO/IEC 18013-7 Annex C.
    #[serde(rename = "org-iso-mdoc")]
    IsoMdoc,
}

impl ExchangeProtocol {
    /// All of them, those that prove most first: it is the order in which a page offers them.
    pub const ALL: [Self; 4] = [
        Self::OpenId4VpMultisigned,
        Self::OpenId4VpSigned,
        Self::OpenId4VpUnsigned,
        Self::IsoMdoc,
    ];

    /// The identifier on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId4VpMultisigned => "openid4vp-v1-multisigned",
            Self::OpenId4VpSigned => "openid4vp-v1-signed",
            Self::OpenId4VpUnsigned => "openid4vp-v1-unsigned",
            Self::IsoMdoc => "org-iso-mdoc",
        }
    }

    /// The protocol of an identifier.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.as_str() == text)
    }
}

/// A request, `{protocol, data}` as an entry of `digital.requests`; or an answer, the members of a `DigitalCredential`.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct DigitalCredentialMessage {
    /// The protocol.
    pub protocol: ExchangeProtocol,
    /// What the protocol says.
    pub data: Map<String, Value>,
}

/// Without the data, which may be personal.
impl core::fmt::Debug for DigitalCredentialMessage {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter
            .debug_struct("DigitalCredentialMessage")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

/// A request with the origin of the page that asked: what is kept of it, since nobody can check the answer without the origin.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskedAtOrigin {
    /// The origin.
    pub origin: Origin,
    /// What was asked.
    #[serde(flatten)]
    pub request: DigitalCredentialMessage,
}

/// Why a message was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageRefused {
    /// Too large, or no JSON object with `protocol` and `data`.
    #[error("not a message of the Digital Credentials API: {{\"protocol\": …, \"data\": {{…}}}}")]
    Malformed,
    /// Another protocol than those of [`ExchangeProtocol`].
    #[error("the protocol of the message is not known")]
    UnknownProtocol,
    /// More than [`MAX_REQUESTS`].
    #[error("there are more than {MAX_REQUESTS} requests")]
    TooManyRequests,
}

impl DigitalCredentialMessage {
    /// Reads an answer, as a page passes it on.
    ///
    /// # Errors
    /// [`MessageRefused`].
    pub fn parse_answer(body: &[u8]) -> Result<Self, MessageRefused> {
        let budget = JsonBudget {
            bytes: MAX_RESPONSE_BYTES,
            ..JsonBudget::DEFAULT
        };
        let value = json::parse_value(body, budget).map_err(|_| MessageRefused::Malformed)?;
        Self::of_value(value)
    }

    /// Reads what a page hands to the browser: `{"digital": {"requests": […]}}`, or one request alone. Requests of protocols that
    /// this suite does not know are passed over, as a browser would.
    ///
    /// # Errors
    /// [`MessageRefused`]; [`MessageRefused::UnknownProtocol`] when no request is left.
    pub fn parse_requests(text: &[u8]) -> Result<Vec<Self>, MessageRefused> {
        let budget = JsonBudget {
            bytes: MAX_REQUESTS_BYTES,
            ..JsonBudget::DEFAULT
        };
        let mut value = json::parse_value(text, budget).map_err(|_| MessageRefused::Malformed)?;
        let requests = value
            .get_mut("digital")
            .and_then(|digital| digital.get_mut("requests"))
            .map(Value::take);
        let requests = match requests {
            None => vec![value],
            Some(Value::Array(requests)) => requests,
            Some(_) => return Err(MessageRefused::Malformed),
        };
        if requests.len() > MAX_REQUESTS {
            return Err(MessageRefused::TooManyRequests);
        }
        let mut known = Vec::new();
        for request in requests {
            match Self::of_value(request) {
                Ok(request) => known.push(request),
                Err(MessageRefused::UnknownProtocol) => {}
                Err(refused) => return Err(refused),
            }
        }
        if known.is_empty() {
            return Err(MessageRefused::UnknownProtocol);
        }
        Ok(known)
    }

    fn of_value(value: Value) -> Result<Self, MessageRefused> {
        let Value::Object(mut members) = value else {
            return Err(MessageRefused::Malformed);
        };
        let protocol = members
            .get("protocol")
            .and_then(Value::as_str)
            .ok_or(MessageRefused::Malformed)?;
        let protocol = ExchangeProtocol::parse(protocol).ok_or(MessageRefused::UnknownProtocol)?;
        match members.remove("data") {
            Some(Value::Object(data)) => Ok(Self { protocol, data }),
            _ => Err(MessageRefused::Malformed),
        }
    }

    /// The argument of `navigator.credentials.get` for these requests.
    #[must_use]
    pub fn to_options(requests: &[Self]) -> Value {
        let requests: Vec<Value> = requests
            .iter()
            .map(|request| json!({ "protocol": request.protocol.as_str(), "data": request.data }))
            .collect();
        json!({ "digital": { "requests": requests } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_protocols_are_those_on_the_wire() {
        for protocol in ExchangeProtocol::ALL {
            assert_eq!(ExchangeProtocol::parse(protocol.as_str()), Some(protocol));
            assert_eq!(serde_json::to_value(protocol).unwrap(), json!(protocol.as_str()));
        }
        assert_eq!(ExchangeProtocol::parse("openid4vp"), None);
    }

    #[test]
    fn requests_read_back_and_those_of_unknown_protocols_are_passed_over() {
        let request = |protocol: &str| json!({ "protocol": protocol, "data": { "a": 1 } });
        let parse = |value: &Value| DigitalCredentialMessage::parse_requests(value.to_string().as_bytes());
        let all = json!({ "digital": { "requests":
            [request("openid4vp"), request("openid4vp-v1-signed"), request("org-iso-mdoc")] } });
        let read = parse(&all).unwrap();
        let protocols: Vec<_> = read.iter().map(|request| request.protocol).collect();
        assert_eq!(
            protocols,
            [ExchangeProtocol::OpenId4VpSigned, ExchangeProtocol::IsoMdoc]
        );
        assert_eq!(parse(&DigitalCredentialMessage::to_options(&read)).unwrap(), read);
        assert_eq!(parse(&request("org-iso-mdoc")).unwrap().len(), 1);
        assert_eq!(parse(&request("other")), Err(MessageRefused::UnknownProtocol));
        for broken in [
            json!({}),
            json!([]),
            json!({ "digital": { "requests": {} } }),
            json!({ "protocol": "org-iso-mdoc" }),
            json!({ "protocol": "org-iso-mdoc", "data": "text" }),
        ] {
            assert_eq!(parse(&broken), Err(MessageRefused::Malformed), "{broken}");
        }
        let many: Vec<Value> = (0..=MAX_REQUESTS).map(|_| request("org-iso-mdoc")).collect();
        assert_eq!(
            parse(&json!({ "digital": { "requests": many } })),
            Err(MessageRefused::TooManyRequests)
        );
    }

    #[test]
    fn an_answer_larger_than_any_is_not_read() {
        let text = "a".repeat(MAX_RESPONSE_BYTES);
        let answer = json!({ "protocol": "org-iso-mdoc", "data": { "response": text } }).to_string();
        assert_eq!(
            DigitalCredentialMessage::parse_answer(answer.as_bytes()),
            Err(MessageRefused::Malformed)
        );
    }
}
