//! What goes wrong, as [`ProblemDetails`] (VCALM, section on error handling; [RFC 9457]).
//!
//! [RFC 9457]: https://www.rfc-editor.org/rfc/rfc9457

pub use symbolon_credential::w3c::ProblemDetails;
use symbolon_credential::w3c::{NotConforming, ProblemType};
use thiserror::Error;

/// Problems that VCALM itself gives a URL, and those of plain HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VcalmProblem {
    /// An option that is not known.
    UnknownOptionProvided,
    /// The trust list does not name the issuer, or not for this. No specification has a type for it.
    IssuerNotTrusted,
    /// The credential is revoked or suspended. No specification has a type for it.
    CredentialOutOfForce,
    /// Whoever signed a presentation is not whom its credentials are about. No specification has a type for it.
    PresenterNotSubject,
    /// What the status code says and nothing more ([RFC 9457 §4.2.1]).
    ///
    /// [RFC 9457 §4.2.1]: https://www.rfc-editor.org/rfc/rfc9457#section-4.2.1
    StatusCode {
        /// The phrase of the status code.
        phrase: &'static str,
    },
}

impl VcalmProblem {
    /// The URL.
    #[must_use]
    pub const fn url(self) -> &'static str {
        match self {
            Self::UnknownOptionProvided => "https://www.w3.org/TR/vcalm#UNKNOWN_OPTION_PROVIDED",
            Self::IssuerNotTrusted => "urn:symbolon:problem:issuer-not-trusted",
            Self::CredentialOutOfForce => "urn:symbolon:problem:credential-out-of-force",
            Self::PresenterNotSubject => "urn:symbolon:problem:presenter-not-subject",
            Self::StatusCode { .. } => "about:blank",
        }
    }

    /// A short sentence for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::UnknownOptionProvided => "An option is not known",
            Self::IssuerNotTrusted => "The issuer is not trusted for this",
            Self::CredentialOutOfForce => "The credential is revoked or suspended",
            Self::PresenterNotSubject => "The presenter is not the subject",
            Self::StatusCode { phrase } => phrase,
        }
    }

    /// The object that tells of it. `detail` holds neither personal data nor text of a peer.
    #[must_use]
    pub fn details(self, detail: impl Into<String>) -> ProblemDetails {
        ProblemDetails {
            problem: self.url(),
            title: self.title(),
            detail: detail.into(),
        }
    }
}

/// Why a request was refused before anything was done. Each is the caller's; the endpoint answers 400 with
/// [`RequestRefused::details`], and 413 for [`RequestRefused::TooLarge`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestRefused {
    /// Longer than [`super::MAX_REQUEST_BYTES`].
    #[error("the request is larger than this endpoint reads")]
    TooLarge,
    /// Deeper or with more members than the budget allows, or not JSON, or not an object.
    #[error("the request is no JSON object as it must be")]
    NotJson,
    /// A member that every request has.
    #[error("the member {member} is missing or of the wrong kind")]
    Member {
        /// Its name.
        member: &'static str,
    },
    /// A member that no request has.
    #[error("the request has a member that is not known")]
    UnknownMember,
    /// An option that is not known.
    #[error("the request has an option that is not known")]
    UnknownOption,
    /// An option whose value is not one that can be processed.
    #[error("the option {option} has a value that cannot be processed")]
    Option {
        /// Its name.
        option: &'static str,
    },
    /// An option that cannot be had together with what is asked for.
    #[error("the option {option} cannot be applied to this request")]
    OptionNotApplicable {
        /// Its name.
        option: &'static str,
    },
    /// The credential or presentation does not conform to the data model.
    #[error(transparent)]
    NotConforming(#[from] NotConforming),
    /// A document without a proof where one is needed.
    #[error("the document is not secured: it has no proof")]
    NotSecured,
    /// A document with a proof where there must be none.
    #[error("the document has a proof already")]
    AlreadySecured,
}

impl RequestRefused {
    /// How the refusal is told.
    #[must_use]
    pub fn details(self) -> ProblemDetails {
        let detail = self.to_string();
        match self {
            Self::UnknownOption => VcalmProblem::UnknownOptionProvided.details(detail),
            Self::TooLarge => VcalmProblem::StatusCode {
                phrase: "Content Too Large",
            }
            .details(detail),
            Self::NotJson => ProblemType::ParsingError.details(detail),
            Self::NotConforming(not_conforming) => not_conforming.problem().details(detail),
            Self::Member { .. }
            | Self::UnknownMember
            | Self::Option { .. }
            | Self::OptionNotApplicable { .. }
            | Self::NotSecured
            | Self::AlreadySecured => ProblemType::MalformedValueError.details(detail),
        }
    }

    /// The status code that the endpoint answers.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::TooLarge => 413,
            _ => 400,
        }
    }
}
