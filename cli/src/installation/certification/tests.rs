use std::sync::Arc;

use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::SecretKey;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_issuer::haip::Profile;
use symbolon_trust::trust_list::RootOfTrust;

use super::*;
use crate::configuration::FILE_NAME;
use crate::installation::Installation;
use crate::installation::authority::{Authority, Certified};
use crate::installation::init::{NewInstallation, init};

const NOW: UnixTime = UnixTime::from_seconds(1_795_000_000);
const ISSUER: &str = "https://registry.example";
const VERIFIER: &str = "https://shop.example";

/// An installation, and the roots of a nation that are not in it.
struct World {
    _folder: tempfile::TempDir,
    installation: Installation,
    trust: RootOfTrust,
    nation: Certified,
    nation_iaca: Certified,
}

fn provider() -> Arc<dyn CryptoProvider> {
    Arc::new(RustCryptoProvider)
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = NewInstallation {
            folder: folder.path().to_owned(),
            issuer: Url::parse(ISSUER).unwrap(),
            verifier: Url::parse(VERIFIER).unwrap(),
            profile: Profile::Standard,
        };
        let (provider, randomness) = (provider(), SeededRandomness::new(1));
        init(&new, &provider, &randomness, NOW).unwrap();
        let installation = Installation::load(Some(&folder.path().join(FILE_NAME))).unwrap();
        let authority = Authority {
            provider: &provider,
            randomness: &randomness,
            now: NOW,
        };
        Self {
            trust: installation.trust().unwrap(),
            installation,
            nation: authority.root(KeyPurpose::IssuersRoot, "National root").unwrap(),
            nation_iaca: authority.documents_root("https://ministry.example").unwrap(),
            _folder: folder,
        }
    }

    fn root(&self, purpose: KeyPurpose) -> (SoftwareKey, Certificate) {
        let key = self.installation.keys.read_key(purpose, &provider()).unwrap();
        let chain = self
            .installation
            .keys
            .read_chain_of(purpose, key.public_key())
            .unwrap();
        (key, chain[0].clone())
    }

    fn key(&self, purpose: KeyPurpose) -> SoftwareKey {
        self.installation.keys.read_key(purpose, &provider()).unwrap()
    }

    /// Asks for a certificate as `asks_as`, and has it given as `gives_as`.
    fn certify(
        &self,
        asks_as: KeyPurpose,
        gives_as: KeyPurpose,
        days: u64,
    ) -> Result<Certificate, CertificationError> {
        let asked = profile(asks_as);
        let request = ask(&asked, &self.key(asks_as), identifier(asks_as))?;
        let request = CertificateRequest::parse(&request, &RustCryptoProvider).unwrap();
        let given = profile(gives_as);
        let (key, certificate) = self.root(given.root);
        let root = Root {
            key: &key,
            certificate: &certificate,
        };
        give(&given, &request, &root, days, &SeededRandomness::new(9), NOW)
            .map(|der| Certificate::parse(&der).unwrap())
    }

    fn check(
        &self,
        purpose: KeyPurpose,
        chain: Vec<Certificate>,
        new_root: Option<&Certificate>,
    ) -> Result<Accepted, CertificationError> {
        let expected = Expected {
            profile: profile(purpose),
            identifier: identifier(purpose),
            issuer: ISSUER,
            new_root,
        };
        check(chain, &expected, &self.trust.trust_list, &RustCryptoProvider, NOW)
    }

    /// A leaf of the nation's root.
    fn national(&self, purpose: KeyPurpose, names: &[&str]) -> Certificate {
        let request = LeafRequest {
            subject_name: "Signer".to_owned(),
            san_uris: names.iter().map(|name| (*name).to_owned()).collect(),
            san_dns: Vec::new(),
            validity: Validity {
                not_before: NOW.minus(CLOCK_TOLERANCE),
                not_after: NOW.plus(Duration::from_secs(86_400)),
            },
            extended_key_usage: extended_key_usage(purpose),
            public_key: self.key(purpose).public_key().clone(),
        };
        let description = self.nation.key.describe(self.nation.key.handle()).unwrap();
        let der = issue::leaf(
            &request,
            &self.nation.certificate,
            &description,
            &self.nation.key,
            &SeededRandomness::new(4),
        );
        Certificate::parse(&der.unwrap()).unwrap()
    }
}

fn profile(purpose: KeyPurpose) -> CertificateProfile {
    CertificateProfile::of(purpose).unwrap()
}

fn identifier(purpose: KeyPurpose) -> &'static str {
    if purpose == KeyPurpose::RequestSigning {
        VERIFIER
    } else {
        ISSUER
    }
}

const CERTIFIED: [KeyPurpose; 5] = [
    KeyPurpose::CredentialSigning,
    KeyPurpose::DocumentSigning,
    KeyPurpose::StatusSigning,
    KeyPurpose::MetadataSigning,
    KeyPurpose::RequestSigning,
];

/// Certificates of these two differ in nothing that a verifier looks at; only their keys keep them apart.
const ALIKE: [KeyPurpose; 2] = [KeyPurpose::CredentialSigning, KeyPurpose::MetadataSigning];

#[test]
fn what_is_asked_for_given_and_brought_back_is_accepted() {
    let world = World::new();
    for purpose in CERTIFIED {
        let leaf = world
            .certify(purpose, purpose, profile(purpose).max_days())
            .unwrap();
        let accepted = world.check(purpose, vec![leaf.clone()], None).unwrap();
        assert_eq!(accepted.chain, std::slice::from_ref(&leaf), "{purpose:?}");
        assert!(accepted.new_anchor.is_none());
        // With the root at its end, as authorities hand it out.
        let (_, root) = world.root(profile(purpose).root);
        assert_eq!(
            world
                .check(purpose, vec![leaf.clone(), root], None)
                .unwrap()
                .chain,
            [leaf]
        );
    }
    assert!(CertificateProfile::of(KeyPurpose::CardSigning).is_none());
}

#[test]
fn a_certificate_serves_the_one_purpose_that_it_was_given_for() {
    let world = World::new();
    for given in CERTIFIED {
        let leaf = world.certify(given, given, 30).unwrap();
        let other =
            |wanted: &KeyPurpose| *wanted != given && !(ALIKE.contains(wanted) && ALIKE.contains(&given));
        for wanted in CERTIFIED.into_iter().filter(other) {
            assert!(
                world.check(wanted, vec![leaf.clone()], None).is_err(),
                "the certificate of {given:?} serves {wanted:?}"
            );
        }
    }
}

#[test]
fn whoever_asks_for_one_purpose_is_not_given_another() {
    let world = World::new();
    for (asks, gives) in [
        (KeyPurpose::StatusSigning, KeyPurpose::CredentialSigning),
        (KeyPurpose::CredentialSigning, KeyPurpose::StatusSigning),
        (KeyPurpose::CredentialSigning, KeyPurpose::DocumentSigning),
        (KeyPurpose::DocumentSigning, KeyPurpose::RequestSigning),
    ] {
        assert!(
            matches!(
                world.certify(asks, gives, 30),
                Err(CertificationError::ExtendedKeyUsage(_))
            ),
            "{asks:?} as {gives:?}"
        );
    }
}

#[test]
fn the_validity_is_bounded_by_the_profile_and_by_the_root() {
    let world = World::new();
    for purpose in CERTIFIED {
        for days in [0, profile(purpose).max_days() + 1, u64::MAX / 86_400] {
            assert!(
                matches!(
                    world.certify(purpose, purpose, days),
                    Err(CertificationError::Days { .. })
                ),
                "{purpose:?} for {days} days"
            );
        }
    }
    let (key, certificate) = world.root(KeyPurpose::IssuersRoot);
    let request = ask(
        &profile(KeyPurpose::StatusSigning),
        &world.key(KeyPurpose::StatusSigning),
        ISSUER,
    )
    .unwrap();
    let request = CertificateRequest::parse(&request, &RustCryptoProvider).unwrap();
    let root = Root {
        key: &key,
        certificate: &certificate,
    };
    let late = certificate.not_after().minus(Duration::from_secs(86_400));
    let refused = give(
        &profile(KeyPurpose::StatusSigning),
        &request,
        &root,
        30,
        &SeededRandomness::new(1),
        late,
    );
    assert!(matches!(refused, Err(CertificationError::OutlivesRoot { .. })));
}

#[test]
fn serial_numbers_are_random_and_positive() {
    let world = World::new();
    let request = ask(
        &profile(KeyPurpose::StatusSigning),
        &world.key(KeyPurpose::StatusSigning),
        ISSUER,
    )
    .unwrap();
    let request = CertificateRequest::parse(&request, &RustCryptoProvider).unwrap();
    let (key, certificate) = world.root(KeyPurpose::IssuersRoot);
    let root = Root {
        key: &key,
        certificate: &certificate,
    };
    let made = |seed| {
        let randomness = SeededRandomness::new(seed);
        give(
            &profile(KeyPurpose::StatusSigning),
            &request,
            &root,
            30,
            &randomness,
            NOW,
        )
        .unwrap()
    };
    assert_eq!(made(1), made(1));
    assert_ne!(made(1), made(2));
}

#[test]
fn a_national_root_serves_once_the_operator_vouches_for_it() {
    let world = World::new();
    let purpose = KeyPurpose::CredentialSigning;
    let leaf = world.national(purpose, &[ISSUER]);
    let refused = world.check(purpose, vec![leaf.clone()], None).unwrap_err();
    assert!(
        matches!(refused, CertificationError::Chain(ChainError::UnknownAnchor)),
        "{refused:?}"
    );
    // Also when the stranger brings the root along.
    let brought = vec![leaf.clone(), world.nation.certificate.clone()];
    assert!(world.check(purpose, brought.clone(), None).is_err());
    let accepted = world
        .check(purpose, brought, Some(&world.nation.certificate))
        .unwrap();
    assert_eq!(accepted.chain, [leaf]);
    assert_eq!(accepted.new_anchor.as_ref(), Some(&world.nation.certificate));
    // Under an anchor that is there already nothing is added, whatever is vouched for.
    let ours = world.certify(purpose, purpose, 30).unwrap();
    let accepted = world
        .check(purpose, vec![ours], Some(&world.nation.certificate))
        .unwrap();
    assert!(accepted.new_anchor.is_none());
}

#[test]
fn a_root_serves_issuers_or_relying_parties_and_never_both() {
    let world = World::new();
    let (_, parties) = world.root(KeyPurpose::RelyingPartiesRoot);
    let leaf = world.national(KeyPurpose::CredentialSigning, &[ISSUER]);
    assert!(matches!(
        world.check(KeyPurpose::CredentialSigning, vec![leaf], Some(&parties)),
        Err(CertificationError::SharedRoot)
    ));
    let (_, issuers) = world.root(KeyPurpose::IssuersRoot);
    let leaf = world
        .certify(KeyPurpose::RequestSigning, KeyPurpose::RequestSigning, 30)
        .unwrap();
    assert!(matches!(
        world.check(KeyPurpose::RequestSigning, vec![leaf], Some(&issuers)),
        Err(CertificationError::SharedRoot)
    ));
}

#[test]
fn what_is_vouched_for_must_be_a_root() {
    let world = World::new();
    let leaf = world.national(KeyPurpose::CredentialSigning, &[ISSUER]);
    assert!(matches!(
        world.check(KeyPurpose::CredentialSigning, vec![leaf.clone()], Some(&leaf)),
        Err(CertificationError::NotARoot)
    ));
}

#[test]
fn a_certificate_in_another_name_is_refused() {
    let world = World::new();
    for purpose in [
        KeyPurpose::CredentialSigning,
        KeyPurpose::StatusSigning,
        KeyPurpose::MetadataSigning,
    ] {
        let leaf = world.national(purpose, &["https://another.example"]);
        let refused = world.check(purpose, vec![leaf], Some(&world.nation.certificate));
        assert!(
            matches!(refused, Err(CertificationError::OtherName { .. })),
            "{purpose:?}"
        );
    }
}

#[test]
fn a_document_signer_of_a_national_authority_is_accepted_and_one_of_another_country_is_not() {
    let world = World::new();
    let purpose = KeyPurpose::DocumentSigning;
    let description = world
        .nation_iaca
        .key
        .describe(world.nation_iaca.key.handle())
        .unwrap();
    let request = DocumentSignerRequest {
        subject_name: "Signer".to_owned(),
        contact_uri: "https://ministry.example".to_owned(),
        validity: Validity {
            not_before: NOW.minus(CLOCK_TOLERANCE),
            not_after: NOW.plus(Duration::from_secs(86_400)),
        },
        public_key: world.key(purpose).public_key().clone(),
    };
    let der = issue::document_signer(
        &request,
        &world.nation_iaca.certificate,
        &description,
        &world.nation_iaca.key,
        &SeededRandomness::new(4),
    );
    let leaf = Certificate::parse(&der.unwrap()).unwrap();
    let root = &world.nation_iaca.certificate;
    assert!(world.check(purpose, vec![leaf.clone()], Some(root)).is_ok());
    assert!(world.check(purpose, vec![leaf], None).is_err());
    // The nation's other root issues leaves without the extended key usage of document signers.
    let ordinary = world.national(purpose, &[ISSUER]);
    let refused = world
        .check(purpose, vec![ordinary], Some(&world.nation.certificate))
        .unwrap_err();
    assert!(
        matches!(refused, CertificationError::Chain(ChainError::NotForMdocs)),
        "{refused:?}"
    );
}

#[test]
fn an_expired_certificate_is_refused() {
    let world = World::new();
    let leaf = world
        .certify(KeyPurpose::StatusSigning, KeyPurpose::StatusSigning, 1)
        .unwrap();
    let expected = Expected {
        profile: profile(KeyPurpose::StatusSigning),
        identifier: ISSUER,
        issuer: ISSUER,
        new_root: None,
    };
    let later = NOW.plus(Duration::from_secs(2 * 86_400));
    let refused = check(
        vec![leaf],
        &expected,
        &world.trust.trust_list,
        &RustCryptoProvider,
        later,
    );
    assert!(matches!(
        refused,
        Err(CertificationError::Chain(ChainError::Expired { position: 0 }))
    ));
}

#[test]
fn another_kind_of_key_can_be_certified_too() {
    let secret = SecretKey::generate(SignatureAlgorithm::EdDsa, &SeededRandomness::new(1)).unwrap();
    let key = SoftwareKey::new(KeyHandle::new("other"), secret, provider());
    let request = ask(&profile(KeyPurpose::StatusSigning), &key, ISSUER).unwrap();
    let request = CertificateRequest::parse(&request, &RustCryptoProvider).unwrap();
    assert_eq!(request.public_key, *key.public_key());
}
