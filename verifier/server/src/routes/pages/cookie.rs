//! The cookie that ties a request to the browser that began it.

use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use symbolon_pages::cookie::only;
use symbolon_verifier::store::RequestRecord;
use zeroize::Zeroizing;

use crate::state::State;

/// The browser's key, as it came; `None` when there is no such cookie, or more than one, of which one may be planted.
pub(super) fn browser_key(
    headers: &HeaderMap,
    state: &State,
    record: &RequestRecord,
) -> Option<Zeroizing<String>> {
    only(headers, &cookie_name(state, record)).map(|key| Zeroizing::new(key.to_owned()))
}

/// Gives the browser its key. `SameSite=Lax`: the wallet leads here from elsewhere.
pub(super) fn set_browser_key(
    headers: &mut HeaderMap,
    state: &State,
    record: &RequestRecord,
    key: &Zeroizing<String>,
) {
    let name = cookie_name(state, record);
    let lifetime = record.kept_until().since(record.created_at);
    let secure = if is_encrypted(state) { "; Secure" } else { "" };
    let cookie = Zeroizing::new(format!(
        "{name}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        key.as_str(),
        lifetime.as_secs()
    ));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        headers.append(SET_COOKIE, cookie);
    }
}

/// Each request has a cookie of its own: a person may have two pages open. The prefix `__Host-` keeps neighbours of the domain from
/// planting one (RFC 6265bis §4.1.3).
fn cookie_name(state: &State, record: &RequestRecord) -> String {
    let prefix = if is_encrypted(state) { "__Host-" } else { "" };
    format!("{prefix}symbolon-presentation-{}", record.id)
}

fn is_encrypted(state: &State) -> bool {
    state.configuration.identifier.url().url().scheme() == "https"
}
