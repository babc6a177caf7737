//! Who may use the page: the people of a relying party that may, signed in by one of its keys or by its link.

use core::time::Duration;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use subtle::ConstantTimeEq as _;
use symbolon_crypto::UnixTime;
use symbolon_pages::cookie;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::{ApiKeyId, Permission};
use symbolon_verifier::request::MasterSecret;
use symbolon_verifier::store::{StoreError, TenantId};
use zeroize::Zeroizing;

use crate::access_code::{AccessCode, derive_text};
use crate::routes::caller::Caller;
use crate::state::State;

/// How long somebody stays signed in: a day's work.
const SESSION: Duration = Duration::from_secs(12 * 60 * 60);

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The code that lets the people of a relying party in.
pub struct BuilderCode(AccessCode);

impl BuilderCode {
    /// The code of a generation. The next generation has another one, and shuts out whoever came in with this one.
    #[must_use]
    pub fn derive(
        secret: &MasterSecret,
        tenant: &TenantId,
        relying_party: &RelyingPartyName,
        generation: u32,
    ) -> Self {
        // Neither name holds the separator.
        let which = format!("{tenant} {relying_party} {generation}");
        Self(AccessCode::derive(
            secret,
            b"symbolon request builder code",
            which.as_bytes(),
        ))
    }

    /// What stands behind the `#` of the page's address, or is typed into it.
    #[must_use]
    pub fn entry(&self, relying_party: &RelyingPartyName) -> Zeroizing<String> {
        Zeroizing::new(format!("{relying_party}:{}", *self.0.grouped()))
    }
}

/// By what somebody came in. It is looked at again with every request, so that a key that is revoked ends what it began.
enum CameBy {
    Key(ApiKeyId),
    Link { generation: u32 },
}

impl CameBy {
    fn text(&self) -> String {
        match self {
            Self::Key(id) => format!("key-{id}"),
            Self::Link { generation } => format!("link-{generation}"),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        if let Some(id) = text.strip_prefix("key-") {
            return ApiKeyId::parse(id).ok().map(Self::Key);
        }
        let generation = text.strip_prefix("link-")?.parse().ok()?;
        Some(Self::Link { generation })
    }
}

impl State {
    /// Who is signed in, with the permission as it is now.
    pub(super) async fn visitor(&self, headers: &HeaderMap) -> Result<Option<Caller>, StoreError> {
        let Some((party, came_by)) = self.session(headers) else {
            return Ok(None);
        };
        let stands = match came_by {
            CameBy::Link { generation } => generation == party.document.request_builder_generation,
            CameBy::Key(id) => {
                let deps = &self.dependencies;
                let key = deps.store.api_key(&deps.tenant, &id).await?;
                key.is_some_and(|key| key.relying_party == party.name)
            }
        };
        Ok(stands.then_some(party))
    }

    fn session(&self, headers: &HeaderMap) -> Option<(Caller, CameBy)> {
        let value = cookie::only(headers, cookie_name(self))?;
        let (claimed, proof) = value.rsplit_once('.')?;
        if !bool::from(self.proof_of(claimed).as_bytes().ct_eq(proof.as_bytes())) {
            return None;
        }
        let mut parts = claimed.split('.');
        let (name, came_by, end) = (parts.next()?, parts.next()?, parts.next()?);
        if self.now() > UnixTime::from_seconds(end.parse().ok()?) {
            return None;
        }
        let party = self.relying_parties.get(&RelyingPartyName::parse(name).ok()?)?;
        let permitted = party.document.request_builder == Permission::Allowed;
        Some((permitted.then(|| Arc::clone(party))?, CameBy::parse(came_by)?))
    }

    /// The cookie for whoever has a key of a relying party or the code of its link; `None` for anybody else, and where the relying
    /// party may not use the page. `SameSite=Strict`: no other site makes requests in its name.
    pub(super) async fn let_in(&self, entered: &str) -> Result<Option<HeaderValue>, StoreError> {
        let entered = entered.trim();
        let found = match self.caller_with_key(entered).await? {
            Some((party, id)) => Some((party, CameBy::Key(id))),
            None => self.caller_with_code(entered),
        };
        let found = found.filter(|(party, _)| party.document.request_builder == Permission::Allowed);
        Ok(found.and_then(|(party, came_by)| {
            let end = self.now().plus(SESSION).seconds();
            let claimed = format!("{}.{}.{end}", party.name, came_by.text());
            let value = Zeroizing::new(format!("{claimed}.{}", *self.proof_of(&claimed)));
            cookie_value(self, &value, SESSION)
        }))
    }

    fn caller_with_code(&self, entered: &str) -> Option<(Caller, CameBy)> {
        let (name, code) = entered.split_once(':')?;
        let party = self.relying_parties.get(&RelyingPartyName::parse(name).ok()?)?;
        let generation = party.document.request_builder_generation;
        let deps = &self.dependencies;
        let own = BuilderCode::derive(&deps.master_secret, &deps.tenant, &party.name, generation);
        own.0
            .is(code)
            .then(|| (Arc::clone(party), CameBy::Link { generation }))
    }

    fn proof_of(&self, claimed: &str) -> Zeroizing<String> {
        let deps = &self.dependencies;
        let about = format!("{} {claimed}", deps.tenant);
        derive_text(
            deps.master_secret.expose(),
            b"symbolon request builder session",
            about.as_bytes(),
        )
    }
}

/// Whether a browser says that a page of another site sent the form ([Fetch Metadata]). One that says nothing is an old one, or none.
///
/// [Fetch Metadata]: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header
pub(super) fn is_of_another_site(headers: &HeaderMap) -> bool {
    let said = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    said.is_some_and(|site| site != b"same-origin" && site != b"none")
}

/// What signs a browser out.
pub(super) fn signed_out(state: &State) -> Option<HeaderValue> {
    cookie_value(state, "", Duration::ZERO)
}

pub(super) fn is_encrypted(state: &State) -> bool {
    state.configuration.identifier.url().url().scheme() == "https"
}

/// `__Host-`: no other host of the domain can set it.
fn cookie_name(state: &State) -> &'static str {
    if is_encrypted(state) {
        "__Host-symbolon-request-builder"
    } else {
        "symbolon-request-builder"
    }
}

fn cookie_value(state: &State, value: &str, lifetime: Duration) -> Option<HeaderValue> {
    let secure = if is_encrypted(state) { "; Secure" } else { "" };
    let cookie = Zeroizing::new(format!(
        "{}={value}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{secure}",
        cookie_name(state),
        lifetime.as_secs()
    ));
    let mut cookie = HeaderValue::from_str(&cookie).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}
