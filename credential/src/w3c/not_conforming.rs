//! Why a document does not conform: one variant for each rule of the data model.

use core::fmt;

use thiserror::Error;

use super::problem::ProblemType;

/// Whose rule was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Property {
    /// The credential itself.
    Credential,
    /// The presentation itself.
    Presentation,
    /// `issuer`.
    Issuer,
    /// `holder`.
    Holder,
    /// `credentialSubject`.
    CredentialSubject,
    /// `credentialStatus`.
    CredentialStatus,
    /// `credentialSchema`.
    CredentialSchema,
    /// `evidence`.
    Evidence,
    /// `termsOfUse`.
    TermsOfUse,
    /// `refreshService`.
    RefreshService,
    /// `relatedResource`.
    RelatedResource,
    /// `proof`.
    Proof,
    /// `name`.
    Name,
    /// `description`.
    Description,
    /// `validFrom`.
    ValidFrom,
    /// `validUntil`.
    ValidUntil,
    /// `issuanceDate` of VCDM 1.1.
    IssuanceDate,
    /// `expirationDate` of VCDM 1.1.
    ExpirationDate,
    /// `verifiableCredential`.
    VerifiableCredential,
}

impl Property {
    /// The name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Presentation => "presentation",
            Self::Issuer => "issuer",
            Self::Holder => "holder",
            Self::CredentialSubject => "credentialSubject",
            Self::CredentialStatus => "credentialStatus",
            Self::CredentialSchema => "credentialSchema",
            Self::Evidence => "evidence",
            Self::TermsOfUse => "termsOfUse",
            Self::RefreshService => "refreshService",
            Self::RelatedResource => "relatedResource",
            Self::Proof => "proof",
            Self::Name => "name",
            Self::Description => "description",
            Self::ValidFrom => "validFrom",
            Self::ValidUntil => "validUntil",
            Self::IssuanceDate => "issuanceDate",
            Self::ExpirationDate => "expirationDate",
            Self::VerifiableCredential => "verifiableCredential",
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Why a document is no conforming document of the data model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotConforming {
    /// Longer, deeper or with more parts than the budget allows.
    #[error("the document is over its budget")]
    OverBudget,
    /// Not JSON, or with a member twice.
    #[error("not a JSON document as it must be")]
    NotJson,
    /// JSON, and not an object.
    #[error("the document is no object")]
    NotAnObject,
    /// §4.3: the first context is not the base context of a version that is supported.
    #[error("the first item of @context is not the base context of VCDM 2.0 or 1.1")]
    BaseContext,
    /// §4.3: an item is neither a URL nor an object.
    #[error("an item of @context is neither a URL nor an object")]
    ContextItem,
    /// §4.3: `@context` is an ordered *set*.
    #[error("an item of @context is there twice")]
    ContextRepeated,
    /// §5.3: the context for undefined terms must be the last.
    #[error("the context for undefined terms is not the last one")]
    UndefinedTermsNotLast,
    /// §5.3: a context within the document redefines a term of the base context.
    #[error("a context redefines a term of the base context")]
    TermRedefined,
    /// §4.4: an identifier that is not one URL.
    #[error("the id of {of} is not one URL")]
    Id {
        /// Whose.
        of: Property,
    },
    /// §4.5: no `type`, or one that is not one or more terms or URLs.
    #[error("the type of {of} is missing or no term or URL")]
    Type {
        /// Whose.
        of: Property,
    },
    /// §4.5: the type that makes it what it is said to be is missing.
    #[error("the type of {of} lacks the one that is required")]
    RequiredType {
        /// Whose.
        of: Property,
    },
    /// §4.6: neither a string nor a language value object with nothing else in it.
    #[error("{of} is neither a string nor a language value object")]
    LanguageValue {
        /// Which.
        of: Property,
    },
    /// §4.7: no issuer, or one that is neither a URL nor an object with a URL as `id`.
    #[error("the issuer is missing, or neither a URL nor an object with a URL as id")]
    Issuer,
    /// §4.8: no subject, or one without claims.
    #[error("the credentialSubject is missing or without claims")]
    CredentialSubject,
    /// §4.9: not a time as it must be.
    #[error("{of} is missing or no dateTimeStamp")]
    DateTime {
        /// Which.
        of: Property,
    },
    /// §4.9: a time that is issued must say its offset.
    #[error("{of} does not say its offset from UTC")]
    DateTimeWithoutOffset {
        /// Which.
        of: Property,
    },
    /// §4.9: it ends before it begins.
    #[error("validUntil is before validFrom")]
    ValidityReversed,
    /// A property whose value must be one or more objects.
    #[error("{of} is neither an object nor a list of objects")]
    NotObjects {
        /// Which.
        of: Property,
    },
    /// Bitstring Status List §2.1: `statusPurpose`.
    #[error("the statusPurpose of a status entry is missing or no string")]
    StatusPurpose,
    /// Bitstring Status List §2.1: `statusListIndex`.
    #[error("the statusListIndex of a status entry is no whole number in a string")]
    StatusListIndex,
    /// Bitstring Status List §2.1: `statusListCredential`.
    #[error("the statusListCredential of a status entry is missing, no URL, or also its id")]
    StatusListCredential,
    /// Bitstring Status List §2.1: `statusSize`.
    #[error("the statusSize of a status entry is no size that is supported")]
    StatusSize,
    /// Bitstring Status List §2.1: `statusMessage`.
    #[error("the statusMessage of a status entry does not have one message for each value")]
    StatusMessages,
    /// Bitstring Status List §2.1: `statusReference`.
    #[error("the statusReference of a status entry is no URL")]
    StatusReference,
    /// §5.3: no digest, or none of a known algorithm.
    #[error("a related resource has no digest that can be checked")]
    RelatedResourceDigest,
    /// §5.3: two related resources of one id.
    #[error("two related resources have one id")]
    RelatedResourceRepeated,
    /// §4.13: something else than a credential or an enveloped one.
    #[error("an item of verifiableCredential is no credential object")]
    PresentedCredential,
    /// §4.13.1: not a `data:` URL of a kind of envelope that is known.
    #[error("the id of an enveloped credential or presentation is no data URL of a supported kind")]
    Envelope,
}

impl NotConforming {
    /// The type of problem that this is told as.
    #[must_use]
    pub const fn problem(self) -> ProblemType {
        match self {
            Self::OverBudget | Self::NotJson | Self::NotAnObject => ProblemType::ParsingError,
            _ => ProblemType::MalformedValueError,
        }
    }
}
