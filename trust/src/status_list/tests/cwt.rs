use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::cose::{self, ParsedSign1, Sign1Header, TagPolicy, Tagging};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::encoding::zlib;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};

use super::super::*;
use crate::testing::{DAY, NOW, TestIssuer};

const BUDGET: CborBudget = CborBudget {
    bytes: 1 << 20,
    depth: 8,
    items: 1_000,
};

fn claims(time_to_live: Duration) -> StatusListClaims {
    StatusListClaims {
        uri: "https://issuer.example/status/0".to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW.plus(DAY)),
        time_to_live: Some(time_to_live),
        aggregation_uri: Some("https://issuer.example/status".to_owned()),
    }
}

#[test]
fn a_cwt_says_what_the_jwt_says_by_the_numbers_of_the_specification() {
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    list.set(5, Status::Invalid).unwrap();
    let chain = [issuer.status_certificate.clone()];
    let claims = claims(Duration::from_secs(60));
    let prepared = PreparedStatusListCwt::prepare(&claims, &list, SignatureAlgorithm::Es256, &chain).unwrap();
    let signature = issuer
        .status_key
        .sign(&prepared.request(issuer.status_key.handle()));
    let token = prepared.finish(&signature).unwrap();

    let sign1 = ParsedSign1::parse(&token, TagPolicy::Required, BUDGET).unwrap();
    assert_eq!(sign1.typ.as_deref(), Some(STATUS_LIST_CWT_TYP));
    assert_eq!(sign1.x5chain, [chain[0].der()]);
    sign1
        .verify(&RustCryptoProvider, chain[0].public_key(), &[])
        .unwrap();
    let Value::Map(members) = cbor::parse(sign1.payload(), BUDGET).unwrap() else {
        panic!("the claims are a map");
    };
    let claim = |key: i64| {
        let found = members.iter().find(|(name, _)| *name == Value::from(key));
        found.map(|(_, value)| value.clone()).unwrap()
    };
    assert_eq!(claim(2), Value::from("https://issuer.example/status/0"));
    assert_eq!(claim(6), Value::from(NOW.seconds()));
    assert_eq!(claim(4), Value::from(NOW.plus(DAY).seconds()));
    assert_eq!(claim(65_534), Value::from(60));
    let Value::Map(states) = claim(65_533) else {
        panic!("the list is a map");
    };
    // Deterministic encoding puts the shorter name first.
    assert_eq!(states[1], (Value::from("bits"), Value::from(2)));
    let aggregation = Value::from("https://issuer.example/status");
    assert_eq!(states[2], (Value::from("aggregation_uri"), aggregation));
    let (name, Value::Bytes(lst)) = &states[0] else {
        panic!("the states are bytes");
    };
    assert_eq!(*name, Value::from("lst"));
    let inflated = zlib::inflate(lst, 1 << 10).unwrap();
    // Index 5 stands in the second byte, its lowest bits but two.
    assert_eq!(inflated[1], 0b0000_0100);
}

#[test]
fn a_cwt_is_refused_where_a_jwt_would_be() {
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let list = TokenStatusList::all_valid(BitsPerStatus::Two, 8);
    let chain = [issuer.status_certificate.clone()];
    let prepare = |ttl, chain: &[_]| {
        PreparedStatusListCwt::prepare(&claims(ttl), &list, SignatureAlgorithm::Es256, chain)
    };
    assert!(matches!(
        prepare(Duration::ZERO, &chain),
        Err(PrepareStatusListError::TimeToLiveBelowOneSecond)
    ));
    assert!(matches!(
        prepare(Duration::from_secs(60), &[]),
        Err(PrepareStatusListError::EmptyChain)
    ));
    let prepared = prepare(Duration::from_secs(60), &chain).unwrap();
    assert!(matches!(
        prepared.finish(&[0; 63]),
        Err(PrepareStatusListError::Signature)
    ));
}

const URI: &str = "https://issuer.example/status/0";

/// A token with these members in its payload, `change`d, and with this `typ`.
fn signed(issuer: &TestIssuer, typ: &str, change: impl Fn(&mut Vec<(Value, Value)>)) -> Vec<u8> {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    list.set(5, Status::Suspended).unwrap();
    let states = vec![
        (Value::from("bits"), Value::from(2)),
        (
            Value::from("lst"),
            Value::Bytes(list.compressed().as_bytes().to_vec()),
        ),
    ];
    let mut members = vec![
        (Value::from(2), Value::from(URI)),
        (Value::from(4), Value::from(NOW.plus(DAY).seconds())),
        (Value::from(6), Value::from(NOW.seconds())),
        (Value::from(65_534), Value::from(60)),
        (Value::from(65_533), Value::Map(states)),
    ];
    change(&mut members);
    let header = Sign1Header {
        key_id: None,
        x5chain: vec![issuer.status_certificate.der().to_vec()],
        typ: Some(typ.to_owned()),
    };
    let payload = cbor::encode(&Value::Map(members));
    let prepared = cose::prepare(SignatureAlgorithm::Es256, &header, payload, &[]);
    let signature = issuer
        .status_key
        .sign(&prepared.request(issuer.status_key.handle()));
    prepared.finish(signature, Tagging::Tagged).unwrap()
}

fn read(token: &[u8], issuer: &TestIssuer, now: UnixTime) -> Result<VerifiedStatusList, StatusListError> {
    StatusListCwt::parse(token, StatusListBudget::LARGEST_SHARD)?.verify(
        URI,
        &issuer.entry(Vec::new()),
        &RustCryptoProvider,
        now,
    )
}

fn set(key: i64, value: Value) -> impl Fn(&mut Vec<(Value, Value)>) {
    move |members| {
        members.retain(|(name, _)| *name != Value::from(key));
        if value != Value::Null {
            members.push((Value::from(key), value.clone()));
        }
    }
}

#[test]
fn a_cwt_that_the_issuer_signed_is_read() {
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let list = read(&signed(&issuer, STATUS_LIST_CWT_TYP, |_| {}), &issuer, NOW).unwrap();
    assert_eq!(list.status(5), Ok(Status::Suspended));
    assert_eq!(list.status(4), Ok(Status::Valid));
    assert_eq!(list.status(1_000), Err(IndexOutOfRange));
    assert_eq!(list.time_to_live(), Some(Duration::from_secs(60)));
    assert_eq!(list.aggregation_uri(), None);
    // What it says holds from its making to its end, that second not included.
    let ends = NOW.plus(DAY);
    assert!(list.covers(NOW) && !list.covers(ends) && list.covers(ends.minus(Duration::from_secs(1))));
    assert!(!list.covers(NOW.minus(Duration::from_secs(1))));
}

#[test]
fn each_wrong_claim_of_a_cwt_has_its_refusal() {
    use StatusListError::{Claims, Expired, IssuedInTheFuture, OtherSubject};
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let refused = |key: i64, value: Value| {
        read(
            &signed(&issuer, STATUS_LIST_CWT_TYP, set(key, value)),
            &issuer,
            NOW,
        )
        .unwrap_err()
    };
    assert!(matches!(
        refused(2, Value::from("https://issuer.example/status/1")),
        OtherSubject
    ));
    assert!(matches!(refused(4, Value::from(NOW.seconds())), Expired { .. }));
    assert!(matches!(
        refused(6, Value::from(NOW.plus(DAY).seconds())),
        IssuedInTheFuture { .. }
    ));
    for (key, value) in [
        (2, Value::Null),
        (2, Value::from(7)),
        (4, Value::from("tomorrow")),
        (6, Value::Null),
        (65_534, Value::from(0)),
        (65_534, Value::from(-60)),
        (65_533, Value::Null),
        (65_533, Value::Map(vec![(Value::from("bits"), Value::from(2))])),
        (65_533, states(3, Value::Bytes(vec![1]))),
        (65_533, states(2, Value::from("lst"))),
    ] {
        assert!(matches!(refused(key, value.clone()), Claims), "{key} {value:?}");
    }
    let cut = refused(65_533, states(2, Value::Bytes(vec![0x78, 0xda, 0xdb])));
    assert!(matches!(cut, StatusListError::List(_)));
    let bomb = zlib::deflate(&vec![0; (16 << 20) + 1], zlib::Effort::Best);
    let bomb = refused(65_533, states(2, Value::Bytes(bomb)));
    assert!(matches!(
        bomb,
        StatusListError::List(DecodeListError::Inflate(zlib::InflateError::OverLimit { .. }))
    ));
}

fn states(bits: u64, lst: Value) -> Value {
    Value::Map(vec![
        (Value::from("bits"), Value::from(bits)),
        (Value::from("lst"), lst),
    ])
}

#[test]
fn a_cwt_of_another_kind_or_signer_and_every_changed_byte_is_refused() {
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let token = signed(&issuer, STATUS_LIST_CWT_TYP, |_| {});
    let other_kind = signed(&issuer, "application/statuslist+jwt", |_| {});
    assert!(matches!(
        read(&other_kind, &issuer, NOW),
        Err(StatusListError::WrongType)
    ));
    // Without the tag of a COSE_Sign1, and within that of a CWT (61), which the specification forbids.
    assert!(matches!(
        read(&token[1..], &issuer, NOW),
        Err(StatusListError::NotAJws)
    ));
    let within_cwt = [&[0xd8, 0x3d], token.as_slice()].concat();
    assert!(matches!(
        read(&within_cwt, &issuer, NOW),
        Err(StatusListError::NotAJws)
    ));
    let stranger = TestIssuer::new("https://issuer.example", 200);
    assert!(matches!(
        read(&signed(&stranger, STATUS_LIST_CWT_TYP, |_| {}), &issuer, NOW),
        Err(StatusListError::Chain(_))
    ));
    for place in (0..token.len()).step_by(7) {
        let mut changed = token.clone();
        changed[place] ^= 1;
        assert!(read(&changed, &issuer, NOW).is_err(), "{place}");
    }
    let short = StatusListBudget {
        max_token_bytes: token.len() - 1,
        ..StatusListBudget::LARGEST_SHARD
    };
    assert!(matches!(
        StatusListCwt::parse(&token, short),
        Err(StatusListError::NotAJws)
    ));
}
