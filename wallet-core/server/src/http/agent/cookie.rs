//! The cookies of browsers: which flow one left for the issuer's page, and that one brought a request that waits.

use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use symbolon_pages::cookie::only;
use symbolon_wallet_core::FlowId;

use zeroize::Zeroizing;

use super::Reception;
use crate::agent::{Bound, BrowserSecret};

/// How long a sign-in at an issuer may take, in seconds.
const SIGN_IN_SECONDS: u32 = 60 * 60;

/// The flow that this browser left for; `None` when there is no such cookie, or more than one, of which one may be planted.
pub(super) fn flow_of(headers: &HeaderMap, reception: &Reception) -> Option<FlowId> {
    only(headers, name(reception)).and_then(|flow| flow.parse().ok())
}

/// How long a browser is known for a request that it brought, in seconds: a decision may take a day, and is told for another.
const REQUEST_SECONDS: u32 = 2 * 24 * 60 * 60;

/// What proves that this browser brought a request.
pub(super) fn browser_of(headers: &HeaderMap, reception: &Reception, flow: FlowId) -> Option<BrowserSecret> {
    only(headers, &request_name(reception, flow)).and_then(BrowserSecret::parse)
}

/// Adds to an answer what the browser proves later that it brought the request by. A name of its own for each flow: a request that is posted from
/// a verifier's page comes without the cookies of those before, which must not be replaced.
pub(super) fn with_request(mut response: Response, reception: &Reception, bound: &Bound) -> Response {
    let secure = if is_encrypted(reception) { "; Secure" } else { "" };
    let name = request_name(reception, bound.flow);
    let secret = bound.secret.expose();
    let cookie = Zeroizing::new(format!(
        "{name}={}; Path=/; Max-Age={REQUEST_SECONDS}; HttpOnly; SameSite=Lax{secure}",
        &*secret
    ));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn request_name(reception: &Reception, flow: FlowId) -> String {
    let prefix = if is_encrypted(reception) { "__Host-" } else { "" };
    format!("{prefix}symbolon-wallet-request-{flow}")
}

/// Tells the browser its flow. `SameSite=Lax`: the issuer leads back here from elsewhere.
pub(super) fn of_flow(reception: &Reception, flow: FlowId) -> Option<HeaderValue> {
    let secure = if is_encrypted(reception) { "; Secure" } else { "" };
    let name = name(reception);
    let cookie = format!("{name}={flow}; Path=/; Max-Age={SIGN_IN_SECONDS}; HttpOnly; SameSite=Lax{secure}");
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

/// The prefix `__Host-` keeps neighbours of the domain from planting one (RFC 6265bis §4.1.3): a stranger's browser could otherwise finish
/// here what he began, and so could a stranger's sign-in be finished by the owner's.
fn name(reception: &Reception) -> &'static str {
    if is_encrypted(reception) {
        "__Host-symbolon-wallet-sign-in"
    } else {
        "symbolon-wallet-sign-in"
    }
}

fn is_encrypted(reception: &Reception) -> bool {
    reception.agent.identifier().url().url().scheme() == "https"
}
