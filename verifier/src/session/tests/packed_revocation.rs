//! Revocation lists of certificates that a pack carries, judged without a network by the rules for those that are fetched; and signers of status
//! lists whose certificate was taken back.

use core::time::Duration;

use symbolon_crypto::testing::revocation::RevocationListDraft;
use symbolon_crypto::x509::{Certificate, RevocationList};
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{
    LastSeen, Pack, PackBuilder, PackTimes, RevocationSection, StatusSection, VerbatimForm, VerbatimSection,
    unverified_revocation_lists,
};
use symbolon_trust::status_list::Status as Listed;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};

use super::mdoc_world::MdocWorld;
use super::revocation_world::{self, PLACE, REVOKED_AT, checked, rules, says_that_the_signer_was_revoked};
use super::world::{ISSUER, Network, SECOND, bound};
use crate::policy::RevocationPolicy;
use crate::report::{CheckName, CheckOutcome, Reason, Report, Status, Trusted, Verdict};
use crate::{Evidence, PackAbsence, StatusEvidence, Want};

/// A phone that holds packs of a registry which believes one issuing authority. Its issuer's status signer stands under that authority, too.
pub(super) struct Phone {
    pub(super) world: MdocWorld,
    /// Anchors beside that of the issuing authority.
    further: Vec<Certificate>,
}

impl Phone {
    pub(super) fn new() -> Self {
        let mut world = revocation_world::world();
        let issuer = &mut world.world.issuer;
        issuer.status_certificate = world
            .authority
            .issue_status(issuer.status_key.public_key(), &[ISSUER]);
        let further = Vec::new();
        Self { world, further }
    }

    pub(super) fn trust_list(&self) -> TrustList {
        let mut list = self.world.trust_list();
        list.issuers[0].anchors.extend(self.further.iter().cloned());
        list.valid_until = NOW.plus(DAY * 30);
        list
    }

    fn root(&self) -> RootOfTrust {
        self.world.world.registry.root_of_trust(self.trust_list())
    }

    pub(super) fn list(&self, made: UnixTime) -> RevocationListDraft {
        self.world.authority.revocation_list(made)
    }

    pub(super) fn signer(&self) -> Certificate {
        revocation_world::signer(&self.world)
    }

    pub(super) fn status_signer(&self) -> &Certificate {
        &self.world.world.issuer.status_certificate
    }

    fn section(&self, draft: &RevocationListDraft) -> RevocationSection {
        let der = self.world.authority.sign_revocation_list(draft);
        RevocationSection::new(PLACE, &der, &[], self.world.authority.root()).unwrap()
    }

    fn builder(&self, sequence: u64) -> PackBuilder {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY * 30),
            grace: DAY,
        };
        PackBuilder::new(
            sequence,
            times,
            self.world.world.registry.trust_section(&self.trust_list()),
        )
    }

    fn status_section(&self, listed: Listed) -> StatusSection {
        let world = &self.world.world;
        world
            .issuer
            .status_section(&world.uri(), &world.list(listed), NOW)
    }

    pub(super) fn pack(&self, draft: Option<&RevocationListDraft>) -> Vec<u8> {
        let builder = self.builder(1).with_status(self.status_section(Listed::Valid));
        let section = draft.map(|draft| self.section(draft));
        let registry = &self.world.world.registry;
        registry.sign_pack(
            section
                .into_iter()
                .fold(builder, PackBuilder::with_revocation_list),
        )
    }

    pub(super) fn later_pack(&self, lists: impl IntoIterator<Item = RevocationSection>) -> Vec<u8> {
        let builder = self.builder(2).with_status(self.status_section(Listed::Valid));
        let builder = lists.into_iter().fold(builder, PackBuilder::with_revocation_list);
        self.world.world.registry.sign_pack(builder)
    }

    pub(super) fn open<'a>(&self, pack: &'a [u8], now: UnixTime, last: Option<&LastSeen>) -> Pack<'a> {
        Pack::open(pack, &self.root(), &RustCryptoProvider, now, last).unwrap()
    }

    /// What the phone says of a mdoc without a status, with this pack.
    fn judge(&self, pack: &[u8], lists: RevocationPolicy, now: UnixTime) -> Report {
        let mut template = self.world.template();
        template.status = None;
        self.judge_with(&template, &self.open(pack, now, None), lists, now)
    }

    fn judge_with(
        &self,
        template: &symbolon_credential::mdoc::MdocToIssue,
        pack: &Pack<'_>,
        lists: RevocationPolicy,
        now: UnixTime,
    ) -> Report {
        let presented = self.world.present(&self.world.authority.issue(template));
        let question = self.world.question(&presented, bound(), rules(lists), now);
        let (mut reports, wanted) = question.ask(Evidence::offline(pack), &Network::default());
        assert_eq!((reports.len(), wanted.len()), (1, 0), "nothing is asked for");
        reports.remove(0)
    }
}

const BOTH: [RevocationPolicy; 2] = [RevocationPolicy::IfAvailable, RevocationPolicy::Required];

#[test]
fn a_phone_learns_from_its_pack_that_a_signer_was_revoked() {
    let phone = Phone::new();
    let revoking = phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, Some(1));
    let (bad, good) = (phone.pack(Some(&revoking)), phone.pack(Some(&phone.list(NOW))));
    for lists in BOTH {
        let report = phone.judge(&bad, lists, NOW);
        says_that_the_signer_was_revoked(&report);
        let mut dated = report
            .checks()
            .filter(|check| check.name == CheckName::CertificateRevocation);
        assert_eq!(dated.next().unwrap().evidence_from, Some(NOW));

        let report = phone.judge(&good, lists, NOW);
        assert_eq!(report.verdict, Verdict::Valid);
        assert_eq!(
            checked(&report, CheckName::CertificateRevocation),
            Some(CheckOutcome::Passed)
        );
    }
    let report = phone.judge(&bad, RevocationPolicy::Off, NOW);
    assert_eq!(report.verdict, Verdict::Valid);
}

/// A week without a network: a list is too old from the second on in which the next one was due, and a revocation in it stays one.
#[test]
fn a_list_of_a_pack_grows_too_old_at_its_second_and_what_it_revoked_stays_revoked() {
    let phone = Phone::new();
    let due = NOW.plus(DAY);
    let good = phone.pack(Some(&phone.list(NOW)));
    let revoking = phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, None);
    let bad = phone.pack(Some(&revoking));
    let name = CheckName::CertificateRevocation;
    for (now, is_in_force) in [(due, true), (due.plus(SECOND), false), (NOW.plus(DAY * 7), false)] {
        let lax = phone.judge(&good, RevocationPolicy::IfAvailable, now);
        let strict = phone.judge(&good, RevocationPolicy::Required, now);
        assert_eq!(lax.verdict, Verdict::Valid);
        if is_in_force {
            assert_eq!(checked(&lax, name), Some(CheckOutcome::Passed));
            assert_eq!(strict.verdict, Verdict::Valid);
        } else {
            assert_eq!(checked(&lax, name), None);
            assert_eq!(
                (strict.verdict, strict.trusted.state),
                (Verdict::Unknown, Trusted::Unknown)
            );
            let reason = Reason::EvidenceTooOld;
            assert_eq!(checked(&strict, name), Some(CheckOutcome::Absent { reason }));
        }
        for lists in BOTH {
            assert_eq!(phone.judge(&bad, lists, now).verdict, Verdict::Invalid);
        }
    }
}

/// Whoever waits until the grace of a pack has ended gets no revoked signer back, and asks for newer lists as before.
#[test]
fn what_a_pack_took_back_stays_taken_back_when_it_is_over() {
    let phone = Phone::new();
    let now = NOW.plus(DAY * 2);
    let revoking = phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, None);
    let mut template = phone.world.template();
    template.status = None;
    let presented = phone.world.present(&phone.world.authority.issue(&template));
    let registry = &phone.world.world.registry;
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: Duration::ZERO,
    };
    let trust_list = phone.trust_list();
    let pack = |draft: &RevocationListDraft| {
        let builder = PackBuilder::new(1, times, registry.trust_section(&trust_list));
        registry.sign_pack(builder.with_revocation_list(phone.section(draft)))
    };
    let (bad, good) = (pack(&revoking), pack(&phone.list(NOW)));
    assert!(Pack::open(&bad, &phone.root(), &RustCryptoProvider, now, None).is_err());
    for (over, verdict) in [(&bad, Verdict::Invalid), (&good, Verdict::Valid)] {
        let lists = unverified_revocation_lists(over);
        assert_eq!(lists.len(), 1);
        let policy = || rules(RevocationPolicy::IfAvailable);
        let question = phone.world.question(&presented, bound(), policy(), now);
        let evidence = Evidence::offline_without_pack(PackAbsence::Refused, &trust_list, &lists, None);
        let (reports, _) = question.ask(evidence, &Network::default());
        assert_eq!(reports[0].verdict, verdict);

        let question = phone.world.question(&presented, bound(), policy(), now);
        let evidence = Evidence::online_without_pack(PackAbsence::Refused, &trust_list, &lists, None);
        let (reports, wanted) = question.ask(evidence, &Network::default());
        assert_eq!(reports[0].verdict, verdict);
        let url = PLACE.to_owned();
        assert!(wanted.contains(&Want::RevocationList { url }));
    }
    assert_eq!(unverified_revocation_lists(b"no pack").len(), 0);
}

#[test]
fn a_pack_without_the_list_is_as_a_network_without_it_and_one_that_was_left_out_is_required() {
    let phone = Phone::new();
    let without = phone.pack(None);
    let name = CheckName::CertificateRevocation;
    let lax = phone.judge(&without, RevocationPolicy::IfAvailable, NOW);
    assert_eq!((lax.verdict, checked(&lax, name)), (Verdict::Valid, None));
    let strict = phone.judge(&without, RevocationPolicy::Required, NOW);
    let reason = Reason::EvidenceAbsent;
    let absent = Some(CheckOutcome::Absent { reason });
    assert_eq!(
        (strict.verdict, checked(&strict, name)),
        (Verdict::Unknown, absent)
    );

    // The distributor takes out the list that revokes the signer, or one that revokes nobody.
    let mut template = phone.world.template();
    template.status = None;
    for draft in [
        phone.list(NOW).revoking(&phone.signer(), REVOKED_AT, None),
        phone.list(NOW),
    ] {
        let with = phone.pack(Some(&draft));
        let last = phone.open(&with, NOW, None).last_seen(None);
        let dropped = phone.later_pack([]);
        let dropped = phone.open(&dropped, NOW, Some(&last));
        for lists in BOTH {
            let report = phone.judge_with(&template, &dropped, lists, NOW);
            assert_eq!(
                (report.verdict, report.trusted.state, checked(&report, name)),
                (Verdict::Unknown, Trusted::Unknown, absent)
            );
        }
        let off = phone.judge_with(&template, &dropped, RevocationPolicy::Off, NOW);
        assert_eq!(off.verdict, Verdict::Valid);
    }
}

/// The signer of status lists whose revocation was taken out of the pack does not become one again.
#[test]
fn a_list_that_was_left_out_makes_the_status_unknown_as_well() {
    let mut phone = Phone::new();
    // The signer of credentials stands under another authority, and nothing is known of that one's lists.
    let other = TestIssuingAuthority::new(710);
    let issuer = &mut phone.world.world.issuer;
    issuer.status_certificate = other.issue_status(issuer.status_key.public_key(), &[ISSUER]);
    phone.further.push(other.root().clone());
    let revoking = other
        .revocation_list(NOW)
        .revoking(phone.status_signer(), REVOKED_AT, None);
    let der = other.sign_revocation_list(&revoking);
    let with = phone.later_pack([RevocationSection::new(PLACE, &der, &[], other.root()).unwrap()]);
    let last = LastSeen {
        sequence: 1,
        ..phone.open(&with, NOW, None).last_seen(None)
    };
    let dropped = phone.later_pack([]);
    let dropped = phone.open(&dropped, NOW, Some(&last));
    let template = phone.world.template();
    let report = phone.judge_with(&template, &dropped, RevocationPolicy::IfAvailable, NOW);
    assert_eq!(
        (report.trusted.state, report.status.state),
        (Trusted::Trusted, Status::Unknown)
    );
    let reason = Reason::EvidenceAbsent;
    assert_eq!(
        checked(&report, CheckName::StatusListSignature),
        Some(CheckOutcome::Absent { reason })
    );
}

/// Nobody is held up for ever: a newer list of the authority counts wherever it lies and whatever it is limited to, and an older one does not.
#[test]
fn what_takes_the_place_of_a_list_that_was_left_out_is_one_as_new_that_speaks_of_the_certificate() {
    let phone = Phone::new();
    let limited = |made: UnixTime, scope: &[u8]| phone.list(made).with("2.5.29.28", true, scope);
    // Of end entities alone, and of authorities alone (RFC 5280, section 5.2.5).
    let (end_entities, authorities) = ([0x30, 3, 0x81, 1, 0xFF], [0x30, 3, 0x82, 1, 0xFF]);
    let first = phone.pack(Some(&phone.list(NOW.minus(SECOND))));
    let last = phone.open(&first, NOW, None).last_seen(None);
    let mut template = phone.world.template();
    template.status = None;
    for (list, verdict) in [
        (phone.list(NOW), Verdict::Valid),
        (limited(NOW, &end_entities), Verdict::Valid),
        (limited(NOW.minus(SECOND), &end_entities), Verdict::Valid),
        (limited(NOW.minus(SECOND * 2), &end_entities), Verdict::Unknown),
        (limited(NOW, &authorities), Verdict::Unknown),
    ] {
        let der = phone.world.authority.sign_revocation_list(&list);
        let root = phone.world.authority.root();
        let moved = RevocationSection::new("http://moved.example/crl", &der, &[], root).unwrap();
        let pack = phone.later_pack([moved]);
        let pack = phone.open(&pack, NOW, Some(&last));
        let report = phone.judge_with(&template, &pack, RevocationPolicy::IfAvailable, NOW);
        assert_eq!(report.verdict, verdict, "{list:?}");
    }
}

/// With a network the authority is asked, whatever the pack has, and the newest list counts wherever it is from.
#[test]
fn beside_a_network_the_newest_list_counts() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let earlier = NOW.minus(SECOND);
    let revoking = |made| phone.list(made).revoking(&phone.signer(), REVOKED_AT, None);
    let sign = |draft: &RevocationListDraft| phone.world.authority.sign_revocation_list(draft);
    let presented = phone
        .world
        .present(&phone.world.authority.issue(&phone.world.template()));
    let judge = |packed: &RevocationListDraft, served: Option<Vec<u8>>| {
        let bytes = phone.pack(Some(packed));
        let pack = phone.open(&bytes, NOW, None);
        let mut network = phone.world.network(Listed::Valid);
        network
            .revocation_lists
            .extend(served.map(|list| (PLACE.to_owned(), list)));
        let question = phone
            .world
            .question(&presented, bound(), rules(RevocationPolicy::Required), NOW);
        let evidence = Evidence::online_then_pack(&trust_list, &pack);
        let (reports, wanted) = question.ask(evidence, &network);
        let place = Want::RevocationList {
            url: PLACE.to_owned(),
        };
        assert!(wanted.contains(&place));
        reports[0].verdict
    };
    assert_eq!(
        judge(&phone.list(earlier), Some(sign(&revoking(NOW)))),
        Verdict::Invalid
    );
    assert_eq!(
        judge(&revoking(NOW), Some(sign(&phone.list(earlier)))),
        Verdict::Invalid
    );
    assert_eq!(
        judge(&revoking(earlier), Some(sign(&phone.list(NOW)))),
        Verdict::Valid
    );
    assert_eq!(judge(&phone.list(NOW), None), Verdict::Valid);
    assert_eq!(judge(&revoking(NOW), None), Verdict::Invalid);
}

/// A pack that somebody who is believed has made says nothing of the signers of others.
#[test]
fn a_list_speaks_of_its_own_authority_alone() {
    let phone = Phone::new();
    let other = TestIssuingAuthority::new(701);
    let mut trust = phone.trust_list();
    trust.issuers[0].anchors.push(other.root().clone());
    let draft = other
        .revocation_list(NOW)
        .revoking(&phone.signer(), REVOKED_AT, None);
    let der = other.sign_revocation_list(&draft);
    let section = RevocationSection::new(PLACE, &der, &[], other.root()).unwrap();
    let registry = &phone.world.world.registry;
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(1, times, registry.trust_section(&trust));
    let bytes = registry.sign_pack(builder.with_revocation_list(section));
    let root = registry.root_of_trust(trust);
    let pack = Pack::open(&bytes, &root, &RustCryptoProvider, NOW, None).unwrap();
    let mut template = phone.world.template();
    template.status = None;
    let report = phone.judge_with(&template, &pack, RevocationPolicy::IfAvailable, NOW);
    assert_eq!(report.verdict, Verdict::Valid);
}

#[test]
fn a_revoked_signer_says_nothing_of_the_status_without_a_network() {
    let phone = Phone::new();
    let template = phone.world.template();
    let revoking = phone
        .list(NOW)
        .revoking(phone.status_signer(), REVOKED_AT, Some(1));
    let world = &phone.world.world;
    let token = world.token(Listed::Valid);
    let verbatim = VerbatimSection::new(&world.uri(), VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
    for builder in [
        phone.builder(1).with_status(phone.status_section(Listed::Valid)),
        phone.builder(1).with_verbatim(verbatim),
    ] {
        let builder = builder.with_revocation_list(phone.section(&revoking));
        let bytes = world.registry.sign_pack(builder);
        let tools = symbolon_trust::pack::PackTools::new(&RustCryptoProvider);
        let held = symbolon_trust::pack::apply(&bytes, None, &phone.root(), tools, NOW, None).unwrap();
        let sealed =
            Pack::open_applied(&held.pack, &held.form, &phone.root(), tools, NOW, &held.memory).unwrap();
        assert!(sealed.is_sealed());
        for pack in [phone.open(&bytes, NOW, None), sealed] {
            for lists in BOTH {
                let report = phone.judge_with(&template, &pack, lists, NOW);
                assert_eq!(
                    (report.verdict, report.status.state),
                    (Verdict::Unknown, Status::Unknown)
                );
                let reason = Reason::StatusSignerRevoked;
                assert_eq!(
                    checked(&report, CheckName::StatusListSignature),
                    Some(CheckOutcome::Failed { reason })
                );
                assert_eq!((report.as_of, report.warnings.as_slice()), (None, [].as_slice()));
            }
            let report = phone.judge_with(&template, &pack, RevocationPolicy::Off, NOW);
            assert_eq!(report.status.state, Status::Good);
        }
    }
    let good = phone.pack(Some(&phone.list(NOW)));
    let good = phone.open(&good, NOW, None);
    let report = phone.judge_with(&template, &good, RevocationPolicy::Required, NOW);
    assert_eq!(report.status.state, Status::Good);
}

/// A list that is at hand, or was fetched for the signer of the credential, counts for that of its status list.
#[test]
fn a_revoked_signer_says_nothing_of_the_status_with_a_network() {
    let phone = Phone::new();
    let trust_list = phone.trust_list();
    let revoking = phone.list(NOW).revoking(phone.status_signer(), REVOKED_AT, None);
    let der = phone.world.authority.sign_revocation_list(&revoking);
    let at_hand = [RevocationList::parse(&der).unwrap()];
    let world = &phone.world.world;
    let presented = phone
        .world
        .present(&phone.world.authority.issue(&phone.world.template()));
    let cwt = world
        .issuer
        .status_cwt(&world.uri(), &world.list(Listed::Valid), NOW);
    for list in [
        StatusEvidence::Token(world.token(Listed::Valid)),
        StatusEvidence::Cwt(cwt),
    ] {
        let judge = |given: &[RevocationList], served: Option<Vec<u8>>| {
            let mut network = phone.world.network(Listed::Valid);
            network.status_lists.insert(world.uri(), list.clone());
            network
                .revocation_lists
                .extend(served.map(|list| (PLACE.to_owned(), list)));
            let policy = rules(RevocationPolicy::IfAvailable);
            let question = phone.world.question(&presented, bound(), policy, NOW);
            let evidence = Evidence::online(&trust_list).with_revocation_lists(given);
            question.ask(evidence, &network).0.remove(0)
        };
        for report in [judge(&at_hand, None), judge(&[], Some(der.clone()))] {
            assert_eq!(
                (report.verdict, report.status.state),
                (Verdict::Unknown, Status::Unknown)
            );
            assert!(report.failed_because(Reason::StatusSignerRevoked));
        }
        assert_eq!(judge(&[], None).verdict, Verdict::Valid);
    }
}
