//! A resident signs in at the issuer's pages, and the wallet on the command line receives the credential.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Method, Response, Url};
use serde_json::Value;

use crate::harness::{Installation, Role, Server};
use crate::story::offer;

/// An issuer that lets wallets of strangers ask, and comes back to.
const POLICY: [(&str, &str); 2] = [
    ("SYMBOLON_ISSUER_AUTHORIZATION_UNKNOWN_CLIENTS", "public"),
    ("SYMBOLON_ISSUER_AUTHORIZATION_REFRESH_TOKEN_DAYS", "30"),
];

fn prepare() -> (Installation, Server, String) {
    let installation = Installation::new();
    let uin = installation.sample(2).remove(0);
    let server = installation.serve_with(Role::Issuer, &POLICY);
    installation.ok(&["records", "import", "people.ndjson"]);
    (installation, server, uin)
}

/// `symbolon wallet receive …` while it waits for the browser.
pub(crate) struct Receiving {
    child: Child,
    output: BufReader<ChildStdout>,
    input: ChildStdin,
    pub(crate) page: Url,
}

impl Receiving {
    pub(crate) fn start(installation: &Installation, arguments: &[&str]) -> Self {
        Self::run(installation, &[&["wallet", "receive"], arguments].concat())
    }

    /// Another command that has a person sign in.
    pub(crate) fn run(installation: &Installation, command: &[&str]) -> Self {
        let mut child = installation
            .command(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        let page = loop {
            let mut line = String::new();
            assert_ne!(
                output.read_line(&mut line).unwrap(),
                0,
                "no page to open: {printed}"
            );
            printed.push_str(&line);
            if let Some(page) = line.strip_prefix("sign in at ") {
                break Url::parse(page.trim()).unwrap();
            }
        };
        assert!(printed.starts_with("offered by "), "{printed}");
        let input = child.stdin.take().unwrap();
        Self {
            child,
            output,
            input,
            page,
        }
    }

    /// A resident signs in and agrees. What was printed in the end.
    #[track_caller]
    pub(crate) fn agreed(self, installation: &Installation, uin: &str) -> String {
        run(async {
            let mut browser = Browser::new(installation);
            let back = browser.answer(&self.page, uin, "/consent/approve").await;
            browser.send(Method::GET, &back, &[]).await;
        });
        let (printed, succeeded) = self.end();
        assert!(succeeded, "{printed}");
        printed
    }

    /// What it printed in the end, and whether it did what it was asked to.
    pub(crate) fn end(mut self) -> (String, bool) {
        drop(self.input);
        let mut printed = String::new();
        self.output.read_to_string(&mut printed).unwrap();
        (printed, self.child.wait().unwrap().success())
    }
}

/// A browser that keeps one cookie and shows where it is led.
pub(crate) struct Browser<'a> {
    installation: &'a Installation,
    http: Client,
    cookie: String,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(installation: &'a Installation) -> Self {
        let http = Client::builder()
            .no_proxy()
            .redirect(Policy::none())
            .build()
            .unwrap();
        Self {
            installation,
            http,
            cookie: String::new(),
        }
    }

    pub(crate) async fn send(&mut self, method: Method, url: &str, form: &[(&str, &str)]) -> Response {
        let mut request = self
            .http
            .request(method.clone(), url)
            .header("cookie", &self.cookie);
        if method == Method::POST {
            request = request.header("origin", &self.installation.issuer).form(form);
        }
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get("set-cookie") {
            let cookie = cookie.to_str().unwrap();
            self.cookie = cookie.split(';').next().unwrap().to_owned();
        }
        response
    }

    /// The token of the forms on a page.
    async fn form(&mut self, path: &str) -> String {
        let url = format!("{}{path}", self.installation.issuer);
        let html = self.send(Method::GET, &url, &[]).await.text().await.unwrap();
        let (_, after) = html
            .split_once(r#"name="form" value=""#)
            .expect("the page has a form");
        after.split('"').next().unwrap().to_owned()
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> String {
        let url = format!("{}{path}", self.installation.issuer);
        let response = self.send(Method::POST, &url, form).await;
        assert_eq!(response.status(), 303, "{path}: {:?}", response.text().await);
        response.headers()["location"].to_str().unwrap().to_owned()
    }

    /// The newest code that the demo sender shows.
    async fn code(&self) -> String {
        let token = fs::read_to_string(self.installation.path("data/administration-token")).unwrap();
        for _ in 0..200 {
            let request = self
                .http
                .post(format!("{}/admin/v1/sign-in-codes", self.installation.issuer))
                .bearer_auth(token.trim());
            let codes: Value = request.send().await.unwrap().json().await.unwrap();
            if let Some(code) = codes[0]["code"].as_str() {
                return code.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("no code came");
    }

    /// Signs in and decides; where the browser is led then.
    pub(crate) async fn answer(&mut self, page: &Url, uin: &str, decision: &str) -> String {
        let response = self.send(Method::GET, page.as_str(), &[]).await;
        assert_eq!(response.status(), 303, "{:?}", response.text().await);
        self.decide(uin, decision).await
    }

    /// Signs in and decides in an authorization that has begun.
    pub(crate) async fn decide(&mut self, uin: &str, decision: &str) -> String {
        let form = self.form("/sign-in").await;
        self.post("/sign-in/number", &[("form", &form), ("number", uin)])
            .await;
        let form = self.form("/sign-in").await;
        let code = self.code().await;
        self.post("/sign-in/code", &[("form", &form), ("code", &code)])
            .await;
        let form = self.form("/consent").await;
        self.post(decision, &[("form", &form)]).await
    }
}

pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.unwrap().block_on(test)
}

fn held(installation: &Installation) -> Vec<String> {
    let listed = installation.json(&["wallet", "list", "--json"]);
    let rows = listed.as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_resident_asks_the_issuer_signs_in_and_later_renews() {
    let (installation, _server, uin) = prepare();
    let asked = [
        "--issuer",
        &installation.issuer,
        "--credential",
        "NationalIdentity",
    ];
    let receiving = Receiving::start(&installation, &asked);
    run(async {
        let mut browser = Browser::new(&installation);
        let back = browser.answer(&receiving.page, &uin, "/consent/approve").await;
        assert!(back.starts_with("http://127.0.0.1:"), "{back}");
        let response = browser.send(Method::GET, &back, &[]).await;
        assert_eq!(response.status(), 200);
        assert!(response.text().await.unwrap().contains("can be closed"));
    });
    let (printed, succeeded) = receiving.end();
    assert!(succeeded, "{printed}");
    let id = printed.trim().strip_prefix("received ").unwrap().to_owned();
    assert_eq!(held(&installation), core::slice::from_ref(&id));

    // Without the resident.
    let printed = installation.ok(&["wallet", "renew", &id]);
    let renewed = printed.trim().strip_prefix("received ").unwrap().to_owned();
    assert_ne!(renewed, id);
    assert_eq!(held(&installation), [renewed]);
    installation.fails(1, &["wallet", "renew", &id]);
}

#[test]
fn an_offer_is_taken_up_by_the_resident_it_was_made_for() {
    let (installation, _server, uin) = prepare();
    let to_sign_in = ["--grant", "authorization_code"];
    let offer = offer(&installation, &uin, "NationalIdentityMdoc", &to_sign_in);
    let link = offer["link"].as_str().unwrap();
    let back = "org.example.wallet:/signed-in";
    let mut receiving = Receiving::start(&installation, &[link, "--redirect", back]);
    let answer = run(async {
        let mut browser = Browser::new(&installation);
        browser.answer(&receiving.page, &uin, "/consent/approve").await
    });
    assert!(answer.starts_with(back), "{answer}");
    // Somebody else's answer is passed over.
    let foreign = answer.replace("state=", "state=x");
    write!(receiving.input, "{foreign}\n{answer}\n").unwrap();
    let (printed, succeeded) = receiving.end();
    assert!(succeeded, "{printed}");
    assert_eq!(held(&installation).len(), 1);
}

#[test]
fn a_resident_who_says_no_receives_nothing() {
    let (installation, _server, uin) = prepare();
    let asked = ["--issuer", &installation.issuer, "--scope", "NationalIdentity"];
    let receiving = Receiving::start(&installation, &asked);
    run(async {
        let mut browser = Browser::new(&installation);
        let back = browser.answer(&receiving.page, &uin, "/consent/refuse").await;
        browser.send(Method::GET, &back, &[]).await;
    });
    let (printed, succeeded) = receiving.end();
    assert!(!succeeded, "{printed}");
    assert!(held(&installation).is_empty());
}
