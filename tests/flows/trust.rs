//! Lists of authorities beside the trust list, and the registry's work with its own: `symbolon trust`, and what follows from it for
//! verdicts and packs.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{self, KeyPurpose, LeafRequest, Validity};
use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_trust::authorities::write_certificates;
use symbolon_trust::status_list::{BitsPerStatus, TokenStatusList};
use symbolon_trust::testing::TestIssuingAuthority;
use symbolon_trust::trust_list::IssuerIdentifier;

use crate::distribution::Scripted;
use crate::harness::{Installation, Role};
use crate::story;

pub(crate) const LICENCE: &str = "org.iso.18013.5.1.mDL";
pub(crate) const NATIONAL_ID: &str = "org.symbolon.national-id.1";
const DAY: Duration = Duration::from_secs(86_400);

fn now() -> UnixTime {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixTime::from_seconds(i64::try_from(since.as_secs()).unwrap())
}

/// A country that publishes its authority as a VICAL, and a verifier abroad.
pub(crate) struct Abroad {
    pub(crate) country: Installation,
    pub(crate) verifier: Installation,
}

impl Abroad {
    pub(crate) fn new() -> Self {
        let abroad = Self {
            country: Installation::new(),
            verifier: Installation::new(),
        };
        abroad.make_provider(7, "");
        abroad.make_provider(8, "other-");
        abroad.publish(7, &[LICENCE, NATIONAL_ID]);
        abroad.configure(
            "vical",
            "file = \"current.vical\"\nsigners = \"root.pem\"\ntypes = [\"*\"]\n",
        );
        abroad
    }

    /// A provider of VICALs: its key and chain in the country, its root at the verifier.
    fn make_provider(&self, seed: u64, prefix: &str) {
        let randomness = SeededRandomness::new(seed);
        let key = |name: &str| {
            let secret = SecretKey::generate(SignatureAlgorithm::Es256, &randomness).unwrap();
            SoftwareKey::new(
                KeyHandle::new(name.to_owned()),
                secret,
                Arc::new(RustCryptoProvider),
            )
        };
        let (authority, signer) = (key("root"), key("signer"));
        let validity = Validity {
            not_before: now().minus(DAY),
            not_after: now().plus(DAY * 365),
        };
        let description = authority.describe(authority.handle()).unwrap();
        let root = issue::root("VICAL provider", validity, &description, &authority, &randomness).unwrap();
        let root = Certificate::parse(&root).unwrap();
        let request = LeafRequest {
            subject_name: "VICAL signer".to_owned(),
            san_uris: Vec::new(),
            san_dns: Vec::new(),
            validity,
            extended_key_usage: Some(KeyPurpose::Vicals),
            public_key: signer.public_key().clone(),
        };
        let leaf = issue::leaf(&request, &root, &description, &authority, &randomness).unwrap();
        let leaf = Certificate::parse(&leaf).unwrap();
        let der = signer.secret_key().to_pkcs8_der().unwrap();
        let pem = format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            base64::encode(&der)
        );
        fs::write(self.country.path(&format!("{prefix}signer.key")), pem).unwrap();
        let chain = self.country.path(&format!("{prefix}signer.pem"));
        fs::write(chain, write_certificates([&leaf])).unwrap();
        fs::write(
            self.verifier.path(&format!("{prefix}root.pem")),
            write_certificates([&root]),
        )
        .unwrap();
    }

    /// Signs a list in the country and hands it to the verifier as `current.vical`.
    pub(crate) fn publish(&self, issue: u64, doc_types: &[&str]) {
        self.sign("", issue, doc_types, "current.vical");
    }

    fn sign(&self, prefix: &str, issue: u64, doc_types: &[&str], name: &str) {
        let (key, chain) = (format!("{prefix}signer.key"), format!("{prefix}signer.pem"));
        let issue = issue.to_string();
        let mut arguments = vec![
            "trust",
            "export",
            "--form",
            "vical",
            "--signer-key",
            &key,
            "--signer-chain",
            &chain,
            "--provider",
            "National registry",
            "--issue",
            &issue,
            "--out",
            name,
        ];
        for doc_type in doc_types {
            arguments.extend(["--doc-type", doc_type]);
        }
        let said = self.country.ok(&arguments);
        assert!(said.contains("1 authorities"), "{said}");
        fs::copy(self.country.path(name), self.verifier.path(name)).unwrap();
    }

    /// Names one source at the verifier, instead of what was named before.
    fn configure(&self, kind: &str, keys: &str) {
        let path = self.verifier.path("symbolon.toml");
        let text = fs::read_to_string(&path).unwrap();
        let own = text.split("[trust.sources").next().unwrap();
        fs::write(
            path,
            format!("{own}[trust.sources.abroad]\nkind = \"{kind}\"\n{keys}"),
        )
        .unwrap();
    }

    fn listed(&self, arguments: &[&str]) -> Value {
        self.verifier
            .json(&[&["trust", "list", "--json"], arguments].concat())
    }
}

fn authority_of(listing: &Value) -> &Value {
    let issuers = listing["issuers"].as_array().unwrap();
    issuers
        .iter()
        .find(|issuer| issuer["source"] == "abroad")
        .unwrap()
}

#[test]
fn a_vical_is_believed_for_what_it_says_until_it_ends() {
    let abroad = Abroad::new();
    let listing = abroad.listed(&[]);
    let source = &listing["sources"]["abroad"];
    assert_eq!((&source["kind"], &source["issue"]), (&json!("vical"), &json!(7)));
    assert_eq!(source["state"], "current");
    let authority = authority_of(&listing);
    assert_eq!(authority["formats"], json!(["mso_mdoc"]));
    assert_eq!(authority["types"], json!([LICENCE, NATIONAL_ID]));
    assert!(
        authority["identifier"]
            .as_str()
            .unwrap()
            .starts_with("x509-sha256:")
    );
    let told = abroad.verifier.ok(&["trust", "list"]);
    assert!(told.contains("by the source abroad: current"), "{told}");

    // Thirty days, and two weeks of grace; the trust list itself holds longer.
    for (days, state) in [
        (29_u32, "current"),
        (31, "in_grace"),
        (43, "in_grace"),
        (45, "expired"),
    ] {
        let at = now().plus(DAY * days).rfc3339();
        assert_eq!(
            authority_of(&abroad.listed(&["--at", &at]))["state"],
            state,
            "{days}"
        );
    }

    // An operator narrows it; nothing is left of an authority that may vouch for nothing.
    abroad.configure(
        "vical",
        &format!("file = \"current.vical\"\nsigners = \"root.pem\"\ntypes = [\"{LICENCE}\"]\n"),
    );
    assert_eq!(authority_of(&abroad.listed(&[]))["types"], json!([LICENCE]));

    let inspected = |arguments: &[&str]| {
        abroad
            .verifier
            .json(&[&["trust", "inspect", "current.vical", "--json"], arguments].concat())
    };
    assert!(
        inspected(&[])["signature"]
            .as_str()
            .unwrap()
            .contains("not checked")
    );
    assert_eq!(
        inspected(&["--signers", "root.pem"])["signature"],
        "of its provider"
    );
    let arguments = ["trust", "inspect", "current.vical", "--signers", "other-root.pem"];
    let said = abroad.verifier.fails(1, &arguments);
    assert!(said.contains("the VICAL is refused"), "{said}");
}

/// Row 29 of the attacks, for a list that is not the registry's own.
#[test]
fn an_older_list_and_one_of_another_signer_never_take_its_place() {
    let abroad = Abroad::new();
    let verifier = &abroad.verifier;
    verifier.ok(&["trust", "list"]);
    abroad.sign("", 6, &[LICENCE], "older.vical");
    abroad.sign("", 8, &[LICENCE], "newer.vical");
    abroad.sign("other-", 9, &[LICENCE], "forged.vical");
    let import = |file: &'static str| ["trust", "import", file, "--source", "abroad"];
    let before = fs::read(verifier.path("current.vical")).unwrap();
    for (file, reason) in [
        ("older.vical", "an old list in its place"),
        ("forged.vical", "signer of the VICAL is not trusted"),
    ] {
        let said = verifier.fails(1, &import(file));
        assert!(said.contains(reason), "{file}: {said}");
        assert_eq!(
            fs::read(verifier.path("current.vical")).unwrap(),
            before,
            "{file}"
        );
    }
    verifier.ok(&import("newer.vical"));
    assert_eq!(abroad.listed(&[])["sources"]["abroad"]["issue"], 8);

    // Whoever writes into the folder does not get further.
    fs::write(verifier.path("current.vical"), &before).unwrap();
    let said = verifier.fails(1, &["trust", "list"]);
    assert!(
        said.contains("trust.sources.abroad") && said.contains("an old list"),
        "{said}"
    );
    fs::write(verifier.path("presentation"), "x").unwrap();
    let said = verifier.fails(2, &["verify", "presentation"]);
    assert!(said.contains("an old list"), "{said}");
}

#[test]
fn a_source_that_says_too_little_is_refused_by_its_name() {
    let abroad = Abroad::new();
    let refused = |kind: &str, keys: &str, reason: &str| {
        abroad.configure(kind, keys);
        let said = abroad.verifier.fails(1, &["trust", "list"]);
        assert!(said.contains(reason), "{kind} {keys}: {said}");
    };
    let vical = "file = \"current.vical\"\nsigners = \"root.pem\"\n";
    refused("vical", vical, "types");
    refused(
        "vical",
        &format!("{vical}types = []\n"),
        "trust.sources.abroad: types",
    );
    refused(
        "vical",
        &format!("{vical}types = [\"*\"]\nformats = [\"dc+sd-jwt\"]\n"),
        "formats",
    );
    refused(
        "pinned",
        "file = \"root.pem\"\ntypes = [\"*\"]\nformats = []\n",
        "formats says",
    );
    let formats = "formats = [\"dc+sd-jwt\"]\n";
    refused(
        "pinned",
        &format!("file = \"root.pem\"\ntypes = [\"*\"]\n{formats}"),
        "issuer is missing",
    );
    let mdoc = "formats = [\"mso_mdoc\"]\n";
    refused(
        "pinned",
        &format!("file = \"root.pem\"\ntypes = [\"*\"]\n{mdoc}"),
        "not an issuing authority",
    );
    refused(
        "iaca-list",
        "file = \"missing.pem\"\ntypes = [\"*\"]\n",
        "cannot read",
    );
}

/// A verifier abroad judges by the certificates of a country what the country issues, and no other format than they are for.
#[test]
fn a_verifier_abroad_judges_by_the_lists_that_it_names() {
    let abroad = Abroad::new();
    let (country, verifier) = (&abroad.country, &abroad.verifier);
    let servers = (country.serve(Role::Issuer), country.serve(Role::Verifier));
    let uin = story::import_people(country);
    for (configuration, query, evidence) in [
        ("NationalIdentityMdoc", "age-over-18-mdoc", "mdoc"),
        ("NationalIdentity", "age-over-18", "sd-jwt"),
    ] {
        let wallet = format!("wallet-{evidence}");
        let offer = story::offer(country, &uin, configuration, &[]);
        story::take_up(country, &offer, &["--wallet", &wallet]);
        let made = country.json(&["request", "create", "--query", query, "--json"]);
        let link = made["authorization_request"].as_str().unwrap();
        country.ok(&["wallet", "present", link, "--yes", "--wallet", &wallet]);
        let id = made["request_id"].as_str().unwrap();
        country.ok(&["request", "show", id, "--wait", "--evidence", evidence]);
    }
    let judge = |evidence: &str| {
        let file = country.path(evidence).join("presentation.json");
        let output = verifier.run(&["verify", file.to_str().unwrap(), "--json"]);
        let reports: Value = serde_json::from_slice(&output.stdout).unwrap();
        if reports.is_array() {
            reports[0].clone()
        } else {
            reports
        }
    };
    let report = judge("mdoc");
    assert_eq!(report["trusted"]["state"], "trusted", "{report:#}");
    assert_eq!(report["authentic"]["state"], "authentic");
    assert_eq!(report["issuer"]["source"], "abroad");
    assert_eq!(judge("sd-jwt")["trusted"]["state"], "not_trusted");

    // The registry of the country is asked whom it has: its issuer with both roots, pinned for mdocs.
    let list: Value = serde_json::from_slice(&fs::read(country.path("data/trust.json")).unwrap()).unwrap();
    let issuer = &list["trust_list"]["issuers"][0];
    let roots: Vec<Certificate> = issuer["anchors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|anchor| Certificate::parse(&base64::decode(anchor.as_str().unwrap()).unwrap()).unwrap())
        .collect();
    fs::write(verifier.path("roots.pem"), write_certificates(&roots)).unwrap();
    let pinned = |formats: &str| {
        let issuer = &country.issuer;
        format!(
            "file = \"roots.pem\"\nformats = [\"{formats}\"]\ntypes = [\"*\"]\nissuer = \"{issuer}\"\nname = \"Neighbours\"\n"
        )
    };
    abroad.configure("pinned", &pinned("mso_mdoc"));
    let report = judge("mdoc");
    assert_eq!(report["trusted"]["state"], "trusted", "{report:#}");
    assert_eq!(report["status"]["state"], "good", "{report:#}");
    assert_eq!(report["issuer"]["name"], "Neighbours");
    assert_eq!(judge("sd-jwt")["trusted"]["state"], "not_trusted");
    abroad.configure("pinned", &pinned("dc+sd-jwt"));
    assert_eq!(judge("sd-jwt")["trusted"]["state"], "trusted");
    assert_eq!(judge("mdoc")["trusted"]["state"], "not_trusted");
    drop(servers);
}

/// What the configuration names beside the trust list comes back with it, so that nobody believes less after a restore.
#[test]
fn a_backup_has_the_files_of_the_sources() {
    let abroad = Abroad::new();
    let verifier = &abroad.verifier;
    let believed = abroad.listed(&[]);
    let secret = ("SYMBOLON_BACKUP_PASSPHRASE", "correct horse battery staple");
    for arguments in [
        &["backup", "monday.backup"][..],
        &["restore", "monday.backup", "--dir", "again"],
    ] {
        verifier.ok_with(arguments, &[secret]);
    }
    for name in ["current.vical", "root.pem"] {
        let restored = fs::read(verifier.path("again").join(name)).unwrap();
        assert_eq!(restored, fs::read(verifier.path(name)).unwrap(), "{name}");
    }
    let list = ["trust", "list", "--json", "--config", "again/symbolon.toml"];
    assert_eq!(verifier.json(&list)["sources"], believed["sources"]);
}

#[test]
fn a_pack_carries_the_sources_of_whoever_made_it() {
    let abroad = Abroad::new();
    let verifier = &abroad.verifier;
    verifier.ok(&["pack", "build", "--out", "national.pack"]);
    let shown = verifier.json(&["pack", "inspect", "national.pack", "--json"]);
    assert_eq!(shown["sources"]["abroad"]["kind"], "vical", "{shown:#}");
    let issuers = shown["issuers"].as_array().unwrap();
    assert!(
        issuers.iter().any(|issuer| issuer["source"] == "abroad"),
        "{shown:#}"
    );
}

/// Status lists of an authority that has no address: by the operator's command, and by its distributor, which an aggregation leads to them. Rows 27 and 28.
#[test]
fn a_pack_carries_the_status_lists_of_an_authority_that_is_known_by_its_root() {
    let house = Installation::new();
    let authority = TestIssuingAuthority::new(700);
    fs::write(
        house.path("neighbours.pem"),
        write_certificates([authority.root()]),
    )
    .unwrap();
    let states = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    let stranger = TestIssuingAuthority::new(900);
    let server = Scripted::serving_where(|address| {
        let token = |authority: &TestIssuingAuthority, path: &str| {
            authority
                .status_token(&format!("{address}{path}"), &states, now())
                .into_bytes()
        };
        let listed = ["/status/1", "/status/stranger"].map(|path| format!("{address}{path}"));
        let aggregation = json!({ "status_lists": listed }).to_string();
        vec![
            ("/status/1", token(&authority, "/status/1")),
            ("/status/stranger", token(&stranger, "/status/stranger")),
            ("/aggregation", aggregation.into_bytes()),
        ]
    });
    let configuration = format!(
        "\n[distributor]\nstatus_list_aggregations = [\"{}\"]\n\n[trust.sources.neighbours]\nkind = \"iaca-list\"\n\
         file = \"neighbours.pem\"\ntypes = [\"{LICENCE}\"]\n",
        server.url("/aggregation")
    );
    let path = house.path("symbolon.toml");
    let own = fs::read_to_string(&path).unwrap();
    fs::write(path, own + &configuration).unwrap();

    let uri = server.url("/status/1");
    let lists = |pack: &str| -> Vec<(String, String)> {
        let told = house.json(&["pack", "inspect", pack, "--json"]);
        let lists = told["status_lists"].as_array().unwrap().iter();
        let of = |list: &Value, name: &str| list[name].as_str().unwrap().to_owned();
        lists.map(|list| (of(list, "uri"), of(list, "issuer"))).collect()
    };
    let identifier = IssuerIdentifier::of_certificate(authority.root());
    let carried = (uri.clone(), identifier.as_str().to_owned());
    house.ok(&["pack", "build", "--fetch", &uri, "--out", "neighbours.pack"]);
    assert!(lists("neighbours.pack").contains(&carried));
    let of_stranger = server.url("/status/stranger");
    let said = house.fails(
        1,
        &["pack", "build", "--fetch", &of_stranger, "--out", "none.pack"],
    );
    assert!(said.contains("no trusted issuer owns"), "{said}");

    house.ok(&["distributor", "publish"]);
    let folder = house.path("data/published-packs");
    let index: Value = serde_json::from_slice(&fs::read(folder.join("packs.json")).unwrap()).unwrap();
    let file = index["packs"][0]["full"]["name"].as_str().unwrap();
    let published = folder.join(file);
    let published = lists(published.to_str().unwrap());
    assert!(published.contains(&carried), "{published:?}");
    assert!(published.iter().all(|(uri, _)| *uri != of_stranger));
}

#[test]
fn the_registry_edits_signs_and_takes_its_list_into_force() {
    let registry = Installation::new();
    registry.ok(&["trust", "export", "--out", "list.json"]);
    let text = fs::read(registry.path("list.json")).unwrap();
    let mut list: Value = serde_json::from_slice(&text).unwrap();
    list["relying_parties"]["registered"] = json!([{
        "identifier": "VATSN-123456789",
        "name": "Harbour clinic",
        "purposes": [{"lang": "en", "value": "Treatment"}],
        "credentials": [{"format": "mso_mdoc", "types": [NATIONAL_ID], "claims": [[NATIONAL_ID, "age_over_18"]]}],
    }]);
    fs::write(registry.path("edited.json"), list.to_string()).unwrap();
    // The list in force is of this very second.
    std::thread::sleep(Duration::from_millis(1_100));
    registry.ok(&["trust", "sign", "edited.json", "--out", "1.list", "--days", "30"]);
    registry.ok(&["trust", "sign", "edited.json", "--out", "also-1.list"]);
    let inspected = registry.json(&["trust", "inspect", "1.list", "--json"]);
    assert_eq!(inspected["signature"], "of the registry");
    assert_eq!(inspected["trust_list"]["sequence"], 1);

    // Somebody else's registry is not believed.
    let other = Installation::new();
    fs::copy(registry.path("1.list"), other.path("1.list")).unwrap();
    let said = other.fails(1, &["trust", "import", "1.list"]);
    assert!(said.contains("refused"), "{said}");
    let mut changed = fs::read(registry.path("1.list")).unwrap();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    fs::write(registry.path("changed.list"), changed).unwrap();
    let said = registry.fails(1, &["trust", "import", "changed.list"]);
    assert!(said.contains("refused"), "{said}");

    registry.ok(&["trust", "import", "1.list"]);
    let listing = registry.json(&["trust", "list", "--json"]);
    assert_eq!(listing["sequence"], 1);
    assert_eq!(
        listing["relying_parties"]["registered"][0]["name"],
        "Harbour clinic"
    );
    let told = registry.ok(&["trust", "list"]);
    assert!(
        told.contains("may ask for mso_mdoc org.symbolon.national-id.1"),
        "{told}"
    );

    // What was made of the list before would undo what others changed since.
    let said = registry.fails(1, &["trust", "sign", "edited.json", "--out", "x.list"]);
    assert!(said.contains("export it again"), "{said}");
    registry.ok(&["trust", "export", "--out", "list.json"]);
    std::thread::sleep(Duration::from_millis(1_100));
    registry.ok(&["trust", "sign", "list.json", "--out", "2.list"]);
    registry.ok(&["trust", "import", "2.list"]);
    let before = fs::read(registry.path("data/trust.json")).unwrap();
    let said = registry.fails(1, &["trust", "import", "1.list"]);
    assert!(said.contains("refused"), "{said}");
    assert_eq!(fs::read(registry.path("data/trust.json")).unwrap(), before);
}
