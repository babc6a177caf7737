//! Lists by themselves: which are read, whose they are, what they say, and which are issued.

use super::*;
use crate::testing::TestProvider;
use crate::testing::revocation::{entry, extension};
use crate::x509::issue::{self, RevocationListRequest};

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
fn a_list_that_is_kept_is_verified_once_by_each_authority_and_a_wrong_one_every_time() {
    let setting = Setting::new();
    let middle = &setting.middle;
    let list = RevocationList::parse(&middle.sign(&middle.draft())).unwrap();
    let provider = TestProvider::counting();
    for _ in 0..3 {
        list.clone().verify(&middle.certificate, &provider).unwrap();
    }
    assert_eq!(provider.verifications(), 1);
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
    assert_eq!(provider.verifications(), 2);
    let mut forged = middle.sign(&middle.draft());
    *forged.last_mut().unwrap() ^= 1;
    let forged = RevocationList::parse(&forged).unwrap();
    for _ in 0..2 {
        let refused = forged.verify(&middle.certificate, &provider);
        assert!(matches!(refused, Err(RevocationListRejected::Signature)));
    }
    assert_eq!(provider.verifications(), 4);
    list.verify(&middle.certificate, &provider).unwrap();
    assert_eq!(provider.verifications(), 4, "what is proven stays so");
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
