//! Revocation lists of certificates that a pack left out: what takes their place, whose certificate is asked about, and what is known when that pack is over.

use symbolon_credential::sd_jwt_vc::IssuerKeyReference;
use symbolon_crypto::signing::DescribeKeys as _;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::testing::revocation::{RevocationListDraft, authority};
use symbolon_crypto::x509::issue::{LeafRequest, Validity, leaf};
use symbolon_crypto::x509::{Certificate, RevocationList};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_trust::pack::{
    LastSeen, Pack, PackBuilder, PackTimes, RevocationSection, unverified_revocation_lists,
};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestKey};
use symbolon_trust::trust_list::TrustList;

use super::packed_revocation::Phone;
use super::revocation_world::{PLACE, REVOKED_AT, rules};
use super::world::{ISSUER, Network, Question, SECOND, World, bound};
use crate::policy::RevocationPolicy;
use crate::report::{Reason, Report, Status, Trusted, Verdict};
use crate::{Evidence, PackAbsence, Tools, Want};

impl Phone {
    fn parsed(&self, draft: &RevocationListDraft) -> RevocationList {
        RevocationList::parse(&self.world.authority.sign_revocation_list(draft)).unwrap()
    }

    /// What is said of a mdoc without a status.
    fn judge_by(&self, evidence: Evidence<'_>, lists: RevocationPolicy, now: UnixTime) -> Report {
        let mut template = self.world.template();
        template.status = None;
        let presented = self.world.present(&self.world.authority.issue(&template));
        let question = self.world.question(&presented, bound(), rules(lists), now);
        question.ask(evidence, &Network::default()).0.remove(0)
    }

    /// What is remembered after a pack with this list.
    fn memory_of(&self, draft: &RevocationListDraft) -> LastSeen {
        let pack = self.pack(Some(draft));
        self.open(&pack, NOW, None).last_seen(None)
    }
}

/// What a phone knows whose pack is over.
fn over<'e>(
    trust_list: &'e TrustList,
    lists: &'e [RevocationList],
    memory: Option<&'e LastSeen>,
) -> Evidence<'e> {
    Evidence::offline_without_pack(PackAbsence::Refused, trust_list, lists, memory)
}

/// A list that is at hand counts while it is in force by the clock of who judges, and speaks for none that was left out before it was made or after it is over.
#[test]
fn a_list_of_the_future_or_one_that_is_over_takes_no_place() {
    let phone = Phone::new();
    let last = phone.memory_of(&phone.list(NOW));
    let dropped = phone.later_pack([]);
    let in_force = phone.list(NOW);
    let (due, tolerated) = (NOW.plus(DAY), NOW.plus(SECOND * 60));
    for (made, now, trusted) in [
        (in_force.this_update, NOW, Trusted::Trusted),
        (in_force.this_update, due, Trusted::Trusted),
        (in_force.this_update, due.plus(SECOND), Trusted::Unknown),
        (tolerated, NOW, Trusted::Trusted),
        (NOW.plus(DAY), NOW, Trusted::Unknown),
    ] {
        let at_hand = [phone.parsed(&phone.list(made))];
        let pack = phone.open(&dropped, now, Some(&last));
        let evidence = Evidence::offline(&pack).with_revocation_lists(&at_hand);
        let report = phone.judge_by(evidence, RevocationPolicy::IfAvailable, now);
        assert_eq!(report.trusted.state, trusted, "{made:?} at {now:?}");
    }
}

/// Of a signer below an authority below the anchor there are two lists to leave out.
#[test]
fn every_certificate_of_a_chain_has_a_list_that_may_be_left_out() {
    let world = World::new();
    let validity = Validity {
        not_before: NOW.minus(DAY * 9),
        not_after: NOW.plus(DAY * 9),
    };
    let [root_key, middle_key] = [821, 822].map(|seed| TestKey::new(SignatureAlgorithm::Es256, seed));
    let root = authority("Root", validity, root_key.software_key(), None);
    let above = Some((&root, root_key.software_key()));
    let middle = authority("Middle", validity, middle_key.software_key(), above);
    let describe = |key: &TestKey| {
        let key = key.software_key();
        key.describe(key.handle()).unwrap()
    };
    let request = LeafRequest {
        subject_name: "Signer".to_owned(),
        san_uris: vec![ISSUER.to_owned()],
        san_dns: Vec::new(),
        validity,
        extended_key_usage: None,
        public_key: world.issuer.credential_key.public_key().clone(),
    };
    let randomness = SeededRandomness::new(7);
    let (description, sign) = (describe(&middle_key), middle_key.software_key());
    let leaf = leaf(&request, &middle, &description, sign, &randomness).unwrap();
    let mut credential = world.template();
    credential.status = None;
    let chain = IssuerKeyReference::CertificateChain(vec![leaf, middle.der().to_vec()]);
    let presented = world.present(&world.issue_with(&credential, &chain, &world.issuer.credential_key));

    let mut trust = world.trust_list();
    trust.issuers[0].anchors = vec![root.clone()];
    let root_of_trust = world.registry.root_of_trust(trust.clone());
    let list = |authority: &Certificate, key: &TestKey, chain: &[Certificate], place: &str| {
        let draft = RevocationListDraft::of(authority, NOW, NOW.plus(DAY));
        let der = draft.sign(&describe(key), key.software_key());
        RevocationSection::new(place, &der, chain, &root).unwrap()
    };
    let of_root = list(&root, &root_key, &[], PLACE);
    let below = core::slice::from_ref(&middle);
    let of_middle = list(&middle, &middle_key, below, "http://lists.example/middle.crl");
    let pack = |sequence, lists: &[&RevocationSection]| {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, world.registry.trust_section(&trust));
        let lists = lists.iter().map(|list| (*list).clone());
        let builder = lists.fold(builder, PackBuilder::with_revocation_list);
        world.registry.sign_pack(builder)
    };
    let both = [&of_root, &of_middle];
    let first = pack(1, &both);
    let first = Pack::open(&first, &root_of_trust, &RustCryptoProvider, NOW, None).unwrap();
    let last = first.last_seen(None);
    for (lists, verdict) in [
        (&both[..], Verdict::Valid),
        (&both[..1], Verdict::Unknown),
        (&both[1..], Verdict::Unknown),
    ] {
        let later = pack(2, lists);
        let later = Pack::open(&later, &root_of_trust, &RustCryptoProvider, NOW, Some(&last)).unwrap();
        let question = Question {
            input: presented.as_bytes(),
            expected: bound(),
            policy: rules(RevocationPolicy::IfAvailable),
            tools: Tools::without_json_ld(&world.provider),
            now: NOW,
        };
        let (reports, _) = question.ask(Evidence::offline(&later), &Network::default());
        assert_eq!(reports[0].verdict, verdict, "{} lists", lists.len());
    }
}

/// A distributor that leaves a list out of a pack, and makes that one for an hour, gains nothing when the hour is over.
#[test]
fn what_a_pack_left_out_is_missed_on_when_it_is_over() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let revoking = phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, None);
    let remembered = phone.memory_of(&revoking);
    let dropped = phone.later_pack([]);
    let memory = phone
        .open(&dropped, NOW, Some(&remembered))
        .last_seen(Some(&remembered));
    let lists = unverified_revocation_lists(&dropped);
    assert!(lists.is_empty());
    let judge = |evidence: Evidence<'_>, policy| phone.judge_by(evidence, policy, NOW).trusted.state;
    let lax = RevocationPolicy::IfAvailable;
    let missed = || over(&trust_list, &lists, Some(&memory));
    assert_eq!(judge(missed(), lax), Trusted::Unknown);
    assert_eq!(judge(missed(), RevocationPolicy::Required), Trusted::Unknown);
    assert_eq!(judge(missed(), RevocationPolicy::Off), Trusted::Trusted);
    // Nothing was ever seen, or of another authority alone.
    assert_eq!(judge(over(&trust_list, &lists, None), lax), Trusted::Trusted);
    let mut of_others = memory.clone();
    for seen in of_others.revocation_lists.values_mut() {
        seen.authority = "another".to_owned();
    }
    assert_eq!(
        judge(over(&trust_list, &lists, Some(&of_others)), lax),
        Trusted::Trusted
    );

    // One that is as new takes its place, and an older one does not.
    for (made, trusted) in [(NOW, Trusted::Trusted), (NOW.minus(SECOND), Trusted::Unknown)] {
        let at_hand = [phone.parsed(&phone.list(made))];
        let evidence = missed().with_revocation_lists(&at_hand);
        assert_eq!(judge(evidence, lax), trusted, "{made:?}");
    }
    // Of what an earlier version remembered it is known whether the last pack lacked it, and no more.
    for (missing, trusted) in [(true, Trusted::Unknown), (false, Trusted::Trusted)] {
        let mut old = memory.clone();
        for seen in old.revocation_lists.values_mut() {
            seen.authority.clear();
            seen.missing = missing;
        }
        assert_eq!(judge(over(&trust_list, &lists, Some(&old)), lax), trusted);
    }
}

/// The pack that is over has the list, which revokes nobody: that it is too old as well is no reason against anybody.
#[test]
fn what_a_pack_did_not_leave_out_is_not_missed_when_it_is_over() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let limited = |made: UnixTime, scope: &[u8]| phone.list(made).with("2.5.29.28", true, scope);
    // Of all certificates, and a later one of authorities alone (RFC 5280, section 5.2.5).
    let of_all = phone.list(NOW.minus(SECOND));
    let of_authorities = limited(NOW, &[0x30, 3, 0x82, 1, 0xFF]);
    let sections = [of_all, of_authorities].map(|draft| {
        let der = phone.world.authority.sign_revocation_list(&draft);
        RevocationSection::new(PLACE, &der, &[], phone.world.authority.root()).unwrap()
    });
    let pack = phone.later_pack(sections);
    let memory = phone.open(&pack, NOW, None).last_seen(None);
    assert_eq!(memory.revocation_lists.len(), 2);
    let lists = unverified_revocation_lists(&pack);
    for now in [NOW, NOW.plus(DAY * 7)] {
        let evidence = over(&trust_list, &lists, Some(&memory));
        let report = phone.judge_by(evidence, RevocationPolicy::IfAvailable, now);
        assert_eq!(report.trusted.state, Trusted::Trusted);
    }
    // Without the first of them nobody speaks of the signer, however new the other is.
    let evidence = over(&trust_list, &lists[1..], Some(&memory));
    let report = phone.judge_by(evidence, RevocationPolicy::IfAvailable, NOW);
    assert_eq!(report.trusted.state, Trusted::Unknown);
}

/// Whoever has no pack any more has all that counts without it by one constructor, with a network and without one.
#[test]
fn what_counts_without_a_pack_is_taken_together() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let memory = phone.memory_of(&phone.list(NOW));
    let superseding = LastSeen {
        trust_list_issued_at: trust_list.issued_at.plus(SECOND),
        ..memory.clone()
    };
    let revoking = phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, None);
    let (good, bad) = ([phone.parsed(&phone.list(NOW))], [phone.parsed(&revoking)]);
    let (refused, gone) = (PackAbsence::Refused, PackAbsence::NotGiven);
    let cases: [(_, &[RevocationList], _, _); 10] = [
        (refused, &good, Some(&memory), Trusted::Trusted),
        (refused, &bad, Some(&memory), Trusted::NotTrusted),
        (refused, &bad, None, Trusted::NotTrusted),
        (refused, &[], Some(&memory), Trusted::Unknown),
        (refused, &[], None, Trusted::Trusted),
        (refused, &good, Some(&superseding), Trusted::Unknown),
        // Whoever takes the pack away brings nobody back either.
        (gone, &[], Some(&memory), Trusted::Unknown),
        (gone, &bad, Some(&memory), Trusted::NotTrusted),
        (gone, &[], Some(&superseding), Trusted::Unknown),
        (gone, &[], None, Trusted::Trusted),
    ];
    for (absence, lists, seen, trusted) in cases {
        for evidence in [
            Evidence::offline_without_pack(absence, &trust_list, lists, seen),
            Evidence::online_without_pack(absence, &trust_list, lists, seen),
        ] {
            let report = phone.judge_by(evidence, RevocationPolicy::IfAvailable, NOW.plus(SECOND));
            let case = format!("{absence:?}, {} lists, {seen:?}", lists.len());
            assert_eq!(report.trusted.state, trusted, "{case}");
        }
    }
}

/// With a network the status list is had, and who signed it stays who was taken back.
#[test]
fn a_signer_of_status_lists_that_a_pack_took_back_stays_taken_back_when_it_is_over() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let revoking = phone.list(NOW).revoking(phone.status_signer(), REVOKED_AT, None);
    let (bad, good) = (phone.pack(Some(&revoking)), phone.pack(Some(&phone.list(NOW))));
    let presented = phone
        .world
        .present(&phone.world.authority.issue(&phone.world.template()));
    for (pack, status) in [(bad, Status::Unknown), (good, Status::Good)] {
        let lists = unverified_revocation_lists(&pack);
        let memory = phone.open(&pack, NOW, None).last_seen(None);
        let policy = rules(RevocationPolicy::IfAvailable);
        let question = phone.world.question(&presented, bound(), policy, NOW);
        let refused = PackAbsence::Refused;
        let evidence = Evidence::online_without_pack(refused, &trust_list, &lists, Some(&memory));
        let (mut reports, wanted) = question.ask(evidence, &phone.world.network(Listed::Valid));
        let report = reports.remove(0);
        assert_eq!(report.status.state, status);
        // The list of the pack is in force, and the authority may have a newer one.
        let url = PLACE.to_owned();
        assert!(wanted.contains(&Want::RevocationList { url }));
        assert_eq!(
            report.failed_because(Reason::StatusSignerRevoked),
            status == Status::Unknown
        );
    }
}
