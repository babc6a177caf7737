//! Signers whom a pack took back, or whose list it left out, while the pack is used and when it is over.

use symbolon_crypto::UnixTime;
use symbolon_offline_page::{Counter, PackState};
use symbolon_trust::pack::PackBuilder;
use symbolon_trust::testing::PackedList::{self, LeftOut, RevokesNobody, RevokesTheSigner};
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use crate::{World, times};

const TYPE: &str = "org.symbolon.national-id.1";
const PLACE: &str = "http://lists.example/iaca.crl";

/// A clinic that is shown mdocs, and whose root of trust came with a list for a month.
struct Clinic {
    world: World,
    authority: TestIssuingAuthority,
}

impl Clinic {
    fn new() -> Self {
        Self {
            world: World::new(),
            authority: TestIssuingAuthority::new(700).publishing_at(PLACE),
        }
    }

    fn trust_list(&self) -> TrustList {
        let mut entry = self.world.issuer.entry(vec![CredentialTypeRule::Any]);
        entry.anchors.push(self.authority.root().clone());
        let mut list = self.world.registry.trust_list(vec![entry], NOW);
        list.valid_until = NOW.plus(DAY * 30);
        list
    }

    fn counter(&self) -> Counter {
        let root = self.world.registry.root_of_trust(self.trust_list());
        Counter::open(&root.to_json().unwrap()).unwrap()
    }

    fn pack(&self, sequence: u64, list: PackedList) -> Vec<u8> {
        let registry = &self.world.registry;
        let builder = PackBuilder::new(sequence, times(), registry.trust_section(&self.trust_list()));
        registry.sign_pack(self.authority.add_list(builder, list))
    }

    fn mdoc(&self) -> Vec<u8> {
        let device_key = self.world.issuer.credential_key.public_key();
        self.authority.issue_given_name(TYPE, None, device_key)
    }

    /// Whether the page says this of the mdoc now: nobody has asked for it, so that it is in doubt at best.
    fn says(&self, counter: &mut Counter, now: UnixTime, (verdict, why): (&str, &str)) {
        counter.begin();
        let told = counter.take(vec![self.mdoc()], "en", now);
        assert_eq!((told.verdict, told.problem), (verdict, None));
        assert!(told.html.contains(why), "{why}: {}", told.html);
    }
}

/// Nobody gets a signer back by waiting until the pack is over, nor by leaving its list out of the last one.
#[test]
fn whom_a_pack_took_back_stays_taken_back_when_it_is_over() {
    let clinic = Clinic::new();
    let over = NOW.plus(DAY * 3);
    let not_trusted = ("invalid", "Its issuer is not one that is trusted");
    let trusted = ("unknown", "Whether it was revoked could not be learned");
    let not_known = ("unknown", "There is no list of trusted issuers");
    for (lists, said) in [
        (vec![RevokesTheSigner], not_trusted),
        (vec![RevokesNobody], trusted),
        (vec![RevokesTheSigner, LeftOut], not_known),
        (vec![RevokesNobody, LeftOut], not_known),
        (vec![LeftOut], trusted),
    ] {
        let mut counter = clinic.counter();
        for (sequence, list) in (1..).zip(lists) {
            counter.accept_pack(&clinic.pack(sequence, list), NOW).unwrap();
        }
        clinic.says(&mut counter, NOW, said);
        assert_eq!(counter.standing(over).unwrap().state, PackState::Over);
        clinic.says(&mut counter, over, said);
        // After a new start with what the browser kept.
        let mut next = clinic.counter();
        let (pack, form) = (counter.pack().map(<[u8]>::to_vec), counter.pack_form().to_vec());
        next.resume_pack(pack, form, counter.pack_memory(), over);
        clinic.says(&mut next, over, said);
    }
}
