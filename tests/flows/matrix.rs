//! Every flow for every format: one wallet that holds a credential of each, asked on one device and across two, by the operator and
//! by a relying party, in every way that a request and its answer travel.

mod pages;

use std::fs;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use toml::Table;

use self::pages::{Browser, photograph};
use crate::harness::{Installation, Role, free_port};
use crate::sign_in::run;
use crate::story::{import_people, offer, take_up};

/// What the whole matrix may take.
const LIMIT: Duration = Duration::from_secs(60);
const RETURN: &str = "http://127.0.0.1:9/done?session=7";

/// A format, as it is issued, asked for and reported.
struct Format {
    name: &'static str,
    configuration: &'static str,
    /// The query of the operator, and what its policy is called.
    query: &'static str,
    /// What stands behind the issuer's identifier, where the type begins with it.
    credential_type: &'static str,
    reported: &'static str,
    /// The claim that is asked for.
    claim: [&'static str; 2],
}

const FORMATS: [Format; 4] = [
    Format {
        name: "dc+sd-jwt",
        configuration: "NationalIdentity",
        query: "age-over-18",
        credential_type: "ISSUER/types/national-identity",
        reported: "sd_jwt_vc",
        claim: ["age_equal_or_over", "18"],
    },
    Format {
        name: "mso_mdoc",
        configuration: "NationalIdentityMdoc",
        query: "age-over-18-mdoc",
        credential_type: "org.symbolon.national-id.1",
        reported: "mdoc",
        claim: ["org.symbolon.national-id.1", "age_over_18"],
    },
    Format {
        name: "jwt_vc_json",
        configuration: "NationalIdentityJwt",
        query: "age-over-18-jwt",
        credential_type: "ISSUER/contexts/national-identity#NationalIdentityCredential",
        reported: "jwt_vc",
        claim: ["credentialSubject", "ageOver18"],
    },
    Format {
        name: "ldp_vc",
        configuration: "NationalIdentityLd",
        query: "age-over-18-ld",
        credential_type: "ISSUER/contexts/national-identity#NationalIdentityCredential",
        reported: "ldp_vc",
        claim: ["credentialSubject", "ageOver18"],
    },
];

/// How a person meets the request, and how its result is released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    /// The verifier's page with a QR code; its browser is sent on.
    CrossDevicePage,
    /// The verifier's page with a button; the wallet leads back to it.
    SameDevicePage,
    /// A link on a page of the relying party's own, to which the wallet leads back.
    SameDevice,
    /// A QR code of the relying party's own; the result comes as an event.
    Event,
}

const FLOWS: [Flow; 4] = [
    Flow::CrossDevicePage,
    Flow::SameDevicePage,
    Flow::SameDevice,
    Flow::Event,
];

/// How the request travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    Get,
    Post,
    Value,
    /// Its parameters in the link, not signed.
    Unsigned,
}

impl Delivery {
    const fn members(self) -> (&'static str, &'static str) {
        match self {
            Self::Get => ("reference", "get"),
            Self::Post => ("reference", "post"),
            Self::Value | Self::Unsigned => ("value", "get"),
        }
    }

    /// Whether a link is of a request that travels so.
    fn is_of(self, link: &str) -> bool {
        let has = |name: &str| parameter(link, name).is_some();
        let posted = parameter(link, "request_uri_method").as_deref() == Some("post");
        match self {
            Self::Get => has("request_uri") && !posted,
            Self::Post => has("request_uri") && posted,
            Self::Value => has("request") && !has("request_uri"),
            Self::Unsigned => has("dcql_query") && !has("request") && !has("request_uri"),
        }
    }
}

/// How the verifier says who it is, how its request travels, and how the answer does.
#[derive(Debug, Clone, Copy)]
struct Way {
    prefix: &'static str,
    delivery: Delivery,
    mode: &'static str,
}

const fn way(prefix: &'static str, delivery: Delivery, mode: &'static str) -> Way {
    Way {
        prefix,
        delivery,
        mode,
    }
}

/// Asked by the operator, who chooses for each request: every format goes every one of these ways.
const WAYS: [Way; 7] = [
    way("x509_hash", Delivery::Get, "direct_post.jwt"),
    way("x509_hash", Delivery::Value, "direct_post"),
    way("x509_san_dns", Delivery::Post, "direct_post.jwt"),
    way("decentralized_identifier", Delivery::Post, "direct_post"),
    way("pre-registered", Delivery::Value, "direct_post.jwt"),
    way("redirect_uri", Delivery::Unsigned, "direct_post"),
    way("redirect_uri", Delivery::Unsigned, "direct_post.jwt"),
];

/// Asked by a relying party, for which the configuration of the verifier chooses.
const CONFIGURED: [Way; 2] = [
    way("x509_hash", Delivery::Get, "direct_post.jwt"),
    way("x509_san_dns", Delivery::Post, "direct_post"),
];

/// One combination.
struct Case<'c> {
    format: &'c Format,
    flow: Flow,
    way: Way,
}

impl core::fmt::Display for Case<'_> {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(formatter, "{} {:?} {:?}", self.format.name, self.flow, self.way)
    }
}

/// Whoever asks, by an interface that is the same for operator and relying party.
struct Asker<'a> {
    installation: &'a Installation,
    client: Client,
    api: String,
    key: String,
}

#[test]
fn the_wallet_completes_every_flow_on_one_device_and_across_two_for_every_format() {
    let installation = installation();
    let key = add_relying_party(&installation);
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let verifier = installation.serve(Role::Verifier);
    for format in &FORMATS {
        let offer = offer(&installation, &uin, format.configuration, &[]);
        take_up(&installation, &offer, &[]);
    }
    let held = installation.json(&["wallet", "list", "--json"]);
    assert_eq!(held.as_array().unwrap().len(), FORMATS.len(), "{held}");
    configure_wallet(&installation);

    let started = Instant::now();
    let operator = Asker {
        installation: &installation,
        client: client(),
        api: format!("{}/admin/v1/presentation-requests", installation.verifier),
        key: fs::read_to_string(installation.path("data/administration-token")).unwrap(),
    };
    for (row, way) in WAYS.into_iter().enumerate() {
        for (column, format) in FORMATS.iter().enumerate() {
            // Every way meets every flow, and every format does.
            let flow = FLOWS[(row + column) % FLOWS.len()];
            let case = Case { format, flow, way };
            run(operator.complete(&case, operator.choices(&case)));
        }
    }
    drop(verifier);

    let relying_party = Asker {
        installation: &installation,
        client: client(),
        api: format!("{}/relying-party/v1/presentation-requests", installation.verifier),
        key,
    };
    for (row, way) in CONFIGURED.into_iter().enumerate() {
        let (delivery, method) = way.delivery.members();
        let _verifier = installation.serve_with(
            Role::Verifier,
            &[
                ("SYMBOLON_VERIFIER_CLIENT_ID_PREFIX", way.prefix),
                ("SYMBOLON_VERIFIER_REQUEST_DELIVERY", delivery),
                ("SYMBOLON_VERIFIER_REQUEST_URI_METHOD", method),
                ("SYMBOLON_VERIFIER_RESPONSE_MODE", way.mode),
            ],
        );
        for (column, format) in FORMATS.iter().enumerate() {
            let flow = FLOWS[(2 * row + column) % FLOWS.len()];
            let case = Case { format, flow, way };
            run(relying_party.complete(&case, json!({ "policy": format.query })));
        }
    }
    let took = started.elapsed();
    eprintln!(
        "{} presentations in {took:?}",
        FORMATS.len() * (WAYS.len() + CONFIGURED.len())
    );
    assert!(took < LIMIT, "{took:?}");
}

/// An installation whose verifier has a host name, as certificates by DNS name and `did:web` need one.
fn installation() -> Installation {
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let verifier = format!("http://localhost:{}", free_port());
    let installation = Installation::new_with(&["--issuer", &issuer, "--verifier", &verifier]);
    configure(&installation, "verifier", |verifier| {
        verifier.insert("client_id".to_owned(), "clinic".into());
    });
    installation
}

fn configure(installation: &Installation, section: &str, change: impl FnOnce(&mut Table)) {
    let path = installation.path("symbolon.toml");
    let mut table: Table = fs::read_to_string(&path).unwrap().parse().unwrap();
    let section = table.entry(section).or_insert_with(|| Table::new().into());
    change(section.as_table_mut().unwrap());
    fs::write(&path, toml::to_string(&table).unwrap()).unwrap();
}

/// Tells the wallet whom to deal with, beside verifiers with certificates, and to answer in the clear as well.
fn configure_wallet(installation: &Installation) {
    let registration = installation.ok(&["request", "registration"]);
    fs::write(installation.path("verifier.json"), registration).unwrap();
    configure(installation, "wallet", |wallet| {
        wallet.insert("answers".to_owned(), "as_asked".into());
        wallet.insert("unverified_verifiers".to_owned(), "shown".into());
        let registered = vec![toml::Value::from("verifier.json")];
        wallet.insert("registered_verifiers".to_owned(), registered.into());
    });
}

/// A relying party with a policy for each format; its key.
fn add_relying_party(installation: &Installation) -> String {
    fs::create_dir_all(installation.path("policies")).unwrap();
    let mut line = vec!["relying-party", "add", "shop", "--name", "The shop"];
    for format in &FORMATS {
        let policy = format!(
            "purpose = \"To let you in\"\nkeep_evidence = true\n[[credentials]]\nid = \"age\"\nformat = \"{}\"\n\
             types = [\"{}\"]\nstatus = \"always\"\nbinding = \"key\"\nkeep_claims = [{claim:?}]\n\
             [[credentials.claims]]\npath = {claim:?}\nvalues = [true]\n",
            format.name,
            format.credential_type,
            claim = format.claim,
        );
        let policy = policy.replace("ISSUER", &installation.issuer);
        fs::write(
            installation.path(&format!("policies/{}.toml", format.query)),
            policy,
        )
        .unwrap();
        line.extend(["--policy", format.query]);
    }
    let printed = installation.ok(&line);
    let mut lines = printed.lines().filter(|line| line.starts_with("symbolon_rp_"));
    lines.next().unwrap().to_owned()
}

fn client() -> Client {
    let client = Client::builder().redirect(Policy::none()).no_proxy();
    client.timeout(LIMIT).build().unwrap()
}

impl Asker<'_> {
    /// The order of an operator, who says how.
    fn choices(&self, case: &Case<'_>) -> Value {
        let (delivery, method) = case.way.delivery.members();
        json!({
            "query": case.format.query,
            "client_id_prefix": case.way.prefix,
            "response_mode": case.way.mode,
            "request_delivery": delivery,
            "request_uri_method": method,
        })
    }

    /// Asks, has the wallet answer, and gets the result as the flow releases it.
    async fn complete(&self, case: &Case<'_>, mut order: Value) {
        let page = match case.flow {
            Flow::CrossDevicePage => Some("cross_device"),
            Flow::SameDevicePage => Some("same_device"),
            Flow::SameDevice | Flow::Event => None,
        };
        if let Some(page) = page {
            order["page"] = page.into();
        }
        if case.flow != Flow::Event {
            order["return_to"] = RETURN.into();
        }
        let request = self.client.post(&self.api).json(&order);
        let made = self.send(request, 201, case).await;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let (id, link, page) = (text("request_id"), text("authorization_request"), text("page"));
        assert!(case.way.delivery.is_of(&link), "{case}: {link}");

        let code = match case.flow {
            Flow::CrossDevicePage => Some(self.across_devices(case, &id, &page).await),
            Flow::SameDevicePage => Some(self.on_one_device(case, &id, &page).await),
            Flow::SameDevice => {
                let back = self.present(case, &link).unwrap();
                self.expect_withheld(case, &id).await;
                Some(code_in(case, &back))
            }
            Flow::Event => {
                assert_eq!(self.present(case, &link), None, "{case}");
                None
            }
        };
        let found = match &code {
            Some(code) => self.get(case, &format!("{id}?response_code={code}")).await,
            None => self.event(case, &id).await,
        };
        self.check_result(case, &found);
        let code = code.map(|code| format!("?response_code={code}"));
        let evidence = self
            .get(case, &format!("{id}/evidence{}", code.unwrap_or_default()))
            .await;
        check_request(case, evidence["request_object"].as_str().unwrap());
        assert!(evidence["vp_token"]["age"][0].is_string() || evidence["vp_token"]["age"][0].is_object());
    }

    /// The browser shows the QR code, which another device scans; the browser is sent on.
    async fn across_devices(&self, case: &Case<'_>, id: &str, page: &str) -> String {
        let mut browser = Browser::new(&self.client);
        let shown = browser.open(page).await;
        assert_eq!(shown.status(), 200, "{case}");
        let shown = shown.text().await.unwrap();
        fs::write(self.installation.path("scanned.png"), photograph(&shown)).unwrap();
        assert_eq!(self.present(case, "scanned.png"), None, "{case}");
        self.expect_withheld(case, id).await;
        browser.sent_on(case, page).await
    }

    /// The browser opens the wallet, which leads back to the browser.
    async fn on_one_device(&self, case: &Case<'_>, id: &str, page: &str) -> String {
        let mut browser = Browser::new(&self.client);
        let shown = browser.open(page).await.text().await.unwrap();
        let (_, link) = shown.split_once("class=\"button\" href=\"").unwrap();
        let (link, _) = link.split_once('"').unwrap();
        let link = link.replace("&#x2f;", "/").replace("&amp;", "&");
        let back = self.present(case, &link).unwrap();
        assert!(back.starts_with(&format!("{page}/return?")), "{case}: {back}");
        self.expect_withheld(case, id).await;
        let another = Browser::new(&self.client).open(&back).await;
        assert_eq!(another.status(), 403, "{case}");
        browser.sent_on(case, &back).await
    }

    /// Has the wallet answer; where it leads the person.
    fn present(&self, case: &Case<'_>, request: &str) -> Option<String> {
        let output = self.installation.run(&["wallet", "present", request, "--yes"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && said.contains("accepted by the verifier"),
            "{case}: {said}\n{}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.installation.log("verifier")
        );
        let mut lines = said.lines();
        lines.find_map(|line| line.strip_prefix("go on at ").map(str::to_owned))
    }

    async fn expect_withheld(&self, case: &Case<'_>, id: &str) {
        let found = self.get(case, id).await;
        assert_eq!(found["withheld"], "until_response_code", "{case}: {found}");
        assert!(found.get("result").is_none(), "{case}: {found}");
    }

    /// The one event of a request.
    async fn event(&self, case: &Case<'_>, id: &str) -> Value {
        let request = self.client.get(format!("{}/{id}/events", self.api));
        let answer = request.bearer_auth(self.key.trim()).send().await.unwrap();
        let events = answer.text().await.unwrap();
        assert!(events.contains("event: answered"), "{case}: {events}");
        let data = events.lines().find_map(|line| line.strip_prefix("data: "));
        serde_json::from_str(data.unwrap()).unwrap()
    }

    async fn get(&self, case: &Case<'_>, path: &str) -> Value {
        let request = self.client.get(format!("{}/{path}", self.api));
        self.send(request, 200, case).await
    }

    async fn send(&self, request: reqwest::RequestBuilder, status: u16, case: &Case<'_>) -> Value {
        let answer = request.bearer_auth(self.key.trim()).send().await.unwrap();
        let answered = answer.status();
        let text = answer.text().await.unwrap();
        assert_eq!(answered, status, "{case}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn check_result(&self, case: &Case<'_>, found: &Value) {
        assert_eq!(found["state"], "answered", "{case}: {found}");
        let presented = &found["result"]["outcome"]["presented"];
        assert_eq!(presented["answer"], "as_asked", "{case}: {found}");
        let reports = presented["reports"].as_array().unwrap();
        assert_eq!(reports.len(), 1, "{case}: {found}");
        let report = &reports[0]["report"];
        assert_eq!(report["verdict"], "valid", "{case}: {report}");
        assert_eq!(report["format"], case.format.reported, "{case}: {report}");
        assert_eq!(report["holder"]["state"], "proven_by_key", "{case}: {report}");
        assert_eq!(report["status"]["state"], "good", "{case}: {report}");
        let pointer = format!("/{}", case.format.claim.join("/"));
        let claim = report["claims"].pointer(&pointer);
        assert_eq!(claim, Some(&json!(true)), "{case}: {report}");
        if found["policy"] == case.format.query {
            assert_eq!(presented["decision"]["outcome"], "satisfied", "{case}: {found}");
        }
    }
}

/// The request that was answered is one of the kind that was ordered.
fn check_request(case: &Case<'_>, request: &str) {
    let of_claims = |name: &str| -> Option<String> {
        let payload = base64url::decode(request.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&payload).ok()?;
        claims[name].as_str().map(str::to_owned)
    };
    let read = |name: &str| match case.way.delivery {
        Delivery::Unsigned => parameter(&format!("openid4vp://?{request}"), name),
        Delivery::Get | Delivery::Post | Delivery::Value => of_claims(name),
    };
    let client_id = read("client_id").unwrap();
    match case.way.prefix {
        "pre-registered" => assert_eq!(client_id, "clinic"),
        prefix => assert!(
            client_id.starts_with(&format!("{prefix}:")),
            "{case}: {client_id}"
        ),
    }
    assert_eq!(read("response_mode").as_deref(), Some(case.way.mode), "{case}");
}

fn parameter(link: &str, name: &str) -> Option<String> {
    let url = Url::parse(link).unwrap();
    let mut pairs = url.query_pairs();
    let found = pairs.find(|(own, _)| own == name);
    found.map(|(_, value)| value.into_owned())
}

/// The code in the address of the relying party that a browser is led to.
fn code_in(case: &Case<'_>, address: &str) -> String {
    assert!(
        address.starts_with(&format!("{RETURN}&response_code=")),
        "{case}: {address}"
    );
    parameter(address, "response_code").unwrap()
}
