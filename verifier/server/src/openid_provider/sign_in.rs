//! `/openid/sign-in/{id}`: the page on which a person shows what signs them in.
//!
//! It belongs to the browser that the client sent, by a cookie that this browser alone was given. What a wallet on the same device
//! answers is released to that browser with the code that the wallet leads back with, as on the verifier's other pages
//! (`docs/presentations.md`); of a wallet elsewhere there is no way back, and the page sends the browser on by itself.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Response;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use symbolon_pages::answer::switch_language;
use symbolon_pages::cookie::only;
use symbolon_protocol::identifier::{HttpUrl, UrlError};
use symbolon_protocol::oauth::authorization_response::AuthorizationAnswer;
use symbolon_protocol::openid_connect::authentication_request::AuthenticationRequest;
use symbolon_verifier::openid_provider::{
    Begun, CODE_LIFETIME, GrantRecord, GrantStage, MadeCode, OpenIdClient, SignInAnswer, SignInId,
    SignInRecord, SignInRefusal, SignInRequest, SignedIn,
};
use symbolon_verifier::store::{PresentationResult, Replacement, StoreError};
use zeroize::Zeroizing;

use super::Provider;
use super::page::{QrCode, Shown};
use crate::routes::fitting_code;

#[derive(Deserialize)]
pub(super) struct Wishes {
    language: Option<String>,
}

/// `GET /openid/sign-in/{id}`
pub(super) async fn show(
    Extracted(provider): Extracted<Arc<Provider>>,
    Path(id): Path<String>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::of(&provider, &headers, &id).await {
        Ok(visit) => visit,
        Err(refusal) => return *refusal,
    };
    if let Some(language) = wishes.language {
        return visit.switch_language(&language);
    }
    if provider.now() > visit.record.expires_at {
        return visit.end(Err(SignInRefusal::TooLate)).await;
    }
    if let Some(asked) = &visit.record.cross_device {
        match provider.result(asked).await {
            Ok(Some(result)) => return visit.judge(asked, &result).await,
            Ok(None) => {}
            Err(error) => return provider.failed(&headers, &error),
        }
    }
    let answered = match &visit.record.same_device {
        Some(asked) => provider.result(asked).await,
        None => Ok(None),
    };
    match answered {
        Ok(None) => visit.waiting(),
        // The code is for the browser that the wallet opens: here it would be anybody's who began.
        Ok(Some(_)) => visit.page(StatusCode::OK, Shown::new("answered-title", "answered-elsewhere")),
        Err(error) => provider.failed(&headers, &error),
    }
}

#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default)]
    response_code: String,
}

/// `GET /openid/sign-in/{id}/return`: where a wallet on the same device leads back to.
pub(super) async fn come_back(
    Extracted(provider): Extracted<Arc<Provider>>,
    Path(id): Path<String>,
    Query(brought): Query<Return>,
    headers: HeaderMap,
) -> Response {
    let visit = match Visit::of(&provider, &headers, &id).await {
        Ok(visit) => visit,
        Err(refusal) => return *refusal,
    };
    let Some(asked) = &visit.record.same_device else {
        return provider.missing(&headers);
    };
    match provider.result(asked).await {
        Ok(Some(result)) if fitting_code(&result, &brought.response_code).is_some() => {
            visit.judge(asked, &result).await
        }
        Ok(_) => provider.another_browser(&headers),
        Err(error) => provider.failed(&headers, &error),
    }
}

/// `POST /openid/sign-in/{id}/cancel`
pub(super) async fn cancel(
    Extracted(provider): Extracted<Arc<Provider>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    match Visit::of(&provider, &headers, &id).await {
        Ok(visit) => visit.end(Err(SignInRefusal::Declined)).await,
        Err(refusal) => *refusal,
    }
}

/// The browser that began a sign-in, at a page of it.
pub(super) struct Visit<'v> {
    provider: &'v Provider,
    headers: &'v HeaderMap,
    pub(super) record: SignInRecord,
    request: AuthenticationRequest,
}

impl<'v> Visit<'v> {
    /// The sign-in of that identifier, if this is the browser that began it; otherwise what it is shown instead.
    pub(super) async fn of(
        provider: &'v Provider,
        headers: &'v HeaderMap,
        id: &str,
    ) -> Result<Self, Box<Response>> {
        let missing = || Box::new(provider.missing(headers));
        let id = SignInId::parse(id).map_err(|_| missing())?;
        let deps = &provider.state.dependencies;
        let found = deps.store.sign_in(&deps.tenant, &id).await;
        let record = found
            .map_err(|error| Box::new(provider.failed(headers, &error)))?
            .ok_or_else(missing)?;
        let own = deps.master_secret.derive_sign_in_key(&deps.tenant, &record.id);
        let brought = only(headers, &cookie_name(provider, &record)).map(str::as_bytes);
        if !brought.is_some_and(|brought| own.as_bytes().ct_eq(brought).into()) {
            return Err(Box::new(provider.another_browser(headers)));
        }
        let request = AuthenticationRequest::parse_form(record.request.as_bytes());
        Ok(Self {
            provider,
            headers,
            request: request.map_err(|_| missing())?,
            record,
        })
    }

    /// What the client of the sign-in wants, as its file has it now; `None` where it has changed since.
    fn understood(&self) -> Option<(&'v OpenIdClient, Begun<'v>)> {
        let (client, party) = self.provider.client(&self.request.oauth.client_id)?;
        let begun = client.rules().understood(&self.request)?;
        let is_same = party.name == self.record.relying_party
            && begun.scope.document.scope == self.record.scope
            && client
                .rules()
                .may_be_answered_at(&self.request.oauth.redirect_uri);
        is_same.then_some((client.rules(), begun))
    }

    async fn judge(&self, asked: &SignInRequest, result: &PresentationResult) -> Response {
        let Some((client, begun)) = self.understood() else {
            return self.provider.missing(self.headers);
        };
        let answer = SignInAnswer {
            id: &asked.id,
            result,
        };
        let key = &self.provider.subject_key;
        let outcome = client.outcome(&self.request, &begun, answer, key, self.provider.now());
        self.end(outcome).await
    }

    /// Ends the sign-in, and sends the browser back to the client with what came of it.
    async fn end(&self, outcome: Result<SignedIn, SignInRefusal>) -> Response {
        let provider = self.provider;
        let Some((_, begun)) = self.understood() else {
            return provider.missing(self.headers);
        };
        let deps = &provider.state.dependencies;
        let (grant, answer) = match outcome {
            Ok(signed_in) => match MadeCode::make(&*deps.randomness) {
                Ok(made) => (
                    Some(self.grant(&made, &begun, signed_in)),
                    Ok(AuthorizationAnswer::Code(made.code)),
                ),
                Err(_) => return provider.unavailable(self.headers),
            },
            Err(refusal) => (None, Err(refusal)),
        };
        match deps.store.end_sign_in(&deps.tenant, &self.record.id, grant).await {
            Ok(Replacement::Replaced) => {}
            // Another page of the same browser was faster.
            Ok(Replacement::Changed) => return provider.missing(self.headers),
            Err(error) => return provider.failed(self.headers, &error),
        }
        self.take_back_unanswered().await;
        let to = self.request.address();
        match answer {
            Ok(code) => provider.answer_at(&to, code),
            Err(refusal) => {
                let party = &self.record.relying_party;
                tracing::info!(relying_party = %party, reason = %refusal, "nobody was signed in");
                provider.refuse_at(&to, refusal.code(), &refusal.to_string())
            }
        }
    }

    fn grant(&self, made: &MadeCode, begun: &Begun<'_>, signed_in: SignedIn) -> GrantRecord {
        let oauth = &self.request.oauth;
        let now = self.provider.now();
        GrantRecord {
            tenant: self.record.tenant.clone(),
            id: made.id.clone(),
            relying_party: self.record.relying_party.clone(),
            client_id: oauth.client_id.clone(),
            redirect_uri: oauth.redirect_uri.clone(),
            code_challenge: oauth.code_challenge,
            dpop_jkt: oauth.dpop_jkt.as_ref().map(ToString::to_string),
            nonce: self.request.nonce.clone(),
            scope: begun.granted.clone(),
            subject: signed_in.subject,
            acr: signed_in.acr,
            authenticated_at: now,
            id_token_claims: signed_in.id_token_claims,
            user_info_claims: signed_in.user_info_claims,
            code_expires_at: now.plus(CODE_LIFETIME),
            stage: GrantStage::Issued,
        }
    }

    /// What no wallet has answered cannot be answered any more. Where that fails, it expires by itself.
    async fn take_back_unanswered(&self) {
        let deps = &self.provider.state.dependencies;
        for asked in self.record.requests() {
            let removed = match self.provider.result(asked).await {
                Ok(None) => deps
                    .store
                    .remove_request(&deps.tenant, &asked.id)
                    .await
                    .map(|_| ()),
                Ok(Some(_)) => Ok(()),
                Err(error) => Err(error),
            };
            if let Err(error) = removed {
                tracing::warn!(%error, "a request of a sign-in that is over could not be removed");
            }
        }
    }

    fn waiting(&self) -> Response {
        let qr = self
            .record
            .cross_device
            .as_ref()
            .map(|asked| QrCode::of(&asked.link));
        if matches!(qr, Some(None)) {
            return self.provider.unavailable(self.headers);
        }
        let shown = Shown {
            link: self.record.same_device.as_ref().map(|asked| asked.link.as_str()),
            qr: qr.flatten(),
            is_waiting: true,
            ..Shown::new("sign-in-title", "sign-in")
        };
        self.page(StatusCode::OK, shown)
    }

    /// A page of a sign-in that is not over, from which it can be cancelled.
    fn page(&self, status: StatusCode, shown: Shown<'_>) -> Response {
        let party = self
            .provider
            .state
            .relying_parties
            .get(&self.record.relying_party);
        let shown = Shown {
            here: self.provider.page_of(&self.record.id),
            relying_party: party.map(|party| party.document.name.as_str()),
            client: Some(&self.request.oauth.redirect_uri),
            ui_locales: &self.request.oauth.ui_locales,
            ..shown
        };
        self.provider.page(self.headers, status, &shown)
    }

    fn switch_language(&self, language: &str) -> Response {
        let Some(here) = self.provider.page_of(&self.record.id) else {
            return self.provider.unavailable(self.headers);
        };
        let translations = self.provider.pages.translations();
        switch_language(translations, language, here.as_str(), is_encrypted(self.provider))
    }
}

impl Provider {
    /// The page of a sign-in.
    pub(super) fn page_of(&self, id: &SignInId) -> Option<HttpUrl> {
        self.addresses.issuer.endpoint(&format!("/sign-in/{id}")).ok()
    }

    /// Where a wallet on the same device leads back to.
    pub(super) fn return_of(&self, id: &SignInId) -> Result<HttpUrl, UrlError> {
        self.addresses.issuer.endpoint(&format!("/sign-in/{id}/return"))
    }

    /// What came of a request, as long as it is kept.
    pub(super) async fn result(
        &self,
        asked: &SignInRequest,
    ) -> Result<Option<PresentationResult>, StoreError> {
        self.state.kept_result(&asked.id).await
    }

    fn missing(&self, headers: &HeaderMap) -> Response {
        self.page(
            headers,
            StatusCode::NOT_FOUND,
            &Shown::new("missing-title", "missing"),
        )
    }

    fn another_browser(&self, headers: &HeaderMap) -> Response {
        let shown = Shown::new("another-browser-title", "another-browser");
        self.page(headers, StatusCode::FORBIDDEN, &shown)
    }

    fn failed(&self, headers: &HeaderMap, error: &StoreError) -> Response {
        tracing::error!(%error, "the store failed");
        self.unavailable(headers)
    }
}

/// Gives the browser its key. `SameSite=Lax`: the wallet leads here from elsewhere.
pub(super) fn set_browser_key(headers: &mut HeaderMap, provider: &Provider, record: &SignInRecord) {
    let deps = &provider.state.dependencies;
    let key = deps.master_secret.derive_sign_in_key(&deps.tenant, &record.id);
    let lifetime = record.expires_at.since(record.created_at);
    let secure = if is_encrypted(provider) { "; Secure" } else { "" };
    let cookie = Zeroizing::new(format!(
        "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
        cookie_name(provider, record),
        key.as_str(),
        lifetime.as_secs()
    ));
    if let Ok(mut cookie) = HeaderValue::from_str(&cookie) {
        cookie.set_sensitive(true);
        headers.append(SET_COOKIE, cookie);
    }
}

/// Each sign-in has a cookie of its own: a person may have two pages open. The prefix `__Host-` keeps neighbours of the domain from
/// planting one (RFC 6265bis §4.1.3).
fn cookie_name(provider: &Provider, record: &SignInRecord) -> String {
    let prefix = if is_encrypted(provider) { "__Host-" } else { "" };
    format!("{prefix}symbolon-sign-in-{}", record.id)
}

fn is_encrypted(provider: &Provider) -> bool {
    provider.addresses.issuer.url().url().scheme() == "https"
}
