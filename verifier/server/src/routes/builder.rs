//! `/request-builder`: the page on which the people of a relying party choose a policy or compose a query, make a request, and watch
//! what comes of it.
//!
//! It can do what the relying party's keys can ([`super::relying_party`]), and shows nobody else's. It works without a script; one
//! waits for the result.

mod access;
mod draft;
mod operations;
mod page;
mod result;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use http::header::{RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use symbolon_http::openapi::{DescribedRouter, ToSchema, get, post};
use symbolon_pages::answer::{ICON, STYLE, file, see_other, switch_language};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::relying_party::Permission;
use symbolon_verifier::store::StoreError;
use symbolon_verifier::transaction::order;

use self::draft::{Deed, Draft};
use self::page::{Problem, View};
use super::administration::Brought;
use super::caller::Caller;
use super::events::stream_of;
use super::operations::file as file_of;
use super::pages::base;
use crate::quota::QuotaUse;
use crate::request::RequestOrder;
use crate::state::State;

pub use self::access::BuilderCode;
pub(crate) use self::page::RequestBuilder;

/// The routes.
pub(super) fn router() -> DescribedRouter<Arc<State>> {
    const SCRIPT: &str = "text/javascript";
    const CSS: &str = "text/css";
    let style = |id, summary, content: &'static str| {
        get(file_of(id, summary, CSS), async move || {
            file("text/css; charset=utf-8", content)
        })
    };
    DescribedRouter::default()
        .route("/request-builder", get(operations::show(), show))
        .route("/request-builder/enter", post(operations::enter(), enter))
        .route("/request-builder/leave", post(operations::leave(), leave))
        .route(
            "/request-builder/query",
            get(operations::compose_anew(), compose_anew).and(post(operations::compose(), compose)),
        )
        .route("/request-builder/requests", post(operations::make(), make))
        .route(
            "/request-builder/requests/{id}",
            get(operations::show_request(), show_request),
        )
        .route(
            "/request-builder/requests/{id}/events",
            get(operations::events(), events),
        )
        .route(
            "/request-builder/builder.js",
            get(
                file_of("readBuilderScript", "The script of the request builder", SCRIPT),
                async || {
                    file(
                        "text/javascript; charset=utf-8",
                        include_str!("builder/builder.js"),
                    )
                },
            ),
        )
        .route(
            "/request-builder/builder.css",
            style(
                "readBuilderStyle",
                "How queries and results look",
                include_str!("builder/builder.css"),
            ),
        )
        .route(
            "/request-builder/verdict.css",
            style(
                "readBuilderVerdictStyle",
                "How verdicts look",
                symbolon_verdict_page::STYLE,
            ),
        )
        .route(
            "/request-builder/style.css",
            style("readBuilderPageStyle", "How the request builder looks", STYLE),
        )
        .route(
            "/request-builder/icon.svg",
            get(
                file_of(
                    "readBuilderIcon",
                    "The request builder's picture",
                    "image/svg+xml",
                ),
                async || file("image/svg+xml", ICON),
            ),
        )
}

#[derive(Deserialize)]
struct Wishes {
    language: Option<String>,
}

/// What signs in.
#[derive(Deserialize, ToSchema)]
#[schema(as = BuilderEntry)]
struct Entered {
    /// A key of the relying party, or what stands behind the `#` of its link.
    #[serde(default)]
    key: String,
}

/// What is asked for: by a policy, or by a query.
#[derive(Deserialize, ToSchema)]
#[schema(as = BuilderOrder)]
struct Ordered {
    /// The policy.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    policy: Option<PolicyName>,
    /// The query, as JSON.
    #[serde(default)]
    dcql_query: Option<String>,
}

/// A browser at the page.
struct Visit<'v> {
    state: &'v Arc<State>,
    headers: &'v HeaderMap,
}

/// Loads `path` again in the language that was chosen, or answers with the page.
macro_rules! in_language {
    ($state:expr, $wishes:expr, $path:expr) => {
        if let Some(tag) = &$wishes.language {
            let here = format!("{}/request-builder{}", base(&$state), $path);
            let secure = access::is_encrypted(&$state);
            return switch_language($state.builder.translations(), tag, &here, secure);
        }
    };
}

async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
) -> Response {
    in_language!(state, wishes, "");
    let visit = Visit::new(&state, &headers);
    match visit.visitor().await {
        Ok(Some(party)) => visit.home(StatusCode::OK, &party, None),
        // The question for the key is what this address answers to whoever is not signed in.
        Ok(None) => visit.entry(StatusCode::OK, None),
        Err(refusal) => *refusal,
    }
}

async fn enter(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let visit = Visit::new(&state, &headers);
    // Another site that signs people in as somebody of its choice would have them ask for that relying party.
    if access::is_of_another_site(&headers) {
        return visit.entry(StatusCode::FORBIDDEN, None);
    }
    match state.let_in(&entered.key).await {
        Ok(Some(cookie)) => visit.moved("", Some(cookie)),
        Ok(None) => visit.entry(StatusCode::FORBIDDEN, Some("enter-wrong")),
        Err(error) => unavailable(&error),
    }
}

async fn leave(Extracted(state): Extracted<Arc<State>>, headers: HeaderMap) -> Response {
    Visit::new(&state, &headers).moved("", access::signed_out(&state))
}

async fn compose_anew(
    Extracted(state): Extracted<Arc<State>>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
) -> Response {
    in_language!(state, wishes, "/query");
    let visit = Visit::new(&state, &headers);
    match visit.composer().await {
        Ok(party) => visit.query(StatusCode::OK, &party, &View::draft(&Draft::default())),
        Err(refusal) => *refusal,
    }
}

async fn compose(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let visit = Visit::new(&state, &headers);
    let party = match visit.composer().await {
        Ok(party) => party,
        Err(refusal) => return *refusal,
    };
    // The query as JSON, to be checked.
    if let Some((_, text)) = fields.iter().find(|(name, _)| name == "dcql_query") {
        let view = match page::parse_query(text) {
            Ok(query) => View::query(&query, page::pretty(&query)),
            Err(problem) => View::mistaken(text.clone(), problem),
        };
        return visit.query(StatusCode::OK, &party, &view);
    }
    let believed = state.believed.now();
    let (draft, deed) = Draft::read(believed.catalogue(), &fields);
    let view = match (draft.compose(), deed) {
        (Ok(query), _) => View {
            curl: Some(page::curl_body_of(&query)),
            json: Some(page::pretty(&query)),
            ..View::draft(&draft)
        },
        (Err(error), Deed::Show) => View {
            problem: Some(Problem::of(&error)),
            ..View::draft(&draft)
        },
        (Err(_), Deed::Change) => View::draft(&draft),
    };
    visit.query(StatusCode::OK, &party, &view)
}

async fn make(
    Extracted(state): Extracted<Arc<State>>,
    headers: HeaderMap,
    Form(ordered): Form<Ordered>,
) -> Response {
    let visit = Visit::new(&state, &headers);
    let party = match visit.signed_in().await {
        Ok(party) => party,
        Err(refusal) => return *refusal,
    };
    match state.use_quota(&party).await {
        Ok(QuotaUse::Permitted) => {}
        Ok(QuotaUse::Exhausted { until }) => {
            let seconds = until.since(state.now()).as_secs().max(1);
            let problem = Problem::text("problem-quota");
            let mut refusal = visit.home(StatusCode::TOO_MANY_REQUESTS, &party, Some(&problem));
            refusal
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
            return refusal;
        }
        Err(error) => return unavailable(&error),
    }
    match (ordered.policy, ordered.dcql_query) {
        (Some(name), None) => visit.ask_by_policy(&party, &name).await,
        (None, Some(text)) if party.document.own_queries == Permission::Allowed => {
            visit.ask_by_query(&party, text).await
        }
        _ => visit.home(
            StatusCode::FORBIDDEN,
            &party,
            Some(&Problem::text("problem-not-permitted")),
        ),
    }
}

async fn show_request(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit::new(&state, &headers);
    let party = match visit.signed_in().await {
        Ok(party) => party,
        Err(refusal) => return *refusal,
    };
    let Ok(record) = state.known_request(Some(&party.name), &id).await else {
        let problem = Problem::text("problem-no-request");
        return visit.home(StatusCode::NOT_FOUND, &party, Some(&problem));
    };
    in_language!(state, wishes, format!("/requests/{}", record.id));
    match state.result_body(&record, &Brought::default()).await {
        Ok(body) => visit.request(&party, &record, &body),
        Err(refusal) => refusal,
    }
}

async fn events(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(brought): Query<Brought>,
    headers: HeaderMap,
) -> Response {
    match state.visitor(&headers).await {
        Ok(Some(party)) => stream_of(state, Some(&party.name), &id, brought).await,
        Ok(None) => StatusCode::FORBIDDEN.into_response(),
        Err(error) => super::error::store_failed(&error),
    }
}

impl<'v> Visit<'v> {
    const fn new(state: &'v Arc<State>, headers: &'v HeaderMap) -> Self {
        Self { state, headers }
    }

    async fn visitor(&self) -> Result<Option<Caller>, Box<Response>> {
        let found = self.state.visitor(self.headers).await;
        found.map_err(|error| Box::new(unavailable(&error)))
    }

    /// Who is signed in, or the question for the key.
    async fn signed_in(&self) -> Result<Caller, Box<Response>> {
        let found = self.visitor().await?;
        found.ok_or_else(|| Box::new(self.entry(StatusCode::FORBIDDEN, None)))
    }

    /// Who is signed in and may ask by queries of its own.
    async fn composer(&self) -> Result<Caller, Box<Response>> {
        let party = self.signed_in().await?;
        if party.document.own_queries == Permission::Allowed {
            return Ok(party);
        }
        let problem = Problem::text("problem-not-permitted");
        Err(Box::new(self.home(StatusCode::FORBIDDEN, &party, Some(&problem))))
    }

    fn moved(&self, path: &str, cookie: Option<HeaderValue>) -> Response {
        let mut response = see_other(&format!("{}/request-builder{path}", base(self.state)));
        if let Some(cookie) = cookie {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    async fn ask_by_policy(&self, party: &Caller, name: &PolicyName) -> Response {
        let policy = self.state.policy(name);
        let policy = policy.as_deref().filter(|_| party.document.may_use(name));
        let Some((policy, query)) = policy.and_then(|policy| Some((policy, policy.query()?))) else {
            let problem = Problem::text("problem-not-permitted");
            return self.home(StatusCode::FORBIDDEN, party, Some(&problem));
        };
        let types = &self.state.transaction_types;
        let transactions = match order::of_policy(&[], policy.transactions(), query, types) {
            Ok(transactions) => transactions,
            Err(refused) => {
                let problem = Problem::said(refused.to_string());
                return self.home(StatusCode::BAD_REQUEST, party, Some(&problem));
            }
        };
        let order = RequestOrder {
            policy: Some(name.clone()),
            retention: self.state.retention(Some(party), Some(policy)),
            transactions,
            ..self.order(party, query.clone())
        };
        match self.make(order).await {
            Ok(made) => made,
            Err(problem) => self.home(StatusCode::BAD_REQUEST, party, Some(&problem)),
        }
    }

    async fn ask_by_query(&self, party: &Caller, text: String) -> Response {
        let query = match page::parse_query(&text) {
            Ok(query) => query,
            Err(problem) => {
                return self.query(StatusCode::BAD_REQUEST, party, &View::mistaken(text, problem));
            }
        };
        match self.make(self.order(party, query)).await {
            Ok(made) => made,
            Err(problem) => self.query(StatusCode::BAD_REQUEST, party, &View::mistaken(text, problem)),
        }
    }

    fn order(&self, party: &Caller, query: DcqlQuery) -> RequestOrder {
        RequestOrder {
            query,
            scope: None,
            choices: self.state.configuration.choices,
            return_to: None,
            page: None,
            relying_party: Some(party.name.clone()),
            policy: None,
            digital_credentials: None,
            retention: self.state.retention(Some(party), None),
            transactions: Vec::new(),
        }
    }

    /// The page of a new request, or what is wrong with the order.
    async fn make(&self, order: RequestOrder) -> Result<Response, Problem> {
        match self.state.make_request(order).await {
            Ok(made) => Ok(self.moved(&format!("/requests/{}", made.record.id), None)),
            Err(error) if error.is_of_the_order() => Err(Problem::said(error.to_string())),
            Err(error) => {
                tracing::error!(%error, "a request could not be made");
                Ok(StatusCode::SERVICE_UNAVAILABLE.into_response())
            }
        }
    }
}

fn unavailable(error: &StoreError) -> Response {
    tracing::error!(%error, "the request builder has no store");
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
