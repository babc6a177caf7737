//! Rows 1, 5, 6, 9, 10 and 34, for each format that a wallet presents, through the binary alone: what crates test about their own
//! part must also hold where the parts are put together.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role, Server};
use crate::story;

/// A configuration that is shipped, and how a relying party asks for it.
struct Format {
    configuration: &'static str,
    query: fn() -> Value,
}

const FORMATS: [Format; 5] = [
    Format {
        configuration: "NationalIdentity",
        query: || {
            json!({"id": "credential", "format": "dc+sd-jwt", "meta": {"vct_values": ["{vct}"]},
                "claims": [{"path": ["given_name"]}, {"path": ["birthdate"]}]})
        },
    },
    Format {
        configuration: "NationalIdentityMdoc",
        query: || {
            let name_space = "org.symbolon.national-id.1";
            json!({"id": "credential", "format": "mso_mdoc", "meta": {"doctype_value": name_space},
                "claims": [{"path": [name_space, "full_name"]}, {"path": [name_space, "birth_date"]}]})
        },
    },
    Format {
        configuration: "NationalIdentityLd",
        query: || w3c("ldp_vc"),
    },
    Format {
        configuration: "NationalIdentitySelective",
        query: || w3c("ldp_vc"),
    },
    Format {
        configuration: "NationalIdentityJwt",
        query: || w3c("jwt_vc_json"),
    },
];

fn w3c(format: &str) -> Value {
    json!({"id": "credential", "format": format,
        "meta": {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential"]]},
        "claims": [{"path": ["credentialSubject"]}]})
}

/// A resident who holds one credential, and shows it.
struct Resident {
    installation: Installation,
    _issuer: Server,
    _verifier: Server,
}

impl Resident {
    fn with(format: &Format) -> Self {
        let installation = Installation::new();
        let issuer = installation.serve(Role::Issuer);
        let verifier = installation.serve(Role::Verifier);
        let uin = story::import_people(&installation);
        let offer = installation.json(&[
            "offer",
            "create",
            "--record",
            &uin,
            "--credential",
            format.configuration,
            "--json",
        ]);
        installation.ok(&["wallet", "receive", offer["link"].as_str().unwrap()]);
        let mut query = (format.query)();
        if query["meta"]["vct_values"].is_array() {
            query["meta"]["vct_values"] = json!([format!("{}/types/national-identity", installation.issuer)]);
        }
        let query = json!({"credentials": [query]});
        fs::write(installation.path("query.json"), query.to_string()).unwrap();
        Self {
            installation,
            _issuer: issuer,
            _verifier: verifier,
        }
    }

    /// Asks, has the wallet answer, and keeps the evidence in `folder`. The presentation as it was sent.
    fn present(&self, folder: &str) -> Vec<u8> {
        let request = self
            .installation
            .json(&["request", "create", "--query", "query.json", "--json"]);
        let link = request["authorization_request"].as_str().unwrap();
        self.installation.ok(&["wallet", "present", link, "--yes"]);
        let id = request["request_id"].as_str().unwrap();
        self.installation
            .ok(&["request", "show", id, "--wait", "--evidence", folder]);
        fs::read(self.installation.path(&format!("{folder}/presentation.json"))).unwrap()
    }

    /// What `symbolon verify` says of a presentation, by the request of a folder: exit status and report.
    fn verify(&self, presentation: &[u8], folder: &str) -> (i32, Value) {
        fs::write(self.installation.path("shown"), presentation).unwrap();
        let request = format!("{folder}/request.jwt");
        let output = self
            .installation
            .run(&["verify", "shown", "--request", &request, "--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report)
    }
}

/// Rows 5, 6 and 9: it is for one request, and no bit of it may change.
#[test]
fn a_presentation_of_any_format_is_good_as_it_was_sent_for_its_own_request_alone() {
    for format in &FORMATS {
        let resident = Resident::with(format);
        let presentation = resident.present("first");
        let name = format.configuration;
        let (code, report) = resident.verify(&presentation, "first");
        assert_eq!(code, 0, "{name}: {report:#}");
        assert_eq!(report["holder"]["state"], "proven_by_key", "{name}");

        resident.present("second");
        let (code, report) = resident.verify(&presentation, "second");
        assert_eq!(code, 1, "{name} for another request: {report:#}");
        assert_eq!(report["holder"]["state"], "refuted", "{name}");

        // A sample of places: each of them in the envelope, in what was signed, or in a signature.
        for part in 1..24 {
            let mut changed = presentation.clone();
            let place = changed.len() * part / 24;
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            if changed == presentation {
                continue;
            }
            let (code, report) = resident.verify(&changed, "first");
            assert_ne!(code, 0, "{name} with another letter at {place}: {report:#}");
        }
    }
}

/// Row 34: cut off, doubled, nested, or not even text.
#[test]
fn a_presentation_that_is_damaged_is_unreadable_or_invalid_and_nothing_worse() {
    for format in &FORMATS {
        let resident = Resident::with(format);
        let presentation = resident.present("first");
        let half = presentation.len() / 2;
        let damaged: [Vec<u8>; 6] = [
            presentation[..half].to_vec(),
            [presentation.as_slice(), &presentation].concat(),
            [b"[".repeat(50_000), presentation.clone(), b"]".repeat(50_000)].concat(),
            [presentation.as_slice(), b"\0"].concat(),
            [
                &presentation[..half],
                b"\xff\xfe".as_slice(),
                &presentation[half..],
            ]
            .concat(),
            presentation.iter().rev().copied().collect(),
        ];
        for (number, damaged) in damaged.iter().enumerate() {
            let (code, report) = resident.verify(damaged, "first");
            assert!(
                code == 1 || code == 2,
                "{} damaged in way {number} ends with {code}: {report:#}",
                format.configuration
            );
        }
    }
}

/// Rows 1 and 7: whoever is not in the trust list issued nothing that is trusted, whatever the format.
#[test]
fn without_its_issuer_in_the_trust_list_no_format_is_trusted() {
    for format in &FORMATS {
        let resident = Resident::with(format);
        let presentation = resident.present("first");
        let file = resident.installation.path("data/trust.json");
        let mut root: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
        root["trust_list"]["issuers"] = json!([]);
        for member in ["did_documents", "type_metadata"] {
            root["trust_list"].as_object_mut().unwrap().remove(member);
        }
        fs::write(resident.installation.path("nobody.json"), root.to_string()).unwrap();
        fs::write(resident.installation.path("shown"), &presentation).unwrap();
        let output = resident.installation.run(&[
            "verify",
            "shown",
            "--request",
            "first/request.jwt",
            "--trust",
            "nobody.json",
            "--json",
        ]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{}: {report:#}",
            format.configuration
        );
        assert_ne!(report["trusted"]["state"], "trusted", "{}", format.configuration);
    }
}
