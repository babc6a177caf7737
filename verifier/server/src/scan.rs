//! The shop's page: a camera, a picture or a document in; a verdict that is read from a metre away out.
//!
//! Nothing of what is scanned is kept or logged. The page works without a script, by upload; with one it scans by camera, in
//! the browser where it has a reader of its own, and otherwise by sending frames here.

mod access;
mod claims;
mod judging;
mod operations;
pub(crate) mod page;
pub(crate) mod verdict;

use core::time::Duration;
use std::sync::Arc;

use axum::extract::{Multipart, Query, State as Shared};
use axum::response::{IntoResponse as _, Response};
use axum::{Form, Json, Router};
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use symbolon_crypto::cose::NamedContentKey;
use symbolon_http::openapi::{DescribedRouter, ToSchema, get, post};
use symbolon_http::serve::Limits;
use symbolon_pages::answer::{self, see_other, switch_language};
use symbolon_pages::language::choose;
use symbolon_pages::{TemplateError, Translation};
use symbolon_qr_picture::MAX_PICTURE_BYTES;
use tokio::sync::Semaphore;

use self::access::Access;
use self::judging::{Judging, Unjudged};
use self::page::Pages;
use self::verdict::Shown;
use crate::state::State;

pub use self::access::{ScanAccess, ScanCode};

/// What one scan may cost: the largest picture with the parts around it, and the status lists that are fetched.
const LIMITS: Limits = Limits {
    body_bytes: MAX_PICTURE_BYTES + (64 << 10),
    time: Duration::from_secs(60),
};

/// How many pictures are looked at at the same time, at most: each takes a processor for a moment and up to 200 MB.
const PICTURES_AT_ONCE: usize = 2;

/// What the page is set up with.
pub struct ScanSetup {
    /// Who may use it.
    pub access: ScanAccess,
    /// The keys that open encrypted faces of cards.
    pub face_keys: Vec<NamedContentKey>,
}

/// What the handlers of the page share.
pub(crate) struct Desk {
    state: Arc<State>,
    pages: Pages,
    access: Access,
    face_keys: Vec<NamedContentKey>,
    pictures: Semaphore,
}

impl Desk {
    /// # Errors
    /// A template that does not parse or a text that is missing, which tests rule out.
    pub(crate) fn new(state: Arc<State>, setup: ScanSetup) -> Result<Self, TemplateError> {
        let url = state.configuration.identifier.url().url();
        Ok(Self {
            pages: Pages::new(&state.configuration.name)?,
            access: Access::new(setup.access, url.scheme() == "https"),
            face_keys: setup.face_keys,
            pictures: Semaphore::new(PICTURES_AT_ONCE),
            state,
        })
    }

    fn language(&self, headers: &HeaderMap) -> &Translation {
        choose(self.pages.translations(), headers, &[])
    }
}

/// The page, with limits and header fields around it.
pub(crate) fn router(desk: Desk) -> Router {
    endpoints().with_state(Arc::new(desk)).into_router()
}

/// The routes of the page and their description.
pub(crate) fn endpoints() -> DescribedRouter<Arc<Desk>> {
    const SCRIPT: &str = "text/javascript";
    const STYLE: &str = "text/css";
    DescribedRouter::default()
        .route(
            "/scan",
            get(operations::show(), show).and(post(operations::upload(), upload)),
        )
        .route("/scan/enter", post(operations::enter(), enter))
        .route("/scan/codes", post(operations::codes(), codes))
        .route("/scan/frames", post(operations::frame(), frame))
        .route(
            "/scan/scan.js",
            get(
                operations::file("readScanScript", "The script of the scan page", SCRIPT),
                async || answer::file("text/javascript; charset=utf-8", include_str!("scan/scan.js")),
            ),
        )
        .route(
            "/scan/scan.css",
            get(
                operations::file("readScanStyle", "How verdicts look", STYLE),
                async || answer::file("text/css; charset=utf-8", include_str!("scan/scan.css")),
            ),
        )
        .route(
            "/scan/style.css",
            get(
                operations::file("readScanPageStyle", "How the scan page looks", STYLE),
                async || answer::file("text/css; charset=utf-8", answer::STYLE),
            ),
        )
        .route(
            "/scan/icon.svg",
            get(
                operations::file("readScanIcon", "The scan page's picture", "image/svg+xml"),
                async || answer::file("image/svg+xml", answer::ICON),
            ),
        )
        .harden(LIMITS)
}

#[derive(Deserialize)]
struct Switch {
    language: Option<String>,
}

async fn show(Shared(desk): Shared<Arc<Desk>>, Query(switch): Query<Switch>, headers: HeaderMap) -> Response {
    if let Some(tag) = switch.language {
        return switch_language(desk.pages.translations(), &tag, "/scan", desk.access.is_secure());
    }
    let language = desk.language(&headers);
    if desk.access.permits(&headers) {
        desk.pages.scan(StatusCode::OK, language, None, &[])
    } else {
        desk.pages.enter(StatusCode::OK, language, None)
    }
}

/// What lets a device in.
#[derive(Deserialize, ToSchema)]
struct Entered {
    /// The code, however it is grouped.
    #[serde(default)]
    code: String,
}

/// Whoever has the code gets the cookie.
async fn enter(
    Shared(desk): Shared<Arc<Desk>>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    match desk.access.cookie_for(&entered.code) {
        Some(cookie) => {
            let mut response = see_other("/scan");
            response.headers_mut().append(http::header::SET_COOKIE, cookie);
            response
        }
        None => desk.pages.enter(
            StatusCode::FORBIDDEN,
            desk.language(&headers),
            Some("enter-wrong"),
        ),
    }
}

/// Without a script: a picture, a document, a file or a text.
async fn upload(Shared(desk): Shared<Arc<Desk>>, headers: HeaderMap, form: Multipart) -> Response {
    let language = desk.language(&headers);
    if !desk.access.permits(&headers) {
        return desk.pages.enter(StatusCode::FORBIDDEN, language, None);
    }
    let refused = |status, problem| desk.pages.scan(status, language, Some(problem), &[]);
    let Some(input) = uploaded(form).await else {
        return refused(StatusCode::BAD_REQUEST, "problem-nothing");
    };
    let judged = match desk.texts_of(input).await {
        Ok(texts) if texts.is_empty() => return refused(StatusCode::OK, "problem-no-code"),
        Ok(texts) => desk.judge(texts).await,
        Err(problem) => return refused(problem.status(), problem.text()),
    };
    match judged {
        Ok(reports) => desk.pages.scan(StatusCode::OK, language, None, &reports),
        Err(problem) => refused(problem.status(), problem.text()),
    }
}

/// The first part of the form that has something in it.
async fn uploaded(mut form: Multipart) -> Option<Vec<u8>> {
    while let Ok(Some(field)) = form.next_field().await {
        if matches!(field.name(), Some("picture" | "text")) {
            let bytes = field.bytes().await.ok()?;
            if !bytes.trim_ascii().is_empty() {
                return Some(bytes.to_vec());
            }
        }
    }
    None
}

/// What a browser has read.
#[derive(Deserialize, ToSchema)]
struct Codes {
    /// The texts of codes, of one card or person.
    codes: Vec<String>,
}

/// What the script of the page is told.
#[derive(Serialize, ToSchema)]
struct Told {
    /// The word of the verdict, for sound and vibration.
    verdict: &'static str,
    /// The part of the page that shows it.
    html: String,
    /// What was read, to be sent again with the other code of a card.
    codes: Vec<String>,
    /// Whether another code of the same card is missing.
    more: bool,
}

/// The texts of codes that the browser has read.
async fn codes(Shared(desk): Shared<Arc<Desk>>, headers: HeaderMap, Json(sent): Json<Codes>) -> Response {
    if !desk.access.permits(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let texts = sent.codes.iter().map(|text| text.as_bytes().to_vec()).collect();
    desk.tell(&headers, texts, sent.codes).await
}

/// A frame of the camera. Most show no code, which is no content.
async fn frame(Shared(desk): Shared<Arc<Desk>>, headers: HeaderMap, body: axum::body::Bytes) -> Response {
    if !desk.access.permits(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match desk.texts_of(body.to_vec()).await {
        Ok(texts) if texts.is_empty() => StatusCode::NO_CONTENT.into_response(),
        Ok(texts) => {
            let codes = texts
                .iter()
                .filter_map(|text| String::from_utf8(text.clone()).ok())
                .collect();
            desk.tell(&headers, texts, codes).await
        }
        Err(problem) => problem.status().into_response(),
    }
}

impl Desk {
    async fn tell(&self, headers: &HeaderMap, texts: Judging, codes: Vec<String>) -> Response {
        let language = self.language(headers);
        let shown: Vec<Shown> = match self.judge(texts).await {
            Ok(reports) => reports,
            // A code of something else than a credential: the page says so and goes on.
            Err(Unjudged::NotACredential) => Vec::new(),
            Err(problem) => return problem.status().into_response(),
        };
        let told = Told {
            verdict: Shown::worst(&shown),
            more: shown.iter().any(|shown| shown.lacks_face()),
            html: match self.pages.verdicts(language, &shown) {
                Ok(html) => html,
                Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            },
            codes,
        };
        Json(told).into_response()
    }
}
