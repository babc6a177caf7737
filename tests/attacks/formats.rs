//! Rows 1, 5, 6, 7, 9 and 34, for each format that a wallet presents, through the binary alone: what crates test about their
//! own part must also hold where the parts are put together.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Installation, Role, Server};
use crate::story;

/// The query of a relying party; none where a shipped one is asked.
type OwnQuery = fn() -> Option<Value>;

/// Configurations that are shipped, and how a relying party asks for them; the first one's query is shipped too.
const FORMATS: [(&str, OwnQuery); 5] = [
    ("NationalIdentity", || None),
    ("NationalIdentityMdoc", || {
        let name_space = "org.symbolon.national-id.1";
        Some(
            json!({"id": "credential", "format": "mso_mdoc", "meta": {"doctype_value": name_space},
            "claims": [{"path": [name_space, "full_name"]}, {"path": [name_space, "birth_date"]}]}),
        )
    }),
    ("NationalIdentityLd", || Some(w3c("ldp_vc"))),
    ("NationalIdentitySelective", || Some(w3c("ldp_vc"))),
    ("NationalIdentityJwt", || Some(w3c("jwt_vc_json"))),
];

fn w3c(format: &str) -> Value {
    json!({"id": "credential", "format": format,
        "meta": {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential"]]},
        "claims": [{"path": ["credentialSubject"]}]})
}

/// An installation that serves, and a resident.
struct World {
    installation: Installation,
    uin: String,
    _issuer: Server,
    _verifier: Server,
}

/// One credential in a wallet of its own.
struct Held<'w> {
    world: &'w World,
    configuration: &'static str,
    query: String,
}

impl World {
    fn start() -> Self {
        let installation = Installation::new();
        let issuer = installation.serve(Role::Issuer);
        let verifier = installation.serve(Role::Verifier);
        let uin = story::import_people(&installation);
        Self {
            installation,
            uin,
            _issuer: issuer,
            _verifier: verifier,
        }
    }

    /// Every format, each received into its own wallet.
    fn held(&self) -> impl Iterator<Item = Held<'_>> {
        FORMATS.into_iter().map(|(configuration, query)| {
            let installation = &self.installation;
            let offer = story::offer(installation, &self.uin, configuration, &[]);
            story::take_up(installation, &offer, &["--wallet", configuration]);
            let query = match query() {
                None => "age-over-18".to_owned(),
                Some(credential) => {
                    let file = format!("{configuration}.query.json");
                    let query = json!({"credentials": [credential]});
                    fs::write(installation.path(&file), query.to_string()).unwrap();
                    file
                }
            };
            Held {
                world: self,
                configuration,
                query,
            }
        })
    }
}

impl Held<'_> {
    /// Asks, has the wallet answer, and keeps the evidence in a folder. The folder, and the presentation as it was sent.
    fn present(&self, number: u8) -> (String, Vec<u8>) {
        let installation = &self.world.installation;
        let request = installation.json(&["request", "create", "--query", &self.query, "--json"]);
        let link = request["authorization_request"].as_str().unwrap();
        installation.ok(&["wallet", "present", link, "--yes", "--wallet", self.configuration]);
        let folder = format!("{}-{number}", self.configuration);
        let id = request["request_id"].as_str().unwrap();
        installation.ok(&["request", "show", id, "--wait", "--evidence", &folder]);
        let presentation = fs::read(installation.path(&format!("{folder}/presentation.json"))).unwrap();
        (folder, presentation)
    }

    /// What `symbolon verify` says of a presentation, by the request of a folder: exit status and report.
    fn verify(&self, presentation: &[u8], folder: &str, more: &[&str]) -> (i32, Value) {
        let installation = &self.world.installation;
        fs::write(installation.path("shown"), presentation).unwrap();
        let request = format!("{folder}/request.jwt");
        let arguments = ["verify", "shown", "--request", &request, "--json"];
        let output = installation.run(&[&arguments, more].concat());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        let report = serde_json::from_slice(&output.stdout).unwrap_or(Value::Null);
        (output.status.code().unwrap(), report)
    }
}

/// Whether `part` says nothing that `whole` does not say.
fn is_within(part: &Value, whole: &Value) -> bool {
    match (part, whole) {
        (Value::Object(part), Value::Object(whole)) => part
            .iter()
            .all(|(name, value)| whole.get(name).is_some_and(|whole| is_within(value, whole))),
        (part, whole) => part == whole,
    }
}

/// Rows 5, 6 and 9.
#[test]
fn a_presentation_of_any_format_is_for_its_own_request_and_shows_nothing_that_was_not_signed() {
    let world = World::start();
    for held in world.held() {
        let name = held.configuration;
        let (first, presentation) = held.present(1);
        let (code, good) = held.verify(&presentation, &first, &[]);
        assert_eq!(code, 0, "{name}: {good:#}");
        assert_eq!(good["holder"]["state"], "proven_by_key", "{name}");

        let (second, _) = held.present(2);
        let (code, report) = held.verify(&presentation, &second, &[]);
        assert_eq!(code, 1, "{name} for another request: {report:#}");
        assert_eq!(report["holder"]["state"], "refuted", "{name}");

        // A sample of places: each in the envelope, in what was signed, or in a signature. The name of a member of an mdoc
        // that nobody signs may change, and then its elements are not shown.
        for part in 1..24 {
            let mut changed = presentation.clone();
            let place = changed.len() * part / 24;
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let (code, report) = held.verify(&changed, &first, &[]);
            assert!(
                code != 0 || is_within(&report["claims"], &good["claims"]),
                "{name} with another letter at {place}: {report:#}"
            );
        }
    }
}

/// Row 34: cut off, doubled, nested, or not even text.
#[test]
fn a_presentation_that_is_damaged_is_unreadable_or_invalid_and_nothing_worse() {
    let world = World::start();
    for held in world.held() {
        let (folder, presentation) = held.present(1);
        let (before, after) = presentation.split_at(presentation.len() / 2);
        let damaged: [Vec<u8>; 6] = [
            before.to_vec(),
            [presentation.as_slice(), &presentation].concat(),
            [b"[".repeat(50_000), presentation.clone(), b"]".repeat(50_000)].concat(),
            [presentation.as_slice(), b"\0"].concat(),
            [before, b"\xff\xfe", after].concat(),
            presentation.iter().rev().copied().collect(),
        ];
        for (number, damaged) in damaged.iter().enumerate() {
            let (code, report) = held.verify(damaged, &folder, &[]);
            assert!(
                code == 1 || code == 2,
                "{} damaged in way {number} ends with {code}: {report:#}",
                held.configuration
            );
        }
    }
}

/// Rows 1 and 7: whoever is not in the trust list issued nothing that is trusted, whatever the format.
#[test]
fn without_its_issuer_in_the_trust_list_no_format_is_trusted() {
    let world = World::start();
    let file = world.installation.path("data/trust.json");
    let mut root: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    root["trust_list"]["issuers"] = json!([]);
    for member in ["did_documents", "type_metadata"] {
        root["trust_list"].as_object_mut().unwrap().remove(member);
    }
    fs::write(world.installation.path("nobody.json"), root.to_string()).unwrap();
    for held in world.held() {
        let (folder, presentation) = held.present(1);
        let (code, report) = held.verify(&presentation, &folder, &["--trust", "nobody.json"]);
        assert_eq!(code, 1, "{}: {report:#}", held.configuration);
        assert_eq!(
            report["trusted"]["state"], "not_trusted",
            "{}",
            held.configuration
        );
        assert_eq!(report["claims"], json!({}), "what a stranger says is not shown");
    }
}
