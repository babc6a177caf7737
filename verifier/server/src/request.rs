//! Making a request: its secrets, its key, its signature.

use core::time::Duration;

use serde_json::Value;
use symbolon_crypto::signing::{KeyError, SignOutcome, SignatureRequest};
use symbolon_crypto::{InvalidKey, RandomnessUnavailable, SignatureAlgorithm};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::{HttpUrl, UrlError};
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdKind};
use symbolon_protocol::openid4vp::client_metadata::{ClientMetadata, JwkSet};
use symbolon_protocol::openid4vp::link::{RequestDelivery, RequestLink, UnsignedRequest};
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestDefect, RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::request_object::{RequestValidity, SignerReference, prepare};
use symbolon_protocol::openid4vp::transaction_data::TransactionData;
use symbolon_protocol::qr_transport::{MAX_REQUEST_LIFETIME, Message};
use symbolon_verifier::choices::{InvalidChoices, RequestChoices, RequestTransport};
use symbolon_verifier::digital_credentials::{InvalidOffer, OfferWishes};
use symbolon_verifier::haip;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::request::{RequestSecrets, ResponseKey};
use symbolon_verifier::store::{Insertion, PageFlow, RequestId, RequestRecord, StoreError};
use symbolon_verifier::transaction::order::TransactionRefused;
use symbolon_verifier::{Binding, by_qr};
use thiserror::Error;

use crate::routes::QrCode;
use crate::state::State;

/// What is asked for, and how.
pub(crate) struct RequestOrder {
    pub(crate) query: DcqlQuery,
    /// The scope that stands for the query.
    pub(crate) scope: Option<Scope>,
    pub(crate) choices: RequestChoices,
    /// Where the browser that began goes after the answer.
    pub(crate) return_to: Option<HttpUrl>,
    pub(crate) page: Option<PageFlow>,
    /// Who asks; the operator without it.
    pub(crate) relying_party: Option<RelyingPartyName>,
    /// What decides about the answer.
    pub(crate) policy: Option<PolicyName>,
    /// What is to be offered to the browser of a page, where anything is.
    pub(crate) digital_credentials: Option<OfferWishes>,
    /// How long anything of it is kept after it has expired.
    pub(crate) retention: Duration,
    /// The transactions that the answer is to authorise.
    pub(crate) transactions: Vec<TransactionData>,
}

/// A request that was made and stored.
pub(crate) struct MadeRequest {
    pub(crate) record: RequestRecord,
    /// Where it is fetched; `None` where it stands in the link.
    pub(crate) request_uri: Option<HttpUrl>,
    pub(crate) link: String,
    /// The page to send the browser to, where one was asked for.
    pub(crate) page: Option<HttpUrl>,
}

/// Why no request was made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum MakeRequestError {
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    #[error("a random identifier was drawn twice")]
    Collision,
    #[error(transparent)]
    Key(#[from] InvalidKey),
    #[error(transparent)]
    Url(#[from] UrlError),
    #[error(transparent)]
    Request(#[from] RequestDefect),
    #[error(transparent)]
    Choices(#[from] InvalidChoices),
    #[error(transparent)]
    Profile(#[from] haip::ProfileContradiction),
    #[error(transparent)]
    Offer(#[from] InvalidOffer),
    #[error(transparent)]
    Transactions(#[from] TransactionRefused),
    #[error("the verifier has no client identifier of this kind")]
    NoIdentity,
    #[error(
        "the request is longer than the QR code of a page holds: request_delivery = \"reference\" makes it short"
    )]
    TooLongForPage,
    #[error("the request could not be signed")]
    Signature(#[from] KeyError),
    #[error("the request key is locked")]
    Locked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl MakeRequestError {
    /// Whether whoever ordered the request can mend it.
    pub(crate) const fn is_of_the_order(&self) -> bool {
        matches!(
            self,
            Self::Request(_)
                | Self::Choices(_)
                | Self::Profile(_)
                | Self::Offer(_)
                | Self::Transactions(_)
                | Self::NoIdentity
                | Self::TooLongForPage
        )
    }
}

impl State {
    /// Makes, signs and stores a request.
    pub(crate) async fn make_request(&self, order: RequestOrder) -> Result<MadeRequest, MakeRequestError> {
        let choices = order.choices;
        choices.check()?;
        if self.configuration.profile == PresentationProfile::Haip {
            haip::check_choices(&choices)?;
            haip::check_query(&order.query)?;
        }
        let digital_credentials = self.choose_offer(&order)?;
        let deps = &self.dependencies;
        let mut secrets = RequestSecrets::make(&*deps.randomness)?;
        if choices.client_id_prefix == ClientIdKind::PreRegistered {
            secrets = secrets.with_name_in_state()?;
        }
        let response_uri = self.response_uri(choices.client_id_prefix, &secrets.id)?;
        let (identities, _) = self.signer_of(order.relying_party.as_ref(), choices.client_id_prefix);
        let client_id = identities
            .client_id(choices.client_id_prefix, &response_uri)
            .ok_or(MakeRequestError::NoIdentity)?;
        let now = self.now();
        let expires_at = now.plus(self.configuration.request_lifetime());
        let record = RequestRecord {
            tenant: deps.tenant.clone(),
            id: secrets.id,
            nonce: secrets.nonce,
            state: secrets.state,
            client_id: client_id.as_str().to_owned(),
            dcql_query: serde_json::to_value(&order.query).unwrap_or(Value::Null),
            created_at: now,
            expires_at,
            return_to: order.return_to.map(|url| url.as_str().to_owned()),
            choices,
            scope: order.scope.map(|scope| scope.to_string()),
            page: order.page,
            relying_party: order.relying_party,
            policy: order.policy,
            digital_credentials,
            kept_until: Some(expires_at.plus(order.retention)),
            transaction_data: order
                .transactions
                .iter()
                .map(|transaction| transaction.text().to_owned())
                .collect(),
        };
        let request = self.presentation_request(&record, &order.query)?;
        let (delivery, kept) = self.deliver(&record, &request)?;
        let made = self.made(record, client_id, delivery)?;
        let record = &made.record;
        if record.page == Some(PageFlow::CrossDevice) && QrCode::of(&made.link).is_none() {
            return Err(MakeRequestError::TooLongForPage);
        }
        if deps.store.insert_request(record.clone()).await? == Insertion::AlreadyPresent {
            return Err(MakeRequestError::Collision);
        }
        deps.archive.keep_request(record, kept).await?;
        self.announce_expiry(record).await?;
        Ok(made)
    }

    /// Makes and stores a request that is shown as QR codes. Nothing of its answer is ever stored but that its nonce is spent.
    pub(crate) async fn make_request_by_qr(
        &self,
        query: &DcqlQuery,
        policy: Option<&PolicyName>,
    ) -> Result<RequestRecord, MakeRequestError> {
        let deps = &self.dependencies;
        let secrets = RequestSecrets::make(&*deps.randomness)?;
        let leaf = deps.signer.chain.first().ok_or(KeyError::Unknown)?;
        let now = self.now();
        let lifetime = self.configuration.request_lifetime().min(MAX_REQUEST_LIFETIME);
        let expires_at = now.plus(lifetime);
        let record = RequestRecord {
            tenant: deps.tenant.clone(),
            id: secrets.id,
            nonce: secrets.nonce,
            state: secrets.state,
            client_id: ClientId::x509_hash(leaf.sha256()).as_str().to_owned(),
            dcql_query: serde_json::to_value(query).unwrap_or(Value::Null),
            created_at: now,
            expires_at,
            return_to: None,
            choices: RequestChoices::by_qr(),
            scope: None,
            page: None,
            digital_credentials: None,
            relying_party: None,
            policy: policy.cloned(),
            kept_until: Some(expires_at),
            transaction_data: Vec::new(),
        };
        match deps.store.insert_request(record.clone()).await? {
            Insertion::Inserted => Ok(record),
            Insertion::AlreadyPresent => Err(MakeRequestError::Collision),
        }
    }

    /// The request object of a request by QR codes, as a message to be shown.
    pub(crate) fn message_of(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
    ) -> Result<Message, MakeRequestError> {
        let request = self.presentation_request(record, query)?;
        self.sign_request(record, &request, None).map(Message::Request)
    }

    /// How the request travels, and what of it is kept as evidence.
    fn deliver(
        &self,
        record: &RequestRecord,
        request: &PresentationRequest,
    ) -> Result<(RequestDelivery, String), MakeRequestError> {
        if !record.choices.is_signed() {
            request.check()?;
            let unsigned = UnsignedRequest::new(request.to_claims()?);
            let kept = unsigned.to_query();
            return Ok((RequestDelivery::Unsigned(unsigned), kept));
        }
        let object = self.sign_request(record, request, None)?;
        let delivery = match record.choices.request_delivery {
            RequestTransport::Value => RequestDelivery::ByValue(object.clone()),
            RequestTransport::Reference => RequestDelivery::ByReference {
                request_uri: self
                    .configuration
                    .identifier
                    .endpoint(&format!("/openid4vp/requests/{}", record.id))?,
                method: record.choices.request_uri_method,
            },
        };
        Ok((delivery, object))
    }

    fn made(
        &self,
        record: RequestRecord,
        client_id: ClientId,
        delivery: RequestDelivery,
    ) -> Result<MadeRequest, MakeRequestError> {
        let request_uri = match &delivery {
            RequestDelivery::ByReference { request_uri, .. } => Some(request_uri.clone()),
            _ => None,
        };
        let page = match record.page {
            None => None,
            Some(_) => Some(self.page_url(&record.id)?),
        };
        let link = RequestLink {
            client_id,
            request: delivery,
        };
        Ok(MadeRequest {
            record,
            request_uri,
            link: link.to_uri(self.configuration.profile.request_scheme()),
            page,
        })
    }

    /// The link of a stored request, for the page that shows it.
    pub(crate) fn link_of(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
    ) -> Result<String, MakeRequestError> {
        let request = self.presentation_request(record, query)?;
        let (delivery, _) = self.deliver(record, &request)?;
        let client_id = request.client_id;
        self.made(record.clone(), client_id, delivery)
            .map(|made| made.link)
    }

    /// Where the browser begins.
    pub(crate) fn page_url(&self, id: &RequestId) -> Result<HttpUrl, UrlError> {
        self.configuration
            .identifier
            .endpoint(&format!("/presentations/{id}"))
    }

    /// The algorithm of the key that signs a request.
    pub(crate) fn signing_algorithm(
        &self,
        record: &RequestRecord,
    ) -> Result<SignatureAlgorithm, MakeRequestError> {
        let (_, signer) = self.signer_of(record.relying_party.as_ref(), record.choices.client_id_prefix);
        Ok(signer.algorithm()?)
    }

    /// The request object of a request. `wallet_nonce` is what a wallet sent along when it fetched by POST.
    pub(crate) fn sign_request(
        &self,
        record: &RequestRecord,
        request: &PresentationRequest,
        wallet_nonce: Option<&RequestNonce>,
    ) -> Result<String, MakeRequestError> {
        let (identities, signer) =
            self.signer_of(record.relying_party.as_ref(), record.choices.client_id_prefix);
        let leaf = signer.chain.first().ok_or(KeyError::Unknown)?;
        let key_id = leaf.public_key().thumbprint().to_string();
        let reference = match (record.choices.client_id_prefix, &identities.did) {
            (ClientIdKind::PreRegistered, _) => SignerReference::KeyId(&key_id),
            (ClientIdKind::DecentralizedIdentifier, Some(did)) => {
                SignerReference::VerificationMethod(&did.method)
            }
            _ => SignerReference::Certificates(&signer.chain),
        };
        let prepared = prepare(
            request,
            reference,
            self.signing_algorithm(record)?,
            RequestValidity {
                issued_at: record.created_at,
                expires_at: record.expires_at,
            },
            wallet_nonce,
        )?;
        match signer.sign.sign(&prepared.request(signer.key.clone()))? {
            SignOutcome::Signed(signature) => Ok(prepared.finish(&signature)),
            SignOutcome::Locked => Err(MakeRequestError::Locked),
        }
    }

    /// A signature of the verifier's own key of requests.
    pub(crate) fn signature(&self, request: &SignatureRequest) -> Result<Vec<u8>, MakeRequestError> {
        match self.dependencies.signer.sign.sign(request)? {
            SignOutcome::Signed(signature) => Ok(signature),
            SignOutcome::Locked => Err(MakeRequestError::Locked),
        }
    }

    /// The parameters of a request.
    pub(crate) fn presentation_request(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
    ) -> Result<PresentationRequest, MakeRequestError> {
        let choices = &record.choices;
        if choices.response_mode.is_by_qr() {
            return Ok(by_qr::request(
                ClientId::parse(&record.client_id).map_err(RequestDefect::ClientId)?,
                &record.nonce,
                &record.state,
                query,
                &self.response_key(record)?,
                self.name_shown(record),
            )?);
        }
        let scope = match &record.scope {
            None => None,
            Some(text) => Some(Scope::parse(text).map_err(|_| RequestDefect::Malformed { member: "scope" })?),
        };
        Ok(PresentationRequest {
            client_id: ClientId::parse(&record.client_id).map_err(RequestDefect::ClientId)?,
            response_mode: choices.response_mode,
            response_uri: Some(self.response_uri(choices.client_id_prefix, &record.id)?),
            nonce: RequestNonce::parse(record.nonce.as_str()).ok_or(RequestDefect::Nonce)?,
            state: RequestNonce::parse(record.state.as_str()),
            dcql_query: query.clone(),
            scope,
            transaction_data: self.transactions(record)?,
            verifier_info: self.verifier_info(record),
            client_metadata: self
                .announce_receipt(
                    record,
                    match choices.response_mode {
                        ResponseMode::DirectPost | ResponseMode::Fragment => {
                            ClientMetadata::for_plain_response(Some(self.name_shown(record).to_owned()))
                        }
                        ResponseMode::DirectPostJwt | ResponseMode::SymbolonQrJwt => {
                            encrypting(&self.response_key(record)?, self.name_shown(record))
                        }
                    },
                )
                .with_purpose(self.purpose_shown(record)),
        })
    }

    /// The transactions of a stored request, whose types the verifier has to know still.
    pub(crate) fn transactions(&self, record: &RequestRecord) -> Result<Vec<TransactionData>, RequestDefect> {
        let texts = record.transaction_data.iter();
        let read = texts.map(|text| TransactionData::parse(text, &self.transaction_types));
        Ok(read.collect::<Result<_, _>>()?)
    }

    /// The key that decrypts the answers to a request.
    pub(crate) fn response_key(&self, record: &RequestRecord) -> Result<ResponseKey, InvalidKey> {
        let secret = &self.dependencies.master_secret;
        match record.choices.client_id_prefix {
            ClientIdKind::PreRegistered => secret.derive_registered_response_key(&record.tenant),
            _ => secret.derive_response_key(&record.tenant, &record.id),
        }
    }

    /// What wallets have to be told to know this verifier without a prefix; `None` where it has no identifier for that.
    pub(crate) fn registration(&self) -> Result<Option<RegisteredClient>, MakeRequestError> {
        let deps = &self.dependencies;
        let Some(client_id) = self.identities.registered.clone() else {
            return Ok(None);
        };
        let leaf = deps.signer.chain.first().ok_or(KeyError::Unknown)?;
        let mut signing = leaf.public_key().to_jwk();
        signing.kid = Some(leaf.public_key().thumbprint().to_string());
        signing.use_ = Some("sig".to_owned());
        let key = deps.master_secret.derive_registered_response_key(&deps.tenant)?;
        Ok(Some(RegisteredClient {
            client_id,
            name: self.configuration.name.clone(),
            response_uris: vec![self.registered_response_uri()?],
            request_object_keys: JwkSet { keys: vec![signing] },
            client_metadata: match &deps.evidence {
                Some(evidence) => encrypting(&key, &self.configuration.name)
                    .with_receipts(core::slice::from_ref(&evidence.public_key)),
                None => encrypting(&key, &self.configuration.name),
            },
        }))
    }

    /// What the proofs of an answer to a stored request must be about.
    pub(crate) fn binding(&self, record: &RequestRecord) -> Result<Binding, MakeRequestError> {
        if record.choices.response_mode.is_by_qr() {
            let key = self.response_key(record)?;
            let thumbprint = key.public_key().thumbprint();
            return Ok(
                Binding::symbolon_qr(&record.client_id, record.nonce.as_str(), &thumbprint)
                    .with_reader_key(key.into_secret_key()),
            );
        }
        let response_uri = self.response_uri(record.choices.client_id_prefix, &record.id)?;
        let key = match record.choices.response_mode {
            ResponseMode::DirectPost | ResponseMode::Fragment => None,
            ResponseMode::DirectPostJwt | ResponseMode::SymbolonQrJwt => Some(self.response_key(record)?),
        };
        let thumbprint = key.as_ref().map(|key| key.public_key().thumbprint());
        let binding = Binding::openid4vp(
            &record.client_id,
            record.nonce.as_str(),
            thumbprint.as_ref(),
            response_uri.as_str(),
        );
        Ok(match key {
            None => binding,
            Some(key) => binding.with_reader_key(key.into_secret_key()),
        })
    }

    /// Where the answer to a request goes: an address of its own, or, for a verifier that wallets have registered, the one that
    /// was registered.
    fn response_uri(&self, kind: ClientIdKind, id: &RequestId) -> Result<HttpUrl, UrlError> {
        match kind {
            ClientIdKind::PreRegistered => self.registered_response_uri(),
            _ => self
                .configuration
                .identifier
                .endpoint(&format!("/openid4vp/responses/{id}")),
        }
    }

    fn registered_response_uri(&self) -> Result<HttpUrl, UrlError> {
        self.configuration.identifier.endpoint("/openid4vp/responses")
    }
}

pub(crate) fn encrypting(key: &ResponseKey, name: &str) -> ClientMetadata {
    ClientMetadata::for_encrypted_response(key.public_key(), Some(name.to_owned()))
}
