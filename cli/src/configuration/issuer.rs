//! `[issuer]` and `[card]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use symbolon_issuer::haip::Profile;
use url::Url;

use super::{
    AuthorizationSection, ClientSection, CredentialsSection, RecordsSection, SignInSection,
    StatusListsSection, is_default, is_false,
};

/// `[issuer]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSection {
    /// The Credential Issuer Identifier, a URL without query and fragment ([OpenID4VCI §12.2.1]).
    pub identifier: Url,
    /// The address to listen on.
    pub listen: SocketAddr,
    /// The name that wallets show.
    pub name: String,
    /// The credential configurations, TOML files relative to the configuration file.
    pub credential_configurations: Vec<PathBuf>,
    /// The certificate chain of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_certificate: Option<PathBuf>,
    /// The private key of the listener, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_key: Option<PathBuf>,
    /// Which profile of the specifications it keeps to: `standard` or `haip`. `docs/haip.md` says what that chooses.
    #[serde(default, skip_serializing_if = "is_standard")]
    pub profile: Profile,
    /// Which wallets it deals with, and how.
    #[serde(default, skip_serializing_if = "AuthorizationSection::is_default")]
    pub authorization: AuthorizationSection,
    /// How residents sign in; nobody does without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_in: Option<SignInSection>,
    /// The form of its status lists, how long they hold, and what is kept of their past.
    #[serde(default, skip_serializing_if = "StatusListsSection::is_default")]
    pub status_lists: StatusListsSection,
    /// How it hands out credentials.
    #[serde(default, skip_serializing_if = "CredentialsSection::is_default")]
    pub credentials: CredentialsSection,
    /// The wallets that it knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientSection>,
    /// Where the ID records are.
    #[serde(default, skip_serializing_if = "is_default")]
    pub records: RecordsSection,
}

/// `[card]`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardSection {
    /// A folder of fonts to use beside those of the system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fonts: Option<PathBuf>,
    /// Gives the face a QR code of its own on every card, on its back.
    #[serde(default, skip_serializing_if = "is_false")]
    pub face_qr: bool,
    /// The key for whose holders that code is encrypted; without it everybody can read the face.
    /// `symbolon card face-key` makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub face_key: Option<PathBuf>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_standard(profile: &Profile) -> bool {
    *profile == Profile::Standard
}
