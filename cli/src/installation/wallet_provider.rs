//! The wallet provider of a development installation: it vouches for the wallet of the command line and for its keys, so that an
//! issuer of the high-assurance profile can be tried on one machine (`docs/haip.md`).

use std::path::{Path, PathBuf};

use symbolon_issuer::haip::Profile;
use symbolon_issuer::mapping::{CredentialConfiguration, Target};
use symbolon_schemas::{CREDENTIALS, CredentialTemplate};

use crate::configuration::{AuthorizationSection, IssuerSection};
use crate::installation::authority::{Authority, Certified};
use crate::installation::init::{InitError, mapping_file};
use crate::installation::keys::{KeyFileError, KeyFolder, KeyPurpose};

/// What its certificate names. Nobody looks it up.
const IDENTIFIER: &str = "https://wallet-provider.invalid";
/// How many keys one request may bring to an issuer that is made to be tried.
const BATCH_SIZE: u32 = 5;

/// The provider's key, and the root that issuers are told of.
pub struct NewWalletProvider {
    root: Certified,
    provider: Certified,
}

impl NewWalletProvider {
    /// Makes them. Nothing is written.
    ///
    /// # Errors
    /// No randomness, or a certificate that cannot be made.
    pub fn make(authority: &Authority<'_>) -> Result<Self, InitError> {
        let name = "Development root of wallet providers";
        let root = authority.root(KeyPurpose::WalletProviderRoot, name)?;
        let name = "Development wallet provider";
        Ok(Self {
            provider: authority.leaf(KeyPurpose::WalletProvider, name, &root, IDENTIFIER)?,
            root,
        })
    }

    /// Writes them: the key of the root into `roots`, which may be the same folder, and everything else into `keys`.
    ///
    /// # Errors
    /// [`KeyFileError`].
    pub fn write(&self, keys: &KeyFolder, roots: &KeyFolder) -> Result<(), KeyFileError> {
        let chain = [self.root.certificate.der().to_vec()];
        roots.write_key(KeyPurpose::WalletProviderRoot, self.root.key.secret_key())?;
        roots.write_chain(KeyPurpose::WalletProviderRoot, &chain)?;
        keys.write_chain(KeyPurpose::WalletProviderRoot, &chain)?;
        keys.write_key(KeyPurpose::WalletProvider, self.provider.key.secret_key())?;
        let chain = [self.provider.certificate.der().to_vec()];
        keys.write_chain(KeyPurpose::WalletProvider, &chain)
    }
}

/// Makes a section one of the high-assurance profile that believes this installation's wallet provider.
pub(super) fn configure(section: &mut IssuerSection, data: &Path) {
    let anchor = KeyFolder::below(data)
        .path()
        .join(format!("{}.chain.pem", KeyPurpose::WalletProviderRoot.name()));
    section.profile = Profile::Haip;
    section.authorization = AuthorizationSection::of_haip(vec![anchor.clone()]);
    section.credentials.key_attester_certificates = vec![anchor];
    section.credentials.batch_size = BATCH_SIZE;
    section.credential_configurations = configurations();
}

/// The shipped credentials of the formats that the profile has.
fn configurations() -> Vec<PathBuf> {
    let is_of_the_profile = |template: &&CredentialTemplate| {
        CredentialConfiguration::parse_for(Profile::Haip, template.mapping).is_ok_and(|configuration| {
            matches!(
                configuration.target(),
                Target::SdJwtVc { .. } | Target::MsoMdoc { .. }
            )
        })
    };
    CREDENTIALS
        .iter()
        .filter(is_of_the_profile)
        .map(mapping_file)
        .collect()
}
