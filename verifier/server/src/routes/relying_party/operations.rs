//! What the endpoints of relying parties take and answer.

use serde_json::json;
use symbolon_http::openapi::{Answer, Operation, Presence, text};
use symbolon_protocol::presentation_receipt::RECEIPT_MEDIA_TYPE;

use super::super::description::RELYING_PARTY;
use super::super::operations::digital_credentials::{read_digital_of, receive_digital_of};
use super::super::operations::proximity::{begin_of, end_of, receive_of};
use super::super::operations::{
    about_request, events_of, evidence_of, not_permitted, refused, result_of, with_code,
};
use super::super::shapes::PresentationRequestMade;
use super::Policies;
use super::evidence::{JWT, Receipts, ReliedOn, WantedClaims};
use super::requests::{Listed, MakeBody};
use super::verifications::{VerifiedBody, VerifyBody};

const IDENTITY_ASSURANCE: &str = "https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html";

pub(super) fn policies() -> Operation {
    operation("listPolicies", "The policies that the relying party may use")
        .answers(Answer::json::<Policies<'static>>(200, "The policies.").not_cached())
}

pub(super) fn make() -> Operation {
    operation("askByPolicy", "Asks for a presentation")
        .about("The answer has the link that a wallet opens, as a QR code or a button.")
        .json::<MakeBody>()
        .example("application/json", json!({ "policy": "open-account" }))
        .answers(Answer::json::<PresentationRequestMade>(201, "The request.").not_cached())
        .answers(malformed("The policy, the query or the address is wrong."))
        .answers(not_permitted())
        .answers(refused(503, "The request cannot be made now.", &["server_error"]))
}

pub(super) fn list() -> Operation {
    paged(operation(
        "listPresentationRequests",
        "The relying party's own requests, the oldest first",
    ))
    .answers(Answer::json::<Listed>(200, "A page of requests.").not_cached())
}

/// A list in pages.
fn paged(operation: Operation) -> Operation {
    operation
        .query(
            "after",
            "What the page before gave as `next`.",
            Presence::Sometimes,
        )
        .query("limit", "How many at most, from 1 to 100.", Presence::Sometimes)
        .answers(malformed("The parameters are malformed."))
}

pub(super) fn result() -> Operation {
    result_of(of_request(
        "readOwnPresentationResult",
        "Where a request of the relying party stands, and its result",
    ))
}

pub(super) fn events() -> Operation {
    events_of(of_request(
        "awaitOwnPresentationResult",
        "The result of a request of the relying party as a server-sent event",
    ))
}

pub(super) fn evidence() -> Operation {
    evidence_of(of_request(
        "readOwnPresentationEvidence",
        "The signed request and what the wallet answered, where the policy keeps it",
    ))
}

pub(super) fn read_digital() -> Operation {
    read_digital_of(of_request(
        "readOwnDigitalCredentialsRequest",
        "What a page of the relying party hands to the browser",
    ))
}

pub(super) fn receive_digital() -> Operation {
    receive_digital_of(of_request(
        "postOwnDigitalCredential",
        "The answer that a page of the relying party brought",
    ))
}

pub(super) fn begin_proximity() -> Operation {
    begin_of(of_request(
        "beginOwnProximity",
        "Asks a phone face to face, through an app of the relying party that moves bytes",
    ))
}

pub(super) fn bring_from_phone() -> Operation {
    receive_of(of_request("bringFromOwnPhone", "What the phone sent"))
}

pub(super) fn end_proximity() -> Operation {
    end_of(of_request("endOwnProximity", "Ends a session"))
}

pub(super) fn remove() -> Operation {
    of_request(
        "removePresentationRequest",
        "Takes a request back and removes what is kept of it",
    )
    .about("An answer that arrives later finds no request.")
    .answers(Answer::empty(204, "Nothing is kept of it any more.").not_cached())
}

pub(super) fn verified_claims() -> Operation {
    with_code(of_request(
        "readVerifiedClaims",
        "Every verified claim that the policy makes of a presentation, signed",
    ))
    .specified(
        "OpenID Connect for Identity Assurance 1.0, section 5",
        IDENTITY_ASSURANCE,
    )
    .answers(verified_claims_token())
}

pub(super) fn wanted_claims() -> Operation {
    with_code(of_request(
        "askForVerifiedClaims",
        "The verified claims that are wanted of a presentation, signed",
    ))
    .specified("OpenID Connect for Identity Assurance 1.0, section 5.3", IDENTITY_ASSURANCE)
    .json::<WantedClaims>()
    .example(
        "application/json",
        json!({"verified_claims": {"verification": {"trust_framework": null}, "claims": {"given_name": null}}}),
    )
    .answers(malformed("The body is malformed."))
    .answers(verified_claims_token())
}

fn verified_claims_token() -> Answer {
    Answer::empty(
        200,
        "The verified claims, a JWT of the type `verified-claims+jwt`.",
    )
    .body(JWT, text())
    .not_cached()
}

pub(super) fn receipt() -> Operation {
    with_code(of_request(
        "readReceipt",
        "The receipt of a presentation, as long as the policy has it kept",
    ))
    .answers(
        Answer::empty(200, "The receipt, a JWT.")
            .body(RECEIPT_MEDIA_TYPE, text())
            .not_cached(),
    )
}

pub(super) fn receipts() -> Operation {
    paged(operation(
        "listReceipts",
        "The relying party's receipts, the oldest first",
    ))
    .answers(Answer::json::<Receipts>(200, "A page of receipts.").not_cached())
}

pub(super) fn reliance() -> Operation {
    of_request(
        "readReliance",
        "What is known of a presentation that is relied on: when to ask again, and the status of its credentials",
    )
    .answers(Answer::json::<ReliedOn>(200, "What is relied on.").not_cached())
}

pub(super) fn stop_relying() -> Operation {
    of_request("stopRelying", "Relies on a presentation no longer")
        .about("Nothing more is looked at or announced, and the places in status lists are forgotten.")
        .answers(Answer::empty(204, "Nothing is kept of it any more.").not_cached())
}

pub(super) fn verify() -> Operation {
    operation(
        "verifyByPolicy",
        "Verifies credentials and presentations that the relying party holds already",
    )
    .about("Nothing of them is kept.")
    .json::<VerifyBody>()
    .answers(Answer::json::<VerifiedBody>(200, "What was found, and how the policy decided.").not_cached())
    .answers(malformed(
        "The body is malformed, or what is in it has no known format.",
    ))
    .answers(not_permitted())
}

fn of_request(id: &'static str, summary: &'static str) -> Operation {
    about_request(Operation::new(id, RELYING_PARTY, summary))
}

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, RELYING_PARTY, summary)
}

fn malformed(description: &str) -> Answer {
    refused(400, description, &["invalid_request"])
}
