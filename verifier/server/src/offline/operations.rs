//! What the routes of the page take and answer.

use http::header::{CONTENT_ENCODING, ETAG};
use symbolon_http::openapi::{Answer, Operation, Presence, object};

use crate::routes::description::PAGES;

/// What browsers do with a file that may change.
const ASKS: &str = "Asks each time whether it has changed.";

pub(super) fn entrance(id: &'static str) -> Operation {
    Operation::new(
        id,
        PAGES,
        "To the page that works without a network, in the reader's language",
    )
    .answers(
        Answer::empty(303, "To the page.")
            .header("Location", "Where to.", Presence::Always)
            .not_cached(),
    )
}

pub(super) fn page() -> Operation {
    Operation::new(
        "showOfflinePage",
        PAGES,
        "The page that works without a network once it was loaded",
    )
    .about("Served where it was built (`verifier/offline-page/build`). What is checked with it stays on the device.")
    .path("language", "A language, by its tag.")
    .answers(kept(200, "The page.").file("text/html"))
    .answers(Answer::empty(404, "The page is not there in this language."))
}

pub(super) fn keeper() -> Operation {
    script(
        "readOfflineServiceWorker",
        "The service worker that keeps the page on a device",
    )
}

pub(super) fn manifest() -> Operation {
    Operation::new(
        "readOfflineManifest",
        PAGES,
        "What a phone puts on its home screen",
    )
    .answers(kept(200, "The manifest.").body("application/manifest+json", object()))
}

pub(super) fn root() -> Operation {
    Operation::new(
        "readOfflineRootOfTrust",
        PAGES,
        "The root of trust that the page keeps from its first load on",
    )
    .answers(kept(200, "The root of trust.").body("application/json", object()))
    .answers(Answer::empty(
        404,
        "Pages take their root of trust from an onboarding code alone.",
    ))
}

pub(super) fn pack() -> Operation {
    Operation::new("readOfflinePack", PAGES, "The newest pack for the page")
        .header(
            "If-None-Match",
            "The `ETag` of the pack that is there.",
            Presence::Sometimes,
        )
        .answers(kept(200, "The pack.").file("application/octet-stream").named(
            ETAG,
            "What `If-None-Match` names.",
            Presence::Always,
        ))
        .answers(kept(304, "The pack is still the one that is named.").named(
            ETAG,
            "What `If-None-Match` names.",
            Presence::Always,
        ))
        .answers(Answer::empty(404, "There is no pack here."))
}

pub(super) fn changes() -> Operation {
    Operation::new(
        "readOfflinePackChanges",
        PAGES,
        "What changed since the pack that a page has",
    )
    .path("sequence", "The sequence of that pack.")
    .path("root", "Its root, base64url.")
    .answers(kept(200, "The delta that makes the newest pack of that one.").file("application/octet-stream"))
    .answers(Answer::empty(204, "That pack is the newest."))
    .answers(Answer::empty(
        404,
        "That pack is not known here, or what changed is no less than the whole.",
    ))
}

pub(super) fn asset() -> Operation {
    Operation::new("readOfflineFile", PAGES, "A file that the page is made of")
        .header(
            "Accept-Encoding",
            "Whether gzip is understood.",
            Presence::Sometimes,
        )
        .path("version", "The digest of all files, as the page names it.")
        .path("file", "The name of the file.")
        .answers(
            Answer::empty(200, "The file.")
                .file("text/javascript")
                .file("text/css")
                .file("image/svg+xml")
                .file("application/wasm")
                .body("application/json", object())
                .named(CONTENT_ENCODING, "Where it is compressed.", Presence::Sometimes)
                .cached("For ever: another content has another address."),
        )
        .answers(Answer::empty(404, "There is no such file in this version."))
}

fn script(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, PAGES, summary).answers(kept(200, "The script.").file("text/javascript"))
}

fn kept(status: u16, description: &str) -> Answer {
    Answer::empty(status, description).cached(ASKS)
}
