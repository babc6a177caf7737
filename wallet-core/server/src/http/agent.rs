//! What strangers reach: the authorization endpoint ([OpenID4VP §5]), the credential offer endpoint ([OpenID4VCI §4.1]), the place that
//! browsers come back to, and the metadata; and the administration, where the owner of the wallet is.
//!
//! [OpenID4VP §5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5
//! [OpenID4VCI §4.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1

mod answer;
mod budget;
mod cookie;
mod desk;
mod operations;
mod page;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use symbolon_crypto::UnixTime;
use symbolon_http::openapi::{DescribedRouter, get, post};
use symbolon_http::serve::{AdministrationToken, Limits};
use symbolon_pages::answer::{ICON, STYLE, file};
use symbolon_protocol::identifier::WellKnown;
use symbolon_wallet_core::FlowId;
use symbolon_wallet_core::consent_policy::{BroughtBy, PersonAddress};
use tokio::sync::oneshot;

use self::answer::{Asked, refusal};
pub use self::answer::{Outcome, OutcomeBody};
pub use self::page::DamagedPages;
pub(crate) use self::page::Pages;
use crate::agent::{Agent, AgentError, Answered, CALLBACK_PATH};
pub use budget::RequestBudget;
pub use desk::{BroughtLink, DecisionOrder, Ordered, WaitingList};

pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const CREDENTIAL_OFFER: &str = "/credential-offer";
pub(crate) const PENDING: &str = "/pending";

/// A request by value with a trust chain in it.
const LIMITS: Limits = Limits {
    body_bytes: 256 << 10,
    time: Duration::from_secs(60),
};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Reception {
    pub(crate) agent: Arc<Agent>,
    pub(crate) pages: Arc<Pages>,
}

/// What anybody reaches.
pub(crate) fn public(
    budget: RequestBudget,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
) -> DescribedRouter<Reception> {
    let of_person = |path: &str| format!("/people/{{person}}{path}");
    DescribedRouter::default()
        .route(
            AUTHORIZE,
            get(operations::authorize(), authorize)
                .and(post(operations::authorize_by_post(), authorize_by_post))
                .refusing_head(),
        )
        .route(
            &of_person(AUTHORIZE),
            get(operations::authorize_person(), authorize_person)
                .and(post(
                    operations::authorize_person_by_post(),
                    authorize_person_by_post,
                ))
                .refusing_head(),
        )
        .route(CREDENTIAL_OFFER, get(operations::offer(), offer).refusing_head())
        .route(
            &of_person(CREDENTIAL_OFFER),
            get(operations::offer_person(), offer_person).refusing_head(),
        )
        .route(
            CALLBACK_PATH,
            get(operations::callback(), callback).refusing_head(),
        )
        .route(
            &format!("{PENDING}/{{flow}}"),
            get(operations::pending(), pending),
        )
        .layer(from_fn_with_state(
            Arc::new(budget::Gate::new(budget, clock)),
            budget::admit,
        ))
        .each(budget::described)
        .route(
            WellKnown::AuthorizationServer.path(),
            get(operations::metadata(), metadata),
        )
        .route(
            "/pages/style.css",
            get(
                operations::file("readStyle", "How pages look", "text/css"),
                async || file("text/css; charset=utf-8", STYLE),
            ),
        )
        .route(
            "/pages/icon.svg",
            get(
                operations::file("readIcon", "The picture of the pages", "image/svg+xml"),
                async || file("image/svg+xml", ICON),
            ),
        )
        .harden(LIMITS)
}

/// What the owner of the wallet reaches, below `/admin/v1`.
pub(crate) fn administration(token: AdministrationToken) -> DescribedRouter<Reception> {
    let own = DescribedRouter::default()
        .route("/waiting", get(operations::waiting(), desk::waiting))
        .route("/waiting/decide", post(operations::decide(), desk::decide))
        .route(
            "/requests",
            post(operations::bring_request(), desk::bring_request),
        )
        .route("/offers", post(operations::bring_offer(), desk::bring_offer))
        .administration(token, operations::WAITING)
        .harden(Limits::PROTOCOL);
    DescribedRouter::default().nest("/admin/v1", own)
}

async fn authorize(
    State(reception): State<Reception>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    reception
        .authorize(None, query.unwrap_or_default(), Asked::get(&headers))
        .await
}

async fn authorize_by_post(State(reception): State<Reception>, headers: HeaderMap, body: Bytes) -> Response {
    reception.authorize_form(None, body, &headers).await
}

async fn authorize_person(
    State(reception): State<Reception>,
    person: Named,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match address(person) {
        Ok(person) => {
            reception
                .authorize(Some(person), query.unwrap_or_default(), Asked::get(&headers))
                .await
        }
        Err(error) => refusal(&error, &reception, &Asked::get(&headers)),
    }
}

async fn authorize_person_by_post(
    State(reception): State<Reception>,
    person: Named,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match address(person) {
        Ok(person) => reception.authorize_form(Some(person), body, &headers).await,
        Err(error) => refusal(&error, &reception, &Asked::post(&headers)),
    }
}

async fn offer(
    State(reception): State<Reception>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    reception
        .receive(None, query.unwrap_or_default(), Asked::get(&headers))
        .await
}

async fn offer_person(
    State(reception): State<Reception>,
    person: Named,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    match address(person) {
        Ok(person) => {
            reception
                .receive(Some(person), query.unwrap_or_default(), Asked::get(&headers))
                .await
        }
        Err(error) => refusal(&error, &reception, &Asked::get(&headers)),
    }
}

/// A segment of a path, which may be no text.
type Named = Result<Path<String>, PathRejection>;

/// Whose wallet a path is about: what can be nobody's address is reached by nobody.
fn address(person: Named) -> Result<PersonAddress, AgentError> {
    let named = person.ok().and_then(|Path(person)| person.parse().ok());
    named.ok_or(AgentError::NoSuchPerson)
}

async fn callback(
    State(reception): State<Reception>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = Asked::get(&headers);
    let Some(flow) = cookie::flow_of(&headers, &reception) else {
        return answer::another_browser(&reception, &asked);
    };
    let agent = Arc::clone(&reception.agent);
    reception
        .run(asked, async move {
            agent.signed_in(flow, &query.unwrap_or_default()).await
        })
        .await
}

async fn pending(State(reception): State<Reception>, headers: HeaderMap, flow: Named) -> Response {
    let asked = Asked::get(&headers);
    let Some(flow) = flow.ok().and_then(|Path(flow)| flow.parse::<FlowId>().ok()) else {
        return answer::not_found(&reception, &asked);
    };
    let agent = Arc::clone(&reception.agent);
    let browser = cookie::browser_of(&headers, &reception, flow);
    let looking = async move { agent.look_after(flow, browser.as_ref()).await };
    reception.run(asked, looking).await
}

async fn metadata(State(reception): State<Reception>) -> Response {
    let base = reception
        .agent
        .identifier()
        .as_str()
        .trim_end_matches('/')
        .to_owned();
    let mut document = match serde_json::to_value(reception.agent.metadata()) {
        Ok(serde_json::Value::Object(document)) => document,
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    for (name, value) in [
        ("issuer", reception.agent.identifier().as_str().to_owned()),
        ("authorization_endpoint", format!("{base}{AUTHORIZE}")),
        ("credential_offer_endpoint", format!("{base}{CREDENTIAL_OFFER}")),
    ] {
        document.insert(name.to_owned(), serde_json::Value::from(value));
    }
    Json(document).into_response()
}

impl Reception {
    async fn authorize(&self, person: Option<PersonAddress>, parameters: String, asked: Asked) -> Response {
        let agent = Arc::clone(&self.agent);
        let (sender, bound) = oneshot::channel();
        let done = async move {
            let (answered, bound) = agent
                .answer(person.as_ref(), &parameters, BroughtBy::Anybody)
                .await?;
            // A browser that has gone away is bound to nothing.
            let _ = sender.send(bound);
            Ok(answered)
        };
        let answered = self.run(asked, done).await;
        match bound.await {
            Ok(Some(bound)) => cookie::with_request(answered, self, &bound),
            Ok(None) | Err(_) => answered,
        }
    }

    async fn authorize_form(
        &self,
        person: Option<PersonAddress>,
        body: Bytes,
        headers: &HeaderMap,
    ) -> Response {
        let is_form = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| {
                value
                    .trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        match (is_form, String::from_utf8(body.to_vec())) {
            (true, Ok(parameters)) => self.authorize(person, parameters, Asked::post(headers)).await,
            _ => answer::not_a_form(self, &Asked::post(headers)),
        }
    }

    async fn receive(&self, person: Option<PersonAddress>, parameters: String, asked: Asked) -> Response {
        let agent = Arc::clone(&self.agent);
        let done = async move {
            agent
                .receive(person.as_ref(), &parameters, BroughtBy::Anybody)
                .await
        };
        self.run(asked, done).await
    }

    /// Does the work in a task of its own: a browser that goes away must not leave an answer half sent.
    async fn run(
        &self,
        asked: Asked,
        work: impl Future<Output = Result<Answered, AgentError>> + Send + 'static,
    ) -> Response {
        match tokio::spawn(work).await {
            Ok(Ok(answered)) => answer::answer(&answered, self, &asked),
            Ok(Err(error)) => refusal(&error, self, &asked),
            Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }
}
