//! The page that works without a network: a browser loads it once and keeps it, with the verifier itself as WebAssembly.
//!
//! Everybody who reaches the verifier may load it: it holds no secret, and what is checked with it never comes here. What it believes is the root
//! of trust that it was first loaded with, so it is as trustworthy as this server was then (`docs/offline-page.md`).

mod asks;
mod files;
mod operations;
mod pack;

use core::time::Duration;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State as Shared};
use axum::response::{IntoResponse as _, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use symbolon_http::openapi::{DescribedRouter, get};
use symbolon_http::serve::Limits;
use symbolon_pages::TemplateError;
use symbolon_pages::answer::see_other;
use symbolon_pages::language::choose;
use symbolon_protocol::digital_credentials::Origin;
use symbolon_verdict_page::VerdictPages;
use symbolon_verifier::policy::FreshnessDocument;
use thiserror::Error;

use self::files::{Asset, Site};
use self::pack::{ServedPack, Since};
use crate::state::State;

pub use self::files::{BuiltPage, UnreadablePage};

/// Nothing is sent here but the wish for a file; a pack of a whole nation takes its time.
const LIMITS: Limits = Limits {
    body_bytes: 0,
    time: Duration::from_secs(120),
};

/// Scripts, the worker and the WebAssembly are ours; faces come within the page; nobody else is asked but the distributor, which the page tells
/// nothing beside which file it wants.
fn content_security_policy(distributor: Option<&Origin>) -> HeaderValue {
    let distributor = distributor.map_or_else(String::new, |origin| format!(" {origin}"));
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; \
         img-src 'self' data:; media-src 'self'; connect-src 'self'{distributor}; manifest-src 'self'; base-uri 'none'; \
         frame-ancestors 'none'; form-action 'none'"
    );
    // An origin is of letters, digits and what stands between them, all of which a header holds.
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The camera is for this page alone.
const PERMISSIONS: &str = "camera=(self), microphone=(), geolocation=()";

/// What the page is set up with.
pub struct OfflineSetup {
    /// What `verifier/offline-page/build` made.
    pub built: BuiltPage,
    /// The root of trust that pages keep from their first load on, as the JSON of `trust.json`; without it they take one from an onboarding code
    /// alone, which a person confirms.
    pub root_of_trust: Option<Vec<u8>>,
    /// The origin of the distributor that pages may ask, where an onboarding code names its index; none beside this server without it.
    pub distributor: Option<Origin>,
    /// What pages can ask people for by QR codes: the words for it, and the name of the query or policy.
    pub asks: BTreeMap<String, String>,
    /// How old what is known of a status may be, which pages keep with everything else.
    pub freshness: FreshnessDocument,
    /// The pack that pages fetch, read again whenever it changes; without it they have only what is brought to them. What changed is told
    /// since the packs in the folder [`EARLIER_FOLDER`](symbolon_trust::distribution::EARLIER_FOLDER) beside it.
    pub pack: Option<PathBuf>,
}

/// Why there is no page.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OfflinePageError {
    /// A template that does not parse or a text that is missing, which tests rule out.
    #[error("the page that works without a network cannot be made")]
    Template(#[from] TemplateError),
    /// Nobody can be asked for it.
    #[error("verifier.scan.ask names {0}, which is no query and no policy")]
    Ask(String),
}

/// What the handlers share.
pub(crate) struct Shelf {
    pages: VerdictPages,
    site: Site,
    root_of_trust: Option<Bytes>,
    pack: Option<ServedPack>,
    policy: HeaderValue,
}

impl Shelf {
    /// # Errors
    /// [`OfflinePageError`].
    pub(crate) fn new(state: &State, setup: OfflineSetup) -> Result<Self, OfflinePageError> {
        let pages = VerdictPages::new(&[files::TEMPLATE], &state.configuration.name)?;
        let asks = asks::list(state, setup.asks)?;
        Ok(Self {
            site: Site::new(&pages, setup.built, &setup.freshness, &asks)?,
            pages,
            root_of_trust: setup.root_of_trust.map(Bytes::from),
            pack: setup.pack.map(ServedPack::new),
            policy: content_security_policy(setup.distributor.as_ref()),
        })
    }

    fn file(&self, bytes: Bytes, media_type: &'static str, cache: CacheFor) -> Response {
        let cache = match cache {
            CacheFor::Ever => "public, max-age=31536000, immutable",
            CacheFor::Asking => "no-cache",
        };
        let fields = [
            (CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (CACHE_CONTROL, HeaderValue::from_static(cache)),
            // A worker has the policy of its own file.
            (CONTENT_SECURITY_POLICY, self.policy.clone()),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static(PERMISSIONS),
            ),
        ];
        let mut response = bytes.into_response();
        for (name, value) in fields {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

/// The page, with limits and header fields around it.
pub(crate) fn router(shelf: Shelf) -> Router {
    endpoints().with_state(Arc::new(shelf)).into_router()
}

/// The routes of the page and their description.
pub(crate) fn endpoints() -> DescribedRouter<Arc<Shelf>> {
    DescribedRouter::default()
        .route("/offline", get(operations::entrance("enterOfflinePage"), enter))
        .route("/offline/", get(operations::entrance("enterOfflinePages"), enter))
        .route("/offline/{language}", get(operations::page(), page))
        .route("/offline/sw.js", get(operations::keeper(), keeper))
        .route(
            "/offline/manifest.webmanifest",
            get(operations::manifest(), manifest),
        )
        .route("/offline/root.json", get(operations::root(), root))
        .route("/offline/pack", get(operations::pack(), served_pack))
        .route(
            "/offline/pack/since/{sequence}/{root}",
            get(operations::changes(), changes),
        )
        .route("/offline/{version}/{file}", get(operations::asset(), asset))
        .harden(LIMITS)
}

/// To the page in the reader's language.
async fn enter(Shared(shelf): Shared<Arc<Shelf>>, headers: HeaderMap) -> Response {
    let language = choose(shelf.pages.translations(), &headers, &[]);
    see_other(&format!("/offline/{}", language.tag))
}

async fn page(Shared(shelf): Shared<Arc<Shelf>>, Path(language): Path<String>) -> Response {
    match shelf.site.pages.get(&language) {
        Some(html) => shelf.file(html.clone(), "text/html; charset=utf-8", CacheFor::Asking),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn keeper(Shared(shelf): Shared<Arc<Shelf>>) -> Response {
    shelf.file(
        shelf.site.service_worker.clone(),
        "text/javascript; charset=utf-8",
        CacheFor::Asking,
    )
}

async fn manifest(Shared(shelf): Shared<Arc<Shelf>>) -> Response {
    shelf.file(
        shelf.site.manifest.clone(),
        "application/manifest+json",
        CacheFor::Asking,
    )
}

async fn root(Shared(shelf): Shared<Arc<Shelf>>) -> Response {
    match &shelf.root_of_trust {
        Some(root) => shelf.file(root.clone(), "application/json", CacheFor::Asking),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn served_pack(Shared(shelf): Shared<Arc<Shelf>>, headers: HeaderMap) -> Response {
    let Some(pack) = &shelf.pack else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Some(now) = pack.read().await else {
        tracing::warn!("the pack of the offline page cannot be read");
        return StatusCode::NOT_FOUND.into_response();
    };
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let is_known = known.is_some_and(|known| known.split(',').any(|tag| tag.trim() == now.tag));
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        shelf.file(now.bytes, "application/octet-stream", CacheFor::Asking)
    };
    if let Ok(tag) = HeaderValue::from_str(&now.tag) {
        response.headers_mut().insert(ETAG, tag);
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// What changed since the pack that a page has.
async fn changes(
    Shared(shelf): Shared<Arc<Shelf>>,
    Path((sequence, root)): Path<(String, String)>,
) -> Response {
    let (Some(pack), Ok(sequence)) = (&shelf.pack, sequence.parse()) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match pack.since(sequence, &root).await {
        Since::Newest => StatusCode::NO_CONTENT.into_response(),
        Since::Delta(delta) => shelf.file(delta, "application/octet-stream", CacheFor::Asking),
        Since::Unknown => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn asset(
    Shared(shelf): Shared<Arc<Shelf>>,
    Path((version, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = (version == shelf.site.version).then(|| shelf.site.assets.get(name.as_str()));
    let Some(Asset {
        media_type,
        plain,
        gzip,
    }) = found.flatten()
    else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let takes_gzip = headers
        .get(ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.split(',').any(|coding| coding.trim() == "gzip"));
    let mut response = if takes_gzip {
        let mut response = shelf.file(gzip.clone(), media_type, CacheFor::Ever);
        response
            .headers_mut()
            .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        response
    } else {
        shelf.file(plain.clone(), media_type, CacheFor::Ever)
    };
    response
        .headers_mut()
        .insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// How long a browser keeps a file by itself.
enum CacheFor {
    /// Its address has its content.
    Ever,
    /// It asks whether it has changed.
    Asking,
}
