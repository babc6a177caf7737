//! What these endpoints take and answer.

use symbolon_http::openapi::{Answer, Operation, Presence, Tag, object};
use symbolon_wallet_core::present::RequestProblem;

use super::answer::OutcomeBody;
use super::{BroughtLink, DecisionOrder, WaitingList};

const REQUESTS: Tag = Tag {
    name: "Requests",
    description: "What verifiers and issuers reach, by way of a browser or themselves.",
};
pub(super) const WAITING: Tag = Tag {
    name: "Waiting",
    description: "What the policy does not decide, and what the owner of the wallet brings.",
};

const OPENID4VP: &str = "https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5";
const OPENID4VCI: &str =
    "https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1";

/// The protocol's code for a request that is not answered.
pub(super) const fn code_of(problem: RequestProblem) -> &'static str {
    match problem {
        RequestProblem::OverAsking | RequestProblem::RefusedAlways => "access_denied",
        RequestProblem::TransactionData => "invalid_transaction_data",
        RequestProblem::ClientIdentifier => "invalid_client",
        _ => "invalid_request",
    }
}

pub(super) fn authorize() -> Operation {
    request(
        "authorize",
        "Answers a presentation request, whose parameters are the query",
    )
    .specified("OpenID4VP 1.0, section 5", OPENID4VP)
}

pub(super) fn authorize_by_post() -> Operation {
    form(request(
        "authorizeByPost",
        "Answers a presentation request, whose parameters are a form",
    ))
    .specified("OpenID4VP 1.0, section 5", OPENID4VP)
}

pub(super) fn authorize_person() -> Operation {
    of_person(request(
        "authorizePerson",
        "Answers a presentation request with the wallet of another person",
    ))
    .specified("OpenID4VP 1.0, section 5", OPENID4VP)
}

pub(super) fn authorize_person_by_post() -> Operation {
    of_person(form(request(
        "authorizePersonByPost",
        "Answers a presentation request with the wallet of another person",
    )))
    .specified("OpenID4VP 1.0, section 5", OPENID4VP)
}

pub(super) fn offer() -> Operation {
    request(
        "takeCredentialOffer",
        "Takes a credential offer, by value or by reference",
    )
    .specified("OpenID4VCI 1.0, section 4.1", OPENID4VCI)
}

pub(super) fn offer_person() -> Operation {
    of_person(request(
        "takeCredentialOfferForPerson",
        "Takes a credential offer into the wallet of another person",
    ))
    .specified("OpenID4VCI 1.0, section 4.1", OPENID4VCI)
}

pub(super) fn callback() -> Operation {
    request(
        "completeSignIn",
        "Where the browser comes back to from the issuer's page",
    )
    .about("Only the browser that left for it is let in, by its cookie.")
}

pub(super) fn pending() -> Operation {
    request("readPending", "What has become of a request or an offer")
        .path("flow", "Its name.")
        .about("Where a request goes on that a browser brought is told to that browser alone, which its cookie proves.")
}

pub(super) fn metadata() -> Operation {
    Operation::new("readWalletMetadata", REQUESTS, "What the wallet can do")
        .specified(
            "OpenID4VP 1.0, section 10",
            "https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-10",
        )
        .answers(Answer::empty(200, "The metadata.").body("application/json", object()))
        .answers(Answer::empty(500, "The metadata cannot be written."))
}

pub(super) fn file(id: &'static str, summary: &'static str, media_type: &'static str) -> Operation {
    Operation::new(id, REQUESTS, summary).answers(
        Answer::empty(200, "The file.")
            .file(media_type)
            .cached("Five minutes."),
    )
}

pub(super) fn waiting() -> Operation {
    Operation::new("listWaiting", WAITING, "What waits for somebody")
        .answers(Answer::json::<WaitingList>(200, "The oldest first."))
        .answers(outcome(503, "The wallet cannot answer now."))
}

pub(super) fn decide() -> Operation {
    Operation::new("decideWaiting", WAITING, "Allows or refuses what waits")
        .json::<DecisionOrder>()
        .answers(outcome(200, "What came of it."))
        .answers(outcome(
            400,
            "The order is malformed, or the request has expired.",
        ))
        .answers(outcome(
            403,
            "A browser brought the request, and the code that its page shows is missing or wrong; or nothing was shown.",
        ))
        .answers(outcome(404, "Nothing of this name waits."))
        .answers(outcome(
            409,
            "It is decided already, or something is being done about it.",
        ))
        .answers(outcome(502, "A peer cannot be reached."))
        .answers(outcome(503, "The wallet cannot answer now."))
}

pub(super) fn bring_request() -> Operation {
    by_owner(
        "bringRequest",
        "Answers a presentation request that the owner of the wallet brings",
    )
    .about("What a rule of the policy shares is shown at once; where the browser that has the session at the verifier goes on is `continue_at`.")
}

pub(super) fn bring_offer() -> Operation {
    by_owner(
        "bringOffer",
        "Takes a credential offer that the owner of the wallet brings",
    )
    .about("Where somebody has to sign in at the issuer, `continue_at` is the address of the wallet that leads there.")
}

fn by_owner(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, WAITING, summary)
        .json::<BroughtLink>()
        .answers(outcome(200, "What came of it."))
        .answers(outcome(
            400,
            "The order is malformed, or the request or the offer breaks a rule.",
        ))
        .answers(outcome(404, "Nobody is reached at the address."))
        .answers(outcome(409, "Something is being done about it already."))
        .answers(outcome(502, "A peer cannot be reached."))
        .answers(outcome(503, "The wallet cannot answer now."))
}

fn request(id: &'static str, summary: &'static str) -> Operation {
    let redirect = |status, description: &str| {
        Answer::empty(status, description)
            .header("Location", "Where the browser goes on.", Presence::Always)
            .header(
                "Set-Cookie",
                "Which sign-in the browser leaves for.",
                Presence::Sometimes,
            )
            .not_cached()
    };
    Operation::new(id, REQUESTS, summary)
        .answers(told(200, "It is over: something was shown, or received."))
        .answers(told(202, "It is not decided, or not confirmed.").header(
            "Set-Cookie",
            "That this browser brought the request that waits.",
            Presence::Sometimes,
        ))
        .answers(redirect(302, "The browser goes on."))
        .answers(redirect(303, "The browser goes on, and posts nothing."))
        .answers(told(
            400,
            "The request or the offer breaks a rule, or is of somebody unknown.",
        ))
        .answers(told(403, "The policy or the owner declines."))
        .answers(told(404, "There is nothing here."))
        .answers(told(409, "Something is being done about it already."))
        .answers(told(415, "What was posted is no form."))
        .answers(told(
            502,
            "A peer cannot be reached, or did not accept the answer.",
        ))
        .answers(told(503, "The wallet cannot answer now.").or_empty())
        .answers(Answer::empty(500, "An answer cannot be written."))
}

fn form(operation: Operation) -> Operation {
    operation.body("application/x-www-form-urlencoded", object())
}

fn of_person(operation: Operation) -> Operation {
    operation.path("person", "Whose wallet is meant, by the address of the policy.")
}

/// For programs as JSON, for people as a page.
fn told(status: u16, description: &str) -> Answer {
    outcome(status, description).file("text/html")
}

fn outcome(status: u16, description: &str) -> Answer {
    Answer::json::<OutcomeBody>(status, description).not_cached()
}
