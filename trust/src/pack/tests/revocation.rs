//! Revocation lists of certificates in a pack: whose they are, that none comes back older, and what is left out.

use symbolon_crypto::testing::revocation::{RevocationListDraft, authority, sequence, tagged};
use symbolon_crypto::x509::issue::Validity as CertificateValidity;
use symbolon_crypto::x509::{Certificate, ChainError, RevocationListError, RevocationListRejected};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::super::*;
use super::world::World;
use crate::testing::{DAY, NOW, TestIssuingAuthority, TestKey};
use crate::trust_list::{AnchoredFormat, CredentialTypeRule, RootOfTrust, TrustList, TrustedIssuer};

const PLACE: &str = "http://lists.example/iaca.crl";
const SECOND: Duration = Duration::from_secs(1);

/// A registry that believes one issuing authority.
struct Setting {
    world: World,
    authority: TestIssuingAuthority,
}

impl Setting {
    fn new() -> Self {
        Self {
            world: World::new(),
            authority: TestIssuingAuthority::new(700),
        }
    }

    fn entry(anchor: &Certificate, world: &World) -> TrustedIssuer {
        TrustedIssuer {
            anchors: vec![anchor.clone()],
            formats: vec![AnchoredFormat::Mdoc],
            ..world.issuer.entry(vec![CredentialTypeRule::Any])
        }
    }

    fn trust_list(&self) -> TrustList {
        let entry = Self::entry(self.authority.root(), &self.world);
        let mut list = self.world.registry.trust_list(vec![entry], NOW.minus(DAY));
        list.valid_until = NOW.plus(DAY * 9);
        list
    }

    fn root(&self) -> RootOfTrust {
        self.world.registry.root_of_trust(self.trust_list())
    }

    fn list(&self, made: UnixTime) -> RevocationListDraft {
        self.authority.revocation_list(made)
    }

    fn section(&self, draft: &RevocationListDraft) -> RevocationSection {
        let der = self.authority.sign_revocation_list(draft);
        RevocationSection::new(PLACE, &der, &[], self.authority.root()).unwrap()
    }

    fn pack(&self, sequence: u64, sections: impl IntoIterator<Item = RevocationSection>) -> Vec<u8> {
        self.pack_of(sequence, &self.trust_list(), sections)
    }

    fn pack_of(
        &self,
        sequence: u64,
        list: &TrustList,
        sections: impl IntoIterator<Item = RevocationSection>,
    ) -> Vec<u8> {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY * 9),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, self.world.registry.trust_section(list));
        let builder = sections
            .into_iter()
            .fold(builder, PackBuilder::with_revocation_list);
        self.world.registry.sign_pack(builder)
    }

    fn open<'a>(&self, pack: &'a [u8], last: Option<&LastSeen>) -> Result<Pack<'a>, PackError> {
        Pack::open(pack, &self.root(), &RustCryptoProvider, NOW, last)
    }

    fn refusal(&self, pack: &[u8], last: Option<&LastSeen>) -> PackError {
        self.open(pack, last).unwrap_err()
    }

    fn apply(&self, incoming: &[u8], held: Option<&AppliedPack>) -> Result<AppliedPack, ApplyError> {
        let tools = PackTools::new(&RustCryptoProvider);
        let in_force = held.map(|held| held.pack.as_slice());
        let last = held.map(|held| &held.memory);
        apply(incoming, in_force, &self.root(), tools, NOW, last)
    }
}

#[test]
fn a_list_of_an_anchor_is_kept_as_of_its_date_and_opens_again() {
    let setting = Setting::new();
    let signer = Certificate::parse(setting.authority.certificate()).unwrap();
    let draft = setting.list(NOW.minus(DAY * 5)).revoking(&signer, NOW, Some(1));
    let held = setting
        .apply(&setting.pack(1, [setting.section(&draft)]), None)
        .unwrap();
    let tools = PackTools::new(&RustCryptoProvider);
    let verified = setting.open(&held.pack, None).unwrap();
    let sealed =
        Pack::open_applied(&held.pack, &held.form, &setting.root(), tools, NOW, &held.memory).unwrap();
    assert!(sealed.is_sealed() && !verified.is_sealed());
    for pack in [verified, sealed] {
        let [list] = pack.revocation_lists() else {
            panic!("one list");
        };
        assert_eq!(list.uri(), PLACE);
        assert_eq!(list.authority(), setting.authority.root());
        // That its successor was due long ago is for whoever judges to weigh.
        assert_eq!(list.list().this_update(), NOW.minus(DAY * 5));
        assert_eq!(list.list().count(), 1);
        assert_eq!(pack.missing_revocation_lists(), []);
        let root = setting.authority.root();
        assert_eq!(pack.left_out_revocation_list_of(root, root), None);
    }
    // A list that is exchanged behind the seal is none.
    let mut damaged = held.pack.clone();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    assert!(Pack::open_applied(&damaged, &held.form, &setting.root(), tools, NOW, &held.memory).is_err());
}

#[test]
fn a_list_of_an_authority_under_the_anchor_is_read_with_its_certificates() {
    let setting = Setting::new();
    let validity = CertificateValidity {
        not_before: NOW.minus(DAY * 9),
        not_after: NOW.plus(DAY * 9),
    };
    let [root_key, middle_key] = [801, 802].map(|seed| TestKey::new(SignatureAlgorithm::Es256, seed));
    let root = authority("Root", validity, root_key.software_key(), None);
    let middle = authority(
        "Middle",
        validity,
        middle_key.software_key(),
        Some((&root, root_key.software_key())),
    );
    let mut trust = setting.trust_list();
    trust.issuers = vec![Setting::entry(&root, &setting.world)];
    let root_of_trust = setting.world.registry.root_of_trust(trust.clone());
    let sign = |draft: &RevocationListDraft, key: &TestKey| {
        let key = key.software_key();
        let description = symbolon_crypto::signing::DescribeKeys::describe(key, key.handle()).unwrap();
        draft.sign(&description, key)
    };
    let draft = RevocationListDraft::of(&middle, NOW, NOW.plus(DAY));
    let good = sign(&draft, &middle_key);
    let of = |der: &[u8], chain: &[Certificate]| RevocationSection::new(PLACE, der, chain, &root).unwrap();
    let check = |section: &RevocationSection| section.check(&trust, &RustCryptoProvider, NOW);
    let chain = core::slice::from_ref(&middle);
    let bytes = setting.pack_of(1, &trust, [of(&good, chain)]);
    let pack = Pack::open(&bytes, &root_of_trust, &RustCryptoProvider, NOW, None).unwrap();
    assert_eq!(pack.revocation_lists()[0].authority(), &middle);

    // Whoever collects lists finds by itself who signed one.
    let find = |chains: &[Vec<Certificate>]| {
        RevocationSection::find(PLACE, &good, chains, &trust, &RustCryptoProvider, NOW)
    };
    let (found, packed) = find(&[chain.to_vec()]).unwrap().unwrap();
    assert_eq!((found, packed.authority()), (of(&good, chain), &middle));
    assert!(find(&[]).unwrap().is_none());

    // Not without its certificate, nor under one that leads nowhere, nor signed by another key of the house.
    let refused = |section: &RevocationSection| check(section).unwrap_err();
    assert!(matches!(
        refused(&of(&good, &[])),
        PackError::RevocationListRejected(RevocationListRejected::OtherIssuer)
    ));
    assert!(matches!(
        refused(&of(&sign(&draft, &root_key), chain)),
        PackError::RevocationListRejected(RevocationListRejected::Signature)
    ));
    let stranger = TestKey::new(SignatureAlgorithm::Es256, 803);
    let forged = authority(
        "Middle",
        validity,
        middle_key.software_key(),
        Some((&root, stranger.software_key())),
    );
    assert!(matches!(
        refused(&of(&good, &[forged])),
        PackError::RevocationListAuthority(ChainError::Signature { .. })
    ));
    // One that was made when the authority was none yet.
    let early = RevocationListDraft::of(&middle, validity.not_before.minus(SECOND), NOW);
    assert!(matches!(
        refused(&of(&sign(&early, &middle_key), chain)),
        PackError::RevocationListAuthority(ChainError::NotYetValid { .. })
    ));
}

#[test]
fn what_is_no_list_of_a_believed_authority_is_refused() {
    let setting = Setting::new();
    let other = TestIssuingAuthority::new(900);
    let good = setting.list(NOW);
    let pack = |section: RevocationSection| setting.pack(1, [section]);
    let refusal = |section: RevocationSection| setting.refusal(&pack(section), None);
    let by_other = other.sign_revocation_list(&other.revocation_list(NOW));
    let section = |der: &[u8], anchor: &Certificate| RevocationSection::new(PLACE, der, &[], anchor).unwrap();

    // Another authority's, under its own name and under that of one who is believed.
    assert!(matches!(
        refusal(section(&by_other, other.root())),
        PackError::RevocationListOfNobody
    ));
    assert!(matches!(
        refusal(section(&by_other, setting.authority.root())),
        PackError::RevocationListRejected(RevocationListRejected::OtherIssuer)
    ));
    // Forged: what it says is not what was signed.
    let mut forged = setting.authority.sign_revocation_list(&good);
    let in_the_signature = forged.len() - 3;
    forged[in_the_signature] ^= 1;
    assert!(matches!(
        refusal(section(&forged, setting.authority.root())),
        PackError::RevocationListRejected(RevocationListRejected::Signature)
    ));
    // Of a kind that is not read.
    let delta = good.clone().with("2.5.29.27", true, &tagged(0x02, &[1]));
    let indirect = good
        .clone()
        .with("2.5.29.28", true, &sequence(&tagged(0x84, &[0xff])));
    let partial = good
        .clone()
        .with("2.5.29.28", true, &sequence(&tagged(0x83, &[6, 0x40])));
    let critical = good.clone().with("1.2.3.4", true, &tagged(0x05, &[]));
    for (draft, error) in [
        (delta, RevocationListError::Delta),
        (indirect, RevocationListError::Indirect),
        (partial, RevocationListError::Partial),
        (critical, RevocationListError::UnknownCriticalExtension),
    ] {
        let found = refusal(setting.section(&draft));
        assert!(
            matches!(&found, PackError::RevocationList(why) if *why == error),
            "{found:?}"
        );
    }
    // Published elsewhere than it says.
    let elsewhere = "http://lists.example/2.crl";
    let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, elsewhere.as_bytes())));
    let placed = good.clone().with("2.5.29.28", true, &sequence(&point));
    assert!(matches!(
        refusal(setting.section(&placed)),
        PackError::RevocationListElsewhere
    ));
    let der = setting.authority.sign_revocation_list(&placed);
    let section = RevocationSection::new(elsewhere, &der, &[], setting.authority.root()).unwrap();
    setting.open(&pack(section), None).unwrap();
    // Of the future.
    let tolerated = setting.list(NOW.plus(Duration::from_secs(300)));
    setting.open(&pack(setting.section(&tolerated)), None).unwrap();
    let future = setting.list(NOW.plus(Duration::from_secs(301)));
    assert!(matches!(
        refusal(setting.section(&future)),
        PackError::ClockBeforeCreation { .. }
    ));
    // Of before the authority was one, and twice.
    let before = setting.authority.root().not_before().minus(SECOND);
    assert!(matches!(
        refusal(setting.section(&setting.list(before))),
        PackError::RevocationListAuthority(ChainError::NotYetValid { .. })
    ));
    let after = setting.authority.root().not_after().plus(SECOND);
    let late = setting.section(&setting.list(after));
    assert!(matches!(
        late.check(&setting.trust_list(), &RustCryptoProvider, after),
        Err(PackError::RevocationListAuthority(ChainError::Expired { .. }))
    ));
    let twice = [NOW, NOW.minus(DAY)].map(|made| setting.section(&setting.list(made)));
    assert!(matches!(
        setting.refusal(&setting.pack(1, twice), None),
        PackError::RevocationListTwice
    ));
}

#[test]
fn a_section_is_read_strictly_and_within_its_budgets() {
    let setting = Setting::new();
    let good = setting.section(&setting.list(NOW));
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut section = good.clone();
        change(&mut section.bytes);
        setting.refusal(&setting.pack(1, [section]), None)
    };
    let place = 4..4 + PLACE.len();
    for error in [
        changed(&|bytes| bytes[1] = 1),
        changed(&|bytes| bytes[0] = 6),
        changed(&|bytes| bytes[2..4].copy_from_slice(&[0, 0])),
        changed(&|bytes| bytes[2..4].copy_from_slice(&2_049_u16.to_le_bytes())),
        changed(&|bytes| bytes[place.start] = 0xff),
    ] {
        assert!(matches!(error, PackError::RevocationSection), "{error:?}");
    }
    assert!(matches!(
        changed(&|bytes| bytes.truncate(place.end + 31)),
        PackError::Truncated
    ));
    assert!(matches!(
        changed(&|bytes| bytes.truncate(place.end + 40)),
        PackError::RevocationList(RevocationListError::Malformed)
    ));
    assert!(matches!(
        changed(&|bytes| bytes.push(0)),
        PackError::RevocationList(RevocationListError::Malformed)
    ));
    let der = setting.authority.sign_revocation_list(&setting.list(NOW));
    let root = setting.authority.root();
    let many = vec![root.clone(); 6];
    for (uri, chain) in [("", [].as_slice()), (&"u".repeat(2_049), &[]), (PLACE, &many)] {
        assert!(matches!(
            RevocationSection::new(uri, &der, chain, root),
            Err(PackBuildError::RevocationList)
        ));
    }
    // Lists of many places, each as large as it may be: the whole is bounded as well.
    let padding = |bytes: usize| tagged(0x04, &vec![0; bytes]);
    let sections = (0..4_u8).map(|number| {
        let uri = format!("http://lists.example/{number}.crl");
        let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, uri.as_bytes())));
        let draft = setting.list(NOW).with("2.5.29.28", true, &sequence(&point));
        let draft = draft.with("1.2.3.4", false, &padding(5 << 20));
        let der = setting.authority.sign_revocation_list(&draft);
        RevocationSection::new(&uri, &der, &[], root).unwrap()
    });
    let sections: Vec<_> = sections.collect();
    setting
        .open(&setting.pack(1, sections[..3].to_vec()), None)
        .unwrap();
    let refused = setting.pack(1, sections);
    assert!(matches!(setting.refusal(&refused, None), PackError::OverBudget));
    // Nor are more read of a pack whose time is over.
    assert_eq!(unverified_revocation_lists(&refused).len(), 3);
    let many = vec![good.clone(); MAX_PACKED_REVOCATION_LISTS + 1];
    let many = unverified_revocation_lists(&setting.pack(1, many));
    assert_eq!(many.len(), MAX_PACKED_REVOCATION_LISTS);
    let mut damaged = good.clone();
    damaged.bytes.truncate(40);
    let rest = unverified_revocation_lists(&setting.pack(1, [damaged, good]));
    assert_eq!(rest.len(), 1, "what does not read hides no other");
}

/// An authority has one list, or a few with a place of their own each: whoever makes up more of them costs a reader no more than these.
#[test]
fn a_pack_has_so_many_revocation_lists_and_no_more() {
    let setting = Setting::new();
    let sections = (0..=MAX_PACKED_REVOCATION_LISTS).map(|number| {
        let uri = format!("http://lists.example/{number}.crl");
        let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, uri.as_bytes())));
        let draft = setting.list(NOW).with("2.5.29.28", true, &sequence(&point));
        let der = setting.authority.sign_revocation_list(&draft);
        RevocationSection::new(&uri, &der, &[], setting.authority.root()).unwrap()
    });
    let sections: Vec<_> = sections.collect();
    let within = setting.pack(1, sections[1..].to_vec());
    let pack = setting.open(&within, None).unwrap();
    assert_eq!(pack.revocation_lists().len(), MAX_PACKED_REVOCATION_LISTS);
    assert!(matches!(
        setting.refusal(&setting.pack(1, sections), None),
        PackError::OverBudget
    ));
}

#[test]
fn an_older_list_is_noticed_whatever_address_it_is_said_to_be_from() {
    let setting = Setting::new();
    let held = setting
        .apply(&setting.pack(1, [setting.section(&setting.list(NOW))]), None)
        .unwrap();
    let last = &held.memory;
    let numbered = |made: UnixTime, number: &[u8]| {
        let mut draft = setting.list(made);
        draft.extensions.pop();
        setting.section(&draft.with("2.5.29.20", false, &tagged(0x02, number)))
    };
    let der = setting
        .authority
        .sign_revocation_list(&setting.list(NOW.minus(SECOND)));
    let moved = RevocationSection::new("http://other.example", &der, &[], setting.authority.root()).unwrap();
    for older in [
        setting.section(&setting.list(NOW.minus(SECOND))),
        moved,
        numbered(NOW.minus(SECOND), &[9]),
        numbered(NOW, &[6]),
    ] {
        let pack = setting.pack(2, [older]);
        assert!(matches!(
            setting.refusal(&pack, Some(last)),
            PackError::RevocationListRolledBack
        ));
        // Without a memory nobody can tell.
        setting.open(&pack, None).unwrap();
    }
    for newer in [
        setting.section(&setting.list(NOW)),
        numbered(NOW, &[1, 0]),
        numbered(NOW.plus(SECOND), &[1]),
    ] {
        setting.open(&setting.pack(2, [newer]), Some(last)).unwrap();
    }
}

#[test]
fn a_list_that_is_left_out_is_missed_and_does_not_come_back_older() {
    let setting = Setting::new();
    let first = setting
        .apply(&setting.pack(1, [setting.section(&setting.list(NOW))]), None)
        .unwrap();
    assert_eq!(first.memory.missing_revocation_lists().count(), 0);
    let second = setting.apply(&setting.pack(2, []), Some(&first)).unwrap();
    let missing: Vec<_> = second.memory.missing_revocation_lists().collect();
    assert_eq!((missing[0].uri.as_str(), missing[0].this_update), (PLACE, NOW));
    let tools = PackTools::new(&RustCryptoProvider);
    for last in [&first.memory, &second.memory] {
        let pack = setting.open(&second.pack, Some(last)).unwrap();
        assert_eq!(pack.missing_revocation_lists().len(), 1);
        let root = setting.authority.root();
        assert_eq!(pack.left_out_revocation_list_of(root, root), Some(NOW));
        let other = TestIssuingAuthority::new(900);
        assert_eq!(pack.left_out_revocation_list_of(other.root(), other.root()), None);
    }
    let (pack, form, memory) = (&second.pack, &second.form, &second.memory);
    let sealed = Pack::open_applied(pack, form, &setting.root(), tools, NOW, memory).unwrap();
    assert!(sealed.is_sealed());
    assert_eq!(sealed.missing_revocation_lists().len(), 1);
    assert_eq!(sealed.last_seen(Some(memory)), *memory);

    let older = setting.pack(3, [setting.section(&setting.list(NOW.minus(SECOND)))]);
    assert!(matches!(
        setting.refusal(&older, Some(memory)),
        PackError::RevocationListRolledBack
    ));
    let back = setting.pack(3, [setting.section(&setting.list(NOW))]);
    let third = setting.apply(&back, Some(&second)).unwrap();
    assert_eq!(third.memory.missing_revocation_lists().count(), 0);

    // Of an authority that nobody believes any more nothing is missed.
    let mut trust = setting.trust_list();
    trust.issuers.clear();
    trust.issued_at = trust.issued_at.plus(SECOND);
    let dismissed = setting.pack_of(4, &trust, []);
    let fourth = setting.apply(&dismissed, Some(&third)).unwrap();
    assert_eq!(fourth.memory.missing_revocation_lists().count(), 0);
    assert_eq!(fourth.memory.revocation_lists.len(), 1);
}

/// The distributor chooses by which anchor it packs a list. That this one is not believed any more does not make the list forgotten.
#[test]
fn a_list_is_missed_by_its_authority_and_not_by_the_certificate_of_its_anchor() {
    let setting = Setting::new();
    let mut first = setting
        .apply(&setting.pack(1, [setting.section(&setting.list(NOW))]), None)
        .unwrap();
    let root = setting.authority.root();
    for seen in first.memory.revocation_lists.values_mut() {
        // As after the renewal of the anchor's certificate: the same key and name, other bytes.
        seen.anchor = "of-another-certificate".to_owned();
    }
    let second = setting.pack(2, []);
    let pack = setting.open(&second, Some(&first.memory)).unwrap();
    assert_eq!(pack.missing_revocation_lists().len(), 1);
    assert_eq!(pack.left_out_revocation_list_of(root, root), Some(NOW));

    // A memory of an earlier version knows the anchor alone.
    let mut old = serde_json::to_value(
        &setting
            .apply(&setting.pack(1, [setting.section(&setting.list(NOW))]), None)
            .unwrap()
            .memory,
    )
    .unwrap();
    for seen in old["revocation_lists"].as_object_mut().unwrap().values_mut() {
        let seen = seen.as_object_mut().unwrap();
        assert!(seen.remove("authority").is_some() && seen.remove("root").is_some());
    }
    let old: LastSeen = serde_json::from_value(old).unwrap();
    let pack = setting.open(&second, Some(&old)).unwrap();
    assert_eq!(pack.missing_revocation_lists().len(), 1);
    assert_eq!(pack.left_out_revocation_list_of(root, root), Some(NOW));
}

/// It is missed as long as the anchor is believed, renewed or not, or the authority itself is; and of its certificates nothing is known under whatever anchor
/// leads to it.
#[test]
fn a_list_of_an_authority_below_an_anchor_is_missed_as_long_as_either_is_believed() {
    let setting = Setting::new();
    let until = |days: u32| CertificateValidity {
        not_before: NOW.minus(DAY * 9),
        not_after: NOW.plus(DAY * days),
    };
    let [root_key, middle_key, other_key] =
        [811, 812, 813].map(|seed| TestKey::new(SignatureAlgorithm::Es256, seed));
    let root = authority("Root", until(9), root_key.software_key(), None);
    let renewed = authority("Root", until(20), root_key.software_key(), None);
    let other = authority("Other", until(9), other_key.software_key(), None);
    let above = Some((&root, root_key.software_key()));
    let middle = authority("Middle", until(9), middle_key.software_key(), above);
    let believing = |anchor: &Certificate| {
        let mut trust = setting.trust_list();
        trust.issuers = vec![Setting::entry(anchor, &setting.world)];
        trust
    };
    let open = |anchor: &Certificate, pack: &[u8], last: Option<&LastSeen>| {
        let root_of_trust = setting.world.registry.root_of_trust(believing(anchor));
        let pack = Pack::open(pack, &root_of_trust, &RustCryptoProvider, NOW, last).unwrap();
        let left_out = pack.left_out_revocation_list_of(&middle, anchor);
        let missing = pack.missing_revocation_lists().len();
        (missing, left_out, pack.last_seen(last))
    };
    let key = middle_key.software_key();
    let description = symbolon_crypto::signing::DescribeKeys::describe(key, key.handle()).unwrap();
    let der = RevocationListDraft::of(&middle, NOW, NOW.plus(DAY)).sign(&description, key);
    let section = RevocationSection::new(PLACE, &der, core::slice::from_ref(&middle), &root).unwrap();
    let first = setting.pack_of(1, &believing(&root), [section]);
    let (missing, left_out, last) = open(&root, &first, None);
    assert_eq!((missing, left_out), (0, None));
    for (anchor, missed) in [(&root, 1), (&renewed, 1), (&middle, 1), (&other, 0)] {
        let dropped = setting.pack_of(2, &believing(anchor), []);
        let (missing, left_out, memory) = open(anchor, &dropped, Some(&last));
        assert_eq!(
            (missing, left_out),
            (missed, Some(NOW)),
            "{:?}",
            anchor.serial_number()
        );
        assert_eq!(memory.missing_revocation_lists().count(), missed);
    }
}

#[test]
fn a_delta_carries_what_changed_of_a_list() {
    let setting = Setting::new();
    let mut draft = setting.list(NOW.minus(DAY));
    let signer = Certificate::parse(setting.authority.certificate()).unwrap();
    for _ in 0..200 {
        draft = draft.revoking(&signer, NOW.minus(DAY), Some(1));
    }
    let base = setting.pack(1, [setting.section(&draft)]);
    draft.this_update = NOW;
    let target = setting.pack(2, [setting.section(&draft.revoking(&signer, NOW, None))]);
    let between = delta(&base, &target).unwrap();
    assert!(between.len() < 1_000, "{}", between.len());
    let changes = Delta::parse(&between).unwrap().changes().unwrap();
    assert!(matches!(changes.as_slice(), [_, SectionChange::Patched { .. }]));
    let held = setting.apply(&base, None).unwrap();
    let held = setting.apply(&between, Some(&held)).unwrap();
    assert!(held.pack == target);

    let first = delta(&setting.pack(1, []), &target).unwrap();
    let changes = Delta::parse(&first).unwrap().changes().unwrap();
    assert!(matches!(
        changes.as_slice(),
        [
            _,
            SectionChange::Whole {
                kind: SectionKind::Revocation,
                ..
            }
        ]
    ));
}
