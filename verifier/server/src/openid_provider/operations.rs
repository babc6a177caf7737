//! What the endpoints take and answer.

use http::header::{LOCATION, SET_COOKIE, WWW_AUTHENTICATE};
use symbolon_http::openapi::{Answer, Operation, Presence, Security, TEXT, Tag, object, text};
use symbolon_protocol::oauth::dpop::PROOF_HEADER;
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::error::TokenErrorCode;

use super::shapes::{
    AuthenticationRequestForm, OpenIdTokenForm, OpenIdTokens, PushedAuthentication, PushedAuthenticationForm,
};

const OPENID: Tag = Tag {
    name: "OpenID Provider",
    description: "A client of OpenID Connect has people signed in by what they show from their wallets.",
};

const CORE: &str = "https://openid.net/specs/openid-connect-core-1_0.html";
const HTML: &str = "text/html";

pub(super) fn metadata() -> Operation {
    document("readOpenIdConfiguration", "What the provider says of itself").specified(
        "OpenID Connect Discovery 1.0, section 4",
        "https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig",
    )
}

pub(super) fn keys() -> Operation {
    document("readOpenIdKeys", "The keys that sign ID tokens")
}

fn document(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, OPENID, summary)
        .answers(
            Answer::empty(200, "The document.")
                .body("application/json", object())
                .cached("Five minutes."),
        )
        .answers(Answer::empty(
            404,
            "No relying party has a client, and so there is no provider.",
        ))
}

pub(super) fn authorize() -> Operation {
    let parameters = [
        ("client_id", "Who asks."),
        ("request_uri", "What the endpoint of pushed requests answered."),
        ("response_type", "`code`."),
        ("redirect_uri", "One of the client's own addresses."),
        ("scope", "`openid`, and which policy."),
        ("state", "What the answer repeats."),
        ("nonce", "What the ID token repeats."),
        (
            "code_challenge",
            "The digest of the client's secret for this request (RFC 7636).",
        ),
        ("code_challenge_method", "`S256`."),
        ("claims", "The claims that are asked for, a JSON object."),
    ];
    let operation = Operation::new("authenticate", OPENID, "A browser begins a sign-in");
    let operation = parameters
        .into_iter()
        .fold(operation, |operation, (name, about)| {
            operation.query(name, about, Presence::Sometimes)
        });
    authorization(operation)
}

pub(super) fn authorize_by_form() -> Operation {
    authorization(
        Operation::new(
            "authenticateByForm",
            OPENID,
            "A browser begins a sign-in by a form",
        )
        .form::<AuthenticationRequestForm>(),
    )
}

fn authorization(operation: Operation) -> Operation {
    operation
        .specified("OpenID Connect Core 1.0, section 3.1.2", CORE)
        .answers(
            on("To the page of the sign-in, or back to the client with an error.").named(
                SET_COOKIE,
                "The key of the sign-in.",
                Presence::Sometimes,
            ),
        )
        .answers(page(
            400,
            "The client is not known, or there is nowhere safe to send the browser.",
        ))
        .answers(page(503, "The provider cannot answer now."))
}

pub(super) fn push() -> Operation {
    back_channel(
        Operation::new("pushAuthenticationRequest", OPENID, "A client pushes its request")
            .specified(
                "RFC 9126, section 2",
                "https://www.rfc-editor.org/rfc/rfc9126#section-2",
            )
            .form::<PushedAuthenticationForm>()
            .header(
                PROOF_HEADER,
                "The proof of the key that the code is to be bound to (RFC 9449, section 10.1).",
                Presence::Sometimes,
            )
            .answers(
                Answer::json::<PushedAuthentication>(201, "The name of the request, good for one use.")
                    .not_cached(),
            ),
        AuthorizationErrorCode::ALL
            .iter()
            .map(|code| (code.status(), code.as_str()))
            .collect(),
    )
}

pub(super) fn token() -> Operation {
    back_channel(
        Operation::new(
            "redeemCode",
            OPENID,
            "A code becomes an ID token and an access token",
        )
        .specified("OpenID Connect Core 1.0, section 3.1.3", CORE)
        .form::<OpenIdTokenForm>()
        .header(
            PROOF_HEADER,
            "The proof of the key that the access token is to be bound to (RFC 9449).",
            Presence::Sometimes,
        )
        .answers(Answer::json::<OpenIdTokens>(200, "The tokens.").not_cached()),
        TokenErrorCode::ALL
            .iter()
            .map(|code| (code.status(), code.as_str()))
            .collect(),
    )
}

/// What an endpoint answers that a client calls by itself. The client is known by the assertion in the form.
fn back_channel(operation: Operation, codes: Vec<(u16, &'static str)>) -> Operation {
    let of = |status: u16| {
        codes
            .iter()
            .filter(move |(own, _)| *own == status)
            .map(|(_, code)| *code)
    };
    let about = [
        (400, "The request is refused."),
        (401, "The client is not known by its assertion."),
        (500, "The provider cannot sign."),
        (
            503,
            "The provider cannot answer now, or the quota of the relying party is used up.",
        ),
    ];
    about
        .into_iter()
        .fold(operation, |operation, (status, description)| {
            let answer = Answer::error(status, description, of(status)).not_cached();
            operation.answers(match status {
                401 => answer.named(
                    WWW_AUTHENTICATE,
                    "`Basic`, for a client that came with a password.",
                    Presence::Sometimes,
                ),
                _ => answer,
            })
        })
}

pub(super) fn user_info() -> Operation {
    opened(Operation::new(
        "readUserInfo",
        OPENID,
        "What the client is told of the person",
    ))
}

pub(super) fn user_info_by_post() -> Operation {
    opened(Operation::new(
        "readUserInfoByPost",
        OPENID,
        "What the client is told of the person, by POST",
    ))
}

fn opened(operation: Operation) -> Operation {
    let refused = |status, description| {
        Answer::empty(status, description)
            .challenge("The scheme, the error, and what would do.")
            .not_cached()
    };
    operation
        .specified("OpenID Connect Core 1.0, section 5.3", CORE)
        .secured(&[Security::BearerAccessToken])
        .secured(&[Security::DpopAccessToken, Security::DpopProof])
        .answers(
            Answer::empty(200, "The claims; signed where the client has registered that.")
                .body("application/json", object())
                .body("application/jwt", text())
                .not_cached(),
        )
        .answers(refused(400, "The token is sent in more than one way."))
        .answers(refused(401, "The token or its proof is missing, or does not do."))
        .answers(Answer::empty(503, "The provider cannot answer now."))
}

pub(super) fn show() -> Operation {
    of_sign_in(
        "showSignIn",
        "The page on which a person shows what signs them in",
    )
    .query("language", "Another language, by its tag.", Presence::Sometimes)
    .answers(page(200, "The request as a link and as a QR code."))
    .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
    .answers(
        on("Back to the client, or to the page in another language.").named(
            SET_COOKIE,
            "The language.",
            Presence::Sometimes,
        ),
    )
}

pub(super) fn come_back() -> Operation {
    of_sign_in(
        "returnToSignIn",
        "Where a wallet on the same device leads back to",
    )
    .query(
        "response_code",
        "The code that the wallet was given.",
        Presence::Sometimes,
    )
    .answers(Answer::empty(400, "The query is malformed.").file(TEXT))
    .answers(on("Back to the client."))
}

pub(super) fn cancel() -> Operation {
    of_sign_in("cancelSignIn", "The person does not sign in").answers(on("Back to the client."))
}

pub(super) fn events() -> Operation {
    of_sign_in("awaitSignIn", "Tells the page that there is something new")
        .about("The stream has one event, `changed`, without data, and ends.")
        .answers(Answer::empty(200, "The stream.").file("text/event-stream"))
}

pub(super) fn file(id: &'static str, summary: &'static str, media_type: &'static str) -> Operation {
    Operation::new(id, OPENID, summary).answers(
        Answer::empty(200, "The file.")
            .file(media_type)
            .cached("Five minutes."),
    )
}

fn of_sign_in(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, OPENID, summary)
        .path("id", "The sign-in.")
        .answers(page(403, "Another browser began it."))
        .answers(page(404, "There is no such sign-in, or it is over."))
        .answers(page(503, "The provider cannot answer now."))
}

fn page(status: u16, description: &str) -> Answer {
    Answer::empty(status, description).file(HTML).not_cached()
}

fn on(description: &str) -> Answer {
    Answer::empty(303, description)
        .named(LOCATION, "Where to.", Presence::Always)
        .not_cached()
}
