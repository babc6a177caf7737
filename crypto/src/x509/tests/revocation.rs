//! Revocation lists: which are read, whose they are, and what they say of a chain.

use core::time::Duration;

use super::*;
use crate::testing::revocation::{RevocationListDraft, entry, extension, sequence, tagged};
use crate::x509::issue::{self, RevocationListRequest};
use crate::{CryptoProvider, InvalidKey, PublicKey, SharedSecret, SignatureRejected, SigningFailed};

const MADE: UnixTime = UnixTime::from_seconds(1_749_000_000);
const NEXT: UnixTime = UnixTime::from_seconds(1_751_000_000);
const REVOKED_AT: UnixTime = UnixTime::from_seconds(1_748_000_000);
const TOLERANCE: Duration = Duration::from_secs(300);

struct Authority {
    party: Party,
    certificate: Certificate,
}

/// A root, an authority below it, and a leaf.
struct Setting {
    root: Authority,
    middle: Authority,
    leaf: Certificate,
}

fn signing() -> FlagSet<KeyUsages> {
    KeyUsages::KeyCertSign | KeyUsages::CRLSign
}

impl Setting {
    fn new() -> Self {
        Self::with_leaf(Draft::leaf("leaf"))
    }

    fn with_leaf(leaf: Draft) -> Self {
        let root = Party::p256(1);
        let certificate = Draft::authority("root")
            .with_key_usage(signing())
            .self_signed(&root);
        let root = Authority {
            party: root,
            certificate,
        };
        let middle = Party::p256(2);
        let certificate = Draft::authority("middle").with_key_usage(signing());
        let certificate = certificate.signed_by(&root.certificate, &root.party, &middle);
        let middle = Authority {
            party: middle,
            certificate,
        };
        let leaf = leaf.signed_by(&middle.certificate, &middle.party, &Party::p256(3));
        Self { root, middle, leaf }
    }

    fn chain(&self) -> [Certificate; 2] {
        [self.leaf.clone(), self.middle.certificate.clone()]
    }

    fn revocation(&self, lists: &[VerifiedRevocationList], now: UnixTime) -> Revocation {
        check_revocation(&self.chain(), &self.root.certificate, lists, now, TOLERANCE)
    }
}

impl Authority {
    fn draft(&self) -> RevocationListDraft {
        RevocationListDraft::of(&self.certificate, MADE, NEXT)
    }

    fn sign(&self, draft: &RevocationListDraft) -> Vec<u8> {
        draft.sign(&self.party.description(), &self.party.key)
    }

    fn verified(&self, draft: &RevocationListDraft) -> VerifiedRevocationList {
        let list = RevocationList::parse(&self.sign(draft)).unwrap();
        list.verify(&self.certificate, &RustCryptoProvider).unwrap()
    }

    fn refusal(&self, draft: &RevocationListDraft) -> RevocationListError {
        RevocationList::parse(&self.sign(draft)).unwrap_err()
    }
}

#[test]
fn a_list_names_who_is_revoked_since_when_and_why() {
    let setting = Setting::new();
    let draft = setting.middle.draft();
    assert_eq!(
        RevocationList::parse(&setting.middle.sign(&draft))
            .unwrap()
            .count(),
        0
    );
    let other = Draft::leaf("other").signed_by(
        &setting.middle.certificate,
        &setting.middle.party,
        &Party::p256(4),
    );
    let draft = draft
        .revoking(&other, MADE, None)
        .revoking(&setting.leaf, REVOKED_AT, Some(1));
    let list = setting.middle.verified(&draft);
    assert_eq!(list.list().count(), 2);
    assert_eq!(
        list.revoked(&setting.leaf),
        Some(Revoked {
            at: REVOKED_AT,
            reason: Some(RevocationReason::KeyCompromise)
        })
    );
    assert_eq!(
        list.revoked(&other),
        Some(Revoked {
            at: MADE,
            reason: None
        })
    );
    assert_eq!(list.revoked(&setting.middle.certificate), None);
}

/// Leaf, authority or anchor: whichever ends first ends what the signer is worth.
#[test]
fn a_chain_ends_with_the_first_of_its_certificates() {
    let ends = |root: i64, middle: i64, leaf: i64| {
        let (root_party, middle_party) = (Party::p256(1), Party::p256(2));
        let begins = VALIDITY.not_before.seconds();
        let root = Draft::authority("root").valid(begins, root);
        let root = root.self_signed(&root_party);
        let middle = Draft::authority("middle").valid(begins, middle);
        let middle = middle.signed_by(&root, &root_party, &middle_party);
        let leaf = Draft::leaf("leaf").valid(begins, leaf);
        let leaf = leaf.signed_by(&middle, &middle_party, &Party::p256(3));
        let chain = SignerChain {
            certificates: vec![leaf, middle],
            anchor: root,
        };
        chain.not_after().seconds() - NOT_AFTER.seconds()
    };
    let end = NOT_AFTER.seconds();
    assert_eq!(ends(end, end, end), 0);
    assert_eq!(ends(end - 1, end, end), -1);
    assert_eq!(ends(end, end - 2, end), -2);
    assert_eq!(ends(end, end, end - 3), -3);
}

#[test]
fn a_chain_is_revoked_where_one_of_it_is() {
    let setting = Setting::new();
    let below = setting.middle.draft();
    let above = setting.root.draft();
    let as_of = MADE;
    let lists = [setting.middle.verified(&below), setting.root.verified(&above)];
    assert_eq!(setting.revocation(&lists, NOW), Revocation::NotRevoked { as_of });

    let revoked = Revoked {
        at: REVOKED_AT,
        reason: Some(RevocationReason::Superseded),
    };
    let leaf = below.clone().revoking(&setting.leaf, REVOKED_AT, Some(4));
    let lists = [setting.middle.verified(&leaf), setting.root.verified(&above)];
    let position = 0;
    assert_eq!(
        setting.revocation(&lists, NOW),
        Revocation::Revoked {
            position,
            revoked,
            as_of
        }
    );
    // Whatever is known of the leaf.
    let middle = above.revoking(&setting.middle.certificate, REVOKED_AT, Some(4));
    let position = 1;
    for lists in [
        vec![setting.root.verified(&middle)],
        vec![setting.middle.verified(&below), setting.root.verified(&middle)],
    ] {
        assert_eq!(
            setting.revocation(&lists, NOW),
            Revocation::Revoked {
                position,
                revoked,
                as_of
            }
        );
    }
}

#[test]
fn without_a_list_in_force_nothing_is_known_and_bad_news_stays() {
    let setting = Setting::new();
    let gap = |position, gap| Revocation::NotKnown { position, gap };
    let (below, above) = (setting.middle.draft(), setting.root.draft());
    let lists = [setting.middle.verified(&below), setting.root.verified(&above)];
    assert_eq!(setting.revocation(&[], NOW), gap(0, RevocationGap::Absent));
    assert_eq!(
        setting.revocation(&lists[..1], NOW),
        gap(1, RevocationGap::Absent)
    );
    assert_eq!(
        setting.revocation(&lists[1..], NOW),
        gap(0, RevocationGap::Absent)
    );

    let second = Duration::from_secs(1);
    let good = Revocation::NotRevoked { as_of: MADE };
    assert_eq!(setting.revocation(&lists, NEXT), good);
    assert_eq!(
        setting.revocation(&lists, NEXT.plus(second)),
        gap(0, RevocationGap::Outdated)
    );
    assert_eq!(setting.revocation(&lists, MADE.minus(TOLERANCE)), good);
    let early = setting.revocation(&lists, MADE.minus(TOLERANCE + second));
    assert_eq!(early, gap(0, RevocationGap::NotYetIssued));

    let revoked = setting
        .middle
        .verified(&below.revoking(&setting.leaf, REVOKED_AT, None));
    let late = setting.revocation(&[revoked], NEXT.plus(second));
    assert!(matches!(late, Revocation::Revoked { position: 0, .. }));
}

#[test]
fn the_newest_list_counts() {
    let setting = Setting::new();
    let mut newer = setting.middle.draft();
    newer.this_update = MADE.plus(Duration::from_secs(1));
    let held = setting
        .middle
        .draft()
        .revoking(&setting.leaf, REVOKED_AT, Some(6));
    let root = setting.root.verified(&setting.root.draft());
    let lists = [
        setting.middle.verified(&held),
        setting.middle.verified(&newer),
        root,
    ];
    assert_eq!(
        setting.revocation(&lists, NOW),
        Revocation::NotRevoked { as_of: MADE }
    );
    // Of two that were made at once the one counts that revokes.
    let empty = setting.middle.verified(&setting.middle.draft());
    let once = [empty, lists[0].clone(), lists[2].clone()];
    let both = setting.revocation(&once, NOW);
    assert!(matches!(both, Revocation::Revoked { position: 0, .. }));
    let [held, newer, root] = lists;
    let lists = [newer, held, root];
    assert_eq!(
        setting.revocation(&lists, NOW),
        Revocation::NotRevoked { as_of: MADE }
    );
}

#[test]
fn a_list_is_its_issuers_who_may_sign_lists() {
    let setting = Setting::new();
    let verify = |draft: &RevocationListDraft, signer: &Authority, issuer: &Certificate| {
        let list = RevocationList::parse(&signer.sign(draft)).unwrap();
        list.verify(issuer, &RustCryptoProvider).map(|_| ())
    };
    let draft = setting.middle.draft();
    let (middle, root) = (&setting.middle, &setting.root);
    assert_eq!(verify(&draft, middle, &middle.certificate), Ok(()));
    assert_eq!(
        verify(&draft, middle, &root.certificate),
        Err(RevocationListRejected::OtherIssuer)
    );
    // Another key under the same name, or the name of another with the same key.
    let mut renamed = draft.clone();
    renamed.extensions = root.draft().extensions;
    assert_eq!(
        verify(&renamed, middle, &middle.certificate),
        Err(RevocationListRejected::OtherIssuer)
    );
    renamed.issuer = root.certificate.subject_name().to_vec();
    assert_eq!(
        verify(&renamed, middle, &root.certificate),
        Err(RevocationListRejected::Signature)
    );
    for unfit in [
        Draft::authority("middle").with_key_usage(KeyUsages::KeyCertSign),
        Draft::leaf("middle").with_key_usage(KeyUsages::DigitalSignature | KeyUsages::CRLSign),
    ] {
        let unfit = unfit.signed_by(&root.certificate, &root.party, &middle.party);
        assert_eq!(
            verify(&draft, middle, &unfit),
            Err(RevocationListRejected::MayNotSign)
        );
    }
    let mut changed = middle.sign(&draft.revoking(&setting.leaf, REVOKED_AT, None));
    let at = changed.windows(2).position(|bytes| bytes == b"Z0").unwrap();
    changed[at - 1] ^= 1;
    let changed = RevocationList::parse(&changed).unwrap();
    assert_eq!(
        changed
            .verify(&middle.certificate, &RustCryptoProvider)
            .map(|_| ()),
        Err(RevocationListRejected::Signature)
    );
}

#[test]
fn deltas_indirect_and_partial_lists_are_refused_plainly() {
    let authority = Setting::new().middle;
    let point = |content: &[u8]| {
        let draft = authority.draft().with("2.5.29.28", true, &sequence(content));
        RevocationList::parse(&authority.sign(&draft)).map(|_| ())
    };
    assert_eq!(point(&tagged(0x81, &[0xff])), Ok(()));
    assert_eq!(point(&tagged(0x84, &[0xff])), Err(RevocationListError::Indirect));
    assert_eq!(point(&tagged(0x85, &[0xff])), Err(RevocationListError::Partial));
    assert_eq!(
        point(&tagged(0x83, &[1, 0x40])),
        Err(RevocationListError::Partial)
    );
    let both = [tagged(0x81, &[0xff]), tagged(0x82, &[0xff])].concat();
    assert_eq!(point(&both), Err(RevocationListError::Extension));

    let delta = authority.draft().with("2.5.29.27", true, &tagged(0x02, &[1]));
    assert_eq!(authority.refusal(&delta), RevocationListError::Delta);

    let leaf = Setting::new().leaf;
    let with_entry = |extension: Vec<u8>| {
        let mut draft = authority.draft();
        draft
            .entries
            .push(entry(leaf.serial_number_der(), REVOKED_AT, &extension));
        authority.refusal(&draft)
    };
    let reason = |code| extension("2.5.29.21", false, &tagged(0x0a, &[code]));
    assert_eq!(with_entry(reason(8)), RevocationListError::Delta);
    assert_eq!(with_entry(reason(7)), RevocationListError::Extension);
    let twice = [reason(1), reason(1)].concat();
    assert_eq!(with_entry(twice), RevocationListError::Extension);
    let issuer = extension("2.5.29.29", true, &sequence(&[]));
    assert_eq!(with_entry(issuer), RevocationListError::Indirect);
    let unknown = extension("1.2.3.4", true, b"");
    assert_eq!(with_entry(unknown), RevocationListError::UnknownCriticalExtension);
}

#[test]
fn what_rfc_5280_demands_of_a_list_must_be_there() {
    let authority = Setting::new().middle;
    let unknown = authority.draft().with("1.2.3.4", true, b"");
    assert_eq!(
        authority.refusal(&unknown),
        RevocationListError::UnknownCriticalExtension
    );
    let ordinary = authority.draft().with("1.2.3.4", false, b"");
    assert!(RevocationList::parse(&authority.sign(&ordinary)).is_ok());
    for missing in 0..2 {
        let mut draft = authority.draft();
        draft.extensions.remove(missing);
        assert_eq!(authority.refusal(&draft), RevocationListError::Extension);
    }
    let mut twice = authority.draft();
    twice.extensions.push(twice.extensions[0].clone());
    assert_eq!(authority.refusal(&twice), RevocationListError::Extension);
    let mut endless = authority.draft();
    endless.next_update = None;
    assert_eq!(
        authority.refusal(&endless),
        RevocationListError::WithoutNextUpdate
    );
    let mut first = authority.draft();
    first.version = 0;
    assert_eq!(authority.refusal(&first), RevocationListError::Malformed);

    let der = authority.sign(&authority.draft());
    for broken in [
        &der[..der.len() - 1],
        &[der.as_slice(), &[0]].concat(),
        b"",
        b"\x30\x00",
    ] {
        assert_eq!(
            RevocationList::parse(broken).unwrap_err(),
            RevocationListError::Malformed
        );
    }
}

#[test]
fn a_list_has_a_budget() {
    let authority = Setting::new().middle;
    let large = vec![0x30; MAX_REVOCATION_LIST_BYTES + 1];
    assert_eq!(
        RevocationList::parse(&large).unwrap_err(),
        RevocationListError::TooLarge
    );
    let mut draft = authority.draft();
    let one = entry(&tagged(0x02, &[1]), REVOKED_AT, &[]);
    draft.entries = vec![one; MAX_REVOKED_CERTIFICATES];
    assert_eq!(
        RevocationList::parse(&authority.sign(&draft)).unwrap().count(),
        MAX_REVOKED_CERTIFICATES
    );
    draft.entries.push(entry(&tagged(0x02, &[1]), REVOKED_AT, &[]));
    assert_eq!(authority.refusal(&draft), RevocationListError::TooManyEntries);
    let mut long = authority.draft();
    long.entries.push(entry(&tagged(0x02, &[1; 22]), REVOKED_AT, &[]));
    assert_eq!(authority.refusal(&long), RevocationListError::Malformed);
}

#[test]
fn a_list_speaks_of_what_its_scope_and_its_place_say() {
    let place = |uri: &str| tagged(0xa0, &tagged(0xa0, &tagged(0x86, uri.as_bytes())));
    let leaf = Draft::leaf("leaf").with(
        "2.5.29.31",
        Criticality::Ordinary,
        sequence(&sequence(&place("http://lists.example/1"))),
    );
    let setting = Setting::with_leaf(leaf);
    assert_eq!(setting.leaf.revocation_list_uris(), ["http://lists.example/1"]);
    let middle = &setting.middle.certificate;
    let covers = |content: &[u8]| {
        let draft = setting.middle.draft().with("2.5.29.28", true, &sequence(content));
        setting.middle.verified(&draft).covers(&setting.leaf, middle)
    };
    assert!(covers(&place("http://lists.example/1")));
    assert!(!covers(&place("http://lists.example/2")));
    assert!(covers(&tagged(0x81, &[0xff])));
    assert!(!covers(&tagged(0x82, &[0xff])));
    // An authority's list speaks of its own certificates, not of itself.
    let own = setting.middle.verified(&setting.middle.draft());
    assert!(!own.covers(middle, &setting.root.certificate));
    // A point for some reasons, or with the lists of another, is none of the issuer's own.
    for more in [tagged(0x81, &[1, 0x40]), tagged(0xa2, &tagged(0x86, b"x"))] {
        let point = sequence(&[place("http://lists.example/1"), more].concat());
        let leaf = Draft::leaf("leaf").with("2.5.29.31", Criticality::Ordinary, sequence(&point));
        let setting = Setting::with_leaf(leaf);
        assert!(setting.leaf.revocation_list_uris().is_empty());
    }
}

proptest::proptest! {
    /// Whatever stands in a list is read or refused, and asking it never fails.
    #[test]
    fn no_bytes_break_the_reader(at in 0_usize..400, byte in proptest::num::u8::ANY) {
        let setting = Setting::new();
        let draft = setting.middle.draft().revoking(&setting.leaf, REVOKED_AT, Some(1));
        let mut der = setting.middle.sign(&draft);
        let at = at % der.len();
        let unchanged = der[at] == byte;
        der[at] = byte;
        if let Ok(list) = RevocationList::parse(&der) {
            let verified = list.verify(&setting.middle.certificate, &RustCryptoProvider);
            proptest::prop_assert!(unchanged || verified.is_err());
        }
    }
}

#[test]
fn a_directory_constraint_holds_names_however_they_are_written() {
    let organisation = |tag: u8, name: &[u8]| {
        let attribute = sequence(&[tagged(0x06, &[0x55, 4, 10]), tagged(tag, name)].concat());
        let name = sequence(&tagged(0x31, &attribute));
        GeneralName::DirectoryName(Name::from_der(&name).unwrap())
    };
    let setting = Setting::new();
    let outcome = |permitted: Vec<GeneralName>, excluded: Vec<GeneralName>, name: GeneralName| {
        let root = Draft::authority("root").self_signed(&setting.root.party);
        let middle = Draft::authority("middle").constrained(permitted, excluded);
        let middle = middle.signed_by(&root, &setting.root.party, &setting.middle.party);
        let leaf = Draft::leaf("leaf").named(vec![name]);
        let leaf = leaf.signed_by(&middle, &setting.middle.party, &Party::p256(3));
        verify(&[leaf, middle], &[root]).map(|_| ())
    };
    let violated = Err(ChainError::NameConstraints { position: 1 });
    let common = GeneralName::DirectoryName(super::common_name("leaf").unwrap());
    let (utf8, printable, bmp) = (0x0c, 0x13, 0x1e);
    let evil = || organisation(utf8, b"Evil Office");
    let wide: Vec<u8> = "evil  OFFICE".encode_utf16().flat_map(u16::to_be_bytes).collect();
    for spelled in [
        organisation(printable, b"Evil Office"),
        organisation(utf8, b" evil   office "),
        organisation(bmp, &wide),
    ] {
        assert_eq!(outcome(vec![], vec![evil()], spelled.clone()), violated);
        // The subject's own name is outside what is permitted; with it permitted too, the alternative name counts.
        assert_eq!(outcome(vec![evil()], vec![], spelled.clone()), violated);
        assert_eq!(outcome(vec![evil(), common.clone()], vec![], spelled), Ok(()));
    }
    let other = organisation(utf8, b"Good Office");
    assert_eq!(outcome(vec![], vec![evil()], other.clone()), Ok(()));
    assert_eq!(
        outcome(vec![evil(), common.clone()], vec![], other.clone()),
        violated
    );
    assert_eq!(outcome(vec![common.clone()], vec![], common.clone()), Ok(()));
    assert_eq!(outcome(vec![], vec![common], other), violated);
}

#[test]
fn a_list_tells_its_number_its_scope_and_where_it_is_published() {
    let setting = Setting::new();
    let read = |draft: &RevocationListDraft| RevocationList::parse(&setting.root.sign(draft));
    let list = read(&setting.root.draft()).unwrap();
    assert_eq!(list.number().as_bytes(), [7]);
    assert!(list.scope_der().is_empty() && list.is_published_at("http://anywhere.example"));

    let numbered = |der: &[u8]| {
        let mut draft = setting.root.draft();
        draft.extensions.pop();
        read(&draft.with("2.5.29.20", false, der))
    };
    for (der, octets) in [
        (tagged(0x02, &[0]), [].as_slice()),
        (tagged(0x02, &[0, 0x80]), &[0x80]),
        (tagged(0x02, &[1, 0]), &[1, 0]),
        (tagged(0x02, &[0x7f; 20]), &[0x7f; 20]),
    ] {
        assert_eq!(numbered(&der).unwrap().number().as_bytes(), octets);
    }
    // Negative, too long, and no number at all.
    for der in [tagged(0x02, &[0x80]), tagged(0x02, &[1; 21]), tagged(0x04, &[1])] {
        assert_eq!(numbered(&der).err(), Some(RevocationListError::Extension));
    }

    let place = "http://lists.example/1.crl";
    let point = tagged(0xa0, &tagged(0xa0, &tagged(0x86, place.as_bytes())));
    let point = sequence(&point);
    let list = read(&setting.root.draft().with("2.5.29.28", true, &point)).unwrap();
    assert_eq!(list.scope_der(), point);
    assert!(list.is_published_at(place) && !list.is_published_at("http://lists.example/2.crl"));
}

#[test]
fn an_authority_counts_where_its_chain_holds() {
    let setting = Setting::new();
    let (root, middle) = (&setting.root.certificate, &setting.middle.certificate);
    let anchors = core::slice::from_ref(root);
    let verify = |chain: &[Certificate], now| verify_authority(chain, anchors, now, &RustCryptoProvider);
    let below = Party::p256(9);
    let lower = Draft::authority("lower").signed_by(middle, &setting.middle.party, &below);
    assert_eq!(verify(core::slice::from_ref(middle), MADE).unwrap(), *root);
    assert_eq!(verify(&[lower.clone(), middle.clone()], MADE).unwrap(), *root);

    let refused = |chain: &[Certificate]| verify(chain, MADE).unwrap_err();
    assert_eq!(refused(&[]), ChainError::Empty);
    assert_eq!(refused(&vec![middle.clone(); 6]), ChainError::TooLong);
    assert_eq!(refused(core::slice::from_ref(root)), ChainError::AnchorInChain);
    assert_eq!(
        refused(core::slice::from_ref(&setting.leaf)),
        ChainError::NotAnAuthority { position: 1 }
    );
    let lower = core::slice::from_ref(&lower);
    assert_eq!(refused(lower), ChainError::UnknownAnchor);
    let limited = Draft::authority("middle").path_length(0);
    let limited = limited.signed_by(root, &setting.root.party, &setting.middle.party);
    assert_eq!(
        refused(&[lower[0].clone(), limited]),
        ChainError::PathLength { position: 2 }
    );
    // A certificate of that name which somebody else signed.
    let forged = Draft::authority("middle").signed_by(root, &below, &setting.middle.party);
    assert_eq!(
        refused(core::slice::from_ref(&forged)),
        ChainError::Signature { position: 0 }
    );
    assert_eq!(
        refused(&[lower[0].clone(), forged]),
        ChainError::Signature { position: 1 }
    );
    // The key of somebody else signed below an authority that is one.
    let stranger = Party::p256(10);
    let foreign = Draft::authority("lower").signed_by(middle, &stranger, &below);
    assert_eq!(
        refused(&[foreign, middle.clone()]),
        ChainError::Signature { position: 1 }
    );
    // It ended while the anchor still holds.
    let made = MADE.seconds();
    let ended = Draft::authority("middle").valid(made - 100, made - 1);
    let ended = ended.signed_by(root, &setting.root.party, &setting.middle.party);
    assert_eq!(
        refused(core::slice::from_ref(&ended)),
        ChainError::Expired { position: 1 }
    );
    let before = UnixTime::from_seconds(made - 1);
    assert_eq!(verify(core::slice::from_ref(&ended), before).unwrap(), *root);
}

#[test]
fn limits_and_names_of_those_above_bind_an_authority() {
    let setting = Setting::new();
    let root_party = &setting.root.party;
    let verify = |chain: &[Certificate], anchor: &Certificate| {
        verify_authority(chain, core::slice::from_ref(anchor), MADE, &RustCryptoProvider)
    };
    // The authority would stand between the anchor and its leaves.
    let limited = Draft::authority("root").path_length(0).self_signed(root_party);
    let middle = core::slice::from_ref(&setting.middle.certificate);
    assert_eq!(
        verify(middle, &limited).unwrap_err(),
        ChainError::PathLength { position: 2 }
    );
    let below = Party::p256(9);
    let lower = Draft::authority("lower");
    let lower = lower.signed_by(&setting.middle.certificate, &setting.middle.party, &below);
    let root = &setting.root.certificate;
    let other = Draft::authority("other").signed_by(root, root_party, &setting.middle.party);
    assert_eq!(
        verify(&[lower, other], root).unwrap_err(),
        ChainError::IssuerMismatch { position: 1 }
    );
    let name = |name: &str| GeneralName::DnsName(Ia5String::new(name).unwrap());
    let lower = Draft::authority("lower").named(vec![name("lower.example")]);
    let lower = lower.signed_by(&setting.middle.certificate, &setting.middle.party, &below);
    let constrained = Draft::authority("middle").constrained(vec![name("elsewhere.example")], vec![]);
    let constrained = constrained.signed_by(root, root_party, &setting.middle.party);
    assert_eq!(
        verify(&[lower, constrained], root).unwrap_err(),
        ChainError::NameConstraints { position: 1 }
    );
}

/// A provider that counts the signatures that it verifies.
#[derive(Default)]
struct Counting(core::sync::atomic::AtomicUsize);

impl CryptoProvider for Counting {
    fn sign(&self, key: &SecretKey, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        RustCryptoProvider.sign(key, message)
    }

    fn verify(
        &self,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureRejected> {
        self.0.fetch_add(1, core::sync::atomic::Ordering::Relaxed);
        RustCryptoProvider.verify(key, algorithm, message, signature)
    }

    fn agree(&self, key: &SecretKey, peer: &PublicKey) -> Result<SharedSecret, InvalidKey> {
        RustCryptoProvider.agree(key, peer)
    }
}

#[test]
fn a_list_that_is_kept_is_verified_once_by_each_authority_and_a_wrong_one_every_time() {
    let setting = Setting::new();
    let middle = &setting.middle;
    let list = RevocationList::parse(&middle.sign(&middle.draft())).unwrap();
    let provider = Counting::default();
    let count = || provider.0.load(core::sync::atomic::Ordering::Relaxed);
    for _ in 0..3 {
        list.clone().verify(&middle.certificate, &provider).unwrap();
    }
    assert_eq!(count(), 1);
    // The same authority by another certificate: nothing was proven under that.
    let root = &setting.root;
    let renewed = Draft::authority("middle").with_key_usage(signing());
    let renewed = Draft {
        validity: Validity {
            not_after: UnixTime::from_seconds(VALIDITY.not_after.seconds() - 1),
            ..VALIDITY
        },
        ..renewed
    };
    let renewed = renewed.signed_by(&root.certificate, &root.party, &middle.party);
    list.verify(&renewed, &provider).unwrap();
    assert_eq!(count(), 2);
    let mut forged = middle.sign(&middle.draft());
    *forged.last_mut().unwrap() ^= 1;
    let forged = RevocationList::parse(&forged).unwrap();
    for _ in 0..2 {
        let refused = forged.verify(&middle.certificate, &provider);
        assert!(matches!(refused, Err(RevocationListRejected::Signature)));
    }
    assert_eq!(count(), 4);
    list.verify(&middle.certificate, &provider).unwrap();
    assert_eq!(count(), 4, "what is proven stays so");
}

#[test]
fn an_authority_issues_the_lists_that_its_certificates_point_to() {
    const PLACE: &str = "https://issuer.example/certificates/documents.crl";
    let randomness = SeededRandomness::new(77);
    let (root_party, leaf_party) = (Party::p256(41), Party::p256(42));
    let root = issue::publishing_root(
        "root",
        VALIDITY,
        PLACE,
        &root_party.description(),
        &root_party.key,
        &randomness,
    );
    let root = Certificate::parse(&root.unwrap()).unwrap();
    assert_eq!(root.revocation_list_uris(), [PLACE]);
    let request = issue::LeafRequest {
        subject_name: "leaf".to_owned(),
        san_uris: Vec::new(),
        san_dns: Vec::new(),
        validity: VALIDITY,
        extended_key_usage: None,
        public_key: leaf_party.description().public_key,
    };
    let issue_leaf = || {
        let leaf = issue::leaf(
            &request,
            &root,
            &root_party.description(),
            &root_party.key,
            &randomness,
        );
        Certificate::parse(&leaf.unwrap()).unwrap()
    };
    let (leaf, other) = (issue_leaf(), issue_leaf());
    assert_eq!(leaf.revocation_list_uris(), [PLACE], "as its root says");

    let mut order = RevocationListRequest {
        number: 1_750_000_000,
        this_update: MADE,
        next_update: NEXT,
        revoked: Vec::new(),
    };
    let sign = |order: &RevocationListRequest, issuer: &Certificate, party: &Party| {
        issue::revocation_list(order, issuer, &party.description(), &party.key)
    };
    let empty = RevocationList::parse(&sign(&order, &root, &root_party).unwrap()).unwrap();
    assert_eq!((empty.count(), empty.number().to_u64()), (0, Some(1_750_000_000)));
    let reason = RevocationReason::KeyCompromise;
    order
        .revoked
        .push(RevokedCertificate::new(&leaf, REVOKED_AT, reason));
    let list = RevocationList::parse(&sign(&order, &root, &root_party).unwrap()).unwrap();
    assert_eq!((list.this_update(), list.next_update()), (MADE, NEXT));
    assert_eq!(list.entries(), order.revoked);
    let verified = list.verify(&root, &RustCryptoProvider).unwrap();
    let revoked = verified.revoked(&leaf).unwrap();
    assert_eq!((revoked.at, revoked.reason), (REVOKED_AT, Some(reason)));
    assert!(verified.covers(&leaf, &root) && verified.revoked(&other).is_none());

    // A reason that says nothing is not written.
    order.revoked = vec![RevokedCertificate::new(
        &leaf,
        REVOKED_AT,
        RevocationReason::Unspecified,
    )];
    let list = RevocationList::parse(&sign(&order, &root, &root_party).unwrap()).unwrap();
    assert_eq!(list.entries().first().unwrap().reason, None);
    // Whoever may not sign lists, or has another key, issues none.
    let plain = issue::root(
        "plain",
        VALIDITY,
        &root_party.description(),
        &root_party.key,
        &randomness,
    );
    let plain = Certificate::parse(&plain.unwrap()).unwrap();
    assert!(plain.revocation_list_uris().is_empty());
    for refused in [
        sign(&order, &plain, &root_party),
        sign(&order, &root, &leaf_party),
        sign(&order, &leaf, &leaf_party),
    ] {
        assert!(matches!(refused, Err(issue::IssueError::Issuer)));
    }
    order.next_update = MADE;
    assert!(matches!(
        sign(&order, &root, &root_party),
        Err(issue::IssueError::Validity)
    ));
}
