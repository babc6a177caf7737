//! A router and its description, made together.

use axum::extract::Request;
use axum::handler::Handler;
use axum::response::IntoResponse;
use axum::routing::{self, MethodRouter, Route};
use axum::{Router, middleware};
use http::StatusCode;
use tower::{Layer, Service};
use utoipa::openapi::HttpMethod;

use super::answer::{Answer, Presence};
use super::operation::{Operation, Tag};
use super::security::Security;
use crate::serve::{
    AdministrationToken, IDENTITY, IdentityProof, Limits, harden, identity_route, require_administration,
};

/// An operation and where it is.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) path: String,
    pub(super) method: HttpMethod,
    pub(super) operation: Operation,
}

/// The endpoints of a server, as they are described.
#[derive(Clone, Default)]
pub struct Endpoints(Vec<Endpoint>);

impl Endpoints {
    /// These, and those of another router that the same server serves.
    #[must_use]
    pub fn and(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().cloned());
        self
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Endpoint> {
        self.0.iter()
    }
}

/// The methods of one path, each with its handler and its description.
pub struct Methods<S> {
    router: MethodRouter<S>,
    operations: Vec<(HttpMethod, Operation)>,
}

/// A path that is read.
pub fn get<H, T, S>(operation: Operation, handler: H) -> Methods<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    Methods {
        router: routing::get(handler),
        operations: vec![(HttpMethod::Get, operation)],
    }
}

/// A path that is posted to.
pub fn post<H, T, S>(operation: Operation, handler: H) -> Methods<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    Methods {
        router: routing::post(handler),
        operations: vec![(HttpMethod::Post, operation)],
    }
}

/// A path of which something is deleted.
pub fn delete<H, T, S>(operation: Operation, handler: H) -> Methods<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    Methods {
        router: routing::delete(handler),
        operations: vec![(HttpMethod::Delete, operation)],
    }
}

impl<S: Clone + Send + Sync + 'static> Methods<S> {
    /// The methods of another at the same path.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.operations.extend(other.operations);
        self
    }

    /// Answers those who only look (HEAD) that the method is not allowed: reading uses something up.
    #[must_use]
    pub fn refusing_head(mut self) -> Self {
        self.router = self.router.head(async || StatusCode::METHOD_NOT_ALLOWED);
        self
    }
}

/// A router to which nothing can be added without its description.
pub struct DescribedRouter<S = ()> {
    router: Router<S>,
    endpoints: Endpoints,
}

impl<S: Clone + Send + Sync + 'static> Default for DescribedRouter<S> {
    fn default() -> Self {
        Self {
            router: Router::new(),
            endpoints: Endpoints::default(),
        }
    }
}

impl<S: Clone + Send + Sync + 'static> DescribedRouter<S> {
    /// Adds a path. Its variable parts are written `{name}`, in the description as in the router.
    #[must_use]
    pub fn route(mut self, path: &str, methods: Methods<S>) -> Self {
        self.router = self.router.route(path, methods.router);
        for (method, operation) in methods.operations {
            self.endpoints.0.push(Endpoint {
                path: path.to_owned(),
                method,
                operation,
            });
        }
        self
    }

    /// All endpoints of another router.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.endpoints.0.extend(other.endpoints.0);
        self
    }

    /// All endpoints of another router below a path.
    #[must_use]
    pub fn nest(mut self, path: &str, other: Self) -> Self {
        self.router = self.router.nest(path, other.router);
        let below = other.endpoints.0.into_iter().map(|endpoint| Endpoint {
            path: format!("{path}{}", endpoint.path),
            ..endpoint
        });
        self.endpoints.0.extend(below);
        self
    }

    /// A second address of endpoints that are described at their first.
    #[must_use]
    pub fn alias(mut self, path: &str, other: &Self) -> Self {
        self.router = self.router.nest(path, other.router.clone());
        self
    }

    /// What is answered where there is no endpoint.
    #[must_use]
    pub fn fallback<H, T>(mut self, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.router = self.router.fallback(handler);
        self
    }

    /// Puts a layer around what is there by now. It must answer nothing by itself that the operations do not describe.
    #[must_use]
    pub fn layer<L>(mut self, layer: L) -> Self
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Error: Into<core::convert::Infallible> + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        self.router = self.router.layer(layer);
        self
    }

    /// Lets requests pass only with the administration token, and says so of every operation.
    #[must_use]
    pub fn behind_administration(mut self, token: AdministrationToken) -> Self {
        let guard = middleware::from_fn_with_state(token, require_administration);
        self.router = self.router.layer(guard);
        self.each(|operation| {
            let answer = Answer::empty(401, "The administration token is missing or wrong.")
                .challenge("`Bearer`, with the error of a token that was sent (RFC 6750, section 3).")
                .not_cached();
            operation
                .secured(&[Security::AdministrationToken])
                .or_answers(answer)
        })
    }

    /// An administration interface: everything that is there by now behind the token, and beside it the address at which the server proves
    /// that it has the token (`docs/adr/0015`), which needs none.
    #[must_use]
    pub fn administration(self, token: AdministrationToken, tag: Tag) -> Self {
        let described = Operation::new(
            "proveAdministrationToken",
            tag,
            "Proves that the server has the token",
        )
        .about("Whoever is about to send the token asks first, over a connection that no certificate proves.")
        .query("challenge", "A fresh challenge.", Presence::Always)
        .answers(
            Answer::json::<IdentityProof>(
                200,
                "A keyed hash over the challenge and the address of the listener.",
            )
            .not_cached(),
        )
        .answers(Answer::empty(400, "There is no challenge.").file(super::TEXT))
        .answers(Answer::empty(503, "The server does not know where it listens."));
        let methods = Methods {
            router: identity_route(token.clone()),
            operations: vec![(HttpMethod::Get, described)],
        };
        self.behind_administration(token).route(IDENTITY, methods)
    }

    /// Puts limits and header fields around every route, and says so of every operation.
    #[must_use]
    pub fn harden(mut self, limits: Limits) -> Self {
        self.router = harden(self.router, limits);
        self.each(|operation| {
            let operation = operation.or_answers(Answer::empty(503, "No answer was ready in time."));
            if operation.has_body() {
                // Beside what the handler says of bodies that it refuses itself.
                operation.answers(
                    Answer::empty(413, "The body is too large.")
                        .file(super::TEXT)
                        .or_empty(),
                )
            } else {
                operation
            }
        })
    }

    /// Changes the description of every operation that is there by now: what a layer of one's own asks for and answers.
    #[must_use]
    pub fn each(mut self, change: impl Fn(Operation) -> Operation) -> Self {
        let changed = self.endpoints.0.into_iter().map(|endpoint| Endpoint {
            operation: change(endpoint.operation),
            ..endpoint
        });
        self.endpoints = Endpoints(changed.collect());
        self
    }

    /// Hands the handlers what they work with.
    #[must_use]
    pub fn with_state<T>(self, state: S) -> DescribedRouter<T> {
        DescribedRouter {
            router: self.router.with_state(state),
            endpoints: self.endpoints,
        }
    }

    /// What is described.
    #[must_use]
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What is served.
    pub fn into_router(self) -> Router<S> {
        self.router
    }
}

impl<S: Clone> Clone for DescribedRouter<S> {
    fn clone(&self) -> Self {
        Self {
            router: self.router.clone(),
            endpoints: self.endpoints.clone(),
        }
    }
}
