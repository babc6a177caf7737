//! `symbolon verify` with every format that is not made by an installation of the test: from a file, from standard input and
//! from a picture, offline with a pack.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, ProofOptions, ProofPurpose, prepare,
};
use symbolon_credential::mdoc::{IssuerSigned, MdocBudget, SessionTranscript};
use symbolon_credential::pixelpass;
use symbolon_credential::status::StatusReference;
use symbolon_credential::w3c::jose::{PresentationToSign, prepare_credential};
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, EnvelopeType, EnvelopedCredential, IssuerDescription,
    StatusPurpose, StatusSize, VerifiableCredential,
};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::revocation::RevocationListDraft;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::{DidUrl, did_key};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestNonce, ResponseMode};
use symbolon_protocol::openid4vp::request_object::{self, RequestValidity, SignerReference};
use symbolon_qr_picture::{ErrorCorrection, Symbol, Version};
use symbolon_trust::pack::{
    BitstringUris, CompactStatusList, PackBuilder, PackTimes, RevocationSection, StatusSection,
    StatusSectionInput,
};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{
    DAY, NOW, TestAuthority, TestIssuer, TestIssuingAuthority, TestKey, TestRegistry,
};
use symbolon_trust::trust_list::{CredentialTypeRule, RootOfTrust};

use crate::harness::symbolon;

const DOC_TYPE: &str = "org.symbolon.national-id.1";
const TYPE: &str = "https://issuer.example/terms#Identity";
/// A term of the W3C: a document with an RDF proof names its members by terms alone.
const GIVEN_NAME: &str = "name";
const REVOCATION: &str = "https://issuer.example/status/bitstring/0/revocation";
const SUSPENSION: &str = "https://issuer.example/status/bitstring/0/suspension";
const RESPONSE_URI: &str = "https://verifier.example/responses/1";
const NONCE: &str = "n-0123456789abcdef";
const INDEX: u64 = 77;

/// A folder with a root of trust, packs and a request, and the people whose keys made them.
struct Scene {
    folder: tempfile::TempDir,
    issuer: TestIssuer,
    authority: TestIssuingAuthority,
    did_key: TestKey,
    holder: TestKey,
    client_id: String,
    response_key: TestKey,
    json_ld: SsiJsonLd,
}

impl Scene {
    fn new() -> Self {
        let issuer = TestIssuer::new("https://issuer.example", 100);
        let (registry, authority) = (TestRegistry::new(1), TestIssuingAuthority::new(700));
        let (requests, signer) = (
            TestAuthority::new(500),
            TestKey::new(SignatureAlgorithm::Es256, 510),
        );
        let leaf = requests.issue(signer.public_key(), "https://verifier.example", None);
        let response_key = TestKey::new(SignatureAlgorithm::Es256, 520);
        let did_key_of_issuer = TestKey::new(SignatureAlgorithm::Es256, 301);

        let rules = [DOC_TYPE, TYPE].map(|name| CredentialTypeRule::Exactly(name.to_owned()));
        let mut entry = issuer.entry(rules.to_vec());
        entry.anchors.push(authority.root().clone());
        entry.dids = vec![did_key(did_key_of_issuer.public_key()).unwrap()];
        let mut list = registry.trust_list(vec![entry], NOW);
        list.relying_parties.anchors = vec![requests.certificate().clone()];

        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        write(
            "trust.json",
            &registry.root_of_trust(list.clone()).to_json().unwrap(),
        );
        for (sequence, name, status) in [
            (1, "good.pack", Status::Valid),
            (2, "revoked.pack", Status::Invalid),
        ] {
            let mut states = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
            states.set(INDEX, status).unwrap();
            let uris = BitstringUris {
                revocation: REVOCATION,
                suspension: SUSPENSION,
            };
            let section = issuer.status_section_with(&issuer.status_uri(0), Some(uris), &states, NOW);
            write(name, &registry.pack(sequence, &list, vec![section], NOW));
        }

        let client_id = ClientId::x509_hash(leaf.sha256());
        let query = json!({ "credentials": [
            { "id": "id", "format": "mso_mdoc", "meta": { "doctype_value": DOC_TYPE } },
        ]});
        let request = PresentationRequest {
            client_id: client_id.clone(),
            response_mode: ResponseMode::DirectPostJwt,
            response_uri: Some(HttpUrl::parse(RESPONSE_URI).unwrap()),
            nonce: RequestNonce::parse(NONCE).unwrap(),
            state: RequestNonce::parse("s-0123456789abcdef"),
            dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
            scope: None,
            transaction_data: Vec::new(),
            verifier_info: Vec::new(),
            client_metadata: ClientMetadata::for_encrypted_response(response_key.public_key(), None),
        };
        let validity = RequestValidity {
            issued_at: NOW,
            expires_at: NOW.plus(DAY),
        };
        let chain = [leaf];
        let reference = SignerReference::Certificates(&chain);
        let prepared =
            request_object::prepare(&request, reference, SignatureAlgorithm::Es256, validity, None).unwrap();
        let signature = signer.sign(&prepared.request(signer.handle()));
        write("request.jwt", prepared.finish(&signature).as_bytes());
        Self {
            folder,
            issuer,
            authority,
            did_key: did_key_of_issuer,
            holder: TestKey::new(SignatureAlgorithm::Es256, 900),
            client_id: client_id.as_str().to_owned(),
            response_key,
            json_ld: SsiJsonLd::new(),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn verify(&self, input: &str, pack: &str, further: &[&str]) -> Output {
        self.verify_from(input, pack, further, &[])
    }

    fn verify_from(&self, input: &str, pack: &str, further: &[&str], stdin: &[u8]) -> Output {
        let at = UnixTime::rfc3339(NOW);
        let mut child = symbolon()
            .current_dir(self.folder.path())
            .args([
                "verify",
                input,
                "--trust",
                "trust.json",
                "--pack",
                pack,
                "--at",
                &at,
            ])
            .args(further)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        child.wait_with_output().unwrap()
    }

    /// A device response for the request.
    fn mdoc(&self) -> Vec<u8> {
        let place = StatusReference::new(self.issuer.status_uri(0), INDEX).unwrap();
        let issued = self
            .authority
            .issue_given_name(DOC_TYPE, Some(place), self.holder.public_key());
        let transcript = SessionTranscript::openid4vp(
            &self.client_id,
            NONCE,
            Some(&self.response_key.public_key().thumbprint()),
            RESPONSE_URI,
        );
        let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
        let prepared = held
            .present(&[(DOC_TYPE, "given_name")])
            .unwrap()
            .prepare(&transcript);
        let signature = self.holder.sign(&prepared.request(self.holder.handle()));
        prepared.finish(&signature).unwrap()
    }

    fn credential(&self) -> VerifiableCredential {
        let entry = |purpose, list: &str| BitstringStatusEntry {
            id: None,
            purpose,
            index: INDEX,
            list: list.to_owned(),
            size: StatusSize::ONE,
            messages: Vec::new(),
        };
        let names =
            json!([{ "@value": "Amina", "@language": "fr" }, { "@value": "أمينة", "@language": "ar" }]);
        CredentialDocument {
            contexts: Vec::new(),
            types: vec![TYPE.to_owned()],
            id: None,
            issuer: IssuerDescription {
                id: did_key(self.did_key.public_key()).unwrap(),
                name: Vec::new(),
            },
            name: Vec::new(),
            description: Vec::new(),
            valid_from: Some(NOW.minus(DAY)),
            valid_until: Some(NOW.plus(DAY * 20)),
            holder: Some(did_key(self.holder.public_key()).unwrap()),
            claims: Map::from_iter([(GIVEN_NAME.to_owned(), names)]),
            status: vec![
                entry(StatusPurpose::Revocation, REVOCATION),
                entry(StatusPurpose::Suspension, SUSPENSION),
            ],
            schemas: Vec::new(),
            further: Map::new(),
        }
        .build()
        .unwrap()
    }

    /// A `vp+jwt` for the request.
    fn jwt(&self) -> String {
        let method = method(&self.did_key);
        let prepared =
            prepare_credential(&self.credential(), SignatureAlgorithm::Es256, &method, &[]).unwrap();
        let signature = self.did_key.sign(&prepared.request(self.did_key.handle()));
        let token =
            EnvelopedCredential::from_text(EnvelopeType::VcJwt, &prepared.finish(&signature)).unwrap();
        let presentation = PresentationToSign {
            credentials: &[token],
            key_id: &self::method(&self.holder),
            audience: &self.client_id,
            nonce: NONCE,
            issued_at: NOW,
        };
        let prepared = presentation.prepare(SignatureAlgorithm::Es256).unwrap();
        let signature = self.holder.sign(&prepared.request(self.holder.handle()));
        prepared.finish(&signature)
    }

    /// A presentation with proofs within, for the request.
    fn document(&self) -> String {
        let credential = self.prove(
            &Value::Object(self.credential().into_document()),
            &self.did_key,
            ProofPurpose::AssertionMethod,
        );
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
            "holder": method(&self.holder).did(), "verifiableCredential": [credential],
        });
        self.prove(&presentation, &self.holder, ProofPurpose::Authentication)
            .to_string()
    }

    fn prove(&self, document: &Value, key: &TestKey, purpose: ProofPurpose) -> Value {
        let for_request = purpose == ProofPurpose::Authentication;
        let options = ProofOptions {
            cryptosuite: Cryptosuite::EcdsaRdfc2019,
            verification_method: method(key).to_string(),
            purpose,
            created: Some(NOW),
            expires: None,
            domain: for_request.then(|| self.client_id.clone()),
            challenge: for_request.then(|| NONCE.to_owned()),
        };
        let json_ld = JsonLd {
            processor: &self.json_ld,
            contexts: &ContextTable::default(),
            budget: JsonLdBudget::DEFAULT,
        };
        let prepared = prepare(document, &options, key.public_key(), &json_ld).unwrap();
        prepared
            .clone()
            .finish(&key.sign(&prepared.signature_request(key.handle())))
    }
}

fn method(key: &TestKey) -> DidUrl {
    let did = did_key(key.public_key()).unwrap();
    did.with_fragment(did.method_specific_identifier()).unwrap()
}

#[track_caller]
fn verdict(output: &Output) -> (Option<i32>, String, String) {
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let text = |name: &str| report[name].as_str().unwrap().to_owned();
    (output.status.code(), text("verdict"), text("format"))
}

#[test]
fn every_format_is_verified_from_a_file_from_standard_input_and_from_a_picture() {
    let scene = Scene::new();
    let answered = ["--request", "request.jwt", "--json"];
    for (format, input) in [
        ("mdoc", scene.mdoc()),
        ("mdoc", base64url::encode(&scene.mdoc()).into_bytes()),
        ("jwt_vc", scene.jwt().into_bytes()),
        ("ldp_vc", scene.document().into_bytes()),
    ] {
        scene.write("input", &input);
        let valid = (Some(0), "valid".to_owned(), format.to_owned());
        assert_eq!(verdict(&scene.verify("input", "good.pack", &answered)), valid);
        let piped = scene.verify_from("-", "good.pack", &answered, &input);
        assert_eq!(verdict(&piped), valid);
        let Ok(text) = core::str::from_utf8(&input) else {
            continue;
        };
        let packed = pixelpass::encode(text, "").unwrap();
        let largest = Version::new(40).unwrap();
        let symbol = Symbol::draw(packed.as_bytes(), ErrorCorrection::Low, largest).unwrap();
        scene.write("input.png", &symbol.to_png(4).unwrap());
        assert_eq!(verdict(&scene.verify("input.png", "good.pack", &answered)), valid);
    }
}

#[test]
fn without_its_request_a_presentation_is_unknown_and_with_a_newer_pack_revoked() {
    let scene = Scene::new();
    for (name, input) in [
        ("a", scene.mdoc()),
        ("b", scene.jwt().into_bytes()),
        ("c", scene.document().into_bytes()),
    ] {
        scene.write(name, &input);
        let (code, verdict_of, _) = verdict(&scene.verify(name, "good.pack", &["--json"]));
        assert_eq!((code, verdict_of.as_str()), (Some(3), "unknown"));
    }
    for name in ["a", "b", "c"] {
        let output = scene.verify(name, "revoked.pack", &["--request", "request.jwt", "--json"]);
        let (code, verdict_of, _) = verdict(&output);
        assert_eq!((code, verdict_of.as_str()), (Some(1), "invalid"));
    }
}

#[test]
fn text_output_names_the_format_and_keeps_every_language() {
    let scene = Scene::new();
    scene.write("input", scene.jwt().as_bytes());
    let output = scene.verify("input", "good.pack", &["--request", "request.jwt"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "VALID",
        "W3C credential as a JWT",
        "Amina",
        "أمينة",
        "Bitstring Status List 1.0",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

/// Without a network, by a list that was brought along: DER, PEM, one that is over, one that is no list that can be used.
#[test]
fn a_revocation_list_from_a_file_takes_the_trust_from_its_signer() {
    let scene = Scene::new();
    scene.write("input", &scene.mdoc());
    let authority = &scene.authority;
    let signer = Certificate::parse(authority.certificate()).unwrap();
    let empty = authority.revocation_list(NOW);
    let revoking = empty.clone().revoking(&signer, NOW.minus(DAY), Some(1));
    let der = authority.sign_revocation_list(&revoking);
    scene.write("revoked.crl", &der);
    let pem = pem::encode(&pem::Pem::new("X509 CRL", der));
    scene.write("revoked.pem", pem.as_bytes());
    scene.write("good.crl", &authority.sign_revocation_list(&empty));
    let past = authority.revocation_list(NOW.minus(DAY * 2));
    scene.write("past.crl", &authority.sign_revocation_list(&past));
    let delta = empty.with("2.5.29.27", true, &[2, 1, 1]);
    scene.write("delta.crl", &authority.sign_revocation_list(&delta));

    let verify = |further: &[&str]| {
        let answered = ["--request", "request.jwt", "--json"];
        scene.verify("input", "good.pack", &[&answered, further].concat())
    };
    let word = |further: &[&str]| verdict(&verify(further)).1;
    assert_eq!(word(&["--crl", "good.crl"]), "valid");
    assert_eq!(word(&["--crl", "past.crl"]), "valid", "what is over says nothing");
    for list in ["revoked.crl", "revoked.pem"] {
        let output = verify(&["--crl", "good.crl", "--crl", list]);
        assert_eq!(output.status.code(), Some(1));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["trusted"]["state"], "not_trusted");
        let told = &report["warnings"][0];
        assert_eq!(told["warning"], "certificate_revoked");
        assert_eq!(told["revoked_at"], NOW.minus(DAY).seconds());
        assert_eq!(told["reason"], "key_compromise");
    }
    let said = scene.verify(
        "input",
        "good.pack",
        &["--request", "request.jwt", "--crl", "revoked.crl"],
    );
    let said = String::from_utf8(said.stdout).unwrap();
    assert!(said.contains("revoked a certificate of its signer"), "{said}");
    assert!(!said.contains("Amina"), "{said}");
    for (list, why) in [
        ("delta.crl", "delta revocation lists are not supported"),
        ("input", "not a version 2"),
    ] {
        let output = verify(&["--crl", list]);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(why), "{error}");
    }
}

/// Without a network, by the lists of a pack: a week on which what was revoked is known, what is too old is no evidence, and a revoked signer of status lists
/// says nothing. Rows 27, 28 and 30.
#[test]
fn a_pack_says_for_a_week_which_certificates_were_taken_back() {
    let scene = Scene::new();
    scene.write("input", &scene.mdoc());
    let authority = &scene.authority;
    let signer = Certificate::parse(authority.certificate()).unwrap();
    let status_key = &scene.issuer.status_key;
    let status_signer = authority.issue_status(status_key.public_key(), &["https://issuer.example"]);
    let registry = TestRegistry::new(1);
    let root = fs::read(scene.folder.path().join("trust.json")).unwrap();
    let mut list = RootOfTrust::parse(&root).unwrap().trust_list;
    list.valid_until = NOW.plus(DAY * 30);
    let states = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    let uri = scene.issuer.status_uri(0);
    let status = CompactStatusList::of_list(&uri, &states, None).unwrap();
    let input = StatusSectionInput {
        produced_at: NOW,
        valid_until: NOW.plus(DAY * 20),
        grace: DAY,
        x5chain: core::slice::from_ref(&status_signer),
    };
    let prepared = StatusSection::prepare(&input, vec![status], SignatureAlgorithm::Es256).unwrap();
    let signature = status_key.sign(&prepared.request(status_key.handle()));
    let section = prepared.finish(&signature).unwrap();
    let write = |sequence, name: &str, draft: Option<RevocationListDraft>| {
        let times = PackTimes {
            created: NOW,
            valid_until: NOW.plus(DAY * 20),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, registry.trust_section(&list));
        let builder = builder.with_status(section.clone());
        let builder = draft.into_iter().fold(builder, |builder, draft| {
            let der = authority.sign_revocation_list(&draft);
            let place = "http://lists.example/iaca.crl";
            let section = RevocationSection::new(place, &der, &[], authority.root()).unwrap();
            builder.with_revocation_list(section)
        });
        scene.write(name, &registry.sign_pack(builder));
    };
    let empty = authority.revocation_list(NOW);
    write(1, "none.pack", None);
    write(2, "good.pack", Some(empty.clone()));
    write(
        3,
        "signer.pack",
        Some(empty.clone().revoking(&signer, NOW.minus(DAY), Some(1))),
    );
    write(4, "status.pack", Some(empty.revoking(&status_signer, NOW, None)));
    let judge = |pack: &str, at: UnixTime| {
        let output = symbolon()
            .current_dir(scene.folder.path())
            .args([
                "verify",
                "input",
                "--trust",
                "trust.json",
                "--pack",
                pack,
                "--json",
            ])
            .args(["--request", "request.jwt", "--at", &at.rfc3339()])
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
        report
    };
    let checked = |report: &Value| {
        let checks = report["trusted"]["checks"].as_array().unwrap();
        let mut found = checks
            .iter()
            .filter(|check| check["name"] == "certificate_revocation");
        found.next().cloned()
    };
    let due = NOW.plus(DAY);
    assert_eq!(judge("none.pack", NOW)["verdict"], "valid");
    assert!(checked(&judge("good.pack", due)).is_some(), "it is in force");
    let late = judge("good.pack", due.plus(Duration::from_secs(1)));
    assert_eq!((&late["verdict"], checked(&late)), (&"valid".into(), None));
    let week = [NOW, due, NOW.plus(DAY * 7)];
    for at in week {
        let report = judge("signer.pack", at);
        assert_eq!(report["verdict"], "invalid", "{at:?}");
        let told = &report["warnings"][0];
        assert_eq!(told["warning"], "certificate_revoked");
        assert_eq!(told["revoked_at"], NOW.minus(DAY).seconds());
        assert_eq!(told["reason"], "key_compromise");
    }
    for at in week {
        let report = judge("status.pack", at);
        assert_eq!(report["verdict"], "unknown", "{at:?}");
        assert!(
            report["status"].to_string().contains("status_signer_revoked"),
            "{report}"
        );
    }
}

#[test]
fn what_cannot_be_read_is_told_with_the_rule_that_it_breaks() {
    let scene = Scene::new();
    let issued = scene.mdoc();
    let wrapped = [b"\xa2gdocTypeaxlissuerSigned".as_slice(), &issued].concat();
    for (input, said) in [
        (wrapped, "wrapped in a map with docType"),
        (b"nothing at all".to_vec(), "has the form of no credential"),
        (b"openid4vp://?client_id=x".to_vec(), "not a credential"),
        (
            b"{\"type\": \"Person\"}".to_vec(),
            "has the form of no credential",
        ),
    ] {
        scene.write("input", &input);
        let output = scene.verify("input", "good.pack", &[]);
        assert_eq!(output.status.code(), Some(2));
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said), "{error}");
    }
}
