//! What the routes of the page take and answer.

use symbolon_http::openapi::{Answer, Operation, Presence, TEXT, object};

use super::{Entered, Ordered};
use crate::routes::description::PAGES;
use crate::routes::operations::{about_request, events_of};

const HTML: &str = "text/html";
const FORM: &str = "application/x-www-form-urlencoded";

pub(super) fn show() -> Operation {
    in_languages(page_of(
        "showRequestBuilder",
        "The page on which the people of a relying party make requests",
    ))
}

pub(super) fn enter() -> Operation {
    page_of(
        "enterRequestBuilder",
        "Signs in by a key or by the code of a link",
    )
    .form::<Entered>()
    .answers(moved("The page; the cookie signs in."))
    .answers(malformed(415))
    .answers(malformed(422))
}

pub(super) fn leave() -> Operation {
    Operation::new("leaveRequestBuilder", PAGES, "Signs out")
        .answers(moved("The page; the cookie is taken back."))
}

pub(super) fn compose_anew() -> Operation {
    in_languages(page_of("beginQuery", "The form in which a query is composed"))
}

pub(super) fn compose() -> Operation {
    page_of("composeQuery", "The query of what was chosen so far")
        .about("The form holds all that was chosen. Nothing is kept.")
        .body(FORM, object())
        .answers(malformed(400))
        .answers(malformed(415))
        .answers(malformed(422))
}

pub(super) fn make() -> Operation {
    page_of("makeRequestOnPage", "Makes a request")
        .form::<Ordered>()
        .answers(moved("The page of the request."))
        .answers(page(400, "The query is wrong.").or_empty())
        .answers(page(429, "The quota is used up.").header(
            "Retry-After",
            "Seconds until it begins anew.",
            Presence::Always,
        ))
        .answers(malformed(415))
        .answers(malformed(422))
}

pub(super) fn show_request() -> Operation {
    in_languages(page_of(
        "showRequestOnPage",
        "A request, how far it has come, and its result",
    ))
    .path("id", "The identifier of the request.")
    .answers(page(404, "There is no such request."))
}

pub(super) fn events() -> Operation {
    events_of(about_request(Operation::new(
        "awaitResultOnPage",
        PAGES,
        "The result of a request as a server-sent event, for the page's script",
    )))
    .answers(Answer::empty(403, "Nobody is signed in."))
}

fn in_languages(operation: Operation) -> Operation {
    operation
        .query("language", "Another language, by its tag.", Presence::Sometimes)
        .answers(moved("The page in another language."))
        .answers(malformed(400))
}

/// Nearly every page may be the question for the key instead.
fn page_of(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, PAGES, summary)
        .answers(page(200, "The page."))
        .answers(page(403, "Nobody is signed in, or not with the permission."))
        .answers(page(503, "The verifier cannot answer now.").or_empty())
        .answers(Answer::empty(500, "The page cannot be rendered."))
}

fn page(status: u16, description: &str) -> Answer {
    Answer::empty(status, description).file(HTML).not_cached()
}

fn moved(description: &str) -> Answer {
    Answer::empty(303, description)
        .header("Location", "Where to.", Presence::Always)
        .header(
            "Set-Cookie",
            "What signs in or out, or the language.",
            Presence::Sometimes,
        )
        .not_cached()
}

fn malformed(status: u16) -> Answer {
    Answer::empty(status, "The body or the query is malformed.").file(TEXT)
}
