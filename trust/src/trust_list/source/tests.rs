use super::*;
use crate::authorities::authority;
use crate::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use crate::trust_list::IssuerIdentifier;

const ISSUER: &str = "https://issuer.example";
const LICENCE: &str = "org.iso.18013.5.1.mDL";

fn list() -> TrustList {
    let rules = vec![CredentialTypeRule::Any];
    TestRegistry::new(1).trust_list(vec![TestIssuer::new(ISSUER, 100).entry(rules)], NOW)
}

fn source(kind: SourceKind) -> AnchorSource {
    AnchorSource {
        kind,
        provider: "Provider".to_owned(),
        issue: Some(7),
        issued_at: Some(NOW),
        valid_until: Some(NOW.plus(DAY * 30)),
        grace: DAY,
    }
}

fn name(text: &str) -> SourceName {
    SourceName::parse(text).unwrap()
}

fn listed(seed: u64) -> TrustedIssuer {
    let rules = vec![CredentialTypeRule::Exactly(LICENCE.to_owned())];
    authority(TestIssuingAuthority::new(seed).root(), None, rules)
}

#[test]
fn a_list_with_sources_is_read_as_it_is_written() {
    let mut list = list();
    list.add_source(
        name("vical"),
        source(SourceKind::Vical),
        vec![listed(710), listed(720)],
    )
    .unwrap();
    let json: serde_json::Value = serde_json::from_slice(&list.to_json().unwrap()).unwrap();
    assert_eq!(json["sources"]["vical"]["kind"], "vical");
    assert_eq!(json["sources"]["vical"]["grace_seconds"], 86_400);
    let issuer = &json["issuers"][1];
    assert_eq!(issuer["source"], "vical");
    assert_eq!(issuer["formats"], serde_json::json!(["mso_mdoc"]));
    assert_eq!(issuer["credential_types"], serde_json::json!([LICENCE]));
    assert!(issuer["identifier"].as_str().unwrap().starts_with("x509-sha256:"));
    assert_eq!(TrustList::parse(&list.to_json().unwrap()).unwrap(), list);
}

#[test]
fn one_authority_stands_in_several_sources_and_once_in_each() {
    let mut list = list();
    list.add_source(name("one"), source(SourceKind::Vical), vec![listed(710)])
        .unwrap();
    list.add_source(name("two"), source(SourceKind::IacaList), vec![listed(710)])
        .unwrap();
    let before = list.clone();
    let twice = vec![listed(720), listed(720)];
    assert!(matches!(
        list.add_source(name("three"), source(SourceKind::Vical), twice),
        Err(ParseTrustListError::IssuerTwice)
    ));
    assert!(matches!(
        list.add_source(name("one"), source(SourceKind::Vical), vec![listed(720)]),
        Err(ParseTrustListError::Source)
    ));
    assert_eq!(list, before, "what is refused changes nothing");
}

/// A list of mdoc authorities must not bring a name, a key, a format or an anchor that would let it vouch for anything else.
#[test]
fn a_source_brings_what_its_kind_may_bring() {
    let with = |change: &dyn Fn(&mut TrustedIssuer)| {
        let mut issuer = listed(710);
        change(&mut issuer);
        issuer
    };
    let key = TestKey::new(symbolon_crypto::SignatureAlgorithm::EdDsa, 5)
        .public_key()
        .to_jwk();
    let another = TestIssuingAuthority::new(720).root().clone();
    let bad = [
        with(&|issuer| issuer.identifier = IssuerIdentifier::parse("https://other.example").unwrap()),
        with(&|issuer| issuer.formats = Vec::new()),
        with(&|issuer| issuer.formats.push(AnchoredFormat::SdJwtVc)),
        with(&|issuer| issuer.anchors.push(another.clone())),
        with(&|issuer| issuer.anchors = vec![another.clone()]),
        with(&|issuer| issuer.anchors = Vec::new()),
        with(&|issuer| issuer.claim169_keys = vec![key.clone()]),
        with(&|issuer| issuer.dids = vec![symbolon_did::Did::parse("did:web:other.example").unwrap()]),
    ];
    for (position, issuer) in bad.into_iter().enumerate() {
        for kind in [SourceKind::Vical, SourceKind::IacaList] {
            let refused = list().add_source(name("vical"), source(kind), vec![issuer.clone()]);
            assert!(
                matches!(refused, Err(ParseTrustListError::Source)),
                "{position} of {}",
                kind.name()
            );
        }
    }
    // A pinned file may bring an issuer with a name, for the formats that it says.
    let mut issuer = TestIssuer::new("https://other.example", 200).entry(vec![CredentialTypeRule::Any]);
    issuer.claim169_keys = Vec::new();
    let pinned = |issuer: &TrustedIssuer| {
        list().add_source(name("pinned"), source(SourceKind::Pinned), vec![issuer.clone()])
    };
    assert!(pinned(&issuer).is_err(), "it says no format");
    issuer.formats = vec![AnchoredFormat::SdJwtVc];
    assert!(pinned(&issuer).is_ok());
    issuer.identifier = IssuerIdentifier::parse(ISSUER).unwrap();
    assert!(
        matches!(pinned(&issuer), Err(ParseTrustListError::IssuerTwice)),
        "nobody gives an issuer of the list further anchors"
    );
}

#[test]
fn an_issuer_without_its_source_or_a_name_makes_a_list_unreadable() {
    let mut list = list();
    list.issuers.push(listed(710));
    assert!(matches!(list.to_json(), Err(ParseTrustListError::Source)));
    list.issuers[1].source = Some(name("vical"));
    assert!(matches!(list.to_json(), Err(ParseTrustListError::Source)));
    list.sources.insert(name("vical"), source(SourceKind::Vical));
    assert!(list.to_json().is_ok());
    let mut backwards = list.clone();
    backwards.sources.get_mut(&name("vical")).unwrap().valid_until = Some(NOW.minus(DAY));
    assert!(matches!(backwards.to_json(), Err(ParseTrustListError::Source)));
    list.sources.get_mut(&name("vical")).unwrap().grace = MAX_SOURCE_GRACE + DAY;
    assert!(matches!(list.to_json(), Err(ParseTrustListError::Source)));
}

#[test]
fn each_source_has_its_own_validity() {
    let mut list = list();
    list.add_source(name("vical"), source(SourceKind::Vical), vec![listed(710)])
        .unwrap();
    let (own, taken) = (list.issuers[0].clone(), list.issuers[1].clone());
    let later = NOW.plus(DAY * 10);
    assert!(matches!(list.validity_of(&own, later), Validity::Expired { .. }));
    assert_eq!(list.validity_of(&taken, later), Validity::Current);
    assert!(matches!(
        list.validity_of(&taken, NOW.plus(DAY * 31)),
        Validity::InGrace { .. }
    ));
    // One that says nothing about time holds.
    let timeless = AnchorSource {
        issued_at: None,
        valid_until: None,
        ..source(SourceKind::Pinned)
    };
    assert_eq!(timeless.validity(NOW.plus(DAY * 9_000)), Validity::Current);
}

#[test]
fn an_authority_has_no_status_list_of_anybody_else() {
    let mut list = list();
    list.add_source(name("vical"), source(SourceKind::Vical), vec![listed(710)])
        .unwrap();
    let taken = list.issuers[1].clone();
    assert!(taken.owns_status_list("https://lists.example/1"));
    assert!(!taken.owns_status_list("file:///etc/passwd"));
    // Who signs a list at an address is asked of those alone who have addresses.
    let of = |uri: &str| {
        list.issuer_of_status_list(uri)
            .map(|issuer| issuer.identifier.as_str())
    };
    assert_eq!(of("https://issuer.example/status/1"), Some(ISSUER));
    assert_eq!(of("https://lists.example/1"), None);
}

#[test]
fn the_identifier_of_a_certificate_is_its_hash_and_nothing_else() {
    let root = TestIssuingAuthority::new(710);
    let identifier = IssuerIdentifier::of_certificate(root.root());
    assert!(identifier.is_certificate());
    assert_eq!(IssuerIdentifier::parse(identifier.as_str()).unwrap(), identifier);
    let hash = identifier.as_str().strip_prefix("x509-sha256:").unwrap();
    for text in [
        format!("x509-sha256:{}", hash.to_uppercase()),
        format!("x509-sha256:{}", &hash[1..]),
        format!("x509-sha256:{hash}0"),
        format!("x509-sha1:{hash}"),
        "x509-sha256:".to_owned(),
    ] {
        assert!(IssuerIdentifier::parse(&text).is_err(), "{text}");
    }
    for text in ["", "A", "a b", "a/b", "a.b"] {
        assert!(SourceName::parse(text).is_err());
    }
}
