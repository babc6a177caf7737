//! Why a policy is refused at start.

use symbolon_protocol::dcql::DcqlError;
use symbolon_protocol::openid4vp::transaction_data::TransactionDefect;
use thiserror::Error;

use crate::openid_provider::OpenIdClientProblem;

/// Why a policy is refused, with the key of its file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{key}: {problem}")]
pub struct PolicyError {
    /// The offending key, such as `credentials[0].claims[2].pattern`.
    pub key: String,
    /// What is wrong with it.
    pub problem: PolicyProblem,
}

/// What is wrong with a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyProblem {
    /// Nothing is asked for.
    #[error("a policy wants at least one credential")]
    NoCredentials,
    /// Over a limit.
    #[error("at most {most}")]
    TooMany {
        /// The limit.
        most: usize,
    },
    /// Two of one name, or an empty name.
    #[error("is empty or used twice")]
    Repeated,
    /// Alternatives of which some may be left out and others not.
    #[error("alternatives are all required or all optional")]
    MixedPresence,
    /// The name of alternatives is another credential's id.
    #[error("the name of alternatives is the id of no credential")]
    AlternativeNamedLikeCredential,
    /// No type where one is needed.
    #[error("says of no type that it is taken")]
    NoTypes,
    /// A type where the format has none.
    #[error("a Claim 169 code has no type")]
    TypeOfCard,
    /// Several document types, which a query cannot ask for.
    #[error("names several document types: an mdoc is asked for by one")]
    SeveralDocumentTypes,
    /// The trust list has no such issuer.
    #[error("names no issuer of the trust list")]
    UnknownIssuer,
    /// Two issuers of the trust list have this name.
    #[error("names two issuers of the trust list: write the identifier")]
    AmbiguousIssuer,
    /// The verifier has no such level.
    #[error("names none of verifier.assurance.levels")]
    UnknownLevel,
    /// Only a photo can bind a card.
    #[error("a Claim 169 code has no key: the binding is \"face\" or \"none\"")]
    CardWithoutKey,
    /// A face is to be compared, and nobody would see it.
    #[error("a face is to be compared, so keep_photo = true is needed")]
    PhotoNotKept,
    /// A regular expression that does not read or is too large.
    #[error("is no regular expression that is taken: {0}")]
    Pattern(String),
    /// A value of a type that claims are not compared with.
    #[error("values are texts, whole numbers or truth values")]
    Value,
    /// Fewer than one or more than so many years.
    #[error("must be from 1 to 150")]
    Age,
    /// Neither claims nor a date of birth.
    #[error("names neither claims nor birth_date")]
    AgeWithoutSource,
    /// A path that is not that of an mdoc's element.
    #[error("the path of an mdoc claim is a namespace and an element")]
    MdocPath,
    /// An offset that no clock has.
    #[error("must be from -720 to 840")]
    UtcOffset,
    /// Claims that identify a person, of a policy that does not look at them, or none where it does.
    #[error("belongs to combined = \"same_claims\", which needs it")]
    SameClaims,
    /// A group that leaves a credential out, or names one that the policy does not have.
    #[error("names every credential of the policy and no other")]
    SameClaimsGroup,
    /// A claim that the credential's own rules do not require.
    #[error("is no required claim of its credential")]
    SameClaimsNotRequired,
    /// Only claims that may be missing: no query can ask for those alone.
    #[error("are all optional: one must be required, or the policy names a query")]
    OnlyOptionalClaims,
    /// The verifier has no such query.
    #[error("names no query of the verifier")]
    UnknownQuery,
    /// The query and the rules name different credentials.
    #[error("the query and the policy do not name the same credentials")]
    OtherCredentials,
    /// A query for another format than the rules have.
    #[error("the query asks for credential {id} in another format")]
    OtherFormat {
        /// The credential.
        id: String,
    },
    /// The derived query breaks a rule.
    #[error("the query that is derived from it is refused: {0}")]
    Derived(DcqlError),
    /// A text that is empty or longer than people read.
    #[error("must be 1 to {most} characters")]
    Length {
        /// The most characters.
        most: usize,
    },
    /// A number outside its bounds.
    #[error("must be from {least} to {most}")]
    OutOfBounds {
        /// The least.
        least: u32,
        /// The most.
        most: u32,
    },
    /// A transaction that does not conform to its type, or that no credential of the policy can authorise.
    #[error("{0}")]
    Transaction(TransactionDefect),
    /// Verified claims without the rules by which they are verified.
    #[error("needs verifier.assurance.trust_framework")]
    NoTrustFramework,
    /// Verified claims of whoever comes.
    #[error("are somebody's, and binding = \"none\" does not say whose")]
    VerifiedClaimsWithoutHolder,
    /// Verified claims that may be about several people.
    #[error("is the second of a policy whose credentials may be several people's")]
    VerifiedClaimsOfSeveralPeople,
    /// A mapping of nothing.
    #[error("names no claims")]
    NoVerifiedClaims,
    /// No name of a claim, or one that belongs to tokens.
    #[error("is no name of a claim about a person")]
    ClaimName,
    /// A claim without a source.
    #[error("names no path")]
    ClaimOfNothing,
    /// A claim that is gone when verified claims are made.
    #[error("reads a claim that keep_claims does not keep as a whole")]
    ClaimNotKept,
    /// No code of a country.
    #[error("must be three capital letters")]
    CountryCode,
    /// A record has no number of a document.
    #[error("belongs to evidence = \"document\"")]
    NumberOfRecord,
    /// Neither renewal nor status.
    #[error("needs renew_after_days or watch_status_every_hours")]
    NothingWatched,
    /// The verifier has no such policy.
    #[error("names no policy of the verifier")]
    UnknownPolicy,
    /// A webhook address that the installation does not use.
    #[error("must be an https URL without user, password and fragment")]
    WebhookUrl,
    /// Something of the client of OpenID Connect.
    #[error(transparent)]
    OpenIdClient(#[from] OpenIdClientProblem),
    /// An origin that no page of the installation's has.
    #[error("must be the origin of an https page, such as https://shop.example")]
    Origin,
}

/// The problem at a key.
pub(crate) fn at(key: impl Into<String>, problem: PolicyProblem) -> PolicyError {
    PolicyError {
        key: key.into(),
        problem,
    }
}

impl PolicyError {
    /// The same below a key.
    #[must_use]
    pub fn below(self, key: &str) -> Self {
        Self {
            key: format!("{key}.{}", self.key),
            problem: self.problem,
        }
    }
}
