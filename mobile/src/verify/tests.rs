//! Signers whom a pack took back, or whose list it left out, while the pack is used and when it is over.

mod trust_list;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{PackBuilder, PackTimes};
use symbolon_trust::testing::PackedList::{self, LeftOut, RevokesNobody, RevokesTheSigner};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::{MemoryFailure, TrustState, Verifier, VerifierError, VerifierMemory};
use crate::codes::CodeMessage;
use crate::ports::{PlatformFailure, WalletClock};

const TYPE: &str = "org.symbolon.national-id.1";
const PLACE: &str = "http://lists.example/iaca.crl";

/// The app's memory of packs and its clock, which outlast the app.
struct Phone {
    memory: Mutex<Option<Vec<u8>>>,
    seconds: AtomicI64,
}

impl Phone {
    /// A phone that has never seen a pack, at this time.
    fn at(now: UnixTime) -> Arc<Self> {
        Arc::new(Self {
            memory: Mutex::default(),
            seconds: AtomicI64::new(now.seconds()),
        })
    }
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
        Ok(self.seconds.load(Ordering::Relaxed))
    }
}

/// A registry that believes one issuing authority.
struct Country {
    registry: TestRegistry,
    issuer: TestIssuer,
    authority: TestIssuingAuthority,
}

impl Country {
    fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new("https://issuer.example", 100),
            authority: TestIssuingAuthority::new(700).publishing_at(PLACE),
        }
    }

    fn trust_list(&self) -> TrustList {
        let mut entry = self.issuer.entry(vec![CredentialTypeRule::Any]);
        entry.anchors.push(self.authority.root().clone());
        let mut list = self.registry.trust_list(vec![entry], NOW);
        list.valid_until = NOW.plus(DAY * 30);
        list
    }

    fn verifier(&self, phone: &Arc<Phone>) -> Arc<Verifier> {
        let root = self.registry.root_of_trust(self.trust_list()).to_json().unwrap();
        let memory = Arc::clone(phone) as Arc<dyn VerifierMemory>;
        let clock = Arc::clone(phone) as Arc<dyn WalletClock>;
        Verifier::open_with(root, memory, Some(clock)).unwrap()
    }

    fn pack(&self, sequence: u64, list: PackedList) -> Vec<u8> {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, self.registry.trust_section(&self.trust_list()));
        self.registry.sign_pack(self.authority.add_list(builder, list))
    }

    fn mdoc(&self) -> Vec<u8> {
        let device_key = self.issuer.credential_key.public_key();
        self.authority.issue_given_name(TYPE, None, device_key)
    }

    /// Whether who signed the mdoc is trusted now.
    fn trusts(&self, verifier: &Verifier) -> TrustState {
        let message = CodeMessage::Mdoc { bytes: self.mdoc() };
        let mut reports = verifier.verify_message(message, Vec::new()).unwrap();
        assert_eq!(reports.len(), 1);
        reports.remove(0).trusted
    }
}

/// Nobody gets a signer back by waiting until the pack is over, nor by leaving its list out of the last one, nor by starting the app anew.
#[test]
fn whom_a_pack_took_back_stays_taken_back_when_it_is_over() {
    let country = Country::new();
    for (lists, trusted) in [
        (vec![RevokesTheSigner], TrustState::NotTrusted),
        (vec![RevokesNobody], TrustState::Trusted),
        (vec![RevokesTheSigner, LeftOut], TrustState::Unknown),
        (vec![LeftOut], TrustState::Trusted),
    ] {
        let phone = Phone::at(NOW);
        let verifier = country.verifier(&phone);
        let mut last = (Vec::new(), Vec::new());
        for (sequence, list) in (1..).zip(lists) {
            let prepared = verifier.prepare_pack(country.pack(sequence, list)).unwrap();
            prepared.use_now().unwrap();
            last = (prepared.pack(), prepared.form());
        }
        assert_eq!(country.trusts(&verifier), trusted);
        phone
            .seconds
            .store(NOW.plus(DAY * 3).seconds(), Ordering::Relaxed);
        assert_eq!(verifier.pack_in_use().unwrap(), None, "it is over");
        assert_eq!(country.trusts(&verifier), trusted);

        let (pack, form) = last;
        for form in [Some(form), None] {
            let anew = country.verifier(&phone);
            assert_eq!(anew.use_pack(pack.clone(), form), Err(VerifierError::PackRefused));
            assert_eq!(anew.pack_in_use().unwrap(), None);
            assert_eq!(country.trusts(&anew), trusted);
        }
    }
}

/// What is refused takes the place of nothing that is used, and is itself replaced by the next pack.
#[test]
fn a_refused_pack_is_kept_for_its_lists_alone_and_where_there_is_no_other() {
    let country = Country::new();
    let phone = Phone::at(NOW.minus(DAY));
    let verifier = country.verifier(&phone);
    let (first, second) = (country.pack(1, RevokesTheSigner), country.pack(2, RevokesNobody));
    assert_eq!(
        verifier.use_pack(first.clone(), None),
        Err(VerifierError::ClockWrong)
    );
    phone.seconds.store(NOW.seconds(), Ordering::Relaxed);
    verifier.use_pack(second, None).unwrap();
    assert_eq!(country.trusts(&verifier), TrustState::Trusted);
    assert_eq!(verifier.use_pack(first, None), Err(VerifierError::PackOlder));
    assert_eq!(country.trusts(&verifier), TrustState::Trusted);
    assert_eq!(verifier.pack_in_use().unwrap().unwrap().sequence, 2);
}
