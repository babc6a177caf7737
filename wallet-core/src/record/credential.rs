//! A credential held.

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;

use crate::identifiers::CredentialId;

/// A credential, verified on receipt, with what is needed to show and present it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCredential {
    /// The wallet's name for it.
    pub id: CredentialId,
    /// The Credential Issuer Identifier it came from.
    pub issuer: String,
    /// The issuer's name by the wallet's own policy, or by the issuer's metadata when the policy has none.
    pub issuer_name: Option<String>,
    /// The credential configuration it was requested by.
    pub configuration: String,
    /// The verifiable credential type, `vct`.
    pub credential_type: String,
    /// The SD-JWT as received: issuer's JWT and all disclosures, ending with `~`.
    pub sd_jwt: String,
    /// The key it is bound to.
    pub key: KeyHandle,
    /// When it was received.
    pub received: UnixTime,
    /// When it expires.
    pub expires: Option<UnixTime>,
    /// Where its status is published.
    pub status: Option<StatusReference>,
    /// How to show it.
    pub display: CredentialDisplay,
}

/// A place in a Token Status List.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReference {
    /// The URL of the list.
    pub uri: String,
    /// The index in the list.
    pub index: u64,
}

/// How the issuer wants the credential shown, in every language it gave. Texts are the issuer's: show them as text only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialDisplay {
    /// The credential, one entry per language.
    pub credential: Vec<LocalizedDisplay>,
    /// Its claims, in the order the issuer wants them shown.
    pub claims: Vec<ClaimDisplay>,
}

/// Name and colours in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedDisplay {
    /// The language tag; absent for the default.
    pub locale: Option<String>,
    /// The name.
    pub name: String,
    /// A sentence about the credential.
    pub description: Option<String>,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
}

/// A claim and its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimDisplay {
    /// Where it is.
    pub path: ClaimsPath,
    /// Its name, one entry per language.
    pub names: Vec<LocalizedName>,
}

/// A name in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalizedName {
    /// The language tag; absent for the default.
    pub locale: Option<String>,
    /// The name.
    pub name: String,
}
