//! The endpoints.

mod accept;
mod access;
mod administration;
pub(crate) mod answer;
mod authorize;
pub(crate) mod browser;
mod challenge;
mod credential;
mod deferred;
mod metadata;
mod nonce;
mod notification;
mod offer;
mod proofs;
mod pushed;
mod status;
mod tenants;
mod token;
mod vcalm;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use symbolon_http::serve::{AdministrationToken, Limits, harden};
use symbolon_issuer::metadata::paths;
use symbolon_protocol::identifier::{UrlError, WellKnown};
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::administration::Administration;
use crate::issuer::Issuer;
pub use tenants::TenantsError;
pub(crate) use tenants::tenants_router;

/// Every endpoint of `issuer`, with limits and header fields around them. The administration interface lies at `/admin/v1` below the path of
/// the identifier, whole behind the token, and also at the root of the listener, which an issuer that has it to itself may be asked at.
///
/// # Errors
/// [`UrlError`] when the issuer's identifier is so long that an endpoint's address cannot be written.
pub fn router(issuer: &Arc<Issuer>, token: AdministrationToken) -> Result<Router, UrlError> {
    let identifier = issuer.profile().identifier();
    // Where the identifier has a path, the endpoints lie below it and the well-known documents above it.
    let base = identifier.url().url().path().trim_end_matches('/').to_owned();
    let well_known = |document: WellKnown| identifier.well_known(document).url().path().to_owned();
    let documents = metadata::Documents::build(issuer)?;

    let mut public = Router::new()
        .route(
            &well_known(WellKnown::AuthorizationServer),
            get(metadata::authorization_server),
        )
        .route(&well_known(WellKnown::JwtVcIssuer), get(metadata::jwt_vc_issuer))
        .route(&did_document_path(&base), get(metadata::did_document))
        .with_state(Arc::new(documents));
    public = public.merge(
        Router::new()
            .route(
                &well_known(WellKnown::CredentialIssuer),
                get(metadata::credential_issuer),
            )
            .route(&format!("{base}/types/{{name}}"), get(metadata::type_metadata))
            .route(
                &format!("{base}{}/{{name}}", paths::CONTEXTS),
                get(metadata::context),
            )
            .route(
                &format!("{base}{}/{{shard}}", paths::STATUS),
                get(status::status_list),
            )
            .route(
                &format!("{base}{}/{{shard}}/{{purpose}}", paths::BITSTRING_STATUS),
                get(status::bitstring_list),
            )
            .with_state(Arc::clone(issuer)),
    );
    // Public documents, which pages of other origins may read.
    let public = public.layer(CompressionLayer::new()).layer(
        CorsLayer::new()
            .allow_origin(Any)
            .allow_methods([http::Method::GET]),
    );

    let protocol = Router::new()
        .route(&format!("{base}{}/{{offer}}", paths::OFFERS), get(offer::offer))
        .route(&format!("{base}{}", paths::PUSHED_REQUESTS), post(pushed::push))
        .route(
            &format!("{base}{}", paths::AUTHORIZE),
            get(authorize::by_address)
                .head(authorize::not_by_head)
                .post(authorize::by_form),
        )
        .route(&format!("{base}{}", paths::CHALLENGE), post(challenge::challenge))
        .route(&format!("{base}{}", paths::TOKEN), post(token::token))
        .route(&format!("{base}{}", paths::NONCE), post(nonce::nonce))
        .route(
            &format!("{base}{}", paths::CREDENTIAL),
            post(credential::credential),
        )
        .route(
            &format!("{base}{}", paths::DEFERRED),
            post(deferred::deferred_credential),
        )
        .route(
            &format!("{base}{}", paths::NOTIFICATION),
            post(notification::notification),
        )
        .with_state(Arc::clone(issuer));

    let resident = crate::pages::router(issuer, token.clone());
    let documents = vcalm::router(Arc::clone(issuer), token.clone());
    let administration = administration::router(Administration::new(Arc::clone(issuer)), token);
    let mut all = harden(public.merge(protocol).merge(resident), Limits::PROTOCOL);
    if !base.is_empty() {
        all = all.nest(&format!("{base}{ADMINISTRATION}"), administration.clone());
    }
    Ok(all
        .nest(ADMINISTRATION, administration)
        .nest(&format!("{base}/vcalm"), documents))
}

const ADMINISTRATION: &str = "/admin/v1";

/// Where `did:web` finds its document: among the well-known ones, or below the path of the identifier.
fn did_document_path(base: &str) -> String {
    let folder = if base.is_empty() { "/.well-known" } else { base };
    format!("{folder}/did.json")
}
