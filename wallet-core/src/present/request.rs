//! From the link to a verified request ([OpenID4VP §5]).
//!
//! [OpenID4VP §5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{UnixTime, random_bytes};
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdPrefix};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::{
    REQUEST_OBJECT_MEDIA_TYPE, RequestDelivery, RequestLink, RequestLinkError, RequestUriMethod,
};
use symbolon_protocol::openid4vp::request::{RequestDefect, RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::request_object::{
    ErrorTarget, MAX_REQUEST_OBJECT_BYTES, RequestExpectations, RequestObjectError, VerifiedRequest, verify,
};
use symbolon_protocol::openid4vp::response::MAX_REPLY_BYTES;
use zeroize::Zeroizing;

use super::outcome::RequestProblem;
use crate::error::{DeviceFault, WalletError};
use crate::exchange::{Body, JSON, is_success_of};
use crate::policy::RelyingPartyPolicy;
use crate::progress::Progress;
use crate::record::{VerifierEvidence, VerifierRecord};
use crate::wallet::Wallet;

/// Unpredictable to whoever would replay an older request object to this wallet.
const WALLET_NONCE_BYTES: usize = 16;

/// A request object that was fetched for this wallet, and what it must repeat.
pub(super) struct Fetched {
    pub(super) client_id: ClientId,
    pub(super) request_object: String,
    pub(super) wallet_nonce: Option<RequestNonce>,
}

/// A request that is not answered, and whom to tell: nobody, unless the request proved an address.
pub(super) struct Refused {
    pub(super) problem: RequestProblem,
    pub(super) tell: Option<Box<ErrorTarget>>,
}

impl Wallet {
    /// Fetches what the link points to. Nothing of it is believed yet.
    pub(super) async fn fetch_request(&self, link: &str) -> Result<Fetched, WalletError> {
        let link = RequestLink::parse(link.trim(), self.policy.urls).map_err(|error| match error {
            RequestLinkError::NotARequestLink => WalletError::UnreadableLink,
            RequestLinkError::ClientId(_) => WalletError::RequestRefused(RequestProblem::ClientIdentifier),
            RequestLinkError::Unsigned => WalletError::RequestRefused(RequestProblem::NotARequestObject),
            _ => WalletError::RequestRefused(RequestProblem::Link),
        })?;
        let client_id = link.client_id;
        let (request_uri, method) = match link.request {
            RequestDelivery::ByValue(request_object) => {
                return Ok(Fetched {
                    client_id,
                    request_object,
                    wallet_nonce: None,
                });
            }
            RequestDelivery::ByReference { request_uri, method } => (request_uri, method),
            _ => return Err(WalletError::RequestRefused(RequestProblem::Unsupported)),
        };
        self.observe(Progress::FetchingRequest);
        let (response, wallet_nonce) = match method {
            RequestUriMethod::Get => (
                self.get(&request_uri, REQUEST_OBJECT_MEDIA_TYPE, MAX_REQUEST_OBJECT_BYTES)
                    .await?,
                None,
            ),
            RequestUriMethod::Post => {
                let bytes: [u8; WALLET_NONCE_BYTES] = random_bytes(self.ports.randomness.as_ref())?;
                let nonce = RequestNonce::parse(base64url::encode(&bytes))
                    .ok_or(WalletError::DeviceFailed(DeviceFault::Internal))?;
                let form = Body::Form(Zeroizing::new(format!("wallet_nonce={}", nonce.as_str())));
                let response = self
                    .post(
                        &request_uri,
                        form,
                        REQUEST_OBJECT_MEDIA_TYPE,
                        MAX_REQUEST_OBJECT_BYTES,
                    )
                    .await?;
                (response, Some(nonce))
            }
        };
        if !response.is_success() {
            return Err(WalletError::RequestRefused(RequestProblem::Gone));
        }
        // The media type keeps an error page, or a file that a stranger had the host serve, from being taken for a request.
        let text =
            is_success_of(&response, REQUEST_OBJECT_MEDIA_TYPE).then(|| String::from_utf8(response.body));
        match text {
            Some(Ok(request_object)) => Ok(Fetched {
                client_id,
                request_object,
                wallet_nonce,
            }),
            _ => Err(WalletError::RequestRefused(RequestProblem::NotARequestObject)),
        }
    }

    /// Verifies a request. The refusal carries whom to tell, if the request proved an address.
    pub(super) fn verify_request(
        &self,
        request_object: &str,
        client_id: &ClientId,
        wallet_nonce: Option<&RequestNonce>,
        now: UnixTime,
    ) -> Result<VerifiedRequest, Refused> {
        let RelyingPartyPolicy::AnchoredBy { anchors, addresses } = &self.policy.relying_parties;
        let expected = RequestExpectations {
            client_id,
            anchors,
            response_uri_rule: *addresses,
            urls: self.policy.urls,
            wallet_nonce,
            now,
        };
        let verified =
            verify(request_object, &expected, self.ports.crypto.as_ref()).map_err(|refused| Refused {
                problem: problem_of(&refused.reason),
                tell: refused.tell,
            })?;
        // Encrypted or not at all: between the two ends stand proxies that log what they carry.
        if verified.request().response_mode != ResponseMode::DirectPostJwt {
            let tell = Some(Box::new(verified.refuse(PresentationErrorCode::InvalidRequest)));
            return Err(Refused {
                problem: RequestProblem::Unsupported,
                tell,
            });
        }
        Ok(verified)
    }

    /// Tells a proven verifier why its request is not answered. Whether it hears of it changes nothing.
    pub(super) async fn tell(&self, target: &ErrorTarget) {
        let form = Body::Form(Zeroizing::new(target.answer.to_form()));
        drop(self.post(&target.response_uri, form, JSON, MAX_REPLY_BYTES).await);
    }
}

/// Who asks, for consent and history.
pub(super) fn verifier_record(verified: &VerifiedRequest) -> VerifierRecord {
    let request = verified.request();
    let authority = verified.anchor().subject_common_name().map(str::to_owned);
    VerifierRecord {
        client_id: request.client_id.as_str().to_owned(),
        name: verified.certificate().subject_common_name().map(str::to_owned),
        response_origin: request.response_uri.url().origin().ascii_serialization(),
        evidence: match request.client_id.prefix() {
            ClientIdPrefix::X509SanDns(host) => VerifierEvidence::CertificateHost {
                host: host.clone(),
                authority,
            },
            _ => VerifierEvidence::CertificateHash { authority },
        },
    }
}

const fn problem_of(error: &RequestObjectError) -> RequestProblem {
    match error {
        RequestObjectError::Algorithm
        | RequestObjectError::WrongType
        | RequestObjectError::NoCertificate
        | RequestObjectError::Certificate => RequestProblem::NotARequestObject,
        RequestObjectError::ClientIdMismatch => RequestProblem::AnotherClient,
        RequestObjectError::CertificateMismatch | RequestObjectError::Signature => RequestProblem::Signature,
        RequestObjectError::SignedRedirectUri => RequestProblem::ClientIdentifier,
        RequestObjectError::Chain(_) => RequestProblem::UntrustedVerifier,
        RequestObjectError::ForeignResponseUri => RequestProblem::ResponseAddress,
        RequestObjectError::Audience | RequestObjectError::WalletNonce => RequestProblem::NotForThisWallet,
        RequestObjectError::Expired | RequestObjectError::FromTheFuture => RequestProblem::Expired,
        RequestObjectError::Parameters(defect) => match defect {
            RequestDefect::NoEncryptionKey => RequestProblem::EncryptionKey,
            RequestDefect::ResponseMode
            | RequestDefect::TransactionData
            | RequestDefect::Scope
            | RequestDefect::Formats
            | RequestDefect::DraftShape => RequestProblem::Unsupported,
            _ => RequestProblem::Malformed,
        },
        _ => RequestProblem::Malformed,
    }
}
