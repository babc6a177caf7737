//! What went wrong, said to the resident.

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use symbolon_issuer::authorization::AuthorizationRefusal;
use symbolon_issuer::sign_in::openid_provider::ProviderError;
use symbolon_issuer::sign_in::{AskRefusal, EntryRefusal};
use symbolon_pages::context;
use symbolon_pages::language::choose;

use super::answer::{FormTargets, page};
use super::render::{Page, Pages};
use crate::issuer::{AuthorizationFailure, SignInFailure};
use crate::sign_in::ProviderFailure;

/// What a page of its own says when a request cannot be answered otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The browser has no authorization.
    Unknown,
    /// The authorization or the sign-in has expired.
    Expired,
    /// It was decided.
    Decided,
    /// The form is another session's.
    ForeignForm,
    /// The offer was made to somebody else.
    OfferForAnother,
    /// The offer is not there any more.
    OfferGone,
    /// The `request_uri` that led here is used or has expired.
    StaleRequest,
    /// The wallet's request is wrong, and there is nowhere safe to say so.
    Request,
    /// The wallet, or where it wants the answer, is not known.
    Client,
    /// This server fails at the moment.
    Unavailable,
    /// Nobody signs in here.
    NotSetUp,
    /// No such page.
    NotFound,
}

impl Problem {
    const fn status(self) -> StatusCode {
        match self {
            Self::Unknown | Self::StaleRequest | Self::Request | Self::Client => StatusCode::BAD_REQUEST,
            Self::Expired | Self::OfferGone => StatusCode::GONE,
            Self::Decided => StatusCode::CONFLICT,
            Self::ForeignForm | Self::OfferForAnother => StatusCode::FORBIDDEN,
            Self::Unavailable | Self::NotSetUp => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Unknown => "error-unknown",
            Self::Expired | Self::StaleRequest => "error-expired",
            Self::Decided => "error-decided",
            Self::ForeignForm => "error-foreign-form",
            Self::OfferForAnother => "error-offer-for-another",
            Self::OfferGone => "error-offer-gone",
            Self::Request => "error-request",
            Self::Client => "error-client",
            Self::Unavailable => "error-unavailable",
            Self::NotSetUp => "error-not-set-up",
            Self::NotFound => "error-not-found",
        }
    }
}

impl From<&AuthorizationFailure> for Problem {
    fn from(failure: &AuthorizationFailure) -> Self {
        match failure {
            AuthorizationFailure::Refused(refusal) => match refusal {
                AuthorizationRefusal::Expired => Self::Expired,
                AuthorizationRefusal::Decided | AuthorizationRefusal::AlreadyIdentified => Self::Decided,
                AuthorizationRefusal::ForeignForm => Self::ForeignForm,
                AuthorizationRefusal::OfferForAnother => Self::OfferForAnother,
                AuthorizationRefusal::OfferGone => Self::OfferGone,
                AuthorizationRefusal::Randomness(_) => Self::Unavailable,
                _ => Self::Unknown,
            },
            _ => Self::Unavailable,
        }
    }
}

/// What became of a failed sign-in: something to say on the page that it happened on, or a page of its own.
pub(super) enum Said {
    /// The key of a text, and how long to wait if that is what it says.
    Here(&'static str, Option<core::time::Duration>),
    /// A page of its own.
    Apart(Problem),
}

impl From<&SignInFailure> for Said {
    fn from(failure: &SignInFailure) -> Self {
        match failure {
            SignInFailure::Authorization(failure) => Self::Apart(failure.into()),
            SignInFailure::Number(_) => Self::Here("number-invalid", None),
            SignInFailure::WrongCode => Self::Here("code-wrong", None),
            SignInFailure::Ask(refusal) => match refusal {
                AskRefusal::TooEarly { wait } => Self::Here("ask-wait", Some(*wait)),
                AskRefusal::TooOften => Self::Here("ask-too-often", None),
                AskRefusal::Expired => Self::Apart(Problem::Expired),
                AskRefusal::NotNeeded => Self::Apart(Problem::Decided),
                _ => Self::Apart(Problem::Unavailable),
            },
            SignInFailure::Entry(refusal) => match refusal {
                EntryRefusal::TooEarly { wait } => Self::Here("code-wait", Some(*wait)),
                EntryRefusal::CodeExpired => Self::Here("code-expired", None),
                EntryRefusal::Exhausted => Self::Here("code-exhausted", None),
                EntryRefusal::NotAsked => Self::Here("number-invalid", None),
                _ => Self::Apart(Problem::Expired),
            },
            SignInFailure::NotSetUp => Self::Apart(Problem::NotSetUp),
            SignInFailure::NoRecord => Self::Here("provider-no-record", None),
            SignInFailure::Provider(failure) => match failure {
                ProviderFailure::Unreachable => Self::Here("provider-unreachable", None),
                ProviderFailure::Answer(ProviderError::Denied) => Self::Here("provider-denied", None),
                ProviderFailure::Answer(ProviderError::NoRecordClaim) => {
                    Self::Here("provider-no-record", None)
                }
                ProviderFailure::Answer(_) => Self::Here("provider-failed", None),
                _ => Self::Apart(Problem::Unavailable),
            },
            _ => Self::Apart(Problem::Unavailable),
        }
    }
}

/// A page that says what went wrong. `code` is an error code of a specification, for whoever helps the resident.
pub(crate) fn problem_page(
    pages: &Pages,
    headers: &HeaderMap,
    problem: Problem,
    code: Option<&str>,
) -> Response {
    problem_page_in(pages, headers, &[], problem, code)
}

/// The same for a wallet that asked for languages.
pub(super) fn problem_page_in(
    pages: &Pages,
    headers: &HeaderMap,
    ui_locales: &[String],
    problem: Problem,
    code: Option<&str>,
) -> Response {
    let language = choose(pages.translations(), headers, ui_locales);
    let said = Page {
        template: "problem.html",
        path: None,
        problem: None,
        content: context! { text => pages.text(language, problem.text(), &[]), code => code },
        language,
    };
    page(pages, problem.status(), &said, &FormTargets::Here)
}
