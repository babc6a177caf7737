//! Several issuers behind one listener. Each request goes to one of them, by the host and the path that the issuer's identifier has.
//!
//! Whoever sends a request chooses its `Host`. That decides which issuer answers, and nothing else: every issuer has its own store,
//! keys and tokens, and takes its own addresses from its identifier, never from the request. What proxies add about the host they
//! were asked for (`Forwarded`, `X-Forwarded-Host`) is not looked at, because a client can add it too.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::HOST;
use http::uri::Authority;
use http::{Method, StatusCode};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlError};
use thiserror::Error;
use tower::ServiceExt as _;

use super::answer::failure;
use super::{ADMINISTRATION, router};
use crate::issuer::Issuer;
use crate::server::ServedIssuer;

/// Every endpoint of every issuer.
///
/// # Errors
/// [`TenantsError`] when a request could belong to two of them.
pub(crate) async fn tenants_router(
    issuers: &[ServedIssuer],
    around: Around<'_>,
) -> Result<Router, TenantsError> {
    let mut tenants = Vec::with_capacity(issuers.len());
    for served in issuers {
        let identifier = served.issuer.profile().identifier().clone();
        let router = router(&served.issuer, served.administration_token.clone())?;
        let router = around(&served.issuer, router);
        tenants.push(Tenant::new(identifier, router));
    }
    for (position, tenant) in tenants.iter().enumerate() {
        for other in tenants.iter().skip(position + 1) {
            tenant.apart_from(other).await?;
            other.apart_from(tenant).await?;
        }
    }
    Ok(Router::new().fallback(dispatch).with_state(Arc::new(tenants)))
}

/// What is put around the endpoints of each issuer.
pub(crate) type Around<'a> = &'a (dyn Fn(&Issuer, Router) -> Router + Send + Sync);

/// Why issuers cannot share a listener.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TenantsError {
    /// An endpoint's address cannot be written.
    #[error("an issuer's identifier is too long")]
    Identifier(#[from] UrlError),
    /// Two issuers at one address.
    #[error("two issuers are at {first} and {second}: requests could not be told apart")]
    SameAddress {
        /// One.
        first: IssuerIdentifier,
        /// The other.
        second: IssuerIdentifier,
    },
    /// An issuer at an address that another needs for an endpoint of its own.
    #[error("the issuer {below} is at the address of an endpoint of the issuer {above}")]
    Shadowed {
        /// Whose endpoint would be hidden.
        above: IssuerIdentifier,
        /// Who would hide it.
        below: IssuerIdentifier,
    },
}

struct Tenant {
    identifier: IssuerIdentifier,
    /// The path of the identifier, without a slash at its end.
    base: String,
    router: Router,
}

impl Tenant {
    fn new(identifier: IssuerIdentifier, router: Router) -> Self {
        Self {
            base: identifier.url().url().path().trim_end_matches('/').to_owned(),
            identifier,
            router,
        }
    }

    /// Whether requests that name this host are for this issuer. A port that is not said is the usual one.
    fn is_at(&self, authority: &Authority) -> bool {
        let url = self.identifier.url().url();
        let host = url.host_str().unwrap_or_default();
        let port = match authority.port_u16() {
            None => url.port().is_none(),
            Some(port) => url.port_or_known_default() == Some(port),
        };
        port && authority.host().eq_ignore_ascii_case(host)
    }

    /// How much of `path` is the path of this issuer; `None` when the request is not for it. Well-known documents stand above the
    /// path ([RFC 8414 §3.1]), everything else below it.
    ///
    /// [RFC 8414 §3.1]: https://www.rfc-editor.org/rfc/rfc8414#section-3.1
    fn claims(&self, path: &str) -> Option<usize> {
        if let Some(document) = path.strip_prefix(WELL_KNOWN) {
            let base = document.find('/').and_then(|slash| document.get(slash..));
            return (base.unwrap_or_default() == self.base).then_some(self.base.len());
        }
        let rest = path.strip_prefix(self.base.as_str())?;
        rest.starts_with('/').then_some(self.base.len())
    }

    /// Refuses two issuers of which one hides the other, or an endpoint of it.
    async fn apart_from(&self, other: &Self) -> Result<(), TenantsError> {
        let (mine, its) = (self.identifier.url().url(), other.identifier.url().url());
        // Whether TLS ends here or in front of us, so the scheme tells nothing apart.
        let same_host = mine.host_str() == its.host_str()
            && (mine.port_or_known_default() == its.port_or_known_default()
                || mine.port().is_none() && its.port().is_none());
        if !same_host {
            return Ok(());
        }
        if self.base == other.base {
            return Err(TenantsError::SameAddress {
                first: self.identifier.clone(),
                second: other.identifier.clone(),
            });
        }
        if !other.base.starts_with(&format!("{}/", self.base)) {
            return Ok(());
        }
        let mut hidden = FIXED_PATHS
            .iter()
            .any(|fixed| format!("{}{fixed}/", self.base).starts_with(&format!("{}/", other.base)));
        for below in ["", "/a", "/a/b", "/a/b/c"] {
            hidden = hidden || self.has_endpoint(&format!("{}{below}", other.base)).await;
            if hidden {
                return Err(TenantsError::Shadowed {
                    above: self.identifier.clone(),
                    below: other.identifier.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether anything is routed at a path. The method is one that no endpoint has: where there is a route the answer is that the
    /// method is wrong, or that a token is missing, and nothing happens.
    async fn has_endpoint(&self, path: &str) -> bool {
        let request = Request::builder().method(Method::TRACE).uri(path);
        let Ok(request) = request.body(axum::body::Body::empty()) else {
            return true;
        };
        let Ok(response) = self.router.clone().oneshot(request).await;
        response.status() != StatusCode::NOT_FOUND
    }
}

async fn dispatch(State(tenants): State<Arc<Vec<Tenant>>>, request: Request) -> Response {
    match addressed(&tenants, &request) {
        Ok(router) => {
            let Ok(response) = router.oneshot(request).await;
            response
        }
        Err(status) => failure(status),
    }
}

/// The endpoints of the issuer that a request is for.
fn addressed(tenants: &[Tenant], request: &Request) -> Result<Router, StatusCode> {
    let authority = authority(request).ok_or(StatusCode::BAD_REQUEST)?;
    let mut here = tenants
        .iter()
        .filter(|tenant| tenant.is_at(&authority))
        .peekable();
    if here.peek().is_none() {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    let path = request.uri().path();
    here.filter_map(|tenant| Some((tenant.claims(path)?, tenant)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, tenant)| tenant.router.clone())
        .ok_or(StatusCode::NOT_FOUND)
}

/// The one host that a request names. `None` when it names none or two ([RFC 9112 §3.2]): whoever stands in front of us may have
/// looked at the other.
///
/// [RFC 9112 §3.2]: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
fn authority(request: &Request) -> Option<Authority> {
    let mut fields = request.headers().get_all(HOST).iter();
    let field = match (fields.next(), fields.next()) {
        (Some(_), Some(_)) => return None,
        (Some(field), None) => Some(field.to_str().ok()?.parse::<Authority>().ok()?),
        (None, _) => None,
    };
    let target = request.uri().authority().cloned();
    let authority = match (target, field) {
        (Some(target), Some(field)) if target != field => return None,
        (Some(authority), _) | (None, Some(authority)) => authority,
        (None, None) => return None,
    };
    // With a user name before the host, two readers would take two different hosts.
    (!authority.as_str().contains('@')).then_some(authority)
}

/// Endpoints of more than one segment, all of them fixed; the others are found by asking.
const FIXED_PATHS: [&str; 2] = [ADMINISTRATION, crate::pages::paths::OPERATOR];

const WELL_KNOWN: &str = "/.well-known/";
