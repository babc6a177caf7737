use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::*;
use crate::installation::files::create_private_folder;
use crate::installation::sealed::SealedFileError;

const PASSPHRASE: &str = "correct horse battery staple";

/// A folder of data, with a passphrase file beside it.
struct Place {
    folder: tempfile::TempDir,
    provider: Arc<dyn CryptoProvider>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        create_private_folder(&folder.path().join("keys")).unwrap();
        let place = Self {
            folder,
            provider: Arc::new(RustCryptoProvider),
        };
        place.set_passphrase(PASSPHRASE);
        place
    }

    fn set_passphrase(&self, text: &str) {
        write_atomically(
            &self.folder.path().join("passphrase"),
            text.as_bytes(),
            Readers::Owner,
        )
        .unwrap();
    }

    fn source(&self) -> PassphraseSource {
        PassphraseSource::new(
            Some(self.folder.path().join("passphrase")),
            "SYMBOLON_NONE",
            "keys",
        )
    }

    /// The keys as the next command finds them.
    fn keys(&self) -> KeyFolder {
        KeyFolder::of_installation(self.folder.path(), self.source())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join("keys").join(name)
    }
}

fn secret(seed: u64) -> SecretKey {
    SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
}

fn filled() -> Place {
    let place = Place::new();
    let keys = place.keys();
    keys.write_key(KeyPurpose::CardSigning, &secret(1)).unwrap();
    keys.write_key(KeyPurpose::Pack, &secret(2)).unwrap();
    keys.write_verifier_secret(&SymmetricKey::new([9; 32])).unwrap();
    place
}

fn check(place: &Place) {
    let keys = place.keys();
    for (purpose, seed) in [(KeyPurpose::CardSigning, 1), (KeyPurpose::Pack, 2)] {
        assert!(keys.has_key(purpose).unwrap());
        let key = keys.read_key(purpose, &place.provider).unwrap();
        assert_eq!(*key.public_key(), secret(seed).public_key());
    }
    assert_eq!(keys.read_verifier_secret().unwrap().as_bytes(), &[9; 32]);
    assert!(!keys.has_key(KeyPurpose::Registry).unwrap());
}

#[test]
fn keys_read_back_before_and_after_they_are_sealed_and_no_plain_file_is_left() {
    let place = filled();
    check(&place);
    assert!(!place.keys().is_sealed());
    let moved = place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    assert_eq!(moved, ["card-signing", "pack", "verifier-requests"]);
    assert!(place.keys().is_sealed());
    check(&place);
    let left: Vec<_> = fs::read_dir(place.folder.path().join("keys"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(left, [SEALED_KEYS]);
    // No secret is in the clear in it.
    let sealed = fs::read(place.file(SEALED_KEYS)).unwrap();
    let der = secret(1).to_secret_bytes();
    assert!(!sealed.windows(der.len()).any(|window| window == der.as_slice()));
}

#[test]
fn a_wrong_passphrase_and_a_changed_file_are_refused() {
    let place = filled();
    place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    place.set_passphrase("correct horse battery stable");
    let refused = |error| {
        matches!(
            error,
            KeyFileError::Sealed {
                source: SealedFileError::Refused,
                ..
            }
        )
    };
    assert!(refused(
        place
            .keys()
            .read_key(KeyPurpose::Pack, &place.provider)
            .err()
            .unwrap()
    ));
    assert!(refused(
        place
            .keys()
            .write_key(KeyPurpose::Registry, &secret(5))
            .unwrap_err()
    ));
    place.set_passphrase(PASSPHRASE);
    check(&place);
    let file = fs::read_to_string(place.file(SEALED_KEYS)).unwrap();
    let changed = file.replace("\"passes\": 3", "\"passes\": 2");
    assert_ne!(changed, file);
    fs::write(place.file(SEALED_KEYS), changed).unwrap();
    assert!(refused(place.keys().read_verifier_secret().err().unwrap()));
}

#[test]
fn sealing_that_was_interrupted_is_made_good_and_loses_nothing() {
    let place = filled();
    let plain: Vec<(PathBuf, Vec<u8>)> = [
        "card-signing.key.pem",
        "pack.key.pem",
        "verifier-requests.secret.pem",
    ]
    .map(|name| (place.file(name), fs::read(place.file(name)).unwrap()))
    .into();
    place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    // The power went when the sealed file was written and no plain one was removed, or only some were.
    for from in 0..plain.len() {
        for (path, text) in &plain[from..] {
            fs::write(path, text).unwrap();
        }
        check(&place);
        assert_eq!(
            place.keys().left_in_the_clear().unwrap().len(),
            plain.len() - from
        );
        place
            .keys()
            .seal(&place.source(), &[], &SeededRandomness::new(4))
            .unwrap();
        assert!(place.keys().left_in_the_clear().unwrap().is_empty());
        check(&place);
    }
    // The power went while the sealed file was written: a neighbour is left, and the plain files are what counts.
    let other = filled();
    fs::write(other.file("keys.sealed.json.1-0.partial"), b"half").unwrap();
    check(&other);
    other
        .keys()
        .seal(&other.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    check(&other);
}

#[test]
fn a_plain_key_that_contradicts_the_sealed_one_is_kept_and_told() {
    let place = filled();
    place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    KeyFolder::below(place.folder.path())
        .write_key(KeyPurpose::Pack, &secret(7))
        .unwrap();
    let refused = place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(4))
        .unwrap_err();
    assert!(matches!(refused, KeyFileError::Contradiction(_)));
    assert!(place.file("pack.key.pem").exists());
    check(&place);
}

#[test]
fn a_next_key_signs_once_its_certificate_is_there_and_a_crash_in_between_leaves_no_key_without_one() {
    for sealed in [false, true] {
        let place = filled();
        if sealed {
            place
                .keys()
                .seal(&place.source(), &[], &SeededRandomness::new(3))
                .unwrap();
        }
        let keys = place.keys();
        let chain_of = |secret: &SecretKey| vec![certificate_of(secret)];
        let purpose = KeyPurpose::CardSigning;
        keys.write_chain(purpose, &chain_of(&secret(1))).unwrap();
        keys.write_key_in(purpose, KeySlot::Next, &secret(8)).unwrap();
        assert!(keys.read_chain_of(purpose, &secret(8).public_key()).is_err());
        keys.promote(purpose, &chain_of(&secret(8))).unwrap();
        let keys = place.keys();
        let key = keys.read_key(purpose, &place.provider).unwrap();
        assert_eq!(*key.public_key(), secret(8).public_key());
        assert!(!keys.has_key_in(purpose, KeySlot::Next).unwrap());
        assert!(keys.read_chain_of(purpose, key.public_key()).is_ok());
        // As after a crash between the change of the key and that of its certificate.
        fs::rename(
            place.file("card-signing.chain.pem"),
            place.file("card-signing.next.chain.pem"),
        )
        .unwrap();
        keys.write_chain(purpose, &chain_of(&secret(1))).unwrap();
        assert!(keys.read_chain_of(purpose, key.public_key()).is_ok());
    }
}

/// Any certificate of a key.
fn certificate_of(secret: &SecretKey) -> Vec<u8> {
    use symbolon_crypto::UnixTime;
    use symbolon_crypto::signing::DescribeKeys as _;
    use symbolon_crypto::x509::issue::{Validity, root};
    let der = secret.to_pkcs8_der().unwrap();
    let key = SoftwareKey::new(
        KeyHandle::new("any"),
        SecretKey::from_pkcs8_der(&der).unwrap(),
        Arc::new(RustCryptoProvider),
    );
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_700_000_000),
        not_after: UnixTime::from_seconds(1_900_000_000),
    };
    let description = key.describe(key.handle()).unwrap();
    root("Any", validity, &description, &key, &SeededRandomness::new(1)).unwrap()
}

#[test]
fn a_key_that_the_configuration_names_is_private_and_is_found_where_sealing_has_moved_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = filled();
    let path = place.file("provider-client.key.pem");
    fs::copy(place.file("pack.key.pem"), &path).unwrap();
    let read = |path: &Path| {
        let key = place
            .keys()
            .read_key_file(path, KeyHandle::new("client"), &place.provider);
        key.map(|key| key.public_key().clone())
    };
    let plain = read(&path).unwrap();
    let pack = place.keys().read_key(KeyPurpose::Pack, &place.provider).unwrap();
    assert_eq!(plain, *pack.public_key());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    assert!(matches!(read(&path), Err(KeyFileError::Readable(_))));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    place
        .keys()
        .seal(&place.source(), &[], &SeededRandomness::new(3))
        .unwrap();
    assert!(!path.exists());
    assert_eq!(read(&path).unwrap(), plain);
    // Neither a name that the sealed file does not know nor a file of another folder is looked for there.
    assert!(read(&place.file("another.key.pem")).is_err());
    assert!(read(&place.folder.path().join("provider-client.key.pem")).is_err());
}
