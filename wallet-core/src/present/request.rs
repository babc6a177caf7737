//! From the link to a verified request ([OpenID4VP §5]).
//!
//! [OpenID4VP §5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{UnixTime, random_bytes};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdPrefix};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::{
    REQUEST_OBJECT_MEDIA_TYPE, RequestDelivery, RequestLink, RequestLinkError, RequestUriMethod,
    UnsignedRequest,
};
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request::{RequestDefect, RequestNonce};
use symbolon_protocol::openid4vp::request_object::{
    Carrier, ClientProof, ErrorTarget, KnownClients, MAX_REQUEST_OBJECT_BYTES, RegisteredRequest,
    RequestExpectations, RequestObjectError, VerifiedRequest, unproven_client_id, verify, verify_by_qr,
    verify_unsigned,
};
use symbolon_protocol::openid4vp::response::MAX_REPLY_BYTES;
use symbolon_protocol::openid4vp::wallet_parameters::WalletParameters;
use url::Url;
use zeroize::Zeroizing;

use super::outcome::RequestProblem;
use super::received::ReceivedRequest;
use crate::error::{DeviceFault, WalletError};
use crate::exchange::{Body, JSON, is_success_of};
use crate::ports::HttpResponse;
use crate::progress::Progress;
use crate::record::{BY_QR, Knowledge, VerifierEvidence, VerifierRecord};
use crate::wallet::Wallet;

/// Unpredictable to whoever would replay an older request object to this wallet.
const WALLET_NONCE_BYTES: usize = 16;

/// A request that was fetched for this wallet, and what it must repeat.
pub(super) struct Fetched {
    pub(super) client_id: ClientId,
    pub(super) request_object: ReceivedRequest,
    pub(super) wallet_nonce: Option<RequestNonce>,
}

/// Why a request is not answered.
pub(super) enum Refused {
    /// The request is not good.
    Request {
        problem: RequestProblem,
        /// Whom to tell: nobody, unless the request proved an address.
        tell: Option<Box<ErrorTarget>>,
    },
    /// It could not be judged.
    Failed(WalletError),
}

impl Refused {
    const fn silently(problem: RequestProblem) -> Self {
        Self::Request { problem, tell: None }
    }
}

impl From<WalletError> for Refused {
    fn from(error: WalletError) -> Self {
        Self::Failed(error)
    }
}

impl From<Refused> for WalletError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Request { problem, .. } => Self::RequestRefused(problem),
            Refused::Failed(error) => error,
        }
    }
}

impl Wallet {
    /// Fetches what the link points to. Nothing of it is believed yet.
    pub(super) async fn fetch_request(&self, link: &str) -> Result<Fetched, WalletError> {
        let link = RequestLink::parse(link.trim(), self.policy.urls).map_err(|error| match error {
            RequestLinkError::NotARequestLink => WalletError::UnreadableLink,
            RequestLinkError::ClientId(_) => WalletError::RequestRefused(RequestProblem::ClientIdentifier),
            RequestLinkError::Unsigned | RequestLinkError::SignedRedirectUri => {
                WalletError::RequestRefused(RequestProblem::SigningRule)
            }
            _ => WalletError::RequestRefused(RequestProblem::Link),
        })?;
        let client_id = link.client_id;
        let parties = &self.policy.relying_parties;
        if !parties.deals_with(client_id.prefix()) {
            return Err(WalletError::RequestRefused(RequestProblem::ClientIdentifier));
        }
        let here = |request_object| Fetched {
            client_id: client_id.clone(),
            request_object,
            wallet_nonce: None,
        };
        let (request_uri, method) = match link.request {
            RequestDelivery::ByReference { request_uri, method } => (request_uri, method),
            // Requests of the profile are signed and fetched (HAIP §5.1).
            _ if parties.profile == PresentationProfile::Haip => {
                return Err(WalletError::RequestRefused(RequestProblem::Unsupported));
            }
            RequestDelivery::ByValue(request_object) => {
                return Ok(here(ReceivedRequest::Signed(request_object)));
            }
            RequestDelivery::Unsigned(request) => {
                let parameters = request.to_query();
                return Ok(here(ReceivedRequest::Unsigned { parameters }));
            }
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
                let parameters = WalletParameters {
                    wallet_nonce: Some(nonce.clone()),
                    wallet_metadata: Some(parties.metadata()),
                };
                let form = parameters
                    .to_form()
                    .map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))?;
                let form = Body::Form(Zeroizing::new(form));
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
                request_object: ReceivedRequest::Signed(request_object),
                wallet_nonce,
            }),
            _ => Err(WalletError::RequestRefused(RequestProblem::NotARequestObject)),
        }
    }

    /// Who a request that was read from QR codes says it is of. Nothing of it is believed yet.
    pub(super) fn read_by_qr(&self, object: &str) -> Result<(ReceivedRequest, ClientId), WalletError> {
        // Requests of the profile are fetched (HAIP §5.1).
        if self.policy.relying_parties.profile == PresentationProfile::Haip {
            return Err(WalletError::RequestRefused(RequestProblem::Unsupported));
        }
        let client_id =
            unproven_client_id(object).map_err(|error| WalletError::RequestRefused(problem_of(&error)))?;
        let by_qr = object.to_owned();
        Ok((ReceivedRequest::ByQr { by_qr }, client_id))
    }

    /// Verifies a request. The refusal carries whom to tell, if the request proved an address.
    pub(super) async fn verify_request(
        &self,
        request_object: &ReceivedRequest,
        client_id: &ClientId,
        wallet_nonce: Option<&RequestNonce>,
        now: UnixTime,
    ) -> Result<VerifiedRequest, Refused> {
        let parties = &self.policy.relying_parties;
        // The policy may have changed since the request was fetched.
        if !parties.deals_with(client_id.prefix()) {
            return Err(Refused::silently(RequestProblem::ClientIdentifier));
        }
        let by_qr = matches!(request_object, ReceivedRequest::ByQr { .. });
        let did_document = if by_qr {
            known_without_network(client_id)?;
            None
        } else {
            self.did_document(client_id, now).await?
        };
        let expected = RequestExpectations {
            client_id,
            clients: KnownClients {
                anchors: &parties.anchors,
                response_uri_rule: parties.addresses,
                did_document: did_document.as_ref(),
                registered: &parties.registered,
                scopes: &parties.scopes,
                transaction_types: &parties.transaction_types,
            },
            urls: self.policy.urls,
            issuer: parties.wallet_issuer.as_ref().map(IssuerIdentifier::as_str),
            wallet_nonce,
            now,
        };
        let verified = match request_object {
            ReceivedRequest::Signed(object) => verify(object, &expected, self.ports.crypto.as_ref()),
            ReceivedRequest::ByQr { by_qr } => verify_by_qr(by_qr, &expected, self.ports.crypto.as_ref()),
            ReceivedRequest::Unsigned { parameters } => {
                let request = UnsignedRequest::parse(parameters)
                    .map_err(|_| Refused::silently(RequestProblem::Malformed))?;
                verify_unsigned(request.parameters(), &expected)
            }
        };
        let verified = verified.map_err(|refused| Refused::Request {
            problem: problem_of(&refused.reason),
            tell: refused.tell,
        })?;
        let refuse = |problem, code| Refused::Request {
            problem,
            tell: verified.refuse(code).map(Box::new),
        };
        let request = verified.request();
        if !parties.answers_by(request.response_mode) {
            return Err(refuse(
                RequestProblem::Unsupported,
                PresentationErrorCode::InvalidRequest,
            ));
        }
        if asks_for_foreign_formats(&request.dcql_query, parties.profile) {
            return Err(refuse(
                RequestProblem::Unsupported,
                PresentationErrorCode::VpFormatsNotSupported,
            ));
        }
        Ok(verified)
    }

    /// Tells a proven verifier why its request is not answered, and hears where the person goes on. Whether it hears of it changes
    /// nothing.
    pub(super) async fn tell(&self, target: &ErrorTarget) -> Option<Url> {
        if target.carrier == Carrier::Browser {
            return Some(carried(&target.response_uri, &target.answer.to_form()));
        }
        let form = Body::Form(Zeroizing::new(target.answer.to_form()));
        let sent = self.post(&target.response_uri, form, JSON, MAX_REPLY_BYTES).await;
        self.return_address(&sent.ok().filter(HttpResponse::is_success)?)
    }
}

impl Wallet {
    /// Who asks, for consent and history. What a verifier calls itself is no part of it.
    pub(super) fn verifier_record(&self, verified: &VerifiedRequest, now: UnixTime) -> VerifierRecord {
        let request = verified.request();
        let (name, evidence) = self.evidence_of(verified.proof(), &request.client_id);
        VerifierRecord {
            client_id: request.client_id.as_str().to_owned(),
            name,
            response_origin: match &request.response_uri {
                Some(address) => address.url().origin().ascii_serialization(),
                None => BY_QR.to_owned(),
            },
            evidence,
            contact: self.contact(verified, now),
        }
    }

    /// The name of a client, and how the wallet knows it.
    pub(super) fn evidence_of(
        &self,
        proof: &ClientProof,
        client_id: &ClientId,
    ) -> (Option<String>, VerifierEvidence) {
        match proof {
            ClientProof::Certificate { certificate, anchor } => {
                let authority = anchor.subject_common_name().map(str::to_owned);
                let name = certificate.subject_common_name().map(str::to_owned);
                match client_id.prefix() {
                    ClientIdPrefix::X509SanDns(host) => (
                        name,
                        VerifierEvidence::CertificateHost {
                            host: host.clone(),
                            authority,
                        },
                    ),
                    _ => (name, VerifierEvidence::CertificateHash { authority }),
                }
            }
            ClientProof::DecentralizedIdentifier(did) => {
                let name = self.policy.relying_parties.dids.get(did);
                let known = if name.is_some() {
                    Knowledge::Listed
                } else {
                    Knowledge::Unlisted
                };
                let did = did.as_str().to_owned();
                (
                    name.cloned(),
                    VerifierEvidence::DecentralizedIdentifier { did, known },
                )
            }
            ClientProof::Registered { name, request } => (
                Some(name.clone()),
                match request {
                    RegisteredRequest::Signed => VerifierEvidence::Registered,
                    RegisteredRequest::Unsigned => VerifierEvidence::RegisteredUnsigned,
                },
            ),
            ClientProof::Nothing => (None, VerifierEvidence::Unverified),
        }
    }
}

/// The address with what the browser carries there.
pub(super) fn carried(address: &HttpUrl, form: &str) -> Url {
    let mut url = address.url().clone();
    url.set_fragment(Some(form));
    url
}

/// A client whose key has to be fetched is nobody where there is no network.
fn known_without_network(client_id: &ClientId) -> Result<(), Refused> {
    match client_id.prefix() {
        ClientIdPrefix::DecentralizedIdentifier(did) if !matches!(did.method(), "key" | "jwk") => {
            Err(Refused::silently(RequestProblem::UntrustedVerifier))
        }
        _ => Ok(()),
    }
}

/// A query that asks for nothing but formats that no wallet of this suite holds is no question for the person.
pub(super) fn asks_for_foreign_formats(query: &DcqlQuery, profile: PresentationProfile) -> bool {
    let is_foreign = |format| match format {
        CredentialFormat::SdJwtVc | CredentialFormat::MsoMdoc => false,
        CredentialFormat::LdpVc | CredentialFormat::JwtVcJson => profile == PresentationProfile::Haip,
        _ => true,
    };
    query
        .credentials()
        .iter()
        .all(|query| is_foreign(query.meta.format()))
}

pub(super) const fn problem_of(error: &RequestObjectError) -> RequestProblem {
    match error {
        RequestObjectError::Algorithm
        | RequestObjectError::WrongType
        | RequestObjectError::NoCertificate
        | RequestObjectError::Certificate => RequestProblem::NotARequestObject,
        RequestObjectError::ClientIdMismatch => RequestProblem::AnotherClient,
        RequestObjectError::CertificateMismatch
        | RequestObjectError::Signature
        | RequestObjectError::NoKey => RequestProblem::Signature,
        RequestObjectError::Signed | RequestObjectError::Unsigned => RequestProblem::SigningRule,
        RequestObjectError::NotRegistered => RequestProblem::ClientIdentifier,
        RequestObjectError::Chain(_) => RequestProblem::UntrustedVerifier,
        RequestObjectError::ForeignResponseUri => RequestProblem::ResponseAddress,
        RequestObjectError::Audience | RequestObjectError::WalletNonce => RequestProblem::NotForThisWallet,
        RequestObjectError::Expired | RequestObjectError::FromTheFuture | RequestObjectError::LongLived => {
            RequestProblem::Expired
        }
        RequestObjectError::Parameters(defect) => match defect {
            RequestDefect::NoEncryptionKey => RequestProblem::EncryptionKey,
            RequestDefect::TransactionData(_) => RequestProblem::TransactionData,
            RequestDefect::ResponseMode
            | RequestDefect::Scope(_)
            | RequestDefect::Formats
            | RequestDefect::DraftShape => RequestProblem::Unsupported,
            _ => RequestProblem::Malformed,
        },
        _ => RequestProblem::Malformed,
    }
}
