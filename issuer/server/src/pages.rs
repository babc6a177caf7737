//! The pages for residents: sign-in, consent, and what went wrong. Rendered here, without any script, in the resident's
//! language.

mod answer;
mod consent;
pub(crate) mod operations;
mod operator;
mod problem;
mod provider;
mod render;
mod routes;
mod sign_in;
mod translations;

pub use translations::shipped_translations;

pub(crate) use problem::{Problem, problem_page};
pub(crate) use render::Pages;
pub(crate) use routes::{Desk, router};

/// The paths of the pages below the issuer's identifier.
pub(crate) mod paths {
    /// Where an authorization request leads.
    pub(crate) use symbolon_issuer::metadata::paths::SIGN_IN;

    /// The resident's number, posted.
    pub(crate) const NUMBER: &str = "/sign-in/number";
    /// The code, posted.
    pub(crate) const CODE: &str = "/sign-in/code";
    /// Another code, posted.
    pub(crate) const AGAIN: &str = "/sign-in/again";
    /// Another number, posted.
    pub(crate) const START_OVER: &str = "/sign-in/start-over";
    /// Leaving without a credential.
    pub(crate) const CANCEL: &str = "/sign-in/cancel";
    /// To the OpenID Provider.
    pub(crate) const PROVIDER: &str = "/sign-in/provider";
    /// Back from the OpenID Provider.
    pub(crate) const PROVIDER_BACK: &str = "/sign-in/provider/back";
    /// The question.
    pub(crate) const CONSENT: &str = "/consent";
    /// Yes, posted.
    pub(crate) const APPROVE: &str = "/consent/approve";
    /// No, posted.
    pub(crate) const REFUSE: &str = "/consent/refuse";
    /// How the pages look.
    pub(crate) const STYLE: &str = "/sign-in/style.css";
    /// The pages' picture.
    pub(crate) const ICON: &str = "/sign-in/icon.svg";
    /// The codes that a development installation sends to nobody.
    pub(crate) const OPERATOR: &str = "/operator/codes";
}
