//! What the endpoints take and answer.

pub(super) mod digital_credentials;
pub(super) mod proximity;

use serde_json::json;
use symbolon_http::openapi::{Answer, Operation, Presence, TEXT, object, problem, request_refused, text};
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::link::REQUEST_OBJECT_MEDIA_TYPE;

use super::description::{ADMINISTRATION, DOCUMENTS, PAGES, PRESENTATION, VCALM};
use super::shapes::{
    AnswerForm, ChallengeAnswer, CredentialReport, DirectPostReply, Evidence, MakePresentationRequest,
    PresentationReport, PresentationRequestMade, PresentationState, RefutedReply, VerifyCredential,
    VerifyPresentation, WalletParameters,
};
use crate::believed::TrustState;

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
    result_of(of_request(
        "readPresentationResult",
        "Where a request stands, and its result",
    ))
}

/// What is told of a request to whoever made it.
pub(super) fn result_of(operation: Operation) -> Operation {
    with_code(operation).answers(
        Answer::json::<PresentationState>(200, "The state, and the result once there is one.").not_cached(),
    )
}

pub(super) fn metrics() -> Operation {
    Operation::new(
        "readMetrics",
        ADMINISTRATION,
        "Figures of the pack that lies beside the server and of the sources of trust, for Prometheus",
    )
    .about(
        "Which pack is in force (`symbolon_verifier_pack_sequence`), how old it is (`_age_seconds`), how long it can still be used \
         (`_usable_seconds`), its `_state`: none, current, grace, refused, and how often it was opened (`_openings_total`). Whether the \
         sources of trust are believed as they lie there (`symbolon_verifier_trust_state`: as_found, kept), and how often changed ones \
         were taken (`_taken_total`) and refused (`_refused_total`).",
    )
    .answers(
        Answer::empty(200, "The figures.")
            .body("text/plain", text())
            .not_cached(),
    )
}

pub(super) fn trust() -> Operation {
    Operation::new(
        "readTrust",
        ADMINISTRATION,
        "Whom the verifier believes, and whether that is what lies in its folder",
    )
    .about(
        "Changed sources of trust are taken while the server runs. What is refused changes nothing: `refused` says why, until it is put \
         right. `is_judged_by` says of each list of others whether it counts beside the pack in force.",
    )
    .answers(Answer::json::<TrustState>(200, "The lists.").not_cached())
}

pub(super) fn registration() -> Operation {
    Operation::new(
        "readRegistration",
        ADMINISTRATION,
        "What wallets are told that know this verifier without a prefix",
    )
    .answers(
        Answer::empty(200, "The registration.")
            .body("application/json", object())
            .not_cached(),
    )
    .answers(refused(
        404,
        "The configuration has no `client_id`.",
        &["not_found"],
    ))
    .answers(refused(
        503,
        "The registration cannot be made now.",
        &["server_error"],
    ))
}

pub(super) fn events() -> Operation {
    events_of(of_request(
        "awaitPresentationResult",
        "The result as a server-sent event",
    ))
}

/// The events of a request, for whoever made it.
pub(super) fn events_of(operation: Operation) -> Operation {
    operation
        .query(
            "response_code",
            "The code that the browser brought back.",
            Presence::Sometimes,
        )
        .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
        .about("The stream has one event, `answered` or `expired`, whose data is the state, and ends.")
        .answers(Answer::empty(200, "The stream.").file("text/event-stream"))
}

pub(super) fn evidence() -> Operation {
    evidence_of(of_request(
        "readPresentationEvidence",
        "The signed request and what the wallet answered",
    ))
}

/// What is kept of a request, for whoever made it.
pub(super) fn evidence_of(operation: Operation) -> Operation {
    with_code(operation).answers(Answer::json::<Evidence>(200, "The evidence.").not_cached())
}

/// A result that has a code is shown with that code alone (OpenID4VP 1.0, section 14.2).
pub(super) fn with_code(operation: Operation) -> Operation {
    operation
        .query(
            "response_code",
            "The code that the browser brought back.",
            Presence::Sometimes,
        )
        .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
        .answers(refused(
            403,
            "The answer has another code.",
            &["invalid_response_code"],
        ))
}

pub(super) fn of_request(id: &'static str, summary: &'static str) -> Operation {
    about_request(Operation::new(id, ADMINISTRATION, summary))
}

/// An operation about one request of the caller's.
pub(super) fn about_request(operation: Operation) -> Operation {
    operation
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
        "The parameters are malformed, or the wallet cannot answer the request.",
        &codes(),
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
    let operation = Operation::new(
        "postAuthorizationResponse",
        PRESENTATION,
        "The answer of a wallet",
    )
    .path("id", "The identifier of the request.");
    answer_of_wallet(operation)
}

fn answer_of_wallet(operation: Operation) -> Operation {
    gone(operation)
        .about("An answer that fits its request is a result for the relying party. A wallet whose presentation is refuted is told so.")
        .specified("OpenID4VP 1.0, section 8.2", OPENID4VP)
        .form::<AnswerForm>()
        .answers(Answer::json::<DirectPostReply>(200, "The answer is taken.").not_cached())
        .answers(refused(400, "The answer does not fit the request.", &codes()))
        .answers(
            Answer::json::<RefutedReply>(400, "What was shown is not accepted.").not_cached(),
        )
}

fn of_wallet(id: &'static str, summary: &'static str) -> Operation {
    gone(Operation::new(id, PRESENTATION, summary).path("id", "The identifier of the request."))
}

/// What is answered of a request that is not there any more.
pub(super) fn gone(operation: Operation) -> Operation {
    operation
        .answers(refused(404, "There is no such request.", &["invalid_request"]))
        .answers(refused(
            410,
            "The request has expired or has been answered.",
            &["invalid_request"],
        ))
        .answers(store_failed())
}

pub(super) fn receive_registered() -> Operation {
    answer_of_wallet(Operation::new(
        "postAuthorizationResponseOfRegistered",
        PRESENTATION,
        "The answer of a wallet that knows this verifier without a prefix",
    ))
}

pub(super) fn show_page() -> Operation {
    page(Operation::new(
        "showPresentationPage",
        PAGES,
        "The page on which a browser begins",
    ))
    .query("language", "Another language, by its tag.", Presence::Sometimes)
    .answers(shown(Answer::empty(200, "The page.")))
    .answers(shown(Answer::empty(410, "The request has expired.")))
}

pub(super) fn come_back() -> Operation {
    page(Operation::new(
        "comeBackToPresentation",
        PAGES,
        "Back from the wallet, on one device",
    ))
    .query("response_code", "The code of the answer.", Presence::Sometimes)
    .answers(shown(Answer::empty(
        200,
        "Nothing was shown, or it was not accepted; a link leads on.",
    )))
}

fn page(operation: Operation) -> Operation {
    operation
        .specified("OpenID4VP 1.0, section 14.2", OPENID4VP)
        .about("A request belongs to the browser that opens its page first, by a cookie.")
        .path("id", "The identifier of the request.")
        .answers(
            Answer::empty(
                303,
                "On to the relying party, or to the page in another language.",
            )
            .header("Location", "Where to.", Presence::Always)
            .not_cached(),
        )
        .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
        .answers(shown(Answer::empty(
            403,
            "The request belongs to another browser.",
        )))
        .answers(shown(Answer::empty(404, "There is no such page.")))
        .answers(Answer::empty(500, "The page cannot be rendered."))
        .answers(store_failed().or_empty())
}

fn shown(answer: Answer) -> Answer {
    answer
        .file("text/html")
        .header("Content-Language", "The language.", Presence::Always)
        .header(
            "Content-Security-Policy",
            "No scripts but, where the request offers something to the browser, our own; and no forms.",
            Presence::Always,
        )
        .header(
            "Permissions-Policy",
            "The Digital Credentials API, for pages that use it.",
            Presence::Sometimes,
        )
        .header(
            "Set-Cookie",
            "The key of the browser that begins.",
            Presence::Sometimes,
        )
        .not_cached()
}

/// A file that pages refer to.
pub(super) fn file(id: &'static str, summary: &'static str, media_type: &'static str) -> Operation {
    Operation::new(id, PAGES, summary).answers(
        Answer::empty(200, "The file.")
            .file(media_type)
            .cached("Five minutes."),
    )
}

/// The keys that verify receipts and verified claims.
pub(super) fn evidence_keys() -> Operation {
    Operation::new(
        "readEvidenceKeys",
        DOCUMENTS,
        "The keys that verify receipts and verified claims",
    )
    .specified(
        "JSON Web Key, section 5",
        "https://www.rfc-editor.org/rfc/rfc7517#section-5",
    )
    .answers(
        Answer::empty(200, "The keys.")
            .body("application/jwk-set+json", object())
            .cached("Five minutes."),
    )
    .answers(Answer::empty(404, "The verifier signs no evidence."))
}

pub(super) fn did_document(id: &'static str) -> Operation {
    Operation::new(id, DOCUMENTS, "The DID document of the verifier")
        .specified(
            "did:web, section 2.5.2",
            "https://w3c-ccg.github.io/did-method-web/#read-resolve",
        )
        .answers(Answer::empty(200, "The document.").body("application/did+json", object()))
        .answers(Answer::empty(404, "The verifier has no DID."))
}

pub(super) fn store_failed() -> Answer {
    refused(503, "The verifier cannot answer now.", &["server_error"])
}

/// What the key of the caller does not permit.
pub(super) fn not_permitted() -> Answer {
    refused(403, "The key does not permit it.", &["access_denied"])
}

pub(super) fn refused(status: u16, description: &str, codes: &[&str]) -> Answer {
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

/// Every code of an authorization error response.
pub(super) fn codes() -> Vec<&'static str> {
    PresentationErrorCode::ALL
        .iter()
        .map(|code| code.as_str())
        .collect()
}
