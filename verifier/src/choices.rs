//! How a request is made and how it is answered: the choices that OpenID4VP leaves to the verifier.

use serde::{Deserialize, Serialize};
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::link::RequestUriMethod;
use symbolon_protocol::openid4vp::request::ResponseMode;
use thiserror::Error;

/// The choices of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestChoices {
    /// How the verifier says who it is.
    pub client_id_prefix: ClientIdKind,
    /// How the answer travels.
    pub response_mode: ResponseMode,
    /// How the request travels.
    pub request_delivery: RequestTransport,
    /// By which method a wallet is asked to fetch it.
    pub request_uri_method: RequestUriMethod,
}

/// How a request travels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestTransport {
    /// The link says where it is.
    #[default]
    Reference,
    /// It stands in the link.
    Value,
}

impl Default for RequestChoices {
    /// What every wallet of the suite accepts, and HAIP demands: a certificate by its hash, a signed request to be fetched, an
    /// encrypted answer.
    fn default() -> Self {
        Self {
            client_id_prefix: ClientIdKind::X509Hash,
            response_mode: ResponseMode::DirectPostJwt,
            request_delivery: RequestTransport::Reference,
            request_uri_method: RequestUriMethod::Get,
        }
    }
}

/// Choices that exclude each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidChoices {
    /// What is fetched is signed, and such a client cannot sign ([OpenID4VP §5.9.3, §5.10.2]).
    ///
    /// [OpenID4VP §5.9.3, §5.10.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3
    #[error(
        "request_delivery must be \"value\" with client_id_prefix = \"redirect_uri\", whose requests are not signed"
    )]
    UnsignedReference,
    /// A method to fetch what is not fetched ([OpenID4VP §5.1]).
    ///
    /// [OpenID4VP §5.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.1
    #[error("request_uri_method = \"post\" says nothing with request_delivery = \"value\"")]
    MethodOfValue,
    /// A response mode that is no mode of the network: the scan page and `verifier ask-qr` choose it themselves.
    #[error(
        "response_mode = \"symbolon_qr.jwt\" travels by QR codes alone: see the page /scan and verifier ask-qr"
    )]
    ByQr,
    /// A response mode whose answers a browser carries to a page, and not a wallet to this verifier.
    #[error(
        "response_mode = \"fragment\" has the browser carry the answer, and the verifier receives it from the wallet"
    )]
    ByBrowser,
}

impl RequestChoices {
    /// Refuses choices that exclude each other.
    ///
    /// # Errors
    /// [`InvalidChoices`].
    pub fn check(&self) -> Result<(), InvalidChoices> {
        if self.response_mode.is_by_qr() {
            return Err(InvalidChoices::ByQr);
        }
        if self.response_mode.is_carried_by_browser() {
            return Err(InvalidChoices::ByBrowser);
        }
        let by_value = self.request_delivery == RequestTransport::Value;
        if self.client_id_prefix == ClientIdKind::RedirectUri && !by_value {
            return Err(InvalidChoices::UnsignedReference);
        }
        if by_value && self.request_uri_method == RequestUriMethod::Post {
            return Err(InvalidChoices::MethodOfValue);
        }
        Ok(())
    }

    /// How a request is made that travels by QR codes: signed by a certificate that wallets know without a network.
    #[must_use]
    pub const fn by_qr() -> Self {
        Self {
            client_id_prefix: ClientIdKind::X509Hash,
            response_mode: ResponseMode::SymbolonQrJwt,
            request_delivery: RequestTransport::Value,
            request_uri_method: RequestUriMethod::Get,
        }
    }

    /// Whether the request is signed.
    #[must_use]
    pub fn is_signed(&self) -> bool {
        self.client_id_prefix != ClientIdKind::RedirectUri
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_that_exclude_each_other_are_refused() {
        let good = RequestChoices::default();
        assert_eq!(good.check(), Ok(()));
        let unsigned = RequestChoices {
            client_id_prefix: ClientIdKind::RedirectUri,
            ..good
        };
        assert_eq!(unsigned.check(), Err(InvalidChoices::UnsignedReference));
        let by_value = RequestChoices {
            request_delivery: RequestTransport::Value,
            ..unsigned
        };
        assert_eq!(by_value.check(), Ok(()));
        let by_post = RequestChoices {
            request_uri_method: RequestUriMethod::Post,
            ..by_value
        };
        assert_eq!(by_post.check(), Err(InvalidChoices::MethodOfValue));
        assert_eq!(RequestChoices::by_qr().check(), Err(InvalidChoices::ByQr));
        let by_browser = RequestChoices {
            response_mode: ResponseMode::Fragment,
            ..good
        };
        assert_eq!(by_browser.check(), Err(InvalidChoices::ByBrowser));
        assert!(RequestChoices::by_qr().is_signed());
    }
}
