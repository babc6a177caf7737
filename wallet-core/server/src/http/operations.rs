//! What the endpoints take and answer. The messages are types of `protocol`, which knows nothing of descriptions (`docs/adr/0014`); every
//! test that speaks HTTP with the holder holds the two against each other.

use serde_json::Value;
use symbolon_http::openapi::{
    Answer, Operation, Presence, Tag, ToSchema, list_of, object, problem, request_refused,
};

pub(super) const CREDENTIALS: Tag = Tag {
    name: "Credentials",
    description: "What the wallet derived.",
};
pub(super) const PRESENTATIONS: Tag = Tag {
    name: "Presentations",
    description: "What the wallet presented.",
};

/// What is to be shown of a credential.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct DeriveCredential {
    /// The credential with its base proof.
    #[schema(value_type = Object)]
    verifiable_credential: Value,
    /// How.
    options: Option<DeriveOptions>,
}

/// How a credential is derived from.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct DeriveOptions {
    /// What is shown beside what is mandatory, as JSON pointers.
    selective_pointers: Option<Vec<String>>,
}

/// A presentation to be signed.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct CreatePresentation {
    /// The presentation, without a proof.
    #[schema(value_type = Object)]
    presentation: Value,
    /// How.
    options: Option<PresentOptions>,
}

/// How a presentation is signed.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct PresentOptions {
    /// `DataIntegrityProof`.
    #[schema(rename = "type")]
    kind: Option<String>,
    /// `authentication`.
    proof_purpose: Option<String>,
    /// The suite of the proof.
    cryptosuite: Option<String>,
    /// The key of the proof.
    verification_method: Option<String>,
    /// The time of the proof (RFC 3339).
    created: Option<String>,
    /// What the verifier asked to be repeated.
    challenge: Option<String>,
    /// The verifier it is for.
    domain: Option<String>,
}

/// A credential that is kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct KeptCredential {
    /// The credential.
    #[schema(value_type = Object)]
    verifiable_credential: Value,
}

/// A presentation that was signed.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "read as a schema alone; the message is a type of the protocol crate"
)]
struct CreatedPresentation {
    /// The presentation.
    #[schema(value_type = Object)]
    verifiable_presentation: Value,
}

pub(super) fn derive() -> Operation {
    posted("deriveCredential", CREDENTIALS, "Shows a part of a credential")
        .json::<DeriveCredential>()
        .answers(made(
            Answer::empty(201, "The derived credential.").body("application/json", object()),
        ))
}

pub(super) fn show_credential() -> Operation {
    one("readCredential", CREDENTIALS, "A credential that is kept")
        .answers(Answer::json::<KeptCredential>(200, "The credential.").not_cached())
}

pub(super) fn delete_credential() -> Operation {
    one("deleteCredential", CREDENTIALS, "Forgets a credential")
        .answers(Answer::empty(202, "It is forgotten."))
}

pub(super) fn create_presentation() -> Operation {
    posted("createPresentation", PRESENTATIONS, "Signs a presentation")
        .json::<CreatePresentation>()
        .answers(made(Answer::json::<CreatedPresentation>(
            201,
            "The presentation.",
        )))
}

pub(super) fn list_presentations() -> Operation {
    operation("listPresentations", PRESENTATIONS, "What was presented")
        .query(
            "type",
            "`presentations`, `verifiablepresentations` or `all`.",
            Presence::Sometimes,
        )
        .answers(
            Answer::empty(200, "The presentations.")
                .body("application/json", list_of(object()))
                .not_cached(),
        )
        .answers(problem(400, "The query is malformed."))
}

pub(super) fn show_presentation() -> Operation {
    one("readPresentation", PRESENTATIONS, "A presentation that is kept").answers(
        Answer::empty(200, "The presentation.")
            .body("application/json", object())
            .not_cached(),
    )
}

pub(super) fn delete_presentation() -> Operation {
    one("deletePresentation", PRESENTATIONS, "Forgets a presentation")
        .answers(Answer::empty(202, "It is forgotten."))
}

fn made(answer: Answer) -> Answer {
    answer
        .header("Location", "Where it is kept.", Presence::Always)
        .not_cached()
}

fn posted(id: &'static str, tag: Tag, summary: &'static str) -> Operation {
    let operation = operation(id, tag, summary);
    request_refused().into_iter().fold(operation, Operation::answers)
}

fn one(id: &'static str, tag: Tag, summary: &'static str) -> Operation {
    operation(id, tag, summary)
        .path("id", "Its name in this wallet.")
        .answers(problem(404, "It is not kept."))
}

fn operation(id: &'static str, tag: Tag, summary: &'static str) -> Operation {
    Operation::new(id, tag, summary)
        .specified("VCALM, section Presenting", "https://www.w3.org/TR/vcalm/")
        .answers(problem(503, "The holder cannot answer now."))
}
