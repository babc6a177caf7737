//! The shop's page: a camera, a picture or a document in; a verdict that is read from a metre away out.
//!
//! Nothing of what is scanned is kept or logged. The page works without a script, by upload; with one it scans by camera, in
//! the browser where it has a reader of its own, and otherwise by sending frames here.

mod access;
mod asking;
mod judging;
mod operations;
pub(crate) mod page;

use core::time::Duration;
use std::collections::BTreeMap;
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
use symbolon_verdict_page::Shown;
use thiserror::Error;
use tokio::sync::Semaphore;

use self::access::Access;
use self::asking::{Ask, OpenRequests};
use self::judging::{Judged, Judging};
use self::page::{Counter, Pages};
use crate::state::State;

pub use self::access::{ScanAccess, ScanCode};

/// What one scan may cost: the largest picture with the parts around it, and the status lists that are fetched.
const LIMITS: Limits = Limits {
    body_bytes: MAX_PICTURE_BYTES + (64 << 10),
    time: Duration::from_secs(60),
};

/// The word where nothing was judged.
const UNREADABLE: &str = "unreadable";

/// How many pictures are looked at at the same time, at most: each takes a processor for a moment and up to 200 MB.
const PICTURES_AT_ONCE: usize = 2;

/// What the page is set up with.
pub struct ScanSetup {
    /// Who may use it.
    pub access: ScanAccess,
    /// The keys that open encrypted faces of cards.
    pub face_keys: Vec<NamedContentKey>,
    /// What people can be asked for by QR codes: the words for it, and the name of the query or policy.
    pub asks: BTreeMap<String, String>,
}

/// What the handlers of the page share.
pub(crate) struct Desk {
    state: Arc<State>,
    pages: Pages,
    access: Access,
    face_keys: Vec<NamedContentKey>,
    asks: Vec<Ask>,
    pictures: Arc<Semaphore>,
    open_requests: OpenRequests,
    /// Whether the page that works without a network is served.
    has_offline_page: bool,
}

/// Why there is no page.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ScanPageError {
    /// A template that does not parse or a text that is missing, which tests rule out.
    #[error("the page that scans cannot be made")]
    Template(#[from] TemplateError),
    /// Nobody can be asked for it.
    #[error("verifier.scan.ask names {0}, which is no query and no policy that a wallet can be asked by")]
    Ask(String),
}

impl Desk {
    /// # Errors
    /// [`ScanPageError`].
    pub(crate) fn new(
        state: Arc<State>,
        setup: ScanSetup,
        has_offline_page: bool,
    ) -> Result<Self, ScanPageError> {
        let url = state.configuration.identifier.url().url();
        Ok(Self {
            pages: Pages::new(&state.configuration.name)?,
            access: Access::new(setup.access, url.scheme() == "https"),
            face_keys: setup.face_keys,
            asks: asking::asks(&state, setup.asks)?,
            pictures: Arc::new(Semaphore::new(PICTURES_AT_ONCE)),
            open_requests: OpenRequests::default(),
            has_offline_page,
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
        .route("/scan/requests", post(operations::ask(), asking::ask))
        .route("/scan/requests/{id}", get(operations::request(), asking::picture))
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
            "/scan/camera.js",
            get(
                operations::file(
                    "readScanCameraScript",
                    "The part of the script that opens the camera",
                    SCRIPT,
                ),
                async || answer::file("text/javascript; charset=utf-8", include_str!("camera.js")),
            ),
        )
        .route(
            "/scan/telling.js",
            get(
                operations::file(
                    "readScanTellingScript",
                    "The part of the script that tells a verdict",
                    SCRIPT,
                ),
                async || answer::file("text/javascript; charset=utf-8", symbolon_verdict_page::TELLING),
            ),
        )
        .route(
            "/scan/scan.css",
            get(
                operations::file("readScanStyle", "How verdicts look", STYLE),
                async || answer::file("text/css; charset=utf-8", symbolon_verdict_page::STYLE),
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
    /// The request that is shown.
    request: Option<String>,
}

async fn show(Shared(desk): Shared<Arc<Desk>>, Query(switch): Query<Switch>, headers: HeaderMap) -> Response {
    if let Some(tag) = switch.language {
        return switch_language(desk.pages.translations(), &tag, "/scan", desk.access.is_secure());
    }
    let language = desk.language(&headers);
    if !desk.access.permits(&headers) {
        return desk.pages.enter(StatusCode::OK, language, None);
    }
    let counter = desk.counter(switch.request.as_deref()).await;
    match counter {
        Ok(counter) => desk.pages.scan(StatusCode::OK, language, None, &counter),
        Err(problem) => {
            let counter = desk.usual_counter();
            desk.pages
                .scan(problem.status(), language, Some(problem.text()), &counter)
        }
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
    let Uploaded { inputs, request } = uploaded(form).await;
    let refused = async |status, problem| {
        // What is asked stays on the page: the next picture may do.
        let counter = desk.counter(request.as_deref()).await;
        let counter = counter.unwrap_or_else(|_| desk.usual_counter());
        desk.pages.scan(status, language, Some(problem), &counter)
    };
    if inputs.is_empty() {
        return refused(StatusCode::BAD_REQUEST, "problem-nothing").await;
    }
    let mut texts = Vec::new();
    for input in inputs {
        match desk.texts_of(input).await {
            Ok(found) => texts.extend(found),
            Err(problem) => return refused(problem.status(), problem.text()).await,
        }
    }
    if texts.is_empty() {
        return refused(StatusCode::OK, "problem-no-code").await;
    }
    match desk.judge(texts, request.as_deref()).await {
        Ok(Judged::Whole { shown, conclusion }) => {
            let counter = Counter {
                shown,
                conclusion,
                ..desk.usual_counter()
            };
            desk.pages.scan(StatusCode::OK, language, None, &counter)
        }
        Ok(Judged::Part { .. }) => refused(StatusCode::OK, "problem-incomplete").await,
        Err(problem) => refused(problem.status(), problem.text()).await,
    }
}

/// What a form has in it.
#[derive(Default)]
struct Uploaded {
    /// Its pictures, or its text.
    inputs: Vec<Vec<u8>>,
    /// The request that they answer.
    request: Option<String>,
}

async fn uploaded(mut form: Multipart) -> Uploaded {
    let mut uploaded = Uploaded::default();
    while let Ok(Some(field)) = form.next_field().await {
        let name = field.name().map(str::to_owned);
        let Ok(bytes) = field.bytes().await else {
            return Uploaded::default();
        };
        match name.as_deref() {
            Some("picture" | "text") if !bytes.trim_ascii().is_empty() => {
                uploaded.inputs.push(bytes.to_vec());
            }
            Some("request") => uploaded.request = String::from_utf8(bytes.to_vec()).ok(),
            _ => {}
        }
    }
    uploaded
}

/// What a browser has read.
#[derive(Deserialize, ToSchema)]
struct Codes {
    /// The texts of codes, of one card or person, or the frames of one animation.
    codes: Vec<String>,
    /// The request that they answer, where one is shown.
    #[serde(default)]
    request: Option<String>,
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
    /// How much of an animation is there, where more of it is needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<Part>,
    /// Which text of the page says why there is no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
}

/// How much of an animation is there.
#[derive(Serialize, ToSchema)]
struct Part {
    /// The fragments that are known.
    known: usize,
    /// Of how many.
    fragments: usize,
}

/// The texts of codes that the browser has read.
async fn codes(Shared(desk): Shared<Arc<Desk>>, headers: HeaderMap, Json(sent): Json<Codes>) -> Response {
    if !desk.access.permits(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let texts = sent.codes.iter().map(|text| text.as_bytes().to_vec()).collect();
    desk.tell(&headers, texts, sent.codes, sent.request.as_deref())
        .await
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
            desk.tell(&headers, texts, codes, None).await
        }
        Err(problem) => problem.status().into_response(),
    }
}

impl Desk {
    async fn tell(
        &self,
        headers: &HeaderMap,
        texts: Judging,
        codes: Vec<String>,
        request: Option<&str>,
    ) -> Response {
        let language = self.language(headers);
        let mut told = Told {
            verdict: UNREADABLE,
            html: String::new(),
            codes,
            more: false,
            progress: None,
            problem: None,
        };
        match self.judge(texts, request).await {
            Ok(Judged::Whole { shown, conclusion }) => {
                told.verdict = conclusion.map_or_else(
                    || Shown::worst(&shown),
                    |conclusion| conclusion.whole().verdict.as_str(),
                );
                told.more = shown.iter().any(|shown| shown.lacks_face());
                told.html = match self.pages.verdicts(language, &shown, conclusion) {
                    Ok(html) => html,
                    Err(_) => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                };
            }
            Ok(Judged::Part { known, fragments }) => told.progress = Some(Part { known, fragments }),
            // The page says so and goes on.
            Err(problem) if problem.status() == StatusCode::OK => told.problem = Some(problem.text()),
            Err(problem) => return problem.status().into_response(),
        }
        Json(told).into_response()
    }
}
