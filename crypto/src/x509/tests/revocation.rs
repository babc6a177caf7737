//! What revocation lists say of a chain, and which authorities may say it.

mod lists;

use core::time::Duration;

use super::*;
use crate::testing::revocation::{RevocationListDraft, sequence, tagged};

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
