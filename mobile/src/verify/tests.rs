//! Whom a verifier believes that has no pack, or one that is over.

use std::sync::{Arc, Mutex};

use symbolon_credential::Validity;
use symbolon_credential::claim169::{
    Biometric, Claim169KeyReference, Cwt, DateOfBirth, IdentityData, ImageKind, prepare,
};
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, KeyAuthorizations, MdocToIssue,
    MdocValidity, NameSpace,
};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::Certificate;
use symbolon_trust::pack::{PackBuilder, PackTimes, RevocationSection};
use symbolon_trust::status_list::{BitsPerStatus, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::{CredentialReport, MemoryFailure, TrustState, Verdict, Verifier, VerifierMemory};
use crate::codes::CodeMessage;
use crate::ports::{PlatformFailure, WalletClock};

/// Where the authority publishes whom it has taken back.
const PLACE: &str = "http://lists.example/iaca.crl";
const FACE: &[u8] = b"RIFF\x04\0\0\0WEBPVP8 ";

/// What an app keeps for its verifier, and the time of its phone.
#[derive(Clone)]
struct Phone {
    memory: Arc<Mutex<Option<Vec<u8>>>>,
    now: Arc<Mutex<UnixTime>>,
}

impl VerifierMemory for Phone {
    fn read(&self) -> Result<Option<Vec<u8>>, MemoryFailure> {
        Ok(self.memory.lock().unwrap().clone())
    }

    fn write(&self, bytes: Vec<u8>) -> Result<(), MemoryFailure> {
        *self.memory.lock().unwrap() = Some(bytes);
        Ok(())
    }
}

impl WalletClock for Phone {
    fn now(&self) -> Result<i64, PlatformFailure> {
        Ok(self.now.lock().unwrap().seconds())
    }
}

struct World {
    registry: TestRegistry,
    issuer: TestIssuer,
    phone: Phone,
    /// Who issues mdocs.
    authority: TestIssuingAuthority,
}

impl World {
    fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new("https://issuer.example", 100),
            phone: Phone {
                memory: Arc::default(),
                now: Arc::new(Mutex::new(NOW)),
            },
            authority: TestIssuingAuthority::new(700).publishing_at(PLACE),
        }
    }

    /// A list of this time, which is good for a month.
    fn trust_list(&self, issued_at: UnixTime) -> TrustList {
        let mut entry = self.issuer.entry(vec![CredentialTypeRule::Any]);
        entry.anchors.push(self.authority.root().clone());
        TrustList {
            valid_until: NOW.plus(DAY * 30),
            ..self.registry.trust_list(vec![entry], issued_at)
        }
    }

    /// The app is started: a verifier whose root of trust came with a list of this time.
    fn start(&self, list_of: UnixTime) -> Arc<Verifier> {
        let root = self.registry.root_of_trust(self.trust_list(list_of));
        let (memory, clock) = (Arc::new(self.phone.clone()), Arc::new(self.phone.clone()));
        Verifier::open_with(root.to_json().unwrap(), memory, Some(clock)).unwrap()
    }

    /// A pack that is good for two days, with a list of the time at which it was made.
    fn pack(&self) -> Vec<u8> {
        let list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        let section = self.issuer.status_section(&self.issuer.status_uri(0), &list, NOW);
        self.registry.pack(1, &self.trust_list(NOW), vec![section], NOW)
    }

    fn card(&self) -> String {
        let identity = IdentityData {
            full_name: Some("Amina Diallo".to_owned()),
            date_of_birth: Some(DateOfBirth::new(1990, 2, 3).unwrap()),
            ..IdentityData::default()
        };
        let claims = Cwt {
            issuer: Some(self.issuer.identifier.to_string()),
            subject: None,
            validity: Validity {
                issued_at: Some(NOW.minus(DAY)),
                not_before: Some(NOW.minus(DAY)),
                expires: Some(NOW.plus(DAY * 3_650)),
            },
            identity: identity.with_face(Biometric::image(FACE.to_vec(), ImageKind::Webp)),
            status: CredentialStatus::StatusList(StatusReference::new(self.issuer.status_uri(0), 7).unwrap()),
            confirmation: None,
            unknown: Vec::new(),
        };
        let key = &self.issuer.claim169_key;
        let kid = key.public_key().thumbprint().as_bytes().to_vec();
        let reference = Claim169KeyReference::KeyId(kid);
        let prepared = prepare(&claims, key.public_key().algorithm(), &reference).unwrap();
        let signature = key.sign(&prepared.request(key.handle()));
        prepared.finish(signature).unwrap().qr_text()
    }

    fn mdoc(&self) -> Vec<u8> {
        let name = ElementIdentifier::parse("family_name").unwrap();
        self.authority.issue(&MdocToIssue {
            doc_type: DocType::parse("org.example.id.1").unwrap(),
            elements: vec![(
                NameSpace::parse("org.example.id.1").unwrap(),
                vec![(name, ElementValue::Text("Diallo".to_owned()))],
            )],
            validity: MdocValidity {
                signed: NOW.minus(DAY),
                valid_from: NOW.minus(DAY),
                valid_until: NOW.plus(DAY * 30),
                expected_update: None,
            },
            status: None,
            device_key: self.issuer.credential_key.public_key().clone(),
            key_authorizations: KeyAuthorizations::default(),
            digest_algorithm: DigestAlgorithm::Sha256,
            digest_ids: DigestIds::Shuffled,
        })
    }

    fn judged(&self, verifier: &Verifier) -> CredentialReport {
        let mut reports = verifier.verify(vec![self.card()], Vec::new()).unwrap();
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }
}

/// Whoever waits until a pack is over, or has the app started without it, brings nobody back whom the registry believes no longer.
#[test]
fn no_older_trust_list_is_believed_than_a_pack_has_brought() {
    for (list_of, without_pack) in [(NOW, TrustState::Trusted), (NOW.minus(DAY), TrustState::Unknown)] {
        let world = World::new();
        let verifier = world.start(list_of);
        assert_eq!(
            world.judged(&verifier).trusted,
            TrustState::Trusted,
            "no pack yet"
        );
        verifier.use_pack(world.pack(), None).unwrap();
        let with_pack = world.judged(&verifier);
        assert_eq!(
            (with_pack.trusted, with_pack.verdict),
            (TrustState::Trusted, Verdict::Genuine)
        );

        let started_again = world.judged(&world.start(list_of));
        assert_eq!(
            (started_again.trusted, started_again.verdict),
            (without_pack, Verdict::Unknown)
        );
        *world.phone.now.lock().unwrap() = NOW.plus(DAY * 3);
        let over = world.judged(&verifier);
        assert_eq!((over.trusted, over.verdict), (without_pack, Verdict::Unknown));
    }
}

/// Nor does whoever waits get a signer back whose certificate was revoked.
#[test]
fn what_a_pack_took_back_stays_taken_back_when_it_is_over() {
    for is_revoked in [false, true] {
        let world = World::new();
        let mut list = world.authority.revocation_list(NOW);
        if is_revoked {
            let signer = Certificate::parse(world.authority.certificate()).unwrap();
            list = list.revoking(&signer, NOW.minus(DAY), None);
        }
        let list = world.authority.sign_revocation_list(&list);
        let section = RevocationSection::new(PLACE, &list, &[], world.authority.root()).unwrap();
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let section_of_trust = world.registry.trust_section(&world.trust_list(NOW));
        let builder = PackBuilder::new(1, times, section_of_trust).with_revocation_list(section);
        let verifier = world.start(NOW);
        verifier
            .use_pack(world.registry.sign_pack(builder), None)
            .unwrap();
        for days in [0, 3] {
            *world.phone.now.lock().unwrap() = NOW.plus(DAY * days);
            let shown = CodeMessage::Mdoc { bytes: world.mdoc() };
            let report = verifier.verify_message(shown, Vec::new()).unwrap().remove(0);
            if is_revoked {
                assert_eq!(report.verdict, Verdict::Invalid, "after {days} days");
            } else {
                assert_eq!(report.trusted, TrustState::Trusted, "after {days} days");
            }
        }
    }
}
