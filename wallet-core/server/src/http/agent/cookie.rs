//! The cookie that says which flow a browser left for the issuer's page.

use http::{HeaderMap, HeaderValue};
use symbolon_pages::cookie::only;
use symbolon_wallet_core::FlowId;

use super::Reception;

/// How long a sign-in at an issuer may take, in seconds.
const SIGN_IN_SECONDS: u32 = 60 * 60;

/// The flow that this browser left for; `None` when there is no such cookie, or more than one, of which one may be planted.
pub(super) fn flow_of(headers: &HeaderMap, reception: &Reception) -> Option<FlowId> {
    only(headers, name(reception)).and_then(|flow| flow.parse().ok())
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
