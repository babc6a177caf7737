//! Judging what `symbolon verify` is given: with a pack and no network, or with the network and no pack.

use std::fs;
use std::path::Path;

use serde_json::Value;
use symbolon_credential::Input;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::jose::jws::CompactJws;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_protocol::dcql::{DcqlQuery, HolderBinding, QueryId};
use symbolon_protocol::digital_credentials::AskedAtOrigin;
use symbolon_protocol::digital_credentials::items::query_of_items;
use symbolon_protocol::digital_credentials::openid4vp::signed_requests;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::request_object::{
    self, KnownClients, RequestExpectations, ResponseUriRule,
};
use symbolon_protocol::proximity::{AskedFaceToFace, ReaderAuthentication, ReaderTrust};
use symbolon_protocol::qr_transport::RESPONSE_MODE;
use symbolon_store::files::read_up_to;
use symbolon_verifier::card::JudgedCode;
use symbolon_verifier::{
    Binding, Evidence, Expected, Policy, Step, Tools, UnreadablePresentation, VerificationSession,
};
use thiserror::Error;

use crate::commands::answer_by_qr::QrRequest;
use crate::commands::evidence::Network;

/// The largest request object that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 256 << 10;

/// Why nothing was judged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JudgeError {
    /// The input is no credential or presentation.
    #[error("the input cannot be verified")]
    Unreadable(#[source] UnreadablePresentation),
    /// The request does not read, or is not signed by a trusted relying party.
    #[error("the request cannot be used: {0}")]
    Request(&'static str),
}

/// A stored request, verified as of the time it was made.
#[derive(Debug, Clone)]
pub struct StoredRequest {
    binding: Binding,
    query: DcqlQuery,
    issued_at: UnixTime,
    by_qr: Option<QrRequest>,
}

impl StoredRequest {
    /// Verifies a signed request object against the relying parties of a trust list.
    ///
    /// # Errors
    /// [`JudgeError::Request`].
    pub fn verify(
        object: &str,
        anchors: &[Certificate],
        urls: UrlPolicy,
        provider: &dyn CryptoProvider,
    ) -> Result<Self, JudgeError> {
        let object = object.trim();
        if object.starts_with('{') {
            return Self::verify_at_origin(object, anchors, urls, provider);
        }
        // The times and the client are read first, and believed only after the signature was verified with them.
        let claims: Value = CompactJws::parse(object, MAX_REQUEST_BYTES)
            .and_then(|jws| jws.payload_json())
            .map_err(|_| JudgeError::Request("it is no signed request object"))?;
        let issued_at = claims
            .get("iat")
            .and_then(Value::as_i64)
            .map(UnixTime::from_seconds)
            .ok_or(JudgeError::Request("it does not say when it was made"))?;
        let client_id = request_object::unproven_client_id(object)
            .map_err(|_| JudgeError::Request("it names no client"))?;
        let is_by_qr = claims.get("response_mode").and_then(Value::as_str) == Some(RESPONSE_MODE);
        let expected = RequestExpectations {
            client_id: &client_id,
            clients: KnownClients::anchored_by(anchors, ResponseUriRule::NamedInCertificate),
            urls,
            issuer: None,
            wallet_nonce: None,
            now: issued_at,
        };
        let verified = if is_by_qr {
            request_object::verify_by_qr(object, &expected, provider)
        } else {
            request_object::verify(object, &expected, provider)
        };
        let verified = verified.map_err(|_| {
            JudgeError::Request("it is not signed by a trusted relying party, or is malformed")
        })?;
        let request = verified.request();
        let encryption = request
            .response_encryption()
            .map_err(|_| JudgeError::Request("it does not say how it is to be answered"))?;
        let encryption_key = encryption.map(|encryption| encryption.key.thumbprint());
        let (client_id, nonce) = (request.client_id.as_str(), request.nonce.as_str());
        let binding = match (&request.response_uri, &encryption_key) {
            (Some(address), key) => Binding::openid4vp(client_id, nonce, key.as_ref(), address.as_str()),
            (None, Some(key)) => Binding::symbolon_qr(client_id, nonce, key),
            (None, None) => return Err(JudgeError::Request("it does not say how it is to be answered")),
        };
        let by_qr = match (&request.state, verified.expires_at()) {
            (Some(state), Some(expires_at)) if is_by_qr => Some(QrRequest {
                state: state.as_str().to_owned(),
                nonce: nonce.to_owned(),
                expires_at,
            }),
            _ => None,
        };
        Ok(Self {
            binding,
            query: request.dcql_query.clone(),
            issued_at,
            by_qr,
        })
    }

    /// The same of one that a page asked over the Digital Credentials API, which names its origin. Nobody proves one that is not
    /// signed, and a reader of mdocs does not say when it asked.
    fn verify_at_origin(
        object: &str,
        anchors: &[Certificate],
        urls: UrlPolicy,
        provider: &dyn CryptoProvider,
    ) -> Result<Self, JudgeError> {
        let budget = JsonBudget {
            bytes: MAX_REQUEST_BYTES,
            ..JsonBudget::DEFAULT
        };
        if let Ok(asked) = json::parse::<AskedFaceToFace>(object.as_bytes(), budget) {
            return Self::verify_face_to_face(&asked, anchors, provider);
        }
        let asked: AskedAtOrigin = json::parse(object.as_bytes(), budget)
            .map_err(|_| JudgeError::Request("it is no request of a page, and none face to face"))?;
        let signed = signed_requests(asked.request.protocol, &asked.request.data)
            .map_err(|_| JudgeError::Request("it is not signed"))?;
        let clients = KnownClients::anchored_by(anchors, ResponseUriRule::NamedInCertificate);
        let verified = signed.iter().find_map(|signed| {
            let issued_at = signed.issued_at()?;
            let verified = signed.verify(&asked.origin, clients, urls, issued_at, provider);
            Some((verified.ok()?, issued_at))
        });
        let (verified, issued_at) = verified.ok_or(JudgeError::Request(
            "it is not signed by a trusted relying party for its origin, or is malformed",
        ))?;
        let request = verified.request();
        let encryption = request
            .response_encryption()
            .map_err(|_| JudgeError::Request("it does not say how it is to be answered"))?;
        let encryption_key = encryption.map(|encryption| encryption.key.thumbprint());
        let nonce = request.nonce.as_str();
        Ok(Self {
            binding: Binding::openid4vp_dc_api(&asked.origin, nonce, encryption_key.as_ref()),
            query: request.dcql_query.clone(),
            issued_at,
            by_qr: None,
        })
    }

    /// The same of one that was asked face to face, and kept with its session (ISO/IEC 18013-5, section 9.1.4).
    fn verify_face_to_face(
        asked: &AskedFaceToFace,
        anchors: &[Certificate],
        provider: &dyn CryptoProvider,
    ) -> Result<Self, JudgeError> {
        let issued_at = asked.asked_at();
        let trust = ReaderTrust {
            anchors,
            now: issued_at,
        };
        let (request, transcript) = asked
            .verify(trust, provider)
            .map_err(|_| JudgeError::Request("it is malformed, or not signed for its session"))?;
        if !matches!(request.reader(), ReaderAuthentication::Proven(_)) {
            return Err(JudgeError::Request("it is not signed by a trusted relying party"));
        }
        let documents = request.documents().iter();
        let items: Vec<_> = documents.map(|document| document.items.clone()).collect();
        let query = query_of_items(&items).ok_or(JudgeError::Request("it asks twice for one document"))?;
        Ok(Self {
            binding: Binding::kept_proximity(transcript),
            query,
            issued_at,
            by_qr: None,
        })
    }

    /// A request of this device's own, made face to face. There is nothing to verify of it.
    #[must_use]
    pub const fn face_to_face(binding: Binding, query: DcqlQuery, issued_at: UnixTime) -> Self {
        Self {
            binding,
            query,
            issued_at,
            by_qr: None,
        }
    }

    /// What ties an answer by QR codes to it; `None` for a request that is answered over a network.
    #[must_use]
    pub const fn by_qr(&self) -> Option<&QrRequest> {
        self.by_qr.as_ref()
    }

    /// What it asks for.
    #[must_use]
    pub const fn query(&self) -> &DcqlQuery {
        &self.query
    }

    /// What the request expects of the answer to a credential query. Of a presentation that does not say which it answers, it expects
    /// a proof unless it asks for none at all.
    fn expected(&self, query: Option<&QueryId>) -> Expected {
        let mut queries = self.query.credentials().iter();
        let asked = match query {
            Some(id) => self.query.credential(id),
            None => queries
                .clone()
                .find(|query| query.holder_binding == HolderBinding::Proven)
                .or(queries.next()),
        };
        match asked {
            Some(asked) => Expected::of_query(asked, self.binding.clone()),
            None => Expected::Bound(self.binding.clone()),
        }
    }
}

/// What is judged, and the request that it answers if that is known.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// A credential or presentation.
    pub input: &'a Input<'a>,
    /// The request.
    pub request: Option<&'a StoredRequest>,
    /// The credential query of the request that it answers, if that is known.
    pub query: Option<&'a QueryId>,
    /// The rules.
    pub policy: &'a Policy,
    /// As of when.
    pub now: UnixTime,
}

impl<'a> Question<'a> {
    fn session(&self) -> Result<VerificationSession<'a>, JudgeError> {
        let mut policy = self.policy.clone();
        let expected = match self.request {
            Some(request) => {
                // The proof was made when the request was; how long ago that is says nothing about it.
                policy.proof_window += self.now.since(request.issued_at);
                request.expected(self.query)
            }
            None => Expected::Unchecked,
        };
        VerificationSession::new(self.input, expected, policy).map_err(JudgeError::Unreadable)
    }
}

/// Judges without a network: the reports of the credentials in a presentation.
///
/// # Errors
/// [`JudgeError::Unreadable`].
pub fn judge_offline(
    question: Question<'_>,
    evidence: &mut Evidence<'_>,
    tools: Tools<'_>,
) -> Result<Vec<JudgedCode>, JudgeError> {
    let mut session = question.session()?;
    loop {
        match session.step(evidence, tools, question.now) {
            Step::Done(reports) => return Ok(session.into_codes(reports)),
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
        }
    }
}

/// Judges with the network, through the guarded fetcher.
///
/// # Errors
/// [`JudgeError::Unreadable`].
pub async fn judge_online(
    question: Question<'_>,
    evidence: &mut Evidence<'_>,
    tools: Tools<'_>,
    network: &Network,
) -> Result<Vec<JudgedCode>, JudgeError> {
    let mut session = question.session()?;
    loop {
        match session.step(evidence, tools, question.now) {
            Step::Done(reports) => return Ok(session.into_codes(reports)),
            Step::Wants(wants) => {
                for want in wants {
                    network.answer(evidence, want).await;
                }
            }
        }
    }
}

/// Reads a whole file, or standard input for `-`, up to a limit.
///
/// # Errors
/// What the system reports, and `FileTooLarge` above the limit.
pub fn read_input(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    if path == Path::new("-") {
        read_up_to(std::io::stdin().lock(), limit)
    } else {
        read_up_to(fs::File::open(path)?, limit)
    }
}
