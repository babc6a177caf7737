//! How issuer and credentials are shown ([OpenID4VCI §12.2.4]). Nothing here is verified: it is the issuer's own
//! description, and a wallet shows it beside the issuer's identifier, never instead of it.
//!
//! [OpenID4VCI §12.2.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.4

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;

/// The issuer in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerDisplay {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language, as in BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
}

/// A picture of an issuer or a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logo {
    /// `https:` or `data:`; fetched, if at all, by the guarded fetcher.
    pub uri: String,
    /// What is to be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// How a credential is shown: in 1.0 Final this stands under `credential_metadata`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialMetadata {
    /// The credential, one entry per language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<CredentialDisplay>,
    /// Its claims, in the order in which they are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimDescription>,
}

/// One claim of a credential ([OpenID4VCI appendix B.2]).
///
/// [OpenID4VCI appendix B.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-B.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDescription {
    /// Where it stands.
    pub path: ClaimsPath,
    /// Whether every credential has it.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub mandatory: bool,
    /// The claim's name, one entry per language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<ClaimDisplay>,
}

/// The name of a claim in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDisplay {
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The language, as in BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
}

/// The credential in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDisplay {
    /// The name.
    pub name: String,
    /// The language, as in BCP 47.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What the credential is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// A CSS colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// A CSS colour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<String>,
    /// A picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
}
