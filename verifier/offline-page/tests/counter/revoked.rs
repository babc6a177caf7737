//! What a pack took back, when the pack is over.

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::testing::revocation::RevocationListDraft;
use symbolon_offline_page::{Counter, PackState};
use symbolon_trust::pack::{PackBuilder, RevocationSection};
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority, TestKey};
use symbolon_trust::trust_list::CredentialTypeRule;

use crate::policy::Bank;
use crate::{World, take, times};

/// Whoever waits until the grace of a pack has ended gets no signer back that a revocation list in it has taken back.
#[test]
fn a_signer_that_a_pack_took_back_stays_taken_back_when_the_pack_is_over() {
    let (world, mut bank) = (World::new(), Bank::new());
    let authority = TestIssuingAuthority::new(720);
    let key = bank.0.credential_key.public_key();
    bank.0.credential_certificate = authority.issue_credential_signer(key, "https://bank.example");
    let mut entry = bank.0.entry(vec![CredentialTypeRule::Any]);
    entry.anchors.push(authority.root().clone());
    let mut list = world.registry.trust_list(vec![entry], NOW);
    list.valid_until = NOW.plus(DAY * 30);
    let root = world.registry.root_of_trust(list.clone()).to_json().unwrap();
    let pack = |draft: &RevocationListDraft| {
        let der = authority.sign_revocation_list(draft);
        let place = "http://lists.example/bank.crl";
        let section = RevocationSection::new(place, &der, &[], authority.root()).unwrap();
        let builder = PackBuilder::new(1, times(), world.registry.trust_section(&list));
        world.registry.sign_pack(builder.with_revocation_list(section))
    };
    let credential = bank.credential(&TestKey::new(SignatureAlgorithm::Es256, 900), "A");
    let signer = &bank.0.credential_certificate;
    let revoking = authority
        .revocation_list(NOW)
        .revoking(signer, NOW.minus(DAY), None);
    let over = NOW.plus(DAY * 3);
    for (draft, verdict) in [(revoking, "invalid"), (authority.revocation_list(NOW), "unknown")] {
        let mut counter = Counter::open(&root).unwrap();
        counter.accept_pack(&pack(&draft), NOW).unwrap();
        for (now, state) in [(NOW, PackState::Current), (over, PackState::Over)] {
            counter.begin();
            assert_eq!(counter.standing(now).unwrap().state, state);
            let told = take(&mut counter, &credential, now);
            assert_eq!(told.verdict, verdict, "{state:?}: {}", told.html);
        }
    }
}
