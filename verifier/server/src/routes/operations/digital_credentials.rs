//! What the endpoints of the Digital Credentials API take and answer.

use serde_json::json;
use symbolon_http::openapi::{Answer, Operation};

use super::super::description::PAGES;
use super::super::shapes::{
    DigitalCredentialAnswer, DigitalCredentialsOffered, DirectPostReply, PresentationState,
};
use super::{codes, gone, of_request, refused};

const API: &str = "https://www.w3.org/TR/digital-credentials/";
const OPENID4VP: &str = "https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-A";

pub(in crate::routes) fn read() -> Operation {
    read_digital_of(of_request(
        "readDigitalCredentialsRequest",
        "What a page hands to the browser",
    ))
}

/// What a page is given, for whoever made the request.
pub(in crate::routes) fn read_digital_of(operation: Operation) -> Operation {
    not_there(operation)
        .about("`digital` is what `navigator.credentials.get` takes. The page must be of the origin that the answer names.")
        .specified("Digital Credentials API", API)
        .answers(Answer::json::<DigitalCredentialsOffered>(200, "The requests, one for each protocol.").not_cached())
        .answers(refused(503, "The verifier cannot answer now.", &["server_error"]))
}

pub(in crate::routes) fn receive() -> Operation {
    receive_digital_of(of_request(
        "postDigitalCredential",
        "The answer that a page brought",
    ))
}

/// What a page brought, for whoever made the request.
pub(in crate::routes) fn receive_digital_of(operation: Operation) -> Operation {
    not_there(operation)
        .about("`protocol` and `data` of the `DigitalCredential` that the browser gave. It is judged once, and the answer is the result, whatever it is.")
        .specified("OpenID4VP 1.0, appendix A", OPENID4VP)
        .json::<DigitalCredentialAnswer>()
        .example("application/json", json!({ "protocol": "openid4vp-v1-signed", "data": { "response": "eyJ…" } }))
        .answers(Answer::json::<PresentationState>(200, "The state, with the result.").not_cached())
        .answers(refused(400, "The answer does not fit the request.", &codes()))
}

/// A request that is not there, offers nothing to a browser, or is over.
fn not_there(operation: Operation) -> Operation {
    operation
        .answers(refused(
            404,
            "There is no such request, or it offers nothing to a browser.",
            &["not_found", "invalid_request"],
        ))
        .answers(refused(
            410,
            "The request has expired or has been answered.",
            &["invalid_request"],
        ))
}

pub(in crate::routes) fn receive_from_page() -> Operation {
    let operation = Operation::new(
        "postDigitalCredentialFromPage",
        PAGES,
        "The answer that the verifier's own page brought",
    )
    .path("id", "The identifier of the request.");
    gone(operation)
        .about("The browser that began brings it, by its cookie, and goes on at `redirect_uri`.")
        .specified("OpenID4VP 1.0, appendix A", OPENID4VP)
        .json::<DigitalCredentialAnswer>()
        .answers(Answer::json::<DirectPostReply>(200, "The answer is taken.").not_cached())
        .answers(refused(400, "The answer does not fit the request.", &codes()))
        .answers(refused(
            403,
            "The answer comes from another origin, or from another browser than the one that began.",
            &["invalid_request"],
        ))
}
