//! What the endpoints for asking face to face take and answer.

use serde_json::json;
use symbolon_http::openapi::{Answer, Operation};

use super::super::proximity::{BeginBody, Begun, HeardBody, Progress, Refusal, Sent};
use super::{codes, of_request, refused};

const PROXIMITY: &str = "https://www.iso.org/standard/91081.html";

pub(in crate::routes) fn begin() -> Operation {
    begin_of(of_request(
        "beginProximity",
        "Asks a phone face to face, through an app that moves bytes",
    ))
}

/// The beginning of a session, for whoever made the request.
pub(in crate::routes) fn begin_of(operation: Operation) -> Operation {
    gone(operation)
        .about(
            "The app reads the phone's QR code, connects, and sends what it gets here. A session that the request had before is over.",
        )
        .specified("ISO/IEC 18013-5", PROXIMITY)
        .json::<BeginBody>()
        .example("application/json", json!({ "engagement": "mdoc:owBjMS4x…", "mtu": 512 }))
        .answers(Answer::json::<Begun>(201, "The session, and what is sent first.").not_cached())
        .answers(refused(
            400,
            "The body or the engagement cannot be read.",
            &["invalid_request", "invalid_engagement"],
        ))
        .answers(refused(
            409,
            "The request says more than a reader can ask (other formats than mdoc, or transactions), or belongs to a browser.",
            &["not_expressible"],
        ))
        .answers(refused(503, "No session can begin now.", &["server_error"]))
}

pub(in crate::routes) fn receive() -> Operation {
    receive_of(of_request("bringFromPhone", "What the phone sent"))
}

/// What a phone sent, for whoever made the request.
pub(in crate::routes) fn receive_of(operation: Operation) -> Operation {
    gone(operation)
        .path("session", "What the session is called.")
        .about("Once the answer is whole it is judged, and `presentation` has the result. What is wrong ends the session.")
        .specified("ISO/IEC 18013-5", PROXIMITY)
        .json::<HeardBody>()
        .example("application/json", json!({ "frames": ["AaNk…", "AGRh…"] }))
        .answers(Answer::json::<Progress>(200, "How far the session is.").not_cached())
        .answers(Answer::json::<Refusal>(
            400,
            "The body cannot be read (`invalid_request`), and nothing has changed; or what the phone sent is wrong (`session_ended`), and the request still open.",
        ).not_cached())
        .answers(refused(503, "The verifier cannot answer now.", &codes()))
}

pub(in crate::routes) fn end() -> Operation {
    end_of(of_request("endProximity", "Ends a session"))
}

/// The end of a session, for whoever made the request.
pub(in crate::routes) fn end_of(operation: Operation) -> Operation {
    operation
        .path("session", "What the session is called.")
        .about("The request stays open for another.")
        .specified("ISO/IEC 18013-5", PROXIMITY)
        .answers(Answer::json::<Sent>(200, "What is still to be sent.").not_cached())
}

/// A request, or a session of it, that is not there or is over.
fn gone(operation: Operation) -> Operation {
    operation
        .answers(refused(
            404,
            "There is no such request or session.",
            &["not_found", "invalid_request"],
        ))
        .answers(refused(
            410,
            "The request has expired or has been answered.",
            &["invalid_request"],
        ))
}
