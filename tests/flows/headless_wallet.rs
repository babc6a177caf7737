//! The headless wallet between an issuer and a verifier: it receives and shows what its policy permits, in every format, keeps what the
//! policy leaves to somebody over a restart, and refuses everything else.

use std::fs;
use std::net::TcpStream;
use std::process::Child;
use std::time::{Duration, Instant};

use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};
use serde_json::Value;

use crate::harness::{Installation, Role, free_port};
use crate::sign_in::Browser;
use crate::story::{import_people, offer};

/// Generous, because tests share two cores.
const START_LIMIT: Duration = Duration::from_secs(60);

/// The credential configurations of every format, with the query that asks for the age and the type that a rule names.
const FORMATS: [(&str, &str, &str); 4] = [
    (
        "NationalIdentity",
        "age-over-18",
        "ISSUER/types/national-identity",
    ),
    (
        "NationalIdentityMdoc",
        "age-over-18-mdoc",
        "org.symbolon.national-id.1",
    ),
    (
        "NationalIdentityJwt",
        "age-over-18-jwt",
        "NationalIdentityCredential",
    ),
    (
        "NationalIdentityLd",
        "age-over-18-ld",
        "NationalIdentityCredential",
    ),
];

/// `symbolon wallet serve`, killed when it is dropped.
struct Wallet {
    child: Child,
    url: String,
    client: Client,
}

impl Wallet {
    fn serve(installation: &Installation, environment: &[(&str, &str)]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        Self::serve_at(installation, &address, environment)
    }

    fn serve_at(installation: &Installation, address: &str, environment: &[(&str, &str)]) -> Self {
        let log = fs::File::create(installation.path("wallet.log")).unwrap();
        let child = installation
            .command(&["wallet", "serve"])
            .env("SYMBOLON_WALLET_LISTEN", address)
            .env("SYMBOLON_WALLET_CONSENT_POLICY", "consent.toml")
            .envs(environment.iter().copied())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let client = Client::builder().no_proxy().redirect(Policy::none());
        let mut wallet = Self {
            child,
            url: format!("http://{address}"),
            client: client.build().unwrap(),
        };
        let started = Instant::now();
        // The port is taken before the wallet is opened.
        while !installation.log("wallet").contains("listening on") || TcpStream::connect(address).is_err() {
            let ended = wallet.child.try_wait().unwrap();
            assert_eq!(ended, None, "{}", installation.log("wallet"));
            assert!(started.elapsed() < START_LIMIT, "the wallet does not listen");
            std::thread::sleep(Duration::from_millis(10));
        }
        wallet
    }

    async fn get(&self, path: &str, link: &str) -> Response {
        let url = format!("{}{path}?{}", self.url, query(link));
        self.client.get(url).send().await.unwrap()
    }

    /// What the wallet says of a link that is brought to one of its endpoints.
    async fn told(&self, path: &str, link: &str) -> (u16, Value) {
        body(self.get(path, link).await).await
    }
}

impl Drop for Wallet {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn body(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The parameters of a link, as a page of a verifier or an issuer hands them to a wallet's own endpoint.
fn query(link: &str) -> String {
    link.split_once('?').unwrap().1.to_owned()
}

fn write_policy(installation: &Installation, presentations: &str) {
    write_policy_of(installation, presentations, "receives_for_anybody = true\n");
}

fn write_policy_of(installation: &Installation, presentations: &str, offers: &str) {
    let policy = format!(
        "version = 1\n\n{presentations}\n\n[[offers.rules]]\nname = \"registry\"\nissuers = [\"{}\"]\n{offers}decision = \"receive\"\n",
        installation.issuer
    );
    fs::write(installation.path("consent.toml"), policy).unwrap();
}

/// A rule for every verifier with a certificate.
fn rule(installation: &Installation, decision: &str, claims: &str) -> String {
    let credentials: Vec<String> = FORMATS
        .iter()
        .map(|(_, _, kind)| {
            format!(
                "{{ type = \"{}\", {claims} }}",
                kind.replace("ISSUER", &installation.issuer)
            )
        })
        .collect();
    let more = if decision == "share" {
        "answers_for_anybody = true\n"
    } else {
        ""
    };
    format!(
        "[[presentations.rules]]\nname = \"age\"\nverifier = {{ prefixes = [\"x509_hash\"] }}\ncredentials = [{}]\n{more}decision = \"{decision}\"",
        credentials.join(", ")
    )
}

fn request(installation: &Installation, query: &str, more: &[&str]) -> (String, String) {
    let made = installation.json(&[&["request", "create", "--query", query, "--json"], more].concat());
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    (text("request_id"), text("authorization_request"))
}

fn link(offer: &Value) -> &str {
    offer["link"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_permits_is_received_and_shown_in_every_format() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    write_policy(&installation, &rule(&installation, "share", "all_claims = true"));
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let wallet = Wallet::serve(&installation, &[]);

    for (configuration, query, _) in FORMATS {
        let offered = offer(&installation, &uin, configuration, &[]);
        let (status, told) = wallet.told("/credential-offer", link(&offered)).await;
        assert_eq!(
            (status, &told["outcome"]),
            (200, &"received".into()),
            "{configuration}: {told}"
        );
        let (id, request) = request(&installation, query, &[]);
        let (status, told) = wallet.told("/authorize", &request).await;
        assert_eq!(
            (status, &told["outcome"]),
            (200, &"shown".into()),
            "{query}: {told}"
        );
        let said = installation.ok(&["request", "show", &id]);
        assert!(said.contains("what was asked for"), "{said}");
        // A request is answered once.
        let (status, _) = wallet.told("/authorize", &request).await;
        assert_ne!(status, 200);
    }

    // On one device the browser is led back with a code; what is posted is not posted on.
    let back = format!("{}/done", installation.issuer);
    let (_, same_device) = request(
        &installation,
        "age-over-18",
        &["--page", "same-device", "--return-to", &back],
    );
    let response = wallet.get("/authorize", &same_device).await;
    assert_eq!(response.status(), 302);
    let location = response.headers()["location"].to_str().unwrap();
    assert!(
        location.contains("response_code="),
        "the code binds the answer to this browser (row 23)"
    );
    assert!(location.starts_with(&installation.verifier));
    let (_, posted) = request(
        &installation,
        "age-over-18",
        &["--page", "same-device", "--return-to", &back],
    );
    let response = wallet
        .client
        .post(format!("{}/authorize", wallet.url))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(query(&posted))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 303);

    // Verifiers learn what it can do.
    let metadata = format!("{}/.well-known/oauth-authorization-server", wallet.url);
    let (_, metadata) = body(wallet.client.get(metadata).send().await.unwrap()).await;
    assert_eq!(
        metadata["authorization_endpoint"],
        format!("{}/authorize", wallet.url)
    );
    assert_eq!(
        metadata["credential_offer_endpoint"],
        format!("{}/credential-offer", wallet.url)
    );
    assert!(
        metadata["vp_formats_supported"]["mso_mdoc"].is_object(),
        "{metadata}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_policy_leaves_to_somebody_waits_over_a_restart_until_it_is_decided() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    write_policy(&installation, &rule(&installation, "hold", "all_claims = true"));
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let address = format!("127.0.0.1:{}", free_port());
    let environment = [
        ("SYMBOLON_WALLET_LISTEN", address.as_str()),
        ("SYMBOLON_WALLET_CONSENT_POLICY", "consent.toml"),
    ];
    let consent = |arguments: &[&str]| {
        let mut command = installation.command(&[&["wallet", "consent"], arguments].concat());
        let output = command.envs(environment).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let waiting = || -> Vec<Value> { serde_json::from_str(&consent(&["list", "--json"])).unwrap() };
    let wallet = Wallet::serve_at(&installation, &address, &[]);

    // A code that the issuer sent to the owner is brought by the owner.
    let offered = offer(&installation, &uin, "NationalIdentity", &["--tx-code"]);
    let (status, told) = wallet.told("/credential-offer", link(&offered)).await;
    assert_eq!((status, &told["outcome"]), (202, &"waiting".into()), "{told}");
    let entries = waiting();
    assert_eq!(entries[0]["kind"], "transaction_code", "{entries:?}");
    let flow = entries[0]["flow"].as_str().unwrap();
    let code = offered["tx_code"].as_str().unwrap();
    let said = consent(&["allow", flow, "--tx-code", code]);
    assert!(said.contains("received"), "{said}");

    let (id, link) = request(&installation, "age-over-18", &[]);
    let (status, told) = wallet.told("/authorize", &link).await;
    assert_eq!((status, &told["outcome"]), (202, &"waiting".into()), "{told}");
    let pending = told["continue_at"].as_str().unwrap().to_owned();
    let code = told["comparison_code"].as_str().unwrap().to_owned();
    drop(wallet);

    // Without a server the command opens the wallet itself; with one, it asks it.
    assert_eq!(waiting()[0]["kind"], "presentation");
    let wallet = Wallet::serve_at(&installation, &address, &[]);
    let entries = waiting();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        entries[0]["credentials"][0]["claims"][0]
            .as_str()
            .map(str::is_empty),
        Some(false)
    );
    let (status, told) = body(wallet.client.get(&pending).send().await.unwrap()).await;
    assert_eq!((status, &told["outcome"]), (202, &"waiting".into()));
    // Whoever allows what a browser brought has the code that its page shows.
    let flow = entries[0]["flow"].as_str().unwrap();
    let without = installation
        .command(&["wallet", "consent", "allow", flow])
        .envs(environment)
        .output()
        .unwrap();
    assert!(!without.status.success());
    let said = consent(&["allow", flow, "--code", &code]);
    assert!(said.contains("accepted by the verifier"), "{said}");
    let said = installation.ok(&["request", "show", &id]);
    assert!(said.contains("what was asked for"), "{said}");
    let (status, told) = body(wallet.client.get(&pending).send().await.unwrap()).await;
    assert_eq!((status, &told["outcome"]), (200, &"shown".into()));

    let (_, link) = request(&installation, "age-over-18", &[]);
    wallet.told("/authorize", &link).await;
    let said = consent(&["refuse", waiting()[0]["flow"].as_str().unwrap()]);
    assert!(said.contains("declined"), "{said}");
    assert!(waiting().is_empty());
}

/// A stranger brings what the owner's rules would share and receive; the owner brings it by the command line, and signs in by the browser.
#[tokio::test(flavor = "multi_thread")]
async fn what_strangers_bring_waits_and_the_owner_brings_and_signs_in() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    // The rules as they are without a word about anybody.
    let rule = rule(&installation, "share", "all_claims = true");
    write_policy_of(
        &installation,
        &rule.replace("answers_for_anybody = true\n", ""),
        "",
    );
    let _issuer = installation.serve_with(
        Role::Issuer,
        &[("SYMBOLON_ISSUER_AUTHORIZATION_UNKNOWN_CLIENTS", "public")],
    );
    let _verifier = installation.serve(Role::Verifier);
    let address = format!("127.0.0.1:{}", free_port());
    let wallet = Wallet::serve_at(&installation, &address, &[]);
    let consent = |arguments: &[&str]| {
        let mut command = installation.command(&[&["wallet", "consent"], arguments].concat());
        command
            .env("SYMBOLON_WALLET_LISTEN", &address)
            .env("SYMBOLON_WALLET_CONSENT_POLICY", "consent.toml");
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };

    // The stranger has an offer to sign in, and brings it.
    let to_sign_in = || {
        offer(
            &installation,
            &uin,
            "NationalIdentity",
            &["--grant", "authorization_code"],
        )
    };
    let offered = to_sign_in();
    let (status, told) = wallet.told("/credential-offer", link(&offered)).await;
    assert_eq!((status, &told["outcome"]), (202, &"waiting".into()), "{told}");
    let strangers = told["continue_at"].as_str().unwrap().to_owned();
    let waiting: Vec<Value> = serde_json::from_str(&consent(&["list", "--json"])).unwrap();
    let said = consent(&["allow", waiting[0]["flow"].as_str().unwrap()]);
    let owners = said
        .lines()
        .find_map(|line| line.strip_prefix("go on at "))
        .unwrap();
    let response = wallet.client.get(&strangers).send().await.unwrap();
    assert_eq!(response.status(), 404, "the sign-in is the owner's");

    // The owner's browser goes to the issuer's page and comes back.
    let response = wallet.client.get(owners).send().await.unwrap();
    assert_eq!(response.status(), 302);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let page = Url::parse(response.headers()["location"].to_str().unwrap()).unwrap();
    assert!(page.as_str().starts_with(&installation.issuer), "{page}");
    let mut browser = Browser::new(&installation);
    let back = browser.answer(&page, &uin, "/consent/approve").await;
    assert!(back.starts_with(&format!("{}/callback?", wallet.url)), "{back}");
    let (status, _) = body(wallet.client.get(&back).send().await.unwrap()).await;
    assert_eq!(status, 400, "another browser does not come back for it");
    let forged = back.replace("state=", "state=x");
    for (url, expected) in [(&forged, 400), (&back, 200)] {
        let request = wallet.client.get(url).header("cookie", &cookie);
        let (status, told) = body(request.send().await.unwrap()).await;
        assert_eq!(status, expected, "{told}");
    }

    // What it holds now is shown to whom the owner brings it, and to nobody whom a stranger brings.
    let (id, link) = request(&installation, "age-over-18", &[]);
    let (status, told) = wallet.told("/authorize", &link).await;
    assert_eq!((status, &told["outcome"]), (202, &"waiting".into()), "{told}");
    installation.fails(3, &["request", "show", &id]);
    let (id, link) = request(&installation, "age-over-18", &[]);
    let said = consent(&["bring", &link]);
    assert!(said.contains("accepted by the verifier"), "{said}");
    let said = installation.ok(&["request", "show", &id]);
    assert!(said.contains("what was asked for"), "{said}");
    // An offer too, in a browser of the owner's.
    let offered = to_sign_in();
    let said = consent(&["bring", offered["link"].as_str().unwrap()]);
    assert!(said.contains("sign in"), "{said}");
    drop(wallet);
    // Without a server the command does it itself.
    let (id, link) = request(&installation, "age-over-18", &[]);
    let said = consent(&["bring", &link]);
    assert!(said.contains("accepted by the verifier"), "{said}");
    let said = installation.ok(&["request", "show", &id]);
    assert!(said.contains("what was asked for"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_refused() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    // The age alone is permitted, and every credential says who issued it and more.
    write_policy(
        &installation,
        &rule(&installation, "share", "claims = [[\"nothing\"]]"),
    );
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    let wallet = Wallet::serve(&installation, &[]);
    let offered = offer(&installation, &uin, "NationalIdentity", &[]);
    let (status, told) = wallet.told("/credential-offer", link(&offered)).await;
    assert_eq!(status, 200, "{told}");

    // More than the rule permits (row 25).
    let (_, link) = request(&installation, "age-over-18", &[]);
    let (status, told) = wallet.told("/authorize", &link).await;
    assert_eq!((status, &told["error"]), (403, &"access_denied".into()), "{told}");

    let id = Url::parse(&link).unwrap();
    let client_id = id
        .query_pairs()
        .find(|(name, _)| name == "client_id")
        .unwrap()
        .1
        .into_owned();
    let at = |parameters: &str| format!("openid4vp://?{parameters}");
    for (parameters, error) in [
        // Nobody asks, or somebody of a kind that is not known, or whom nothing proves (row 21).
        ("nonce=1".to_owned(), "invalid_request"),
        (
            "client_id=origin:https://shop.example&nonce=1".to_owned(),
            "invalid_client",
        ),
        (
            "client_id=clinic&nonce=1&response_type=vp_token".to_owned(),
            "invalid_client",
        ),
        (
            "client_id=redirect_uri:https://shop.example/cb&nonce=1&response_type=vp_token".to_owned(),
            "invalid_client",
        ),
        // A client that must sign, and does not.
        (
            format!("client_id={client_id}&nonce=1&response_type=vp_token"),
            "invalid_request",
        ),
        // Addresses that no stranger may have the wallet fetch from (row 32).
        (
            format!("client_id={client_id}&request_uri=http://169.254.169.254/latest"),
            "invalid_request",
        ),
        (
            format!("client_id={client_id}&request_uri=https://10.0.0.1/request"),
            "invalid_request",
        ),
        (
            format!("client_id={client_id}&request_uri=file:///etc/passwd"),
            "invalid_request",
        ),
        // What is no request object.
        (format!("client_id={client_id}&request=a.b.c"), "invalid_request"),
        (
            format!(
                "client_id={client_id}&request_uri={}/.well-known/openid-credential-issuer",
                installation.issuer
            ),
            "invalid_request",
        ),
    ] {
        let (status, told) = wallet.told("/authorize", &at(&parameters)).await;
        assert_eq!(
            (status, &told["error"]),
            (400, &error.into()),
            "{parameters}: {told}"
        );
    }
    // Offers of strangers, before anything is fetched (row 14).
    for parameters in [
        "credential_offer_uri=https://stranger.example/offer",
        "credential_offer_uri=http://169.254.169.254/offer",
        "credential_offer=%7B%7D",
    ] {
        let (status, told) = wallet.told("/credential-offer", &at(parameters)).await;
        assert_eq!(
            (status, &told["outcome"]),
            (400, &"refused".into()),
            "{parameters}: {told}"
        );
    }
    // A sign-in that this browser did not begin (row 15), a flow that is not there, a person who is not served.
    let (status, _) = wallet.told("/callback", &at("code=a&state=b")).await;
    assert_eq!(status, 400);
    let (status, _) = wallet
        .told(&format!("/pending/{}", "0".repeat(32)), &at(""))
        .await;
    assert_eq!(status, 404);
    let (status, _) = wallet.told("/people/nobody/authorize", &link).await;
    assert_eq!(status, 404);
    // The administration has a token, and so has everything that is not there.
    for path in ["/admin/v1/waiting", "/presentations", "/nothing"] {
        let (status, _) = wallet.told(path, &at("")).await;
        assert_eq!(status, 401, "{path}");
    }
    drop(wallet);

    // More than its owner lets strangers ask for.
    let wallet = Wallet::serve(&installation, &[("SYMBOLON_WALLET_REQUESTS_PER_MINUTE", "2")]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(wallet.told("/authorize", &at("nonce=1")).await.0);
    }
    assert_eq!(statuses, [400, 400, 429]);
    drop(wallet);

    // A policy that cannot be used is named by its key.
    fs::write(
        installation.path("consent.toml"),
        "version = 1\n[waiting]\nseconds = 1\n",
    )
    .unwrap();
    let output = installation
        .command(&["wallet", "serve"])
        .env("SYMBOLON_WALLET_LISTEN", format!("127.0.0.1:{}", free_port()))
        .env("SYMBOLON_WALLET_CONSENT_POLICY", "consent.toml")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("waiting.seconds"),
        "{said}"
    );
}
