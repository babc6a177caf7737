//! `symbolon init --upgrade`: what an installation of an earlier version lacks. Nothing that is there is changed but the
//! trust list, which gets the new keys; a run that was interrupted is made good by the next.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use symbolon_crypto::signing::SoftwareKey;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, Randomness, SignatureAlgorithm, UnixTime};
use symbolon_issuer_server::CertificateAuthority;
use symbolon_schemas::CREDENTIALS;

use crate::configuration::identifier_text;
use crate::installation::authority::{Authority, Certified};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::init::{InitError, MISSING_ISSUER, mapping_file, renewed};
use crate::installation::keys::{KeyFolder, KeyPurpose};
use crate::installation::publication::{Publication, parts};
use crate::installation::retired::RetiredKeys;
use crate::installation::revocation::{ListFolder, RENEWED_LIST_LIFETIME, Signing};
use crate::installation::tenant::configuration_path;
use crate::installation::{Installation, TRUST};

/// What an upgrade has added.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Upgraded {
    /// Keys that were made.
    pub keys: Vec<KeyPurpose>,
    /// Credential configurations that were written, relative to the installation. The operator chooses which are issued.
    pub configurations: Vec<PathBuf>,
}

/// Adds what one issuer of an installation lacks.
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
    let section = installation.issuer();
    let identifier = identifier_text(&section.identifier);
    let keys = &installation.keys;
    let authority = Authority {
        provider,
        randomness,
        now,
    };
    let mut upgraded = Upgraded::default();

    // The signer needs its root's key, so both are made anew where either is missing. A chain is written before its key, and the
    // signer after its root, so that a key that is there is usable.
    // The key of a root that is kept offline is not here, and its certificate is.
    let root_is_offline =
        keys.has_chain(KeyPurpose::DocumentsRoot) && !keys.has_key(KeyPurpose::DocumentsRoot)?;
    if !root_is_offline
        && (!keys.has_key(KeyPurpose::DocumentSigning)? || !keys.has_key(KeyPurpose::DocumentsRoot)?)
    {
        let root = authority.documents_root(&identifier)?;
        let signer = authority.document_signer(&root, &identifier)?;
        let signing = Signing {
            key: &root.key,
            certificate: &root.certificate,
        };
        let lists = ListFolder::below(&installation.issuer_folder());
        let documents = CertificateAuthority::Documents;
        lists.begin(documents, &signing, RENEWED_LIST_LIFETIME, provider.as_ref(), now)?;
        for (purpose, certified) in [
            (KeyPurpose::DocumentsRoot, &root),
            (KeyPurpose::DocumentSigning, &signer),
        ] {
            keys.write_chain(purpose, &[certified.certificate.der().to_vec()])?;
            keys.write_key(purpose, certified.key.secret_key())?;
            upgraded.keys.push(purpose);
        }
    }
    // An installation whose root is kept elsewhere gets this key from there; until then its metadata are not signed.
    if !keys.has_key(KeyPurpose::MetadataSigning)? && keys.has_key(KeyPurpose::IssuersRoot)? {
        let root = Certified::read(keys, KeyPurpose::IssuersRoot, provider)?;
        let signer = authority.leaf(
            KeyPurpose::MetadataSigning,
            "Signer of issuer metadata",
            &root,
            &identifier,
        )?;
        keys.write_chain(KeyPurpose::MetadataSigning, &[signer.certificate.der().to_vec()])?;
        keys.write_key(KeyPurpose::MetadataSigning, signer.key.secret_key())?;
        upgraded.keys.push(KeyPurpose::MetadataSigning);
    }
    for (purpose, algorithm) in ASSERTION_KEYS {
        if !keys.has_key(purpose)? {
            keys.write_key(purpose, authority.key(purpose, algorithm)?.secret_key())?;
            upgraded.keys.push(purpose);
        }
    }

    // The verifier is the installation's, and has one.
    for purpose in [KeyPurpose::IdTokenSigning, KeyPurpose::EvidenceSigning] {
        if installation.tenant().is_main() && !keys.has_key(purpose)? {
            let key = authority.key(purpose, SignatureAlgorithm::Es256)?;
            keys.write_key(purpose, key.secret_key())?;
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
    let retired = RetiredKeys::read(keys.path())?;
    let retired = retired.of(&ASSERTION_KEYS.map(|(purpose, _)| purpose), now);
    let publication = Publication::of(&identifier, &section.name, &assertion, &retired)?;
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
        let relative = match installation.tenant() {
            main if main.is_main() => mapping_file(template),
            tenant => configuration_path(tenant, template.id),
        };
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use symbolon_crypto::RustCryptoProvider;
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::x509::{ChainProfile, verify_chain};
    use symbolon_issuer::haip::Profile;
    use symbolon_trust::trust_list::RootOfTrust;
    use url::Url;

    use super::*;
    use crate::configuration::FILE_NAME;
    use crate::installation::init::{NewInstallation, init};
    use crate::installation::revocation::renew;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);

    /// An installation as the version before mdocs and W3C credentials made it.
    fn earlier(folder: &Path, provider: &Arc<dyn CryptoProvider>) -> Installation {
        let new = NewInstallation {
            folder: folder.to_owned(),
            issuer: Url::parse("https://registry.example").unwrap(),
            verifier: Url::parse("https://shop.example").unwrap(),
            profile: Profile::Standard,
        };
        init(&new, provider, &SeededRandomness::new(1), NOW).unwrap();
        let installation = Installation::load(Some(&folder.join(FILE_NAME))).unwrap();
        for purpose in [
            KeyPurpose::DocumentsRoot,
            KeyPurpose::DocumentSigning,
            KeyPurpose::MetadataSigning,
            KeyPurpose::AssertionEd25519,
            KeyPurpose::AssertionP256,
            KeyPurpose::IdTokenSigning,
            KeyPurpose::EvidenceSigning,
        ] {
            let name = purpose.name();
            for file in [format!("{name}.key.pem"), format!("{name}.chain.pem")] {
                let _ = fs::remove_file(installation.keys.path().join(file));
            }
        }
        let mut trust = installation.trust().unwrap();
        let issuer = &mut trust.trust_list.issuers[0];
        issuer.anchors.truncate(1);
        issuer.dids.clear();
        trust.trust_list.did_documents.clear();
        trust.trust_list.contexts.clear();
        fs::write(installation.data_file(TRUST), trust.to_json().unwrap()).unwrap();
        fs::remove_file(folder.join("credentials/NationalIdentityMdoc.toml")).unwrap();
        installation
    }

    fn upgraded(folder: &Path, installation: &Installation, seed: u64, now: UnixTime) -> Upgraded {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        upgrade(folder, installation, &provider, &SeededRandomness::new(seed), now).unwrap()
    }

    fn check(trust: &RootOfTrust, keys: &KeyFolder) {
        let issuer = &trust.trust_list.issuers[0];
        let chain: Vec<Certificate> = keys
            .read_chain(KeyPurpose::DocumentSigning)
            .unwrap()
            .iter()
            .map(|der| Certificate::parse(der).unwrap())
            .collect();
        let profile = ChainProfile::DocumentSigner;
        verify_chain(&chain, &issuer.anchors, profile, NOW, &RustCryptoProvider).unwrap();
        let chain = keys.read_chain(KeyPurpose::MetadataSigning).unwrap();
        let signer = [Certificate::parse(&chain[0]).unwrap()];
        let profile = ChainProfile::CredentialSigner;
        verify_chain(&signer, &issuer.anchors, profile, NOW, &RustCryptoProvider).unwrap();
        assert_eq!(issuer.dids.len(), 1);
        assert_eq!(issuer.dids[0].as_str(), "did:web:registry.example");
        assert!(trust.trust_list.did_documents.contains_key(&issuer.dids[0]));
        assert_eq!(trust.trust_list.contexts.len(), 1);
    }

    /// The list of the authority of document signers is that of the root that is there now, and can be made anew.
    fn check_list(installation: &Installation, now: UnixTime) {
        let root = documents_root(&installation.keys).unwrap();
        let lists = ListFolder::below(&installation.issuer_folder());
        let list = lists.read(CertificateAuthority::Documents).unwrap().unwrap();
        list.verify(&root, &RustCryptoProvider).unwrap();
        renew(installation, now.plus(Duration::from_secs(86_400))).unwrap();
        let next = lists.read(CertificateAuthority::Documents).unwrap().unwrap();
        assert!(next.number().to_u64() > list.number().to_u64());
    }

    #[test]
    fn an_earlier_installation_gets_what_it_lacks_and_keeps_what_it_has() {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let installation = earlier(folder, &provider);
        let kept = installation
            .keys
            .read_key(KeyPurpose::CredentialSigning, &provider)
            .unwrap();
        let before = installation.trust().unwrap();
        let later = UnixTime::from_seconds(NOW.seconds() + 60);
        let added = upgraded(folder, &installation, 2, later);
        assert_eq!(
            added.keys,
            [
                KeyPurpose::DocumentsRoot,
                KeyPurpose::DocumentSigning,
                KeyPurpose::MetadataSigning,
                KeyPurpose::AssertionEd25519,
                KeyPurpose::AssertionP256,
                KeyPurpose::IdTokenSigning,
                KeyPurpose::EvidenceSigning,
            ]
        );
        assert_eq!(
            added.configurations,
            [PathBuf::from("credentials/NationalIdentityMdoc.toml")]
        );
        let trust = installation.trust().unwrap();
        check(&trust, &installation.keys);
        check_list(&installation, later);
        assert_eq!(trust.trust_list.issued_at, later);
        assert_eq!(trust.registry_keys, before.registry_keys);
        assert_eq!(
            trust.trust_list.issuers[0].anchors[0],
            before.trust_list.issuers[0].anchors[0]
        );
        let still = installation
            .keys
            .read_key(KeyPurpose::CredentialSigning, &provider);
        assert_eq!(still.unwrap().public_key(), kept.public_key());

        // Once more changes nothing, whatever the clock says.
        let again = upgraded(
            folder,
            &installation,
            3,
            UnixTime::from_seconds(later.seconds() + 60),
        );
        assert_eq!(again, Upgraded::default());
        assert_eq!(installation.trust().unwrap(), trust);
    }

    #[test]
    fn an_upgrade_that_was_interrupted_is_made_good_by_the_next() {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let installation = earlier(folder, &provider);
        let before = fs::read(installation.data_file(TRUST)).unwrap();
        upgraded(folder, &installation, 2, NOW);
        // The keys were written, and the trust list was not.
        fs::write(installation.data_file(TRUST), before).unwrap();
        let added = upgraded(folder, &installation, 3, NOW);
        assert!(added.keys.is_empty());
        check(&installation.trust().unwrap(), &installation.keys);

        // The list of the new root was written, and its signer's key was not: there is another root, and a list of its own.
        let signer = format!("{}.key.pem", KeyPurpose::DocumentSigning.name());
        fs::remove_file(installation.keys.path().join(signer)).unwrap();
        let added = upgraded(folder, &installation, 4, NOW);
        assert_eq!(
            added.keys,
            [KeyPurpose::DocumentsRoot, KeyPurpose::DocumentSigning]
        );
        check(&installation.trust().unwrap(), &installation.keys);
        check_list(&installation, NOW);
    }
}
