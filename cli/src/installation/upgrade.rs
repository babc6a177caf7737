//! `symbolon init --upgrade`: what an installation of an earlier version lacks. Nothing that is there is changed but the
//! trust list, which gets the new keys; a run that was interrupted is made good by the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symbolon_crypto::signing::SoftwareKey;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, Randomness, SignatureAlgorithm, UnixTime};
use symbolon_schemas::CREDENTIALS;

use crate::configuration::identifier_text;
use crate::installation::authority::Authority;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::init::{InitError, MISSING_ISSUER, renewed};
use crate::installation::keys::{KeyFolder, KeyPurpose};
use crate::installation::publication::{Publication, parts};
use crate::installation::{Installation, TRUST};

/// What an upgrade has added.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Upgraded {
    /// Keys that were made.
    pub keys: Vec<KeyPurpose>,
    /// Credential configurations that were written, relative to the installation. The operator chooses which are issued.
    pub configurations: Vec<PathBuf>,
}

/// Adds what is missing.
///
/// # Errors
/// [`InitError`], and an installation that does not read.
pub fn upgrade(
    folder: &Path,
    installation: &Installation,
    provider: &Arc<dyn CryptoProvider>,
    randomness: &dyn Randomness,
    now: UnixTime,
) -> anyhow::Result<Upgraded> {
    let section = &installation.loaded.configuration.issuer;
    let identifier = identifier_text(&section.identifier);
    let keys = &installation.keys;
    let authority = Authority {
        provider,
        randomness,
        now,
    };
    let mut upgraded = Upgraded::default();

    // The signer needs its root's key, so both are made anew where either is missing.
    if !keys.has_key(KeyPurpose::DocumentSigning) || !keys.has_key(KeyPurpose::DocumentsRoot) {
        let root = authority.documents_root(&identifier)?;
        let signer = authority.document_signer(&root, &identifier)?;
        for (purpose, certified) in [
            (KeyPurpose::DocumentsRoot, &root),
            (KeyPurpose::DocumentSigning, &signer),
        ] {
            keys.write_chain(purpose, &[certified.certificate.der().to_vec()])?;
            keys.write_key(purpose, certified.key.secret_key())?;
            upgraded.keys.push(purpose);
        }
    }
    for (purpose, algorithm) in ASSERTION_KEYS {
        if !keys.has_key(purpose) {
            keys.write_key(purpose, authority.key(purpose, algorithm)?.secret_key())?;
            upgraded.keys.push(purpose);
        }
    }

    let mut trust = installation.trust()?;
    let before = trust.clone();
    let assertion: Vec<SoftwareKey> = ASSERTION_KEYS
        .iter()
        .map(|(purpose, _)| keys.read_key(*purpose, provider))
        .collect::<Result<_, _>>()?;
    let assertion: Vec<&SoftwareKey> = assertion.iter().collect();
    let publication = Publication::of(&identifier, &section.name, &assertion)?;
    let (issuers, mut documents) = parts(&mut trust.trust_list);
    let issuer = issuers
        .iter_mut()
        .find(|issuer| issuer.identifier.as_str() == identifier)
        .ok_or(InitError::Identifier(MISSING_ISSUER))?;
    let root = documents_root(keys)?;
    if !issuer.anchors.contains(&root) {
        issuer.anchors.push(root);
    }
    publication.enter(issuer, &mut documents);
    if trust != before {
        renewed(&mut trust.trust_list, now);
        let path = installation.data_file(TRUST);
        write_atomically(&path, &trust.to_json()?, Readers::Everyone)
            .map_err(|source| InitError::File { path, source })?;
    }

    for template in CREDENTIALS {
        let relative = PathBuf::from(format!("credentials/{}.toml", template.id));
        let path = folder.join(&relative);
        if path.exists() {
            continue;
        }
        let file = |path: &Path| {
            let path = path.to_owned();
            move |source| InitError::File { path, source }
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(file(folder))?;
        }
        write_atomically(&path, template.mapping.as_bytes(), Readers::Everyone).map_err(file(&path))?;
        upgraded.configurations.push(relative);
    }
    Ok(upgraded)
}

/// The assertion keys that an installation has.
pub const ASSERTION_KEYS: [(KeyPurpose, SignatureAlgorithm); 2] = [
    (KeyPurpose::AssertionEd25519, SignatureAlgorithm::EdDsa),
    (KeyPurpose::AssertionP256, SignatureAlgorithm::Es256),
];

fn documents_root(keys: &KeyFolder) -> Result<Certificate, InitError> {
    let chain = keys.read_chain(KeyPurpose::DocumentsRoot)?;
    chain
        .first()
        .and_then(|der| Certificate::parse(der).ok())
        .ok_or(InitError::Unreadable)
}
