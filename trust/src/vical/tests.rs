use ciborium::Value;
use proptest::prelude::*;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::x509::issue::KeyPurpose;

use super::*;
use crate::testing::{DAY, NOW, TestAuthority, TestIssuingAuthority, TestVicalProvider};
use crate::trust_list::{AnchoredFormat, IssuerIdentifier};
use crate::validity::Validity;

const LICENCE: &str = "org.iso.18013.5.1.mDL";
const PHOTO_ID: &str = "org.iso.23220.photoid.1";

struct World {
    provider: TestVicalProvider,
    first: TestIssuingAuthority,
    second: TestIssuingAuthority,
}

impl World {
    fn new() -> Self {
        Self {
            provider: TestVicalProvider::new(700),
            first: TestIssuingAuthority::new(710),
            second: TestIssuingAuthority::new(720),
        }
    }

    fn signed(&self) -> Vec<u8> {
        let entries: [(&Certificate, &[&str]); 2] = [
            (self.first.root(), &[LICENCE]),
            (self.second.root(), &[PHOTO_ID, LICENCE]),
        ];
        self.provider.vical(7, NOW, NOW.plus(DAY * 30), &entries)
    }

    /// The list with its payload changed and signed again.
    fn changed(&self, change: impl FnOnce(&mut Vec<(Value, Value)>)) -> Vec<u8> {
        let parsed = ParsedSign1::parse(
            &self.signed(),
            symbolon_crypto::cose::TagPolicy::Optional,
            CborBudget::DEFAULT,
        );
        let mut payload = cbor::parse(parsed.unwrap().payload(), CborBudget::DEFAULT).unwrap();
        let Value::Map(members) = &mut payload else {
            panic!("no map")
        };
        change(members);
        let payload = cbor::encode(&payload);
        self.provider
            .sign_payload(payload, &[self.provider.certificate()])
    }

    fn verify(&self, bytes: &[u8]) -> Result<VerifiedVical, VicalError> {
        ParsedVical::parse(bytes)?.verify(core::slice::from_ref(self.provider.root()), &RustCryptoProvider)
    }
}

fn member<'v>(members: &'v mut [(Value, Value)], name: &str) -> &'v mut Value {
    let found = members.iter_mut().find(|(key, _)| key.as_text() == Some(name));
    &mut found.unwrap().1
}

fn entry(members: &mut [(Value, Value)]) -> &mut Vec<(Value, Value)> {
    let Value::Array(entries) = member(members, "certificateInfos") else {
        panic!("no array")
    };
    let Some(Value::Map(entry)) = entries.first_mut() else {
        panic!("no entry")
    };
    entry
}

#[test]
fn reads_what_it_writes() {
    let world = World::new();
    let verified = world.verify(&world.signed()).unwrap();
    let vical = verified.vical();
    assert_eq!(
        (vical.version.as_str(), vical.provider.as_str()),
        ("1.0", "Test provider")
    );
    assert_eq!((vical.issue, vical.date), (Some(7), NOW));
    assert_eq!(vical.next_update, Some(NOW.plus(DAY * 30)));
    assert_eq!(vical.entries[0].certificate, world.first.root().der());
    assert_eq!(vical.entries[0].issuing_country.as_deref(), Some("SN"));
    assert_eq!(verified.refused(), []);

    let issuers = verified.issuers(&TypeLimit::Any);
    assert_eq!(issuers.len(), 2);
    assert_eq!(
        issuers[0].identifier,
        IssuerIdentifier::of_certificate(world.first.root())
    );
    assert_eq!(issuers[0].formats, [AnchoredFormat::Mdoc]);
    assert_eq!(issuers[0].name, "Test issuing authority (SN)");
    assert!(issuers[0].may_issue(LICENCE) && !issuers[0].may_issue(PHOTO_ID));
    assert!(issuers[1].may_issue(LICENCE) && issuers[1].may_issue(PHOTO_ID));
}

#[test]
fn an_operator_narrows_what_a_list_may_anchor_and_never_widens_it() {
    let world = World::new();
    let verified = world.verify(&world.signed()).unwrap();
    let limit = TypeLimit::of(&[PHOTO_ID.to_owned(), "org.example.other".to_owned()]);
    let issuers = verified.issuers(&limit);
    assert_eq!(issuers.len(), 1, "the first has nothing left");
    assert_eq!(
        issuers[0].credential_types,
        [CredentialTypeRule::Exactly(PHOTO_ID.to_owned())]
    );
}

#[test]
fn a_star_in_a_list_is_a_document_type_and_no_permission_for_all() {
    let world = World::new();
    let bytes = world
        .provider
        .vical(1, NOW, NOW.plus(DAY), &[(world.first.root(), &["*"])]);
    let issuers = world.verify(&bytes).unwrap().issuers(&TypeLimit::Any);
    assert_eq!(issuers, [], "in a trust list it would read as every type");
}

#[test]
fn the_signer_stands_under_a_pinned_root_and_is_for_vicals() {
    let world = World::new();
    let bytes = world.signed();
    let other = TestVicalProvider::new(800);
    let parsed = ParsedVical::parse(&bytes).unwrap();
    let refused = parsed
        .verify(core::slice::from_ref(other.root()), &RustCryptoProvider)
        .unwrap_err();
    assert_eq!(refused, VicalError::Signer(ChainError::UnknownAnchor));

    for (purpose, error) in [
        (None, ChainError::NotForVicals),
        (Some(KeyPurpose::Readers), ChainError::NotForVicals),
        (Some(KeyPurpose::StatusLists), ChainError::ForStatusListsOnly),
    ] {
        let provider = TestVicalProvider::with_purpose(700, purpose);
        let bytes = provider.vical(1, NOW, NOW.plus(DAY), &[(world.first.root(), &[LICENCE])]);
        assert_eq!(world.verify(&bytes).unwrap_err(), VicalError::Signer(error));
    }
    // Somebody else's signature under the right certificate.
    let parsed = ParsedSign1::parse(
        &bytes,
        symbolon_crypto::cose::TagPolicy::Optional,
        CborBudget::DEFAULT,
    );
    let payload = parsed.unwrap().payload().to_vec();
    let forged = other.sign_payload(payload, &[world.provider.certificate()]);
    assert_eq!(world.verify(&forged).unwrap_err(), VicalError::Signature);
    // A root that is sent along makes no root of itself, and takes nothing from one that was pinned.
    let provider = &world.provider;
    let with_root = |provider: &TestVicalProvider| {
        let parsed = ParsedSign1::parse(
            &bytes,
            symbolon_crypto::cose::TagPolicy::Optional,
            CborBudget::DEFAULT,
        );
        let payload = parsed.unwrap().payload().to_vec();
        provider.sign_payload(payload, &[provider.certificate(), provider.root()])
    };
    assert!(world.verify(&with_root(provider)).is_ok());
    assert_eq!(
        world.verify(&with_root(&other)).unwrap_err(),
        VicalError::Signer(ChainError::UnknownAnchor)
    );
}

#[test]
fn a_changed_byte_is_noticed() {
    let world = World::new();
    let bytes = world.signed();
    for position in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[position] ^= 1;
        // What stands outside of what is signed is one byte, the form of the array.
        assert!(world.verify(&changed).is_err(), "byte {position}");
    }
}

#[test]
fn it_holds_until_its_next_update_and_no_longer_than_its_signer() {
    let world = World::new();
    let verified = world.verify(&world.signed()).unwrap();
    let source = verified.source(DAY, DAY * 7);
    assert_eq!(source.valid_until, Some(NOW.plus(DAY * 30)));
    let end = NOW.plus(DAY * 30);
    let second = Duration::from_secs(1);
    assert_eq!(source.validity(end), Validity::Current);
    assert_eq!(
        source.validity(end.plus(second)),
        Validity::InGrace { expired_at: end }
    );
    assert_eq!(
        source.validity(end.plus(DAY * 7)),
        Validity::InGrace { expired_at: end }
    );
    assert_eq!(
        source.validity(end.plus(DAY * 7).plus(second)),
        Validity::Expired { expired_at: end }
    );
    assert_eq!(source.validity(NOW.minus(DAY)), Validity::NotYetIssued);

    let without = world.changed(|members| members.retain(|(key, _)| key.as_text() != Some("nextUpdate")));
    let source = world.verify(&without).unwrap().source(DAY * 3, DAY);
    assert_eq!(source.valid_until, Some(NOW.plus(DAY * 3)));
    // The signer's certificate is good for a year.
    let source = world.verify(&without).unwrap().source(DAY * 4_000, DAY);
    assert_eq!(source.valid_until, Some(NOW.plus(DAY * 365)));
}

#[test]
fn what_is_reserved_or_an_extension_is_passed_over() {
    let world = World::new();
    let text = |text: &str| Value::Text(text.to_owned());
    let bytes = world.changed(|members| {
        entry(members).push((text("trustLevel"), Value::Array(vec![Value::from(3)])));
        entry(members).push((text("extensions"), Value::Map(vec![(text("1.2.3"), Value::Null)])));
        entry(members).push((text("certificateProfile"), Value::Array(vec![text("")])));
        members.push((text("vicalURL"), text("https://vical.example/current")));
        members.push((
            text("extensions"),
            Value::Map(vec![(text("1.2.3"), Value::from(1))]),
        ));
        *member(members, "version") = text("1.1");
    });
    assert_eq!(world.verify(&bytes).unwrap().issuers(&TypeLimit::Any).len(), 2);
}

#[test]
fn what_is_not_of_the_form_is_refused() {
    type Change = fn(&mut Vec<(Value, Value)>);
    let world = World::new();
    let without = |name: &'static str| {
        move |members: &mut Vec<(Value, Value)>| members.retain(|(key, _)| key.as_text() != Some(name))
    };
    for name in ["version", "vicalProvider", "date", "certificateInfos"] {
        let refused = world.verify(&world.changed(without(name))).unwrap_err();
        assert_eq!(refused, VicalError::Malformed { member: name });
    }
    for name in ["certificate", "serialNumber", "ski", "docType"] {
        let bytes = world.changed(|members| without(name)(entry(members)));
        assert_eq!(
            world.verify(&bytes).unwrap_err(),
            VicalError::Malformed { member: name }
        );
    }
    let changes: [(&str, Change); 9] = [
        ("version", |members| *member(members, "version") = Value::from(1)),
        ("vicalProvider", |members| {
            *member(members, "vicalProvider") = Value::Text("Provider\nof lists".to_owned());
        }),
        ("date", |members| {
            *member(members, "date") = Value::Text(NOW.rfc3339())
        }),
        ("date", |members| {
            *member(members, "date") = Value::Tag(0, Box::new(Value::Text("yesterday".to_owned())));
        }),
        ("vicalIssueID", |members| {
            *member(members, "vicalIssueID") = Value::from(-1)
        }),
        ("nextUpdate", |members| {
            let before = Value::Text(NOW.minus(DAY).rfc3339());
            *member(members, "nextUpdate") = Value::Tag(0, Box::new(before));
        }),
        ("docType", |members| {
            *member(entry(members), "docType") = Value::Array(Vec::new())
        }),
        ("docType", |members| {
            *member(entry(members), "docType") = Value::Array(vec![Value::Text(String::new())]);
        }),
        ("extensions", |members| {
            members.push((Value::Text("extensions".to_owned()), Value::from(1)));
        }),
    ];
    for (position, (name, change)) in changes.into_iter().enumerate() {
        let refused = world.verify(&world.changed(change)).unwrap_err();
        assert_eq!(
            refused,
            VicalError::Malformed { member: name },
            "change {position}"
        );
    }
    for version in ["2.0", "1", "1.", "1.x", "10.0"] {
        let refused = world.changed(|members| *member(members, "version") = Value::Text(version.to_owned()));
        assert_eq!(
            world.verify(&refused).unwrap_err(),
            VicalError::Version,
            "{version}"
        );
    }
    let twice = world.changed(|members| {
        let again = members[0].clone();
        members.push(again);
    });
    assert!(world.verify(&twice).is_err(), "a member twice");
}

#[test]
fn a_list_has_a_budget() {
    let world = World::new();
    let many = world.changed(|members| {
        let Value::Array(entries) = member(members, "certificateInfos") else {
            panic!("no array")
        };
        let one = Value::Map(Vec::new());
        entries.resize(crate::authorities::MAX_AUTHORITIES + 1, one);
    });
    assert_eq!(ParsedVical::parse(&many).unwrap_err(), VicalError::OverBudget);
    let types = world.changed(|members| {
        let types = vec![Value::Text(LICENCE.to_owned()); MAX_DOC_TYPES + 1];
        *member(entry(members), "docType") = Value::Array(types);
    });
    assert_eq!(ParsedVical::parse(&types).unwrap_err(), VicalError::OverBudget);
    let long = vec![0; MAX_VICAL_BYTES + 1];
    assert_eq!(ParsedVical::parse(&long).unwrap_err(), VicalError::OverBudget);
}

/// One bad entry takes nothing from the others, and is not lost without a word.
#[test]
fn an_entry_that_cannot_be_used_is_left_out_and_named() {
    type Change = fn(&mut Vec<(Value, Value)>);
    let world = World::new();
    let changes: [(EntryRefused, Change); 5] = [
        (EntryRefused::Certificate, |entry| {
            *member(entry, "certificate") = Value::Bytes(vec![0x30, 0])
        }),
        (EntryRefused::Contradiction, |entry| {
            *member(entry, "ski") = Value::Bytes(vec![1; 20])
        }),
        (EntryRefused::Contradiction, |entry| {
            *member(entry, "serialNumber") = Value::from(5)
        }),
        (EntryRefused::Contradiction, |entry| {
            *member(entry, "issuingCountry") = Value::Text("FR".to_owned());
        }),
        (EntryRefused::Contradiction, |entry| {
            *member(entry, "notAfter") = Value::Tag(0, Box::new(Value::Text(NOW.rfc3339())));
        }),
    ];
    for (refused, change) in changes {
        let verified = world
            .verify(&world.changed(|members| change(entry(members))))
            .unwrap();
        assert_eq!(verified.refused(), [(0, refused)]);
        let issuers = verified.issuers(&TypeLimit::Any);
        assert_eq!(issuers.len(), 1);
        assert_eq!(issuers[0].anchors, [world.second.root().clone()]);
    }
    // A root of another profile: it names no country.
    let other = TestAuthority::new(900);
    let entries: [(&Certificate, &[&str]); 1] = [(other.certificate(), &[LICENCE])];
    let verified = world
        .verify(&world.provider.vical(1, NOW, NOW.plus(DAY), &entries))
        .unwrap();
    assert_eq!(
        verified.refused(),
        [(0, EntryRefused::NotAnAuthority(NotAnAuthority::Country))]
    );
    assert!(verified.issuers(&TypeLimit::Any).is_empty());
}

#[test]
fn a_critical_header_is_refused() {
    let world = World::new();
    let Value::Array(mut parts) = cbor::parse(&world.signed(), CborBudget::DEFAULT).unwrap() else {
        panic!("no array")
    };
    let Value::Bytes(protected) = &parts[0] else {
        panic!("no header")
    };
    let Value::Map(mut header) = cbor::parse(protected, CborBudget::DEFAULT).unwrap() else {
        panic!("no map")
    };
    header.push((Value::from(2), Value::Array(vec![Value::from(-70_001)])));
    header.push((Value::from(-70_001), Value::from(1)));
    parts[0] = Value::Bytes(cbor::encode(&Value::Map(header)));
    let refused = ParsedVical::parse(&cbor::encode(&Value::Array(parts))).unwrap_err();
    assert_eq!(refused, VicalError::SignedStructure);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = ParsedVical::parse(&bytes);
    }

    #[test]
    fn no_change_of_a_payload_makes_the_reader_panic(position in 0_usize..4_000, byte in any::<u8>()) {
        let world = World::new();
        let parsed = ParsedSign1::parse(&world.signed(), symbolon_crypto::cose::TagPolicy::Optional, CborBudget::DEFAULT);
        let mut payload = parsed.unwrap().payload().to_vec();
        let position = position % payload.len();
        payload[position] = byte;
        let bytes = world.provider.sign_payload(payload, &[world.provider.certificate()]);
        if let Ok(verified) = world.verify(&bytes) {
            prop_assert!(verified.issuers(&TypeLimit::Any).iter().all(|issuer| issuer.formats == [AnchoredFormat::Mdoc]));
        }
    }

    #[test]
    fn what_is_written_is_read(issue in any::<u64>(), days in 0_u32..300, types in prop::collection::vec("[a-z.]{1,20}", 1..8)) {
        let world = World::new();
        let types: Vec<&str> = types.iter().map(String::as_str).collect();
        let next = NOW.plus(DAY * days);
        let bytes = world.provider.vical(issue, NOW, next, &[(world.first.root(), &types)]);
        let verified = world.verify(&bytes).unwrap();
        prop_assert_eq!(verified.vical().issue, Some(issue));
        prop_assert_eq!(verified.vical().next_update, Some(next));
        prop_assert_eq!(&verified.vical().entries[0].doc_types, &types);
    }
}
