//! Whom a verifier believes that has no pack, or one that is over.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::{BitsPerStatus, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::super::{CredentialReport, TrustState, Verdict, Verifier};
use super::Phone;

const FACE: &[u8] = b"RIFF\x04\0\0\0WEBPVP8 ";

struct World {
    registry: TestRegistry,
    issuer: TestIssuer,
    phone: Arc<Phone>,
}

impl World {
    fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new("https://issuer.example", 100),
            phone: Phone::at(NOW),
        }
    }

    /// A list of this time, which is good for a month.
    fn trust_list(&self, issued_at: UnixTime) -> TrustList {
        let entry = self.issuer.entry(vec![CredentialTypeRule::Any]);
        TrustList {
            valid_until: NOW.plus(DAY * 30),
            ..self.registry.trust_list(vec![entry], issued_at)
        }
    }

    /// The app is started: a verifier whose root of trust came with a list of this time.
    fn start(&self, list_of: UnixTime) -> Arc<Verifier> {
        let root = self.registry.root_of_trust(self.trust_list(list_of));
        let (memory, clock) = (Arc::clone(&self.phone), Arc::clone(&self.phone));
        Verifier::open_with(root.to_json().unwrap(), memory, Some(clock)).unwrap()
    }

    /// A pack that is good for two days, with a list of the time at which it was made.
    fn pack(&self) -> Vec<u8> {
        let list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        let section = self.issuer.status_section(&self.issuer.status_uri(0), &list, NOW);
        self.registry.pack(1, &self.trust_list(NOW), vec![section], NOW)
    }

    fn judged(&self, verifier: &Verifier) -> CredentialReport {
        let card = self.issuer.claim169_key.sign_card(&self.issuer.card(FACE, 7));
        let mut reports = verifier.verify(vec![card.qr_text()], Vec::new()).unwrap();
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
        let later = NOW.plus(DAY * 3).seconds();
        world.phone.seconds.store(later, Ordering::Relaxed);
        let over = world.judged(&verifier);
        assert_eq!((over.trusted, over.verdict), (without_pack, Verdict::Unknown));
    }
}
