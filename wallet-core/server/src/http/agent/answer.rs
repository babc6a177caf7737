//! Outcomes as answers: a redirect where the browser goes on, otherwise a page for people and JSON for programs.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT, CACHE_CONTROL, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use symbolon_http::openapi::ToSchema;
use symbolon_wallet_core::{FlowId, TransportError, WalletError};
use url::Url;

use super::{PENDING, Reception, cookie};
use crate::agent::{AgentError, Answered, ComparisonCode, Ended};

/// How somebody asked, as far as the answer depends on it.
pub(super) struct Asked {
    pub(super) headers: HeaderMap,
    redirect: Redirect,
    reader: Reader,
}

enum Redirect {
    /// 302, as OAuth has it.
    Found,
    /// 303: what was posted must not be posted on.
    SeeOther,
}

enum Reader {
    Person,
    Program,
    /// One that is told where a browser would go on.
    Administration,
    /// The same, that brought the request itself.
    Owner,
}

impl Asked {
    pub(super) fn get(headers: &HeaderMap) -> Self {
        Self::by(headers, Redirect::Found)
    }

    pub(super) fn post(headers: &HeaderMap) -> Self {
        Self::by(headers, Redirect::SeeOther)
    }

    pub(super) fn program(headers: &HeaderMap) -> Self {
        Self {
            reader: Reader::Administration,
            ..Self::by(headers, Redirect::SeeOther)
        }
    }

    pub(super) fn owner(headers: &HeaderMap) -> Self {
        Self {
            reader: Reader::Owner,
            ..Self::by(headers, Redirect::SeeOther)
        }
    }

    fn by(headers: &HeaderMap, redirect: Redirect) -> Self {
        let mut accepts = headers
            .get_all(ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok());
        let reads_pages = accepts.any(|value| value.contains("text/html"));
        Self {
            headers: headers.clone(),
            redirect,
            reader: if reads_pages {
                Reader::Person
            } else {
                Reader::Program
            },
        }
    }
}

/// What became of a request or an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OutcomeBody {
    /// In one word.
    pub outcome: Outcome,
    /// Why it was refused: a code of the protocol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The same in words of this wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
    /// What whoever allows the request compares: the code of this page, for the browser that brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparison_code: Option<String>,
    /// Where a browser goes on, or what tells later how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_at: Option<String>,
}

/// What became of a request or an offer, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The verifier has an answer, and a browser goes on elsewhere.
    Answered,
    /// The verifier accepted what was shown.
    Shown,
    /// It was sent, and nobody knows whether it arrived.
    Unconfirmed,
    /// The verifier did not accept it.
    Rejected,
    /// Credentials were received.
    Received,
    /// Somebody has to sign in at the issuer.
    SignIn,
    /// It is not decided, or not over.
    Waiting,
    /// Nothing was shown or received.
    Declined,
    /// It breaks a rule, or is of somebody with whom the wallet does not deal.
    Refused,
}

/// A status, and what is said with it.
struct Said {
    status: StatusCode,
    body: OutcomeBody,
}

impl Said {
    const fn new(status: StatusCode, outcome: Outcome) -> Self {
        Self {
            status,
            body: OutcomeBody {
                outcome,
                error: None,
                error_description: None,
                comparison_code: None,
                continue_at: None,
            },
        }
    }

    fn refused(status: StatusCode, error: &str, description: &str) -> Self {
        let mut said = Self::new(status, Outcome::Refused);
        said.body.error = Some(error.to_owned());
        said.body.error_description = Some(description.to_owned());
        said
    }

    fn with_code(mut self, code: ComparisonCode) -> Self {
        self.body.comparison_code = Some(code.to_string());
        self
    }

    fn at(mut self, place: String) -> Self {
        self.body.continue_at = Some(place);
        self
    }

    fn respond(self, reception: &Reception, asked: &Asked) -> Response {
        match asked.reader {
            Reader::Person => reception.pages.show(self.status, &self.body, &asked.headers),
            Reader::Program => no_store((self.status, Json(self.body)).into_response()),
            Reader::Administration | Reader::Owner => {
                let status = if self.status.is_success() || self.body.outcome != Outcome::Refused {
                    StatusCode::OK
                } else {
                    self.status
                };
                no_store((status, Json(self.body)).into_response())
            }
        }
    }
}

pub(super) fn answer(answered: &Answered, reception: &Reception, asked: &Asked) -> Response {
    match (answered, &asked.reader) {
        (Answered::GoOn(at), Reader::Administration) => Said::new(StatusCode::OK, Outcome::Answered)
            // The answer itself belongs to the browser that brought the request: it is told there.
            .at(without_fragment(at))
            .respond(reception, asked),
        (Answered::GoOn(at), Reader::Owner) => Said::new(StatusCode::OK, Outcome::Answered)
            .at(at.as_str().to_owned())
            .respond(reception, asked),
        (Answered::SignIn { flow, .. }, Reader::Administration | Reader::Owner) => {
            Said::new(StatusCode::OK, Outcome::SignIn)
                .at(pending_address(reception, *flow))
                .respond(reception, asked)
        }
        (Answered::GoOn(at), _) => redirect(at, asked, None),
        (Answered::SignIn { flow, at }, _) => redirect(at, asked, cookie::of_flow(reception, *flow)),
        (Answered::Held { flow, code }, _) => Said::new(StatusCode::ACCEPTED, Outcome::Waiting)
            .with_code(*code)
            .at(pending_address(reception, *flow))
            .respond(reception, asked),
        (Answered::Waiting(flow), _) => Said::new(StatusCode::ACCEPTED, Outcome::Waiting)
            .at(pending_address(reception, *flow))
            .respond(reception, asked),
        (Answered::Ended(ended), _) => said_of(*ended).respond(reception, asked),
    }
}

fn said_of(ended: Ended) -> Said {
    match ended {
        Ended::Answered => Said::new(StatusCode::OK, Outcome::Answered),
        Ended::Shown => Said::new(StatusCode::OK, Outcome::Shown),
        Ended::Received => Said::new(StatusCode::OK, Outcome::Received),
        Ended::Unconfirmed => Said::new(StatusCode::ACCEPTED, Outcome::Unconfirmed),
        Ended::Rejected => Said::new(StatusCode::BAD_GATEWAY, Outcome::Rejected),
        Ended::Declined => {
            let mut said = Said::new(StatusCode::FORBIDDEN, Outcome::Declined);
            said.body.error = Some("access_denied".to_owned());
            said
        }
        Ended::Refused(problem) => {
            let code = super::operations::code_of(problem);
            Said::refused(StatusCode::BAD_REQUEST, code, &problem.to_string())
        }
        Ended::NotReceived(_) => Said::refused(
            StatusCode::BAD_REQUEST,
            "invalid_credential_offer",
            "the offer could not be taken",
        ),
        Ended::OfferSpent => Said::refused(
            StatusCode::BAD_REQUEST,
            "invalid_credential_offer",
            "the offer is used up or has expired",
        ),
    }
}

/// Why nothing came of it.
pub(super) fn refusal(error: &AgentError, reception: &Reception, asked: &Asked) -> Response {
    let said = match error {
        AgentError::NoSuchPerson | AgentError::Wallet(WalletError::NotFound) => {
            return not_found(reception, asked);
        }
        AgentError::ComparisonCode => {
            Said::refused(StatusCode::FORBIDDEN, "access_denied", &error.to_string())
        }
        AgentError::Full => Said::refused(
            StatusCode::SERVICE_UNAVAILABLE,
            "temporarily_unavailable",
            "too much waits already",
        ),
        AgentError::Busy | AgentError::Wallet(WalletError::Conflict | WalletError::WrongStage) => {
            Said::refused(
                StatusCode::CONFLICT,
                "invalid_request",
                "something else is being done about it",
            )
        }
        AgentError::Wallet(WalletError::RequestRefused(problem)) => Said::refused(
            StatusCode::BAD_REQUEST,
            super::operations::code_of(*problem),
            &problem.to_string(),
        ),
        AgentError::Wallet(
            error @ (WalletError::UnreadableLink
            | WalletError::UnacceptableOffer(_)
            | WalletError::UnknownIssuer
            | WalletError::ForeignAnswer(_)
            | WalletError::InvalidChoice
            | WalletError::Network(TransportError::Refused)),
        ) => Said::refused(StatusCode::BAD_REQUEST, "invalid_request", &error.to_string()),
        AgentError::Wallet(error @ (WalletError::Network(_) | WalletError::PeerUnavailable { .. })) => {
            Said::refused(
                StatusCode::BAD_GATEWAY,
                "temporarily_unavailable",
                &error.to_string(),
            )
        }
        AgentError::Wallet(error) => {
            tracing::error!(%error, "the wallet failed");
            Said::refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "server_error",
                "the wallet cannot answer now",
            )
        }
    };
    said.respond(reception, asked)
}

pub(super) fn not_found(reception: &Reception, asked: &Asked) -> Response {
    Said::refused(StatusCode::NOT_FOUND, "invalid_request", "there is nothing here").respond(reception, asked)
}

pub(super) fn not_a_form(reception: &Reception, asked: &Asked) -> Response {
    Said::refused(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "invalid_request",
        "the request is no form",
    )
    .respond(reception, asked)
}

pub(super) fn another_browser(reception: &Reception, asked: &Asked) -> Response {
    Said::refused(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "this sign-in was begun in another browser",
    )
    .respond(reception, asked)
}

/// The refusal of a body of the administration.
pub(super) fn malformed() -> Response {
    let said = Said::refused(
        StatusCode::BAD_REQUEST,
        "invalid_request",
        "the order is malformed",
    );
    no_store((said.status, Json(said.body)).into_response())
}

/// The failure of an administration call.
pub(super) fn failed(error: &AgentError) -> Response {
    tracing::error!(%error, "what waits cannot be read");
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let said = Said::refused(status, "server_error", "the wallet cannot answer now");
    no_store((said.status, Json(said.body)).into_response())
}

fn redirect(at: &Url, asked: &Asked, cookie: Option<HeaderValue>) -> Response {
    let Ok(mut location) = HeaderValue::from_str(at.as_str()) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // It may carry a code or an answer.
    location.set_sensitive(true);
    let status = match asked.redirect {
        Redirect::Found => StatusCode::FOUND,
        Redirect::SeeOther => StatusCode::SEE_OTHER,
    };
    let mut response = (status, [(LOCATION, location)]).into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    no_store(response)
}

fn pending_address(reception: &Reception, flow: FlowId) -> String {
    let base = reception.agent.identifier().as_str().trim_end_matches('/');
    format!("{base}{PENDING}/{flow}")
}

fn without_fragment(at: &Url) -> String {
    let mut at = at.clone();
    at.set_fragment(None);
    at.into()
}

fn no_store(mut response: Response) -> Response {
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
