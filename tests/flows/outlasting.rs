//! `symbolon verify` with a pack that is over: whom it took back stays taken back, and of whose list it left out nothing is known.

use std::fs;

use serde_json::Value;
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, KeyAuthorizations, MdocToIssue,
    MdocValidity, NameSpace,
};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::pack::{PackBuilder, PackTimes, RevocationSection};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;

use crate::harness::Installation;

const TYPE: &str = "org.symbolon.national-id.1";
const PLACE: &str = "http://lists.example/iaca.crl";

/// What the revocation list of a pack says.
#[derive(Clone, Copy, PartialEq)]
enum List {
    RevokesTheSigner,
    RevokesNobody,
    LeftOut,
}

/// A folder of its own with root of trust, packs and an mdoc.
fn lay_out(installation: &Installation, folder: &str, lists: &[List]) {
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
        let mut builder = PackBuilder::new(sequence, times, registry.trust_section(&trust));
        if *list != List::LeftOut {
            let mut draft = authority.revocation_list(NOW);
            if *list == List::RevokesTheSigner {
                let signer = Certificate::parse(authority.certificate()).unwrap();
                draft = draft.revoking(&signer, NOW.minus(DAY), Some(1));
            }
            let der = authority.sign_revocation_list(&draft);
            let section = RevocationSection::new(PLACE, &der, &[], authority.root()).unwrap();
            builder = builder.with_revocation_list(section);
        }
        write(&format!("{sequence}.pack"), registry.sign_pack(builder));
    }

    let element = (
        ElementIdentifier::parse("given_name").unwrap(),
        ElementValue::Text("Amina".to_owned()),
    );
    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    let issued = authority.issue(&MdocToIssue {
        doc_type: DocType::parse(TYPE).unwrap(),
        elements: vec![(NameSpace::parse(TYPE).unwrap(), vec![element])],
        validity: MdocValidity {
            signed: NOW.minus(DAY),
            valid_from: NOW.minus(DAY),
            valid_until: NOW.plus(DAY * 20),
            expected_update: None,
        },
        status: None,
        device_key: holder.public_key().clone(),
        key_authorizations: KeyAuthorizations::default(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    });
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
    let cases: [(&str, &[List], &str); 5] = [
        ("revoked", &[List::RevokesTheSigner], "not_trusted"),
        ("good", &[List::RevokesNobody], "trusted"),
        ("dropped", &[List::RevokesTheSigner, List::LeftOut], "unknown"),
        ("missed", &[List::RevokesNobody, List::LeftOut], "unknown"),
        ("none", &[List::LeftOut], "trusted"),
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
