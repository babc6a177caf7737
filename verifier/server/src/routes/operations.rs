//! What the endpoints take and answer.

use serde_json::json;
use symbolon_http::openapi::{Answer, Operation, problem, request_refused, text};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::REQUEST_OBJECT_MEDIA_TYPE;

use super::description::{ADMINISTRATION, PRESENTATION, VCALM};
use super::shapes::{
    AnswerForm, ChallengeAnswer, CredentialReport, DirectPostReply, Evidence, MakePresentationRequest,
    PresentationReport, PresentationRequestMade, PresentationState, VerifyCredential, VerifyPresentation,
    WalletParameters,
};

const OPENID4VP: &str = "https://openid.net/specs/openid-4-verifiable-presentations-1_0.html";

pub(super) fn make() -> Operation {
    Operation::new(
        "makePresentationRequest",
        ADMINISTRATION,
        "Asks for a presentation",
    )
    .about("The answer has the link that a wallet opens, as a QR code or a button.")
    .json::<MakePresentationRequest>()
    .example("application/json", json!({ "query": "age" }))
    .answers(Answer::json::<PresentationRequestMade>(201, "The request.").not_cached())
    .answers(refused(
        400,
        "The query or the address is wrong.",
        &["invalid_request"],
    ))
    .answers(refused(503, "The request cannot be made now.", &["server_error"]))
}

pub(super) fn result() -> Operation {
    of_request("readPresentationResult", "Where a request stands, and its result").answers(
        Answer::json::<PresentationState>(200, "The state, and the result once there is one.").not_cached(),
    )
}

pub(super) fn events() -> Operation {
    of_request("awaitPresentationResult", "The result as a server-sent event")
        .about("The stream has one event, `answered` or `expired`, whose data is the state, and ends.")
        .answers(Answer::empty(200, "The stream.").file("text/event-stream"))
}

pub(super) fn evidence() -> Operation {
    of_request(
        "readPresentationEvidence",
        "The signed request and what the wallet answered",
    )
    .answers(Answer::json::<Evidence>(200, "The evidence.").not_cached())
}

fn of_request(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, ADMINISTRATION, summary)
        .path("id", "The identifier of the request.")
        .answers(refused(
            404,
            "There is no such request, or nothing is kept of it.",
            &["not_found"],
        ))
        .answers(store_failed())
}

pub(super) fn request_object() -> Operation {
    request_uri("readRequestObject", "The signed request")
}

pub(super) fn request_object_with_nonce() -> Operation {
    request_uri(
        "requestRequestObject",
        "The signed request, with a nonce of the wallet",
    )
    .form::<WalletParameters>()
    .body_may_be_absent()
    .answers(refused(
        400,
        "The parameters are malformed.",
        &["invalid_request"],
    ))
}

fn request_uri(id: &'static str, summary: &'static str) -> Operation {
    of_wallet(id, summary)
        .specified("OpenID4VP 1.0, section 5.10", OPENID4VP)
        .answers(
            Answer::empty(200, "The request object, a JWT.")
                .body(REQUEST_OBJECT_MEDIA_TYPE, text())
                .not_cached(),
        )
}

pub(super) fn receive() -> Operation {
    let codes: Vec<_> = PresentationErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .collect();
    of_wallet("postAuthorizationResponse", "The answer of a wallet")
        .about("An answer that fits its request is acknowledged, whatever the verdict: that is for the relying party.")
        .specified("OpenID4VP 1.0, section 8.2", OPENID4VP)
        .form::<AnswerForm>()
        .answers(Answer::json::<DirectPostReply>(200, "The answer is taken.").not_cached())
        .answers(refused(400, "The answer does not fit the request.", &codes))
}

fn of_wallet(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, PRESENTATION, summary)
        .path("id", "The identifier of the request.")
        .answers(refused(404, "There is no such request.", &["invalid_request"]))
        .answers(refused(
            410,
            "The request has expired or has been answered.",
            &["invalid_request"],
        ))
        .answers(store_failed())
}

fn store_failed() -> Answer {
    refused(503, "The verifier cannot answer now.", &["server_error"])
}

fn refused(status: u16, description: &str, codes: &[&str]) -> Answer {
    Answer::error(status, description, codes.iter().copied()).not_cached()
}

pub(super) fn verify_credential() -> Operation {
    vcalm("verifyCredential", "Verifies a credential")
        .about("A credential that is not what its issuer made is answered with 400 and its report.")
        .json::<VerifyCredential>()
        .answers(Answer::json::<CredentialReport>(200, "What was found.").not_cached())
        .answers(
            Answer::json::<CredentialReport>(400, "The credential is not what its issuer made.").not_cached(),
        )
}

pub(super) fn verify_presentation() -> Operation {
    vcalm(
        "verifyPresentation",
        "Verifies a presentation and its credentials",
    )
    .json::<VerifyPresentation>()
    .answers(Answer::json::<PresentationReport>(200, "What was found.").not_cached())
}

pub(super) fn create_challenge() -> Operation {
    vcalm("createChallenge", "A challenge that verifies one presentation")
        .answers(Answer::json::<ChallengeAnswer>(200, "The challenge.").not_cached())
}

fn vcalm(id: &'static str, summary: &'static str) -> Operation {
    let operation = Operation::new(id, VCALM, summary)
        .specified("VCALM, section Verifying", "https://www.w3.org/TR/vcalm/")
        .answers(problem(503, "The verifier cannot answer now."));
    request_refused().into_iter().fold(operation, Operation::answers)
}
