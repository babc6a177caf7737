//! The verifier as a provider of OpenID Connect: everything below `/openid` of its identifier.
//!
//! A bank's client sends a browser to `/authorize`. The page that it comes to shows the presentation request of the policy that the scope
//! stands for, as a link for a wallet on the same device and as a QR code for one on another. What the wallet answers becomes a code,
//! and the client makes an ID token and claims of that. The rules are in [`symbolon_verifier::openid_provider`].

mod authorize;
mod client;
mod discovery;
mod error;
mod events;
mod operations;
mod page;
mod proof;
mod pushed;
mod shapes;
mod sign_in;
mod token;
mod user_info;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use symbolon_crypto::UnixTime;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::KeyError;
use symbolon_http::openapi::{DescribedRouter, get, post};
use symbolon_http::serve::Limits;
use symbolon_pages::answer;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::openid_provider::{OpenIdClient, OpenIdClientProblem, ProviderAddresses, SubjectKey};
use symbolon_verifier::policy::{PolicyError, PolicyProblem, PresentationPolicy};

use self::client::OpenedClient;
use self::page::Pages;
use crate::configuration::VerifierConfiguration;
use crate::relying_party::OpenedRelyingParty;
use crate::server::StartError;
use crate::state::{PublishedSigner, State};

/// Forms of clients are small, and an answer waits for the client's keys at most.
const LIMITS: Limits = Limits {
    body_bytes: 128 << 10,
    time: Duration::from_secs(30),
};

/// What the handlers share.
pub(crate) struct Provider {
    state: Arc<State>,
    addresses: ProviderAddresses,
    /// Signs ID tokens and answers of the userinfo endpoint.
    signer: PublishedSigner,
    clients: BTreeMap<ClientIdentifier, OpenedClient>,
    subject_key: SubjectKey,
    pages: Pages,
}

impl Provider {
    /// The provider; `None` where no relying party has a client.
    pub(crate) fn open(state: &Arc<State>) -> Result<Option<Self>, StartError> {
        let deps = &state.dependencies;
        let clients = openid_clients(&state.configuration, &state.believed.now().policies(), deps.urls)?;
        if clients.is_empty() {
            return Ok(None);
        }
        let signer = deps.id_token_signer.clone().ok_or(StartError::NoIdTokenSigner)?;
        let opened = clients.into_iter().map(|client| {
            let id = client.client_id().clone();
            (id, OpenedClient::new(client))
        });
        Ok(Some(Self {
            addresses: ProviderAddresses::of(&state.configuration.identifier)
                .map_err(|_| StartError::Identifier)?,
            signer,
            clients: opened.collect(),
            subject_key: deps.master_secret.derive_subject_key(&deps.tenant),
            pages: Pages::new()?,
            state: Arc::clone(state),
        }))
    }

    fn now(&self) -> UnixTime {
        self.state.now()
    }

    /// The client of that name, and whose it is.
    fn client(&self, id: &ClientIdentifier) -> Option<(&OpenedClient, &OpenedRelyingParty)> {
        let client = self.clients.get(id)?;
        let party = self.state.relying_parties.get(client.rules().relying_party())?;
        Some((client, &**party))
    }

    /// Has the provider's key sign.
    fn sign(&self, prepared: PreparedJws) -> Result<String, KeyError> {
        self.signer.sign(prepared)?.ok_or(KeyError::Unknown)
    }
}

/// Checks the clients of all relying parties.
pub(crate) fn openid_clients(
    configuration: &VerifierConfiguration,
    policies: &BTreeMap<PolicyName, PresentationPolicy>,
    urls: UrlPolicy,
) -> Result<Vec<OpenIdClient>, StartError> {
    let mut clients: Vec<OpenIdClient> = Vec::new();
    for (name, party) in &configuration.relying_parties {
        let Some(document) = &party.openid_client else {
            continue;
        };
        let compiled = document.compile(name, party, policies, urls);
        let compiled = compiled.and_then(|client| {
            let is_taken = clients
                .iter()
                .any(|other| other.client_id() == client.client_id());
            if is_taken {
                return Err(PolicyError {
                    key: "client_id".to_owned(),
                    problem: PolicyProblem::OpenIdClient(OpenIdClientProblem::ClientIdTaken),
                });
            }
            Ok(client)
        });
        clients.push(compiled.map_err(|source| StartError::RelyingParty {
            name: name.clone(),
            source: source.below("openid_client"),
        })?);
    }
    Ok(clients)
}

/// The provider, with limits and header fields around it.
pub(crate) fn router(provider: Provider) -> Router {
    endpoints().with_state(Arc::new(provider)).into_router()
}

/// The routes of the provider and their description.
pub(crate) fn endpoints() -> DescribedRouter<Arc<Provider>> {
    DescribedRouter::default()
        .route(
            "/openid/.well-known/openid-configuration",
            get(operations::metadata(), discovery::metadata_document),
        )
        .route("/openid/jwks", get(operations::keys(), discovery::keys))
        .route(
            "/openid/authorize",
            get(operations::authorize(), authorize::by_address)
                .refusing_head()
                .and(post(operations::authorize_by_form(), authorize::by_form)),
        )
        .route("/openid/par", post(operations::push(), pushed::push))
        .route("/openid/token", post(operations::token(), token::token))
        .route(
            "/openid/userinfo",
            get(operations::user_info(), user_info::by_get)
                .and(post(operations::user_info_by_post(), user_info::by_post)),
        )
        .route(
            "/openid/sign-in.js",
            get(
                operations::file(
                    "readSignInScript",
                    "The script of the sign-in page",
                    "text/javascript",
                ),
                async || {
                    answer::file(
                        "text/javascript; charset=utf-8",
                        include_str!("openid_provider/sign-in.js"),
                    )
                },
            ),
        )
        .route(
            "/openid/sign-in/{id}",
            get(operations::show(), sign_in::show).refusing_head(),
        )
        .route(
            "/openid/sign-in/{id}/return",
            get(operations::come_back(), sign_in::come_back).refusing_head(),
        )
        .route(
            "/openid/sign-in/{id}/cancel",
            post(operations::cancel(), sign_in::cancel),
        )
        .route(
            "/openid/sign-in/{id}/events",
            get(operations::events(), events::stream),
        )
        .harden(LIMITS)
}
