use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::cose::{ParsedSign1, TagPolicy};
use symbolon_crypto::encoding::cbor::{self, CborBudget};
use symbolon_crypto::encoding::zlib;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

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
