//! Who calls: a relying party, by its key, within its quota ([RFC 6750]).
//!
//! [RFC 6750]: https://www.rfc-editor.org/rfc/rfc6750

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use http::header::{AUTHORIZATION, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_http::openapi::{Answer, DescribedRouter, Presence, Security};
use symbolon_http::serve::require_administration;
use symbolon_verifier::relying_party::{ApiKey, ApiKeyId, Permission};
use symbolon_verifier::store::StoreError;

use super::error::{refuse_administration, store_failed};
use super::operations;
use crate::quota::QuotaUse;
use crate::relying_party::OpenedRelyingParty;
use crate::state::State;

/// The relying party that calls, for the handlers.
pub(super) type Caller = Arc<OpenedRelyingParty>;

/// Lets requests pass only with the key of a relying party, and says so of every operation. Without a state nothing is let pass or
/// kept out: then the operations are described alone.
pub(super) fn behind_key(
    router: DescribedRouter<Arc<State>>,
    state: Option<&Arc<State>>,
) -> DescribedRouter<Arc<State>> {
    let router = match state {
        Some(state) => router.layer(from_fn_with_state(Arc::clone(state), require_relying_party)),
        None => router,
    };
    router.each(|operation| {
        operation
            .secured(&[Security::RelyingPartyKey])
            .or_answers(not_let_in("The key is missing or wrong."))
            .or_answers(quota_exhausted())
            .answers(operations::store_failed())
    })
}

/// The same with the administration token as well, and with the keys of those relying parties alone that may have posted documents
/// verified.
pub(super) fn behind_administration_or_permission(
    router: DescribedRouter<Arc<State>>,
    state: Option<&Arc<State>>,
) -> DescribedRouter<Arc<State>> {
    let router = match state {
        Some(state) => router.layer(from_fn_with_state(
            Arc::clone(state),
            require_administration_or_permission,
        )),
        None => router,
    };
    router.each(|operation| {
        operation
            .secured(&[Security::AdministrationToken])
            .secured(&[Security::RelyingPartyKey])
            .or_answers(not_let_in("The token or key is missing or wrong."))
            .answers(operations::not_permitted())
            .or_answers(quota_exhausted())
            .answers(operations::store_failed())
    })
}

fn not_let_in(description: &str) -> Answer {
    Answer::empty(401, description)
        .challenge("`Bearer`, with the error of what was sent (RFC 6750, section 3).")
        .not_cached()
}

fn quota_exhausted() -> Answer {
    operations::refused(
        429,
        "The quota of the relying party is used up.",
        &["quota_exhausted"],
    )
    .named(
        RETRY_AFTER,
        "Seconds until the quota begins anew.",
        Presence::Always,
    )
}

/// Middleware that lets a request pass only with the key of a relying party, and counts it.
async fn require_relying_party(
    Extracted(state): Extracted<Arc<State>>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&state, request.headers()).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(refusal) => *refusal,
    }
}

/// Middleware that lets a request pass with the administration token, or with the key of a relying party that may have documents
/// verified which it holds already.
async fn require_administration_or_permission(
    Extracted(state): Extracted<Arc<State>>,
    request: Request,
    next: Next,
) -> Response {
    if presented(request.headers()).is_none_or(|text| ApiKey::parse(text).is_err()) {
        let token = state.dependencies.administration.clone();
        return require_administration(Extracted(token), request, next).await;
    }
    match caller(&state, request.headers()).await {
        Ok(caller) if caller.document.posted_verification == Permission::Allowed => next.run(request).await,
        Ok(_) => not_permitted("this relying party may not have posted documents verified"),
        Err(refusal) => *refusal,
    }
}

/// What its key does not permit.
pub(super) fn not_permitted(description: &'static str) -> Response {
    refuse_administration(StatusCode::FORBIDDEN, "access_denied", description.to_owned())
}

impl State {
    /// Whose key this is; `None` where it is nobody's. A relying party that the operator has taken away has keys of nobody.
    pub(super) async fn caller_with_key(&self, text: &str) -> Result<Option<(Caller, ApiKeyId)>, StoreError> {
        let Ok(key) = ApiKey::parse(text) else {
            return Ok(None);
        };
        let deps = &self.dependencies;
        let stored = deps.store.api_key(&deps.tenant, key.id()).await?;
        let party = stored
            .filter(|record| record.is_of(&key))
            .and_then(|record| self.relying_parties.get(&record.relying_party));
        Ok(party.map(|party| (Arc::clone(party), key.id().clone())))
    }
}

async fn caller(state: &State, headers: &HeaderMap) -> Result<Caller, Box<Response>> {
    let Some(text) = presented(headers) else {
        return Err(Box::new(unauthorized(r#"Bearer realm="relying-party""#)));
    };
    let unknown = || {
        Box::new(unauthorized(
            r#"Bearer realm="relying-party", error="invalid_token""#,
        ))
    };
    let found = state.caller_with_key(text).await;
    let (party, _) = found
        .map_err(|error| Box::new(store_failed(&error)))?
        .ok_or_else(unknown)?;
    match state.use_quota(&party).await {
        Ok(QuotaUse::Permitted) => Ok(party),
        Ok(QuotaUse::Exhausted { until }) => {
            let seconds = until.since(state.now()).as_secs().max(1);
            let mut refusal = refuse_administration(
                StatusCode::TOO_MANY_REQUESTS,
                "quota_exhausted",
                "the quota of this relying party is used up".to_owned(),
            );
            refusal
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
            Err(Box::new(refusal))
        }
        Err(error) => Err(Box::new(store_failed(&error))),
    }
}

fn presented(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

fn unauthorized(challenge: &'static str) -> Response {
    let headers = [
        (WWW_AUTHENTICATE, HeaderValue::from_static(challenge)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (StatusCode::UNAUTHORIZED, headers).into_response()
}
