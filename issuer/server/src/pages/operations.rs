//! What the pages answer, for the description of the interface.

use http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, LOCATION, SET_COOKIE, VARY};
use symbolon_http::openapi::{Answer, Operation, Presence, ToSchema};

use crate::http::tags::{ADMINISTRATION, PAGES};

/// A form of a page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read as a schema alone; the form is read by the page")]
struct PageForm {
    /// The token that the page holds: another site's form does not have it.
    form: Option<String>,
    /// The resident's number, on the page that asks for it.
    number: Option<String>,
    /// The code that the resident was sent, on the page that asks for it.
    code: Option<String>,
}

/// The form of the operator's page.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read as a schema alone; the form is read by the page")]
struct OperatorForm {
    /// The administration token.
    token: Option<String>,
}

/// A page: HTML in the language of whoever reads it.
pub(crate) fn shown(answer: Answer) -> Answer {
    answer
        .file("text/html")
        .named(CONTENT_LANGUAGE, "The language.", Presence::Always)
        .named(
            CONTENT_SECURITY_POLICY,
            "No scripts, and forms that lead here or to the wallet.",
            Presence::Always,
        )
        .named(VARY, "The language depends on header fields.", Presence::Always)
        .not_cached()
}

/// A page that is looked at.
pub(super) fn looked_at(id: &'static str, summary: &'static str) -> Operation {
    of_an_authorization(Operation::new(id, PAGES, summary))
        .query("language", "Another language, by its tag.", Presence::Sometimes)
        .header(
            "Accept-Language",
            "The languages that the browser prefers.",
            Presence::Sometimes,
        )
        .answers(shown(Answer::empty(200, "The page.")))
        .answers(onward())
        .answers(shown(Answer::empty(429, "Too early, or too often.")).retry_after())
}

/// A form of a page.
pub(super) fn submitted(id: &'static str, summary: &'static str) -> Operation {
    of_an_authorization(Operation::new(id, PAGES, summary))
        .form::<PageForm>()
        .answers(onward())
        .answers(shown(Answer::empty(429, "Too early, or too often.")).retry_after())
}

/// A step that shows no page.
pub(super) fn step(id: &'static str, summary: &'static str) -> Operation {
    of_an_authorization(Operation::new(id, PAGES, summary)).answers(onward())
}

fn onward() -> Answer {
    Answer::empty(303, "On to the next page, or back to the wallet.")
        .named(LOCATION, "Where to.", Presence::Always)
        .named(
            SET_COOKIE,
            "Another key of the authorization, none any more, or a language.",
            Presence::Sometimes,
        )
        .not_cached()
}

fn of_an_authorization(operation: Operation) -> Operation {
    let page = |status, description| shown(Answer::empty(status, description));
    operation
        .about("The cookie that the authorization endpoint set says which authorization it is about.")
        .answers(page(
            400,
            "The browser has no authorization here, or what was entered is wrong.",
        ))
        .answers(page(
            403,
            "The form is another session's, or the offer somebody else's.",
        ))
        .answers(page(409, "It is decided."))
        .answers(page(410, "It has expired."))
        .answers(Answer::empty(500, "A page cannot be rendered."))
        .answers(page(
            503,
            "The issuer cannot answer now, or nobody signs in here.",
        ))
}

/// The page that asks the operator for the token.
pub(super) fn operator_asked() -> Operation {
    operator(Operation::new(
        "showOperatorPage",
        PAGES,
        "The page for codes that a development installation sends to nobody",
    ))
    .query("language", "Another language, by its tag.", Presence::Sometimes)
    .answers(onward())
}

/// The codes, for whoever brings the token.
pub(super) fn operator_shown() -> Operation {
    operator(Operation::new(
        "showSignInCodes",
        ADMINISTRATION,
        "The codes that a development installation sends to nobody, on a page",
    ))
    .form::<OperatorForm>()
    .answers(shown(Answer::empty(403, "The token is missing or wrong.")))
}

fn operator(operation: Operation) -> Operation {
    operation
        .answers(shown(Answer::empty(200, "The page.")))
        .answers(shown(Answer::empty(
            404,
            "Codes are sent here, or nobody signs in.",
        )))
        .answers(Answer::empty(500, "A page cannot be rendered."))
}

/// A file that pages refer to.
pub(super) fn file(id: &'static str, summary: &'static str, media_type: &'static str) -> Operation {
    Operation::new(id, PAGES, summary).answers(
        Answer::empty(200, "The file.")
            .file(media_type)
            .cached("Five minutes."),
    )
}
