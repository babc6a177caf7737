//! Making a request: its secrets, its key, its signature.

use serde_json::Value;
use symbolon_crypto::signing::{KeyError, SignOutcome};
use symbolon_crypto::{InvalidKey, RandomnessUnavailable};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::{HttpUrl, UrlError};
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::link::{RequestDelivery, RequestLink, RequestUriMethod};
use symbolon_protocol::openid4vp::profile::RequestScheme;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestDefect, RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::request_object::{RequestValidity, SignerReference, prepare};
use symbolon_verifier::Binding;
use symbolon_verifier::request::RequestSecrets;
use symbolon_verifier::store::{Insertion, RequestId, RequestRecord, StoreError};
use thiserror::Error;

use crate::state::State;

/// A request that was made and stored.
pub(crate) struct MadeRequest {
    pub(crate) record: RequestRecord,
    pub(crate) request_uri: HttpUrl,
    pub(crate) link: String,
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
    #[error("the request could not be signed")]
    Signature(#[from] KeyError),
    #[error("the request key is locked")]
    Locked,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl State {
    /// Makes, signs and stores a request.
    pub(crate) async fn make_request(
        &self,
        query: &DcqlQuery,
        return_to: Option<HttpUrl>,
    ) -> Result<MadeRequest, MakeRequestError> {
        let deps = &self.dependencies;
        let secrets = RequestSecrets::make(&*deps.randomness)?;
        let now = self.now();
        let record = RequestRecord {
            tenant: deps.tenant.clone(),
            id: secrets.id,
            nonce: secrets.nonce,
            state: secrets.state,
            client_id: self.client_id.as_str().to_owned(),
            dcql_query: serde_json::to_value(query).unwrap_or(Value::Null),
            created_at: now,
            expires_at: now.plus(self.configuration.request_lifetime()),
            return_to: return_to.map(|url| url.as_str().to_owned()),
        };
        let object = self.sign_request(&record, query, None)?;
        let request_uri = self
            .configuration
            .identifier
            .endpoint(&format!("/openid4vp/requests/{}", record.id))?;
        if deps.store.insert_request(record.clone()).await? == Insertion::AlreadyPresent {
            return Err(MakeRequestError::Collision);
        }
        deps.archive.keep_request(&record, object).await?;
        let link = RequestLink {
            client_id: self.client_id.clone(),
            request: RequestDelivery::ByReference {
                request_uri: request_uri.clone(),
                method: RequestUriMethod::Get,
            },
        };
        Ok(MadeRequest {
            record,
            request_uri,
            link: link.to_uri(RequestScheme::OpenId4Vp),
        })
    }

    /// The request object of a stored request. `wallet_nonce` is what a wallet sent along when it fetched by POST.
    pub(crate) fn sign_request(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
        wallet_nonce: Option<&RequestNonce>,
    ) -> Result<String, MakeRequestError> {
        let deps = &self.dependencies;
        let leaf = deps.signer.chain.first().ok_or(KeyError::Unknown)?;
        let prepared = prepare(
            &self.presentation_request(record, query)?,
            SignerReference::Certificates(&deps.signer.chain),
            leaf.public_key().algorithm(),
            RequestValidity {
                issued_at: record.created_at,
                expires_at: record.expires_at,
            },
            wallet_nonce,
        )?;
        match deps
            .signer
            .sign
            .sign(&prepared.request(deps.signer.key.clone()))?
        {
            SignOutcome::Signed(signature) => Ok(prepared.finish(&signature)),
            SignOutcome::Locked => Err(MakeRequestError::Locked),
        }
    }

    fn presentation_request(
        &self,
        record: &RequestRecord,
        query: &DcqlQuery,
    ) -> Result<PresentationRequest, MakeRequestError> {
        let key = self
            .dependencies
            .master_secret
            .derive_response_key(&record.tenant, &record.id)?;
        let name = Some(self.configuration.name.clone());
        Ok(PresentationRequest {
            client_id: self.client_id.clone(),
            response_mode: ResponseMode::DirectPostJwt,
            response_uri: self.response_uri(&record.id)?,
            nonce: RequestNonce::parse(record.nonce.as_str()).ok_or(RequestDefect::Nonce)?,
            state: RequestNonce::parse(record.state.as_str()),
            dcql_query: query.clone(),
            scope: None,
            client_metadata: ClientMetadata::for_encrypted_response(key.public_key(), name),
        })
    }

    /// What the proofs of an answer to a stored request must be about.
    pub(crate) fn binding(&self, record: &RequestRecord) -> Result<Binding, MakeRequestError> {
        let key = self
            .dependencies
            .master_secret
            .derive_response_key(&record.tenant, &record.id)?;
        let response_uri = self.response_uri(&record.id)?;
        let binding = Binding::openid4vp(
            &record.client_id,
            record.nonce.as_str(),
            Some(&key.public_key().thumbprint()),
            response_uri.as_str(),
        );
        Ok(binding.with_reader_key(key.into_secret_key()))
    }

    fn response_uri(&self, id: &RequestId) -> Result<HttpUrl, UrlError> {
        self.configuration
            .identifier
            .endpoint(&format!("/openid4vp/responses/{id}"))
    }
}
