//! How the endpoints are described.

use http::header::{CACHE_CONTROL, CONTENT_RANGE, ETAG};
use symbolon_http::openapi::{Answer, Operation, Presence, TEXT, Tag, anything};

/// The one group.
pub(super) const DISTRIBUTION: Tag = Tag {
    name: "distribution",
    description: "Offline packs for readers without a network: docs/packs.md",
};

/// The media type of packs and deltas.
const BYTES: &str = "application/octet-stream";

fn conditional(id: &'static str, summary: &'static str) -> Operation {
    let cached = |answer: Answer| {
        answer.cached("How long it may be kept.").named(
            ETAG,
            "What `If-None-Match` names: the digest.",
            Presence::Always,
        )
    };
    Operation::new(id, DISTRIBUTION, summary)
        .header(
            "If-None-Match",
            "The `ETag` of what the client has.",
            Presence::Sometimes,
        )
        .answers(cached(Answer::empty(304, "The client has it.")))
}

pub(super) fn index() -> Operation {
    conditional("readPackIndex", "What is published: the newest pack of each scope, and the deltas to it")
        .about("Nothing of it is signed and nothing of it is to be believed: a pack is verified for its own signatures.")
        .answers(
            Answer::empty(200, "The index.")
                .body("application/json", anything())
                .cached("How long it may be kept.")
                .named(ETAG, "What `If-None-Match` names: the digest.", Presence::Always),
        )
}

pub(super) fn root_of_trust() -> Operation {
    conditional(
        "readRootOfTrust",
        "The root of trust, for a reader that has its digest from elsewhere",
    )
    .about("Whoever takes it without comparing its digest believes whoever answered.")
    .answers(
        Answer::empty(200, "The root of trust.")
            .body("application/json", anything())
            .cached("How long it may be kept.")
            .named(ETAG, "What `If-None-Match` names: the digest.", Presence::Always),
    )
}

pub(super) fn file() -> Operation {
    let part = |status, description| {
        Answer::empty(status, description)
            .cached("For ever: the file never changes.")
            .named(ETAG, "The digest of the file.", Presence::Always)
            .header("Accept-Ranges", "`bytes`", Presence::Always)
    };
    conditional("downloadPack", "A pack, or what changed since an earlier one")
        .path("name", "The name that the index gives it.")
        .header(
            "Range",
            "One range of bytes, to go on where a download broke off.",
            Presence::Sometimes,
        )
        .header(
            "If-Range",
            "The `ETag` of the download that broke off.",
            Presence::Sometimes,
        )
        .answers(part(200, "The file.").body(BYTES, anything()))
        .answers(part(206, "The range of it.").body(BYTES, anything()).named(
            CONTENT_RANGE,
            "Which range.",
            Presence::Always,
        ))
        .answers(Answer::empty(404, "The index names no such file.").not_cached())
        .answers(part(416, "The range begins behind the end.").named(
            CONTENT_RANGE,
            "The length of the file.",
            Presence::Always,
        ))
        .answers(Answer::empty(503, "The file cannot be read now.").named(
            CACHE_CONTROL,
            "`no-store`",
            Presence::Always,
        ))
}

pub(super) fn health() -> Operation {
    Operation::new("readHealth", DISTRIBUTION, "Whether there is a pack to serve")
        .answers(Answer::empty(204, "There is.").not_cached())
        .answers(Answer::empty(503, "None was made yet.").not_cached())
}

pub(super) fn metrics() -> Operation {
    Operation::new(
        "readMetrics",
        DISTRIBUTION,
        "Counters in the text form of Prometheus",
    )
    .answers(Answer::empty(200, "The counters.").file(TEXT).not_cached())
}
