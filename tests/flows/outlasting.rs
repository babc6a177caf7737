//! `symbolon verify` with a pack that is over: whom it took back stays taken back, and of whose list it left out nothing is known.

use std::fs;

use serde_json::Value;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::pack::{PackBuilder, PackTimes};
use symbolon_trust::testing::PackedList::{self, LeftOut, RevokesNobody, RevokesTheSigner};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use crate::harness::Installation;

const TYPE: &str = "org.symbolon.national-id.1";
const PLACE: &str = "http://lists.example/iaca.crl";

/// A folder of its own with root of trust, packs and an mdoc.
fn lay_out(installation: &Installation, folder: &str, lists: &[PackedList]) {
    let (registry, authority) = (
        TestRegistry::new(1),
        TestIssuingAuthority::new(700).publishing_at(PLACE),
    );
    let issuer = TestIssuer::new("https://issuer.example", 100);
    let mut entry = issuer.entry(vec![CredentialTypeRule::Any]);
    entry.anchors.push(authority.root().clone());
    let mut trust = registry.trust_list(vec![entry], NOW);
    trust.valid_until = NOW.plus(DAY * 30);
    let write = |name: &str, bytes: Vec<u8>| fs::write(installation.path(folder).join(name), bytes).unwrap();
    fs::create_dir(installation.path(folder)).unwrap();
    write(
        "trust.json",
        registry.root_of_trust(trust.clone()).to_json().unwrap(),
    );

    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    for (sequence, list) in (1..).zip(lists) {
        let builder = PackBuilder::new(sequence, times, registry.trust_section(&trust));
        let pack = registry.sign_pack(authority.add_list(builder, *list));
        write(&format!("{sequence}.pack"), pack);
    }

    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    let issued = authority.issue_given_name(TYPE, None, holder.public_key());
    write("shown.cbor", issued);
}

/// What is said of who signed the mdoc, with the pack of this number.
fn trusted(installation: &Installation, folder: &str, number: usize, at: UnixTime) -> (Value, bool) {
    let [shown, trust, pack] = [
        "shown.cbor".to_owned(),
        "trust.json".to_owned(),
        format!("{number}.pack"),
    ]
    .map(|name| format!("{folder}/{name}"));
    let at = at.rfc3339();
    let arguments = [
        "verify", &shown, "--trust", &trust, "--pack", &pack, "--at", &at, "--json",
    ];
    let output = installation.command(&arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{said}"));
    assert_eq!(report["authentic"]["state"], "authentic", "{report:#}");
    (
        report["trusted"]["state"].clone(),
        said.contains("the pack is refused"),
    )
}

#[test]
fn whom_a_pack_took_back_stays_taken_back_when_it_is_over() {
    let installation = Installation::new();
    let cases: [(&str, &[PackedList], &str); 5] = [
        ("revoked", &[RevokesTheSigner], "not_trusted"),
        ("good", &[RevokesNobody], "trusted"),
        ("dropped", &[RevokesTheSigner, LeftOut], "unknown"),
        ("missed", &[RevokesNobody, LeftOut], "unknown"),
        ("none", &[LeftOut], "trusted"),
    ];
    for (folder, lists, state) in cases {
        lay_out(&installation, folder, lists);
        for number in 1..=lists.len() {
            let (_, is_refused) = trusted(&installation, folder, number, NOW);
            assert!(!is_refused);
        }
        for (now, is_over) in [(NOW, false), (NOW.plus(DAY * 3), true)] {
            let said = trusted(&installation, folder, lists.len(), now);
            assert_eq!(said, (Value::from(state), is_over), "{folder}");
        }
    }
}

/// Whoever takes away the pack of a shop brings nobody back: the list that was seen in it is missed, and the one that it was pinned with has been superseded.
#[test]
fn whom_a_pack_left_out_or_superseded_is_unknown_when_it_is_gone() {
    let said = |lists: &[PackedList], supersede: bool| {
        let installation = Installation::none();
        lay_out(&installation, "packs", lists);
        let source = r#"{"version": 1, "index": "https://packs.example/packs.json"}"#;
        fs::write(installation.path("packs/source.json"), source).unwrap();
        for number in 1..=lists.len() {
            trusted(&installation, "packs", number, NOW);
        }
        if supersede {
            let path = installation.path("packs/trust.json");
            let mut pinned: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
            let issued_at = &mut pinned["trust_list"]["issued_at"];
            assert_eq!(*issued_at, NOW.seconds());
            *issued_at = NOW.minus(DAY).seconds().into();
            fs::write(path, pinned.to_string()).unwrap();
        }
        let at = NOW.rfc3339();
        let arguments = ["verify", "packs/shown.cbor", "--at", &at, "--json"];
        let output = installation.command(&arguments).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{told}"));
        assert_eq!(told.contains("the pack is gone"), !lists.is_empty(), "{told}");
        report["trusted"]["state"].clone()
    };
    assert_eq!(said(&[], false), "trusted");
    assert_eq!(said(&[LeftOut], false), "trusted");
    assert_eq!(said(&[RevokesNobody, LeftOut], false), "unknown");
    assert_eq!(said(&[RevokesTheSigner], false), "unknown");
    assert_eq!(said(&[], true), "trusted");
    assert_eq!(said(&[LeftOut], true), "unknown");
}
