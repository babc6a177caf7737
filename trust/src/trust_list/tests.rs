use super::*;
use crate::testing::{DAY, NOW, TestIssuer, TestRegistry};

const ISSUER: &str = "https://issuer.example";
const VCT: &str = "https://issuer.example/types/national-identity";

fn list() -> TrustList {
    let rules = vec![CredentialTypeRule::Exactly(VCT.to_owned())];
    TestRegistry::new(1).trust_list(vec![TestIssuer::new(ISSUER, 100).entry(rules)], NOW)
}

fn json() -> serde_json::Value {
    serde_json::from_slice(&list().to_json().unwrap()).unwrap()
}

fn parse(json: &serde_json::Value) -> Result<TrustList, ParseTrustListError> {
    TrustList::parse(&serde_json::to_vec(json).unwrap())
}

#[test]
fn reads_what_it_writes() {
    let list = list();
    assert_eq!(TrustList::parse(&list.to_json().unwrap()).unwrap(), list);
    let root = TestRegistry::new(1).root_of_trust(list);
    assert_eq!(RootOfTrust::parse(&root.to_json().unwrap()).unwrap(), root);
}

#[test]
fn the_json_form_is_the_documented_one() {
    let json = json();
    assert_eq!(json["version"], 1);
    assert_eq!(json["issued_at"], NOW.seconds());
    assert_eq!(json["grace_seconds"], 86_400);
    assert_eq!(json["issuers"][0]["identifier"], ISSUER);
    assert_eq!(json["issuers"][0]["credential_types"], serde_json::json!([VCT]));
    assert_eq!(json["issuers"][0]["claim169_keys"][0]["crv"], "Ed25519");
    assert!(
        json["issuers"][0]["anchors"][0]
            .as_str()
            .unwrap()
            .starts_with("MII")
    );
}

#[test]
fn says_which_etsi_trusted_lists_have_a_certificate_of_a_chain() {
    let anchor = list().issuers[0].anchors[0].clone();
    let other = TestIssuer::new("https://other.example", 200)
        .authority
        .certificate()
        .clone();
    let lists = |lists: &[(&str, &[&Certificate])]| {
        let mut trust_list = list();
        let lists = lists.iter().map(|(identifier, certificates)| EtsiTrustedList {
            identifier: (*identifier).to_owned(),
            certificates: certificates.iter().map(|it| (*it).clone()).collect(),
        });
        trust_list.etsi_trusted_lists = lists.collect();
        trust_list
    };
    let (own, strange) = ("https://lists.example/own", "https://lists.example/other");
    let known = lists(&[(own, &[&other, &anchor]), (strange, &[&other])]);
    let read = TrustList::parse(&known.to_json().unwrap()).unwrap();
    assert_eq!(read, known);
    assert_eq!(read.etsi_trusted_lists_with(&[&anchor]), [own]);
    assert_eq!(read.etsi_trusted_lists_with(&[&other, &anchor]), [own, strange]);
    assert!(read.etsi_trusted_lists_with(&[]).is_empty());
    for broken in [
        lists(&[(own, &[&anchor]), (own, &[&other])]),
        lists(&[("", &[&anchor])]),
        lists(&[(own, &[])]),
    ] {
        let written = serde_json::to_value(&broken).unwrap();
        assert!(matches!(
            parse(&written),
            Err(ParseTrustListError::EtsiTrustedList)
        ));
    }
}

#[test]
fn refuses_members_it_does_not_know() {
    let mut unknown = json();
    unknown["only_on_weekdays"] = true.into();
    assert!(parse(&unknown).is_err());
    let mut unknown = json();
    unknown["issuers"][0]["revoked"] = true.into();
    assert!(parse(&unknown).is_err());
}

#[test]
fn refuses_other_versions_and_contradictions() {
    let mut other = json();
    other["version"] = 2.into();
    assert!(matches!(
        parse(&other),
        Err(ParseTrustListError::Version { found: 2 })
    ));

    let mut backwards = json();
    backwards["valid_until"] = (NOW.seconds() - 1).into();
    assert!(matches!(
        parse(&backwards),
        Err(ParseTrustListError::ValidityEndsBeforeItBegins)
    ));

    let mut twice = json();
    let entry = twice["issuers"][0].clone();
    twice["issuers"].as_array_mut().unwrap().push(entry);
    assert!(matches!(parse(&twice), Err(ParseTrustListError::IssuerTwice)));

    for prefix in [
        "",
        "https",
        "https://",
        "https:///",
        "https://issuer.example",
        "ftp://issuer.example/",
    ] {
        let mut broad = json();
        broad["issuers"][0]["status_prefix"] = prefix.into();
        assert!(
            matches!(parse(&broad), Err(ParseTrustListError::StatusPrefix)),
            "{prefix}"
        );
    }
    let mut anchor = json();
    anchor["issuers"][0]["anchors"][0] = "AAAA".into();
    assert!(parse(&anchor).is_err());
}

#[test]
fn an_issuer_is_found_by_its_exact_identifier() {
    let list = list();
    assert!(list.issuer(ISSUER).is_some());
    for other in [
        "https://issuer.example/",
        "HTTPS://issuer.example",
        "https://issuer.example.evil",
        "",
    ] {
        assert!(list.issuer(other).is_none(), "{other}");
    }
}

#[test]
fn an_issuer_may_issue_what_is_listed_and_nothing_else() {
    let issuer = TestIssuer::new(ISSUER, 100);
    let entry = issuer.entry(vec![CredentialTypeRule::Exactly(VCT.to_owned())]);
    assert!(entry.may_issue(VCT));
    assert!(!entry.may_issue("https://issuer.example/types/national-identity/2"));
    assert!(!issuer.entry(Vec::new()).may_issue(VCT));
    assert!(issuer.entry(vec!["*".to_owned().into()]).may_issue(VCT));
}

#[test]
fn a_status_list_belongs_to_the_issuer_under_whose_address_it_stands() {
    let mut entry = TestIssuer::new(ISSUER, 100).entry(Vec::new());
    assert!(entry.owns_status_list("https://issuer.example/status/0"));
    assert!(!entry.owns_status_list("https://issuer.example.evil/status/0"));
    assert!(!entry.owns_status_list("https://other.example/status/0"));
    entry.status_prefix = Some("https://lists.example/issuer/".to_owned());
    assert!(entry.owns_status_list("https://lists.example/issuer/7"));
    assert!(!entry.owns_status_list("https://issuer.example/status/0"));
}

#[test]
fn of_two_issuers_on_one_host_the_more_specific_one_signs_the_list() {
    let tenant = "https://issuer.example/tenant";
    for order in [[ISSUER, tenant], [tenant, ISSUER]] {
        let mut list = list();
        list.issuers = order
            .map(|name| TestIssuer::new(name, 100).entry(Vec::new()))
            .into();
        let owner = |uri| {
            list.issuer_of_status_list(uri)
                .unwrap()
                .identifier
                .as_str()
                .to_owned()
        };
        assert_eq!(owner("https://issuer.example/tenant/status/0"), tenant);
        assert_eq!(owner("https://issuer.example/tenants/status/0"), ISSUER);
    }
}

#[test]
fn a_claim_169_key_is_found_by_thumbprint_or_name_or_by_being_the_only_one() {
    let issuer = TestIssuer::new(ISSUER, 100);
    let mut entry = issuer.entry(Vec::new());
    let key = issuer.claim169_key.public_key();
    let thumbprint = key.thumbprint();
    assert_eq!(
        entry.claim169_key(Some(thumbprint.as_bytes())).as_ref(),
        Some(key)
    );
    assert_eq!(entry.claim169_key(None).as_ref(), Some(key));
    assert_eq!(entry.claim169_key(Some(b"other")), None);

    let mut named = TestIssuer::new(ISSUER, 200).claim169_key.public_key().to_jwk();
    named.kid = Some("spring".to_owned());
    entry.claim169_keys.push(named);
    assert!(
        entry
            .claim169_key(Some(b"spring"))
            .is_some_and(|found| found != *key)
    );
    assert_eq!(entry.claim169_key(None), None, "of several keys none is meant");
}

#[test]
fn validity_has_a_grace_period_and_an_end() {
    let list = list();
    let expired_at = NOW.plus(DAY);
    assert_eq!(list.validity(NOW), Validity::Current);
    assert_eq!(list.validity(expired_at), Validity::Current);
    assert_eq!(
        list.validity(expired_at.plus(Duration::from_secs(1))),
        Validity::InGrace { expired_at }
    );
    assert_eq!(
        list.validity(expired_at.plus(DAY)),
        Validity::InGrace { expired_at }
    );
    assert_eq!(
        list.validity(expired_at.plus(DAY + Duration::from_secs(1))),
        Validity::Expired { expired_at }
    );
    assert_eq!(
        list.validity(NOW.minus(Duration::from_secs(300))),
        Validity::Current,
        "clocks drift"
    );
    assert_eq!(
        list.validity(NOW.minus(Duration::from_secs(301))),
        Validity::NotYetIssued
    );
}

#[test]
fn identifiers_are_absolute_addresses_without_tricks() {
    for text in [
        "https://issuer.example",
        "http://127.0.0.1:8080",
        "https://issuer.example/a/b",
    ] {
        assert!(IssuerIdentifier::parse(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "issuer",
        "ftp://issuer.example",
        "https://",
        "https:///x",
        "https://a@b",
        "https://a?b",
        "https://a#b",
        "https://a b",
    ] {
        assert!(IssuerIdentifier::parse(text).is_err(), "{text}");
    }
}

const DID: &str = "did:web:issuer.example";

fn with_documents() -> serde_json::Value {
    let mut list = json();
    list["issuers"][0]["dids"] = serde_json::json!([DID]);
    list["did_documents"] = serde_json::json!({ DID: { "id": DID, "assertionMethod": [] } });
    list["contexts"] = serde_json::json!({ "https://issuer.example/contexts/identity": { "@context": { "name": "https://schema.org/name" } } });
    list
}

#[test]
fn a_list_without_documents_is_written_as_it_always_was() {
    let json = json();
    assert!(json.get("did_documents").is_none());
    assert!(json.get("contexts").is_none());
    assert!(json["issuers"][0].get("dids").is_none());
}

#[test]
fn an_issuer_is_found_by_its_did() {
    let list = parse(&with_documents()).unwrap();
    assert_eq!(TrustList::parse(&list.to_json().unwrap()).unwrap(), list);
    let found = |did: &str| list.issuer_with_did(&Did::parse(did).unwrap());
    assert_eq!(found(DID).unwrap().identifier.as_str(), ISSUER);
    assert!(found("did:web:issuer.example:other").is_none());
    assert!(list.did_documents.contains_key(&Did::parse(DID).unwrap()));
}

#[test]
fn a_did_belongs_to_one_issuer() {
    let mut twice = with_documents();
    twice["issuers"][0]["dids"] = serde_json::json!([DID, DID]);
    assert!(matches!(parse(&twice), Err(ParseTrustListError::DidTwice)));
    let mut shared = with_documents();
    let mut second = shared["issuers"][0].clone();
    second["identifier"] = "https://other.example".into();
    shared["issuers"].as_array_mut().unwrap().push(second);
    assert!(matches!(parse(&shared), Err(ParseTrustListError::DidTwice)));
    let mut no_did = with_documents();
    no_did["issuers"][0]["dids"] = serde_json::json!(["issuer.example"]);
    assert!(matches!(parse(&no_did), Err(ParseTrustListError::Json(_))));
    let mut many = with_documents();
    many["issuers"][0]["dids"] = (0..17).map(|n| format!("did:web:issuer.example:{n}")).collect();
    assert!(matches!(parse(&many), Err(ParseTrustListError::OverBudget)));
}

#[test]
fn a_did_document_is_of_a_listed_did() {
    let mut of_another = with_documents();
    of_another["did_documents"][DID]["id"] = "did:web:evil.example".into();
    assert!(matches!(
        parse(&of_another),
        Err(ParseTrustListError::DidDocument)
    ));
    let mut unlisted = with_documents();
    unlisted["issuers"][0]["dids"] = serde_json::json!([]);
    assert!(matches!(parse(&unlisted), Err(ParseTrustListError::DidDocument)));
    let mut long = with_documents();
    long["did_documents"][DID]["note"] = "a".repeat(MAX_DID_DOCUMENT_BYTES).into();
    assert!(matches!(parse(&long), Err(ParseTrustListError::OverBudget)));
}

#[test]
fn a_context_is_a_context_under_a_url() {
    for (url, context) in [
        ("issuer.example/contexts", serde_json::json!({ "@context": {} })),
        (
            "https://issuer.example/contexts",
            serde_json::json!({ "name": "https://schema.org/name" }),
        ),
        ("https://issuer.example/contexts", serde_json::json!([])),
    ] {
        let mut list = with_documents();
        list["contexts"] = serde_json::json!({ url: context });
        assert!(matches!(parse(&list), Err(ParseTrustListError::Context)), "{url}");
    }
    let mut long = with_documents();
    long["contexts"]["https://issuer.example/contexts/identity"]["note"] =
        "a".repeat(MAX_CONTEXT_BYTES).into();
    assert!(matches!(parse(&long), Err(ParseTrustListError::OverBudget)));
}

/// The holder of a credential could choose between the two, and write its end under the one that nobody reads.
#[test]
fn a_context_gives_no_second_term_to_a_word_of_the_w3c() {
    for definition in [
        serde_json::json!({ "end": "https://www.w3.org/2018/credentials#validUntil" }),
        serde_json::json!({ "uid": "@id" }),
        serde_json::json!({ "credentialStatus": "https://issuer.example/terms#status" }),
    ] {
        let mut list = with_documents();
        list["contexts"]["https://issuer.example/contexts/identity"] =
            serde_json::json!({ "@context": definition });
        assert!(
            matches!(parse(&list), Err(ParseTrustListError::AmbiguousContext(_))),
            "{definition}"
        );
        // Nor is such a list written.
        let built: TrustList = serde_json::from_value(list).unwrap();
        assert!(built.to_json().is_err());
    }
}

fn party() -> serde_json::Value {
    serde_json::json!({
        "identifier": "VATSN-123456789", "name": "Harbour clinic",
        "purposes": [{ "lang": "en", "value": "Treatment" }],
        "credentials": [{ "format": "dc+sd-jwt", "types": [VCT], "claims": [["given_name"], ["address", "country"]] }],
    })
}

#[test]
fn a_relying_party_is_found_by_its_organisation() {
    let mut registered = json();
    registered["relying_parties"]["registered"] = serde_json::json!([party()]);
    let list = parse(&registered).unwrap();
    assert_eq!(TrustList::parse(&list.to_json().unwrap()).unwrap(), list);
    let parties = &list.relying_parties;
    assert_eq!(
        parties.registered("VATSN-123456789").unwrap().name,
        "Harbour clinic"
    );
    assert_eq!(parties.registered("VATSN-12345678"), None);
    // A list without any is written as it always was.
    assert!(json()["relying_parties"].get("registered").is_none());
}

#[test]
fn an_entry_of_a_relying_party_says_something_that_can_be_compared() {
    let refused = |parties: serde_json::Value| {
        let mut list = json();
        list["relying_parties"]["registered"] = parties;
        parse(&list).unwrap_err()
    };
    let changed = |pointer: &str, value: serde_json::Value| {
        let mut party = party();
        *party.pointer_mut(pointer).unwrap() = value;
        refused(serde_json::json!([party]))
    };
    for error in [
        refused(serde_json::json!([party(), party()])),
        changed("/identifier", "".into()),
        changed("/name", "Clinic\nof the harbour".into()),
        changed("/purposes/0/value", "a".repeat(1_025).into()),
        changed("/credentials/0/types", serde_json::json!([])),
        changed("/credentials/0/types", serde_json::json!(vec!["a"; 65])),
        changed("/credentials/0/format", "claim_169".into()),
        changed("/credentials/0/claims", serde_json::json!(vec![["a"]; 257])),
    ] {
        assert!(matches!(error, ParseTrustListError::RelyingParty), "{error:?}");
    }
    for (pointer, value) in [
        ("/credentials/0/format", serde_json::json!("jwt_vc")),
        ("/credentials/0/claims", serde_json::json!([[]])),
        ("/credentials", serde_json::json!(null)),
    ] {
        assert!(
            matches!(changed(pointer, value), ParseTrustListError::Json(_)),
            "{pointer}"
        );
    }
}

#[test]
fn a_list_that_was_superseded_is_over_however_long_it_was_to_hold() {
    let list = parse(&json()).unwrap();
    let later = list.issued_at.plus(Duration::from_secs(1));
    for seen in [None, Some(list.issued_at)] {
        assert_eq!(list.unless_superseded(seen).validity(later), Validity::Current);
    }
    let superseded = list.unless_superseded(Some(later));
    assert!(matches!(superseded.validity(later), Validity::Expired { .. }));
    let again = superseded.unless_superseded(Some(later));
    assert!(matches!(again, Cow::Borrowed(_)), "it is copied once");
}
