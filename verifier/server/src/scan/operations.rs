//! What the routes of the page take and answer.

use symbolon_http::openapi::{Answer, Operation, Presence, TEXT, object, text};

use super::asking::Chosen;
use super::{Codes, Entered, Told};
use crate::routes::description::PAGES;

const HTML: &str = "text/html";

/// A form with files ([RFC 7578](https://www.rfc-editor.org/rfc/rfc7578)).
const MULTIPART: &str = "multipart/form-data";

pub(super) fn show() -> Operation {
    Operation::new(
        "showScanPage",
        PAGES,
        "The page on which a shop checks what people show",
    )
    .query("language", "Another language, by its tag.", Presence::Sometimes)
    .query(
        "request",
        "The request to show, as the page made it.",
        Presence::Sometimes,
    )
    .answers(page(
        200,
        "The page, or the question for the code that lets a device in.",
    ))
    .answers(
        Answer::empty(303, "To the page in another language.")
            .header("Location", "Where to.", Presence::Always)
            .not_cached(),
    )
    .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
}

pub(super) fn ask() -> Operation {
    Operation::new(
        "askByQrCodes",
        PAGES,
        "Makes a request that is shown and answered by QR codes",
    )
    .about("Nothing of the answer is stored but that the request was answered.")
    .form::<Chosen>()
    .answers(
        Answer::empty(303, "To the page that shows the request.")
            .header("Location", "Where to.", Presence::Always)
            .not_cached(),
    )
    .answers(page(400, "Nobody can be asked for that.").file(TEXT))
    .answers(page(403, "The device has not been let in."))
    .answers(malformed(415))
    .answers(malformed(422))
    .answers(page(503, "The request cannot be made now."))
}

pub(super) fn request() -> Operation {
    Operation::new(
        "readRequestAsQrCodes",
        PAGES,
        "The request as an animation of QR codes",
    )
    .path("id", "The identifier of the request, as the page has it.")
    .answers(
        Answer::empty(200, "The animation.")
            .file("image/gif")
            .not_cached(),
    )
    .answers(Answer::empty(403, "The device has not been let in."))
    .answers(Answer::empty(404, "There is no such request any more."))
    .answers(Answer::empty(503, "It cannot be drawn now."))
}

pub(super) fn enter() -> Operation {
    Operation::new("enterScanPage", PAGES, "Lets a device in that has the code")
        .form::<Entered>()
        .answers(
            Answer::empty(303, "The device is let in by a cookie.")
                .header("Location", "The page.", Presence::Always)
                .header("Set-Cookie", "What lets the device in.", Presence::Always)
                .not_cached(),
        )
        .answers(page(403, "This is not the code, or none is asked for."))
        .answers(malformed(400))
        .answers(malformed(415))
        .answers(malformed(422))
}

pub(super) fn upload() -> Operation {
    Operation::new(
        "scanUpload",
        PAGES,
        "Judges a picture, a document, a file or a text",
    )
    .about(
        "The form has files `picture` or a `text`, and a `request` where they answer one. Nothing of it is kept.",
    )
    .body(MULTIPART, object())
    .answers(page(
        200,
        "The page with the verdict, or with what could not be read.",
    ))
    .answers(page(403, "The device has not been let in."))
    .answers(page(400, "There is nothing in the form.").file(TEXT))
    .answers(page(413, "The file is too large."))
    .answers(page(415, "The file cannot be opened."))
    .answers(page(503, "Too much is being checked."))
}

pub(super) fn codes() -> Operation {
    judged(
        Operation::new("scanCodes", PAGES, "Judges the texts of QR codes together")
            .json::<Codes>()
            .answers(malformed(400))
            .answers(malformed(422)),
    )
}

pub(super) fn frame() -> Operation {
    judged(
        Operation::new("scanFrame", PAGES, "Judges the codes of one frame of a camera")
            .body("image/jpeg", text())
            .body("image/png", text())
            .answers(Answer::empty(204, "No code is to be read in it.")),
    )
}

pub(super) fn file(id: &'static str, summary: &'static str, media_type: &'static str) -> Operation {
    Operation::new(id, PAGES, summary).answers(
        Answer::empty(200, "The file.")
            .file(media_type)
            .cached("Five minutes."),
    )
}

fn judged(operation: Operation) -> Operation {
    operation
        .about("For the script of the page. Nothing of it is kept.")
        .answers(
            Answer::json::<Told>(
                200,
                "The verdict; `unreadable` when none of it is a credential, or more of an animation is needed.",
            )
                .not_cached(),
        )
        .answers(Answer::empty(403, "The device has not been let in."))
        .answers(Answer::empty(413, "More codes or longer texts than a card has."))
        .answers(
            Answer::empty(415, "The picture cannot be opened.")
                .file(TEXT)
                .or_empty(),
        )
        .answers(Answer::empty(503, "Too much is being checked."))
}

fn page(status: u16, description: &str) -> Answer {
    Answer::empty(status, description).file(HTML).not_cached()
}

fn malformed(status: u16) -> Answer {
    Answer::empty(status, "The body is malformed.").file(TEXT)
}
