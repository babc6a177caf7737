//! The formats of credentials, by the identifiers that OpenID4VCI and OpenID4VP share
//! ([OpenID4VCI appendix A], [OpenID4VP appendix B]).
//!
//! [OpenID4VCI appendix A]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-A
//! [OpenID4VP appendix B]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// SD-JWT VC.
pub const SD_JWT_VC_FORMAT: &str = "dc+sd-jwt";
/// ISO mdoc.
pub const MSO_MDOC_FORMAT: &str = "mso_mdoc";
/// W3C credential with a Data Integrity proof.
pub const LDP_VC_FORMAT: &str = "ldp_vc";
/// W3C credential as a JWT.
pub const JWT_VC_JSON_FORMAT: &str = "jwt_vc_json";

/// The format of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum CredentialFormat {
    /// [`SD_JWT_VC_FORMAT`]
    SdJwtVc,
    /// [`MSO_MDOC_FORMAT`]
    MsoMdoc,
    /// [`LDP_VC_FORMAT`]
    LdpVc,
    /// [`JWT_VC_JSON_FORMAT`]
    JwtVcJson,
    /// Any other: of no use to this suite, and no error, because an alternative may stand beside it.
    Other(String),
}

impl CredentialFormat {
    /// The format with this identifier.
    #[must_use]
    pub fn from_identifier(identifier: &str) -> Self {
        match identifier {
            SD_JWT_VC_FORMAT => Self::SdJwtVc,
            MSO_MDOC_FORMAT => Self::MsoMdoc,
            LDP_VC_FORMAT => Self::LdpVc,
            JWT_VC_JSON_FORMAT => Self::JwtVcJson,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The format identifier.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::SdJwtVc => SD_JWT_VC_FORMAT,
            Self::MsoMdoc => MSO_MDOC_FORMAT,
            Self::LdpVc => LDP_VC_FORMAT,
            Self::JwtVcJson => JWT_VC_JSON_FORMAT,
            Self::Other(text) => text,
        }
    }
}

impl Serialize for CredentialFormat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for CredentialFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|identifier| Self::from_identifier(&identifier))
    }
}
