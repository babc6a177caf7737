//! The endpoints.

mod accept;
mod access;
mod administration;
pub(crate) mod answer;
mod authorize;
pub(crate) mod browser;
mod certificates;
mod challenge;
mod credential;
mod deferred;
pub(crate) mod description;
mod messages;
mod metadata;
mod nonce;
mod notification;
mod offer;
mod proofs;
mod pushed;
mod status;
pub(crate) mod tags;
mod tenants;
mod token;
mod vcalm;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use symbolon_http::openapi::{DescribedRouter, Descriptions, get, post, served};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_issuer::metadata::paths;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlError, WellKnown};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::administration::Administration;
use crate::issuer::Issuer;
use crate::pages::Desk;
pub use tenants::TenantsError;
pub(crate) use tenants::{Around, tenants_router};

/// What the endpoints work with.
#[derive(Clone)]
pub(crate) struct Served {
    issuer: Arc<Issuer>,
    documents: Arc<metadata::Documents>,
    token: AdministrationToken,
}

impl FromRef<Served> for Arc<Issuer> {
    fn from_ref(served: &Served) -> Self {
        Self::clone(&served.issuer)
    }
}

impl FromRef<Served> for Arc<metadata::Documents> {
    fn from_ref(served: &Served) -> Self {
        Self::clone(&served.documents)
    }
}

impl FromRef<Served> for Administration {
    fn from_ref(served: &Served) -> Self {
        Self::new(Arc::clone(&served.issuer))
    }
}

impl FromRef<Served> for Desk {
    fn from_ref(served: &Served) -> Self {
        Self {
            issuer: Arc::clone(&served.issuer),
            token: served.token.clone(),
        }
    }
}

/// Every endpoint of `issuer`, with limits and header fields around them.
///
/// # Errors
/// [`UrlError`] when the issuer's identifier is so long that an endpoint's address cannot be written.
pub fn router(issuer: &Arc<Issuer>, token: AdministrationToken) -> Result<Router, UrlError> {
    let served = Served {
        issuer: Arc::clone(issuer),
        documents: Arc::new(metadata::Documents::build(issuer)?),
        token: token.clone(),
    };
    let identifier = issuer.profile().identifier();
    let descriptions = Descriptions::new(|audience| description::description(identifier, audience));
    let described = endpoints(identifier, token).layer(descriptions.layer());
    Ok(described.with_state(served).into_router())
}

/// The endpoints of an issuer and their description. The administration interface lies at `/admin/v1` below the path of the identifier,
/// whole behind the token, and also at the root of the listener, which an issuer that has it to itself may be asked at.
fn endpoints(identifier: &IssuerIdentifier, token: AdministrationToken) -> DescribedRouter<Served> {
    // Where the identifier has a path, the endpoints lie below it and the well-known documents above it.
    let base = identifier.url().url().path().trim_end_matches('/').to_owned();
    let well_known = |document: WellKnown| identifier.well_known(document).url().path().to_owned();

    let documents = DescribedRouter::default()
        .route(
            &well_known(WellKnown::CredentialIssuer),
            get(
                metadata::credential_issuer_described(),
                metadata::credential_issuer,
            ),
        )
        .route(
            &well_known(WellKnown::AuthorizationServer),
            get(
                metadata::authorization_server_described(),
                metadata::authorization_server,
            ),
        )
        .route(
            &well_known(WellKnown::JwtVcIssuer),
            get(metadata::jwt_vc_issuer_described(), metadata::jwt_vc_issuer),
        )
        .route(
            &did_document_path(&base),
            get(metadata::did_document_described(), metadata::did_document),
        )
        .route(
            &format!("{base}/types/{{name}}"),
            get(metadata::type_metadata_described(), metadata::type_metadata),
        )
        .route(
            &format!("{base}{}/{{name}}", paths::CONTEXTS),
            get(metadata::context_described(), metadata::context),
        )
        .route(
            &format!("{base}{}", served::DESCRIPTION),
            get(served::public_described(tags::DOCUMENTS), served::public),
        )
        // Public documents, which pages of other origins may read.
        .layer(CompressionLayer::new())
        .layer(
            CorsLayer::new()
                .allow_origin(Any)
                .allow_methods([http::Method::GET]),
        );

    let protocol = DescribedRouter::default()
        .route(
            &format!("{base}{}/{{offer}}", paths::OFFERS),
            get(offer::described(), offer::offer),
        )
        .route(
            &format!("{base}{}", paths::PUSHED_REQUESTS),
            post(pushed::described(), pushed::push),
        )
        .route(
            &format!("{base}{}", paths::AUTHORIZE),
            // Whoever only looks whether the address is there must not use the request up.
            get(authorize::by_address_described(), authorize::by_address)
                .refusing_head()
                .and(post(authorize::by_form_described(), authorize::by_form)),
        )
        .route(
            &format!("{base}{}", paths::CHALLENGE),
            post(challenge::described(), challenge::challenge),
        )
        .route(
            &format!("{base}{}", paths::TOKEN),
            post(token::described(), token::token),
        )
        .route(
            &format!("{base}{}", paths::NONCE),
            post(nonce::described(), nonce::nonce),
        )
        .route(
            &format!("{base}{}", paths::CREDENTIAL),
            post(credential::described(), credential::credential),
        )
        .route(
            &format!("{base}{}", paths::DEFERRED),
            post(deferred::described(), deferred::deferred_credential),
        )
        .route(
            &format!("{base}{}", paths::NOTIFICATION),
            post(notification::described(), notification::notification),
        );

    let resident = crate::pages::router(&base);
    let instances = vcalm::router(token.clone());
    let administration = administration::router(token);
    let mut all = documents
        .merge(status::router(&base))
        .merge(certificates::router(&base))
        .merge(protocol)
        .merge(resident)
        .harden(Limits::PROTOCOL)
        .nest(&format!("{base}/vcalm"), instances);
    // An issuer may be so placed that its own endpoints are there.
    if !base.is_empty() && base != ADMINISTRATION {
        all = all.alias(ADMINISTRATION, &administration);
    }
    all.nest(&format!("{base}{ADMINISTRATION}"), administration)
}

const ADMINISTRATION: &str = "/admin/v1";

/// Where `did:web` finds its document: among the well-known ones, or below the path of the identifier.
fn did_document_path(base: &str) -> String {
    let folder = if base.is_empty() { "/.well-known" } else { base };
    format!("{folder}/did.json")
}
