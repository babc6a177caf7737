use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;

use super::candidate::HolderBinding;
use crate::format::CredentialFormat;

macro_rules! query_identifier {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
        pub struct $name(String);

        impl $name {
            /// The longest identifier accepted, in bytes.
            pub const MAX_BYTES: usize = 128;

            /// Takes an identifier of letters, digits, `_` and `-`; `None` for any other text.
            #[must_use]
            pub fn parse(text: impl Into<String>) -> Option<Self> {
                let text = text.into();
                let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
                let valid = !text.is_empty() && text.len() <= Self::MAX_BYTES && text.bytes().all(allowed);
                valid.then_some(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?)
                    .ok_or_else(|| serde::de::Error::custom("not an identifier of letters, digits, _ and -"))
            }
        }
    };
}

query_identifier! {
    /// The name of a credential query, unique within its query.
    QueryId
}
query_identifier! {
    /// The name of a claim query, unique within its credential query.
    ClaimId
}

/// A whole query. Its fields are validated: it is only made by [`DcqlQuery::parse`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DcqlQuery {
    pub(super) credentials: Vec<CredentialQuery>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) credential_sets: Vec<CredentialSetQuery>,
}

impl DcqlQuery {
    /// The credentials asked for; never empty.
    #[must_use]
    pub fn credentials(&self) -> &[CredentialQuery] {
        &self.credentials
    }

    /// Which combinations satisfy the verifier; empty when every credential is required.
    #[must_use]
    pub fn credential_sets(&self) -> &[CredentialSetQuery] {
        &self.credential_sets
    }

    /// The credential query of that name.
    #[must_use]
    pub fn credential(&self, id: &QueryId) -> Option<&CredentialQuery> {
        self.credentials.iter().find(|query| query.id == *id)
    }

    /// Whether a credential is asked for whose holder need not prove possession; such a request needs a `state`
    /// ([OpenID4VP §5.3]).
    ///
    /// [OpenID4VP §5.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.3
    #[must_use]
    pub fn asks_without_holder_binding(&self) -> bool {
        self.credentials
            .iter()
            .any(|query| query.holder_binding == HolderBinding::Absent)
    }
}

/// One credential that is asked for ([OpenID4VP §6.1]).
///
/// [OpenID4VP §6.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialQuery {
    /// Its name in the answer.
    pub id: QueryId,
    /// Format and type.
    pub meta: Meta,
    /// How many presentations may answer.
    pub count: PresentationCount,
    /// Whose credentials are accepted; empty when the query does not say.
    pub trusted_authorities: Vec<TrustedAuthority>,
    /// Whether the holder must prove possession of the credential's key.
    pub holder_binding: HolderBinding,
    /// The claims; `None` asks for what cannot be withheld and nothing else.
    pub claims: Option<Vec<ClaimQuery>>,
    /// Alternatives among the claims, the verifier's favourite first; empty when all claims are asked for.
    pub claim_sets: Vec<Vec<ClaimId>>,
}

/// What kind of credential is asked for, by format.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Meta {
    /// `dc+sd-jwt`: one of these types ([OpenID4VP appendix B.3.5]). Never empty.
    ///
    /// [OpenID4VP appendix B.3.5]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.3.5
    SdJwtVc {
        /// The acceptable types.
        vct_values: Vec<String>,
    },
    /// `mso_mdoc`: this document type ([OpenID4VP appendix B.2.3]).
    ///
    /// [OpenID4VP appendix B.2.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.3
    MsoMdoc {
        /// The document type.
        doctype_value: String,
    },
    /// `ldp_vc` or `jwt_vc_json`: all types of one of these lists ([OpenID4VP appendix B.1.1]). Neither is ever empty.
    ///
    /// [OpenID4VP appendix B.1.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.1.1
    W3c {
        /// How the credential is secured.
        format: W3cFormat,
        /// Alternatives, each a list of expanded type IRIs.
        type_values: Vec<Vec<String>>,
    },
    /// A format that this crate matches, of whatever type: `meta` is empty ([OpenID4VP §6.1]).
    ///
    /// [OpenID4VP §6.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1
    AnyType {
        /// The format.
        format: CredentialFormat,
    },
    /// A format that this crate does not match, verbatim.
    Other {
        /// The format identifier.
        format: String,
        /// Its `meta`.
        meta: Map<String, Value>,
    },
}

impl Meta {
    /// The format that is asked for.
    #[must_use]
    pub fn format(&self) -> CredentialFormat {
        match self {
            Self::SdJwtVc { .. } => CredentialFormat::SdJwtVc,
            Self::MsoMdoc { .. } => CredentialFormat::MsoMdoc,
            Self::W3c { format, .. } => format.credential_format(),
            Self::AnyType { format } => format.clone(),
            Self::Other { format, .. } => CredentialFormat::Other(format.clone()),
        }
    }
}

/// How a W3C credential is secured, where DCQL tells the two apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum W3cFormat {
    /// `ldp_vc`: by a proof within the document.
    LdpVc,
    /// `jwt_vc_json`: as a JWT.
    JwtVcJson,
}

impl W3cFormat {
    /// The format.
    #[must_use]
    pub const fn credential_format(self) -> CredentialFormat {
        match self {
            Self::LdpVc => CredentialFormat::LdpVc,
            Self::JwtVcJson => CredentialFormat::JwtVcJson,
        }
    }
}

/// How many presentations may answer one credential query (`multiple`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentationCount {
    /// Exactly one.
    One,
    /// One or more.
    Several,
}

/// Whose credentials are accepted ([OpenID4VP §6.1.1]). A credential fits when one entry fits.
///
/// [OpenID4VP §6.1.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1.1
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrustedAuthority {
    /// `aki`: the key identifier of the authority above a certificate in the issuer's chain.
    AuthorityKeyIdentifier(Vec<Vec<u8>>),
    /// `etsi_tl`: the identifier of an ETSI trusted list that has a certificate of the issuer's chain. It is a name, and never
    /// fetched: that would tell whoever is behind it who is asked.
    EtsiTrustedList(Vec<String>),
    /// A kind that this crate does not evaluate, verbatim, such as `openid_federation`: fits no credential.
    Other {
        /// The kind.
        kind: String,
        /// Its values.
        values: Vec<String>,
    },
}

/// One claim that is asked for ([OpenID4VP §6.3]).
///
/// [OpenID4VP §6.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.3
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ClaimQuery {
    /// Its name in `claim_sets`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<ClaimId>,
    /// Where it stands.
    pub path: ClaimsPath,
    /// The acceptable values; empty when any will do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<ClaimValue>,
    /// Whether the verifier means to keep an element of an mdoc; `None` when it does not say
    /// ([OpenID4VP appendix B.2.4]).
    ///
    /// [OpenID4VP appendix B.2.4]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.4
    #[serde(skip_serializing_if = "Option::is_none")]
    pub intent_to_retain: Option<bool>,
}

/// A value that a claim may have: text, integer or truth value. Type and value match exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimValue {
    /// Text.
    Text(String),
    /// A whole number. JSON has others, but no query may hold them.
    Integer(i64),
    /// `true` or `false`.
    Boolean(bool),
}

impl ClaimValue {
    /// Whether `value` has this type and value.
    #[must_use]
    pub fn equals(&self, value: &Value) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Integer(number) => value.as_i64() == Some(*number),
            Self::Boolean(truth) => value.as_bool() == Some(*truth),
        }
    }
}

impl Serialize for ClaimValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
        }
    }
}

/// A combination of credentials that the verifier accepts ([OpenID4VP §6.2]).
///
/// [OpenID4VP §6.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.2
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSetQuery {
    /// Alternatives; each a non-empty list of credential queries. Unlike those of `claim_sets`, their order says nothing.
    pub options: Vec<Vec<QueryId>>,
    /// Whether the verifier insists.
    pub requirement: SetRequirement,
}

/// Whether a credential set must be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetRequirement {
    /// Without it the request is not satisfied.
    Required,
    /// Welcome, no more.
    Optional,
}
