//! `/presentations/{id}`: the pages on which a browser begins and ends ([OpenID4VP §3, §14.2]).
//!
//! A request belongs to the browser that opens its page first. On one device the wallet leads back with a fresh code, and what
//! it brought is released to that browser with that code alone: whoever began on a device of his own and had somebody else's wallet
//! answer never sees the code, and where the code arrives there is no session. Across devices there is nothing to lead back; the
//! page then waits, and only the browser that began is sent on.
//!
//! [OpenID4VP §3, §14.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-14.2

mod cookie;
mod render;

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use symbolon_pages::answer::{see_other, switch_language};
use symbolon_protocol::identifier::UrlError;
use symbolon_verifier::store::{
    Nonce, NonceUse, PageFlow, PresentationResult, RequestId, RequestRecord, ResultOutcome,
};
use url::Url;
use zeroize::Zeroizing;

use self::cookie::{browser_key, set_browser_key};
use self::render::{Ask, Page, page};
use super::error::store_failed;
use super::request_object::stored_query;
use crate::state::State;

pub(crate) use self::render::Pages;
pub(crate) use self::render::{DamagedPages, QrCode};
pub(super) use self::render::{base, icon, script, style};

/// How often the page of another device looks for the answer, in seconds.
const REFRESH_SECONDS: u32 = 3;

/// Where the wallet sends the person's browser after the answer; nowhere, where the browser is on another device.
pub(super) fn wallet_return(
    state: &State,
    record: &RequestRecord,
    code: &Nonce,
) -> Result<Option<Url>, UrlError> {
    match record.page {
        None => return_address(record, code),
        Some(PageFlow::CrossDevice) => Ok(None),
        Some(PageFlow::SameDevice) => {
            let page = state.page_url(&record.id)?;
            let mut url = Url::parse(&format!("{page}/return")).map_err(|_| UrlError::Malformed)?;
            add_code(&mut url, code);
            Ok(Some(url))
        }
    }
}

/// Where the relying party continues, with the code by which it gets the result.
pub(super) fn return_address(record: &RequestRecord, code: &Nonce) -> Result<Option<Url>, UrlError> {
    let Some(return_to) = &record.return_to else {
        return Ok(None);
    };
    let mut url = Url::parse(return_to).map_err(|_| UrlError::Malformed)?;
    add_code(&mut url, code);
    Ok(Some(url))
}

fn add_code(url: &mut Url, code: &Nonce) {
    url.query_pairs_mut().append_pair("response_code", code.as_str());
}

#[derive(Deserialize)]
pub(super) struct Wishes {
    language: Option<String>,
}

/// `GET /presentations/{id}`
pub(super) async fn show(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(wishes): Query<Wishes>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit {
        state: &state,
        headers: &headers,
    };
    let (record, flow) = match visit.paged(&id).await {
        Ok(found) => found,
        Err(refusal) => return refusal,
    };
    let here = format!("{}/presentations/{}", base(&state), record.id);
    if let Some(language) = wishes.language {
        let secure = state.configuration.identifier.url().url().scheme() == "https";
        return switch_language(&state.pages.translations, &language, &here, secure);
    }
    let browser = match visit.browser(&record).await {
        Ok(browser) => browser,
        Err(refusal) => return refusal,
    };
    let result = match visit.result(&record).await {
        Ok(result) => result,
        Err(refusal) => return refusal,
    };
    let mut response = match (result, flow) {
        (None, _) if state.now() > record.expires_at => {
            visit.page(StatusCode::GONE, &Page::new("late-title", "late"))
        }
        (None, flow) => visit.waiting(&record, flow, here),
        (Some(result), PageFlow::CrossDevice) => visit.answered(&record, &result),
        // The code is for the browser that the wallet opens: here it would be anybody's who began.
        (Some(_), PageFlow::SameDevice) => {
            visit.page(StatusCode::OK, &Page::new("answered-title", "answered-elsewhere"))
        }
    };
    if browser == Browser::Beginning {
        match state.browser_key(&record) {
            Some(key) => set_browser_key(response.headers_mut(), &state, &record, &key),
            None => return unavailable(),
        }
    }
    response
}

#[derive(Deserialize)]
pub(super) struct Return {
    #[serde(default)]
    response_code: String,
}

/// `GET /presentations/{id}/return`: where the wallet leads back to on one device.
pub(super) async fn come_back(
    Extracted(state): Extracted<Arc<State>>,
    Path(id): Path<String>,
    Query(brought): Query<Return>,
    headers: HeaderMap,
) -> Response {
    let visit = Visit {
        state: &state,
        headers: &headers,
    };
    let record = match visit.paged(&id).await {
        Ok((record, PageFlow::SameDevice)) => record,
        Ok((_, PageFlow::CrossDevice)) => return visit.missing(),
        Err(refusal) => return refusal,
    };
    if !visit.began(&record) {
        return visit.another_browser();
    }
    match visit.result(&record).await {
        Ok(result) => match result
            .as_ref()
            .and_then(|result| fitting_code(result, &brought.response_code))
        {
            Some(code) => visit.conclude(&record, result.as_ref(), code),
            None => visit.another_browser(),
        },
        Err(refusal) => refusal,
    }
}

/// The code of a result, when this is it.
pub(crate) fn fitting_code<'r>(result: &'r PresentationResult, brought: &str) -> Option<&'r Nonce> {
    let code = result.response_code.as_ref()?;
    is_the_code(code, brought).then_some(code)
}

/// Whether this is the code.
pub(super) fn is_the_code(code: &Nonce, brought: &str) -> bool {
    code.as_str().as_bytes().ct_eq(brought.as_bytes()).into()
}

/// Which browser looks at a page.
#[derive(PartialEq, Eq)]
enum Browser {
    /// The first one, which the request belongs to from now on.
    Beginning,
    /// The same again.
    Known,
}

/// Whether this is the browser that began.
pub(super) fn began(state: &State, headers: &HeaderMap, record: &RequestRecord) -> bool {
    match (state.browser_key(record), browser_key(headers, state, record)) {
        (Some(own), Some(brought)) => own.as_bytes().ct_eq(brought.as_bytes()).into(),
        _ => false,
    }
}

/// A browser at a page.
struct Visit<'v> {
    state: &'v State,
    headers: &'v HeaderMap,
}

impl Visit<'_> {
    /// The request, when it has a page.
    async fn paged(&self, id: &str) -> Result<(RequestRecord, PageFlow), Response> {
        let id = RequestId::parse(id).map_err(|_| self.missing())?;
        let found = self.state.kept_request(&id).await;
        let record = found.map_err(|error| store_failed(&error))?;
        let record = record.ok_or_else(|| self.missing())?;
        match record.page {
            Some(flow) => Ok((record, flow)),
            None => Err(self.missing()),
        }
    }

    async fn result(&self, record: &RequestRecord) -> Result<Option<PresentationResult>, Response> {
        let store = &self.state.dependencies.store;
        let result = store.result(&record.tenant, &record.id).await;
        result.map_err(|error| store_failed(&error))
    }

    async fn browser(&self, record: &RequestRecord) -> Result<Browser, Response> {
        if self.began(record) {
            return Ok(Browser::Known);
        }
        let opened = Nonce::parse(&format!("page-{}", record.id)).map_err(|_| unavailable())?;
        let keep_until = record.kept_until();
        let store = &self.state.dependencies.store;
        match store.consume_nonce(&record.tenant, &opened, keep_until).await {
            Ok(NonceUse::First) => Ok(Browser::Beginning),
            Ok(NonceUse::Replayed) => Err(self.another_browser()),
            Err(error) => Err(store_failed(&error)),
        }
    }

    fn began(&self, record: &RequestRecord) -> bool {
        began(self.state, self.headers, record)
    }

    fn page(&self, status: StatusCode, shown: &Page<'_>) -> Response {
        page(self.state, self.headers, status, shown)
    }

    fn waiting(&self, record: &RequestRecord, flow: PageFlow, here: String) -> Response {
        let link = stored_query(record).and_then(|query| self.state.link_of(record, &query).ok());
        let (Some(link), Ok(offered)) = (link, self.state.offered(record)) else {
            return unavailable();
        };
        let mut shown = match flow {
            PageFlow::SameDevice => Page {
                link: Some(&link),
                link_text: "open-wallet",
                ..Page::new("show-title", "same-device")
            },
            PageFlow::CrossDevice => Page {
                qr: QrCode::of(&link),
                refresh_seconds: Some(REFRESH_SECONDS),
                ..Page::new("show-title", "cross-device")
            },
        };
        if flow == PageFlow::CrossDevice && shown.qr.is_none() {
            return unavailable();
        }
        shown.digital_credentials = offered.map(|offered| Ask {
            options: offered.options(),
            answers: format!("{here}/digital-credentials"),
        });
        shown.here = Some(here);
        shown.verifier = Some(self.state.name_shown(record));
        self.page(StatusCode::OK, &shown)
    }

    fn answered(&self, record: &RequestRecord, result: &PresentationResult) -> Response {
        if let Some(code) = &result.response_code {
            return self.conclude(record, Some(result), code);
        }
        let mut shown = match &result.outcome {
            ResultOutcome::Declined { .. } => Page::new("declined-title", "declined"),
            outcome if outcome.is_refuted() => Page::new("refuted-title", "refuted"),
            ResultOutcome::Presented { .. } => Page::new("answered-title", "answered"),
        };
        shown.verifier = Some(self.state.name_shown(record));
        self.page(StatusCode::OK, &shown)
    }

    /// Sends on to the relying party; where nothing was accepted, behind a sentence that says so.
    fn conclude(
        &self,
        record: &RequestRecord,
        result: Option<&PresentationResult>,
        code: &Nonce,
    ) -> Response {
        let Ok(Some(url)) = return_address(record, code) else {
            return self.missing();
        };
        let shown = match result.map(|result| &result.outcome) {
            Some(ResultOutcome::Declined { .. }) => Page::new("declined-title", "declined-returned"),
            Some(outcome) if outcome.is_refuted() => Page::new("refuted-title", "refuted"),
            _ => return see_other(url.as_str()),
        };
        let shown = Page {
            link: Some(url.as_str()),
            link_text: "go-on",
            verifier: Some(self.state.name_shown(record)),
            ..shown
        };
        self.page(StatusCode::OK, &shown)
    }

    fn missing(&self) -> Response {
        self.page(StatusCode::NOT_FOUND, &Page::new("missing-title", "missing"))
    }

    fn another_browser(&self) -> Response {
        let shown = Page::new("another-browser-title", "another-browser");
        self.page(StatusCode::FORBIDDEN, &shown)
    }
}

impl State {
    fn browser_key(&self, record: &RequestRecord) -> Option<Zeroizing<String>> {
        self.dependencies
            .master_secret
            .derive_browser_key(&record.tenant, &record.id)
            .ok()
    }
}

fn unavailable() -> Response {
    StatusCode::SERVICE_UNAVAILABLE.into_response()
}
