//! From what the platform handed over to a verified request ([OpenID4VP appendix A], ISO/IEC 18013-7 Annex C).
//!
//! [OpenID4VP appendix A]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A

use symbolon_credential::mdoc::{DeviceRequest, SessionTranscript};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::{Certificate, ChainError, ChainProfile, VerifiedChain, verify_chain};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::iso_mdoc::{EncryptionInfo, IsoMdocRequest};
use symbolon_protocol::digital_credentials::items::query_of_items;
use symbolon_protocol::digital_credentials::openid4vp::{
    OriginRequestError, OriginResponseMode, SignedOriginRequest, VerifiedOriginRequest, signed_requests,
};
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, ExchangeProtocol, Origin};
use symbolon_protocol::openid4vp::client_metadata::ResponseEncryption;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request_object::KnownClients;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::openid4vp::vp_formats::{MdocAlgorithms, VpFormats};

use super::stage::OriginAsk;
use crate::error::{DeviceFault, WalletError};
use crate::policy::{AnswerProtection, UnverifiedParties};
use crate::present::outcome::RequestProblem;
use crate::present::request::{asks_for_foreign_formats, problem_of};
use crate::present::selected::{Binding, SessionProof};
use crate::record::{VerifierEvidence, VerifierRecord};
use crate::wallet::Wallet;

/// A request whose page, and whose signer if it has one, are established.
pub(super) struct VerifiedAsk {
    pub(super) query: DcqlQuery,
    /// What the verifier reads.
    pub(super) formats: VpFormats,
    pub(super) verifier: VerifierRecord,
    pub(super) means: Means,
    nonce: String,
}

/// How the answer is bound and how it travels.
pub(super) enum Means {
    OpenId4Vp(Option<ResponseEncryption>),
    IsoMdoc(EncryptionInfo),
}

/// Why a request is not answered.
pub(super) enum Refused {
    Request {
        problem: RequestProblem,
        code: PresentationErrorCode,
    },
    Failed(WalletError),
}

impl Refused {
    const fn invalid(problem: RequestProblem) -> Self {
        Self::Request {
            problem,
            code: PresentationErrorCode::InvalidRequest,
        }
    }
}

impl From<WalletError> for Refused {
    fn from(error: WalletError) -> Self {
        match error {
            WalletError::RequestRefused(problem) => Self::invalid(problem),
            error => Self::Failed(error),
        }
    }
}

impl From<OriginRequestError> for Refused {
    fn from(error: OriginRequestError) -> Self {
        let problem = match &error {
            OriginRequestError::ForeignOrigin => RequestProblem::AnotherOrigin,
            OriginRequestError::ResponseMode => RequestProblem::Unsupported,
            OriginRequestError::Object(error) => problem_of(error),
            _ => RequestProblem::Malformed,
        };
        Self::Request {
            problem,
            code: error.code(),
        }
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

impl VerifiedAsk {
    /// What the presentations of the answer are bound to.
    pub(super) fn binding<'a>(&'a self, origin: &Origin, audience: &'a str, now: UnixTime) -> Binding<'a> {
        let session = match &self.means {
            Means::OpenId4Vp(encryption) => {
                let thumbprint = encryption.as_ref().map(|encryption| encryption.key.thumbprint());
                SessionTranscript::openid4vp_dc_api(origin.as_str(), &self.nonce, thumbprint.as_ref())
            }
            Means::IsoMdoc(encryption_info) => encryption_info.transcript(origin),
        };
        Binding {
            audience,
            nonce: &self.nonce,
            session,
            proof: SessionProof::Signature,
            now,
            transactions: Vec::new(),
        }
    }
}

impl Wallet {
    /// Verifies a request as one of its origin.
    pub(super) async fn verify_ask(&self, ask: &OriginAsk, now: UnixTime) -> Result<VerifiedAsk, Refused> {
        let (request, origin) = (&ask.request, &ask.origin);
        match request.protocol {
            ExchangeProtocol::IsoMdoc => self.verify_device_request(request, origin, now),
            ExchangeProtocol::OpenId4VpUnsigned => {
                self.only_where_shown()?;
                let verified = VerifiedOriginRequest::unsigned(&request.data)?;
                self.accept_ask(&verified, origin)
            }
            ExchangeProtocol::OpenId4VpSigned | ExchangeProtocol::OpenId4VpMultisigned => {
                let verified = self.verify_signed_ask(request, origin, now).await?;
                self.accept_ask(&verified, origin)
            }
        }
    }

    /// The first signature that leads to somebody whom the wallet deals with.
    async fn verify_signed_ask(
        &self,
        request: &DigitalCredentialMessage,
        origin: &Origin,
        now: UnixTime,
    ) -> Result<VerifiedOriginRequest, Refused> {
        let mut refused = Refused::invalid(RequestProblem::ClientIdentifier);
        for signed in signed_requests(request.protocol, &request.data)? {
            match self.verify_signature(&signed, origin, now).await {
                Ok(verified) => return Ok(verified),
                // What the device cannot do says nothing of the request.
                Err(Refused::Failed(error)) => return Err(Refused::Failed(error)),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    async fn verify_signature(
        &self,
        signed: &SignedOriginRequest,
        origin: &Origin,
        now: UnixTime,
    ) -> Result<VerifiedOriginRequest, Refused> {
        let parties = &self.policy.relying_parties;
        if !parties.deals_with(signed.client_id().prefix()) {
            return Err(Refused::invalid(RequestProblem::ClientIdentifier));
        }
        let did_document = self.did_document(signed.client_id(), now).await?;
        let clients = KnownClients {
            anchors: &parties.anchors,
            response_uri_rule: parties.addresses,
            did_document: did_document.as_ref(),
            registered: &parties.registered,
            scopes: &parties.scopes,
            transaction_types: TransactionTypes::NONE,
        };
        let crypto = self.ports.crypto.as_ref();
        Ok(signed.verify(origin, clients, self.policy.urls, now, crypto)?)
    }

    fn accept_ask(&self, verified: &VerifiedOriginRequest, origin: &Origin) -> Result<VerifiedAsk, Refused> {
        let parties = &self.policy.relying_parties;
        let request = verified.request();
        if parties.answers == AnswerProtection::Encrypted
            && request.response_mode == OriginResponseMode::DcApi
        {
            return Err(Refused::invalid(RequestProblem::Unsupported));
        }
        if asks_for_foreign_formats(&request.dcql_query, parties.profile) {
            return Err(Refused::Request {
                problem: RequestProblem::Unsupported,
                code: PresentationErrorCode::VpFormatsNotSupported,
            });
        }
        let encryption = request
            .response_encryption()
            .map_err(|_| Refused::invalid(RequestProblem::EncryptionKey))?;
        let (name, evidence) = match verified.client_id() {
            Some(client_id) => self.evidence_of(verified.proof(), client_id),
            None => (None, VerifierEvidence::Origin),
        };
        let client_id = verified
            .client_id()
            .map_or_else(|| origin.audience(), |client_id| client_id.as_str().to_owned());
        Ok(VerifiedAsk {
            query: request.dcql_query.clone(),
            formats: request.client_metadata.vp_formats_supported.clone(),
            verifier: VerifierRecord {
                client_id,
                name,
                response_origin: origin.as_str().to_owned(),
                evidence,
                contact: None,
            },
            means: Means::OpenId4Vp(encryption),
            nonce: request.nonce.as_str().to_owned(),
        })
    }

    fn verify_device_request(
        &self,
        request: &DigitalCredentialMessage,
        origin: &Origin,
        now: UnixTime,
    ) -> Result<VerifiedAsk, Refused> {
        let malformed = || Refused::invalid(RequestProblem::Malformed);
        let request = IsoMdocRequest::parse(&request.data).map_err(|_| malformed())?;
        let asked = DeviceRequest::parse(&request.device_request).map_err(|_| malformed())?;
        let transcript = request.encryption_info.transcript(origin);
        let reader = self.verify_reader(&asked, &transcript, now)?;
        let items: Vec<_> = asked
            .doc_requests()
            .iter()
            .map(|document| document.items_request().clone())
            .collect();
        let query = query_of_items(&items).ok_or_else(malformed)?;
        let (name, evidence) = match &reader {
            None => {
                self.only_where_shown()?;
                (None, VerifierEvidence::Origin)
            }
            Some(reader) => (
                reader.leaf().subject_common_name().map(str::to_owned),
                VerifierEvidence::Reader {
                    authority: reader.anchor().subject_common_name().map(str::to_owned),
                },
            ),
        };
        Ok(VerifiedAsk {
            query,
            // A reader says nothing of algorithms, and must know those of the standard.
            formats: VpFormats {
                mso_mdoc: Some(MdocAlgorithms::default()),
                ..VpFormats::default()
            },
            verifier: VerifierRecord {
                client_id: origin.audience(),
                name,
                response_origin: origin.as_str().to_owned(),
                evidence,
                contact: None,
            },
            means: Means::IsoMdoc(request.encryption_info),
            nonce: String::new(),
        })
    }

    /// The reader that signed for every document; `None` where none says who it is. A reader that says so and cannot prove it is
    /// refused: whoever has changed the request would otherwise have it read as nobody's.
    fn verify_reader(
        &self,
        asked: &DeviceRequest<'_>,
        transcript: &SessionTranscript,
        now: UnixTime,
    ) -> Result<Option<VerifiedChain>, Refused> {
        let documents = asked.doc_requests();
        let Some(chain) = documents.first().and_then(|document| document.reader_chain()) else {
            let is_partly_signed = documents.iter().any(|document| document.reader_chain().is_some());
            return if is_partly_signed {
                Err(Refused::invalid(RequestProblem::Signature))
            } else {
                Ok(None)
            };
        };
        let chain: Vec<Certificate> = chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|_| Refused::invalid(RequestProblem::NotARequestObject))?;
        let verified = self.trusted_reader(&chain, now)?;
        let crypto = self.ports.crypto.as_ref();
        for document in documents {
            let leaf = document.reader_chain().and_then(<[_]>::first);
            let is_same = leaf.is_some_and(|leaf| *leaf == verified.leaf().der());
            if !is_same
                || document
                    .verify_reader(verified.leaf().public_key(), transcript, crypto)
                    .is_err()
            {
                return Err(Refused::invalid(RequestProblem::Signature));
            }
        }
        Ok(Some(verified))
    }

    /// The chain of a reader. The suite's own verifiers had certificates without the purpose of readers at first: those have none at
    /// all, and stand under the same anchors.
    fn trusted_reader(&self, chain: &[Certificate], now: UnixTime) -> Result<VerifiedChain, Refused> {
        let anchors = &self.policy.relying_parties.anchors;
        let crypto = self.ports.crypto.as_ref();
        let verify = |profile| verify_chain(chain, anchors, profile, now, crypto);
        let without_purpose = chain
            .first()
            .is_some_and(|leaf| leaf.extended_key_usage().is_empty());
        match verify(ChainProfile::Reader) {
            Err(ChainError::NotForReaders) if without_purpose => verify(ChainProfile::RequestSigner),
            verified => verified,
        }
        .map_err(|_| Refused::invalid(RequestProblem::UntrustedVerifier))
    }

    /// A page of whom nothing is known but its origin.
    fn only_where_shown(&self) -> Result<(), Refused> {
        match self.policy.relying_parties.origins {
            UnverifiedParties::Shown => Ok(()),
            UnverifiedParties::Refused => Err(Refused::invalid(RequestProblem::SigningRule)),
        }
    }
}

/// A value of the wallet's own could not be built.
pub(super) const INTERNAL: WalletError = WalletError::DeviceFailed(DeviceFault::Internal);
