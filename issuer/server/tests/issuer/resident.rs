//! A resident's browser, as far as a page without scripts can tell, and the messages that reach the resident.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;
use symbolon_issuer::authorization::AuthorizationPolicy;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::sign_in::{Channel, CodeMessage, SendCode, SendFuture};
use symbolon_issuer_server::shipped_translations;
use symbolon_issuer_server::sign_in::{CodeSender, SignInSetup, SignInWay};

use crate::harness::{HASSAN, World, record};
use crate::wallet::{BACK, CHALLENGE, PUBLIC, policy};

/// Everything that was sent, oldest first.
#[derive(Default)]
pub(crate) struct Postbox(Mutex<Vec<CodeMessage>>);

impl SendCode for Postbox {
    fn send<'a>(&'a self, message: &'a CodeMessage) -> SendFuture<'a> {
        self.0.lock().unwrap().push(message.clone());
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Postbox {
    pub(crate) fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// The message after the first `before`, which may still be on its way.
    pub(crate) async fn next(&self, before: usize) -> CodeMessage {
        for _ in 0..200 {
            if let Some(message) = self.0.lock().unwrap().get(before) {
                return message.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no message came");
    }

    /// What was sent last.
    pub(crate) fn newest(&self) -> String {
        self.0.lock().unwrap().last().unwrap().code.to_string()
    }
}

pub(crate) fn by_code(sender: CodeSender) -> SignInSetup {
    SignInSetup {
        way: SignInWay::OneTimeCode {
            channel: Channel::Phone,
            sender,
        },
        translations: Arc::new(shipped_translations().unwrap()),
        answer_after: Duration::ZERO,
    }
}

/// An issuer whose residents get their codes in a postbox, with Hassan's record.
pub(crate) async fn world() -> (World, Arc<Postbox>) {
    world_of(policy()).await
}

pub(crate) async fn world_of(authorization: AuthorizationPolicy) -> (World, Arc<Postbox>) {
    let postbox = Arc::new(Postbox::default());
    let sign_in = by_code(CodeSender::Sent(Arc::clone(&postbox) as Arc<dyn SendCode>));
    let world = World::start_signing_in(IssuerPolicy::default(), authorization, sign_in).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    (world, postbox)
}

/// A browser at the sign-in page of an authorization.
pub(crate) struct Browser<'a> {
    world: &'a World,
    http: Client,
    cookies: BTreeMap<String, String>,
    pub(crate) accept_language: Option<&'static str>,
}

/// What a browser was shown.
pub(crate) struct Shown {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) html: String,
}

impl Shown {
    pub(crate) fn location(&self) -> &str {
        self.headers["location"].to_str().unwrap()
    }

    /// The token of the page's forms.
    pub(crate) fn form(&self) -> String {
        let (_, after) = self.html.split_once(r#"name="form" value=""#).unwrap();
        after.split('"').next().unwrap().to_owned()
    }

    /// What the page says went wrong.
    pub(crate) fn problem(&self) -> &str {
        let (_, after) = self.html.split_once(r#"id="problem">"#).unwrap();
        after.split('<').next().unwrap()
    }
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World) -> Self {
        Self {
            world,
            http: Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .build()
                .unwrap(),
            cookies: BTreeMap::new(),
            accept_language: None,
        }
    }

    /// A browser that a wallet has sent here.
    pub(crate) async fn sent(world: &'a World) -> Self {
        Self::sent_with(world, &[]).await
    }

    pub(crate) async fn sent_with(world: &'a World, more: &[(&str, &str)]) -> Self {
        Self::sent_by(world, PUBLIC, BACK, more).await
    }

    /// A browser that the wallet `client` has sent here, which wants the answer at `back`.
    pub(crate) async fn sent_by(world: &'a World, client: &str, back: &str, more: &[(&str, &str)]) -> Self {
        let mut browser = Self::new(world);
        let mut form = vec![
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", back),
            ("state", "the state"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "NationalIdentity"),
        ];
        form.extend_from_slice(more);
        let pushed = browser
            .http
            .post(world.url("/par"))
            .form(&form)
            .send()
            .await
            .unwrap();
        assert_eq!(pushed.status(), StatusCode::CREATED);
        let pushed: Value = pushed.json().await.unwrap();
        let request_uri = pushed["request_uri"].as_str().unwrap();
        let mut url = reqwest::Url::parse(&world.url("/authorize")).unwrap();
        url.query_pairs_mut()
            .append_pair("client_id", client)
            .append_pair("request_uri", request_uri);
        let path = format!("/authorize?{}", url.query().unwrap());
        let shown = browser.get(&path).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER);
        assert_eq!(shown.location(), world.url("/sign-in"));
        browser
    }

    pub(crate) fn key(&self) -> &str {
        &self.cookies["symbolon-authorization"]
    }

    /// Another browser that has stolen this one's cookies.
    pub(crate) fn stolen(&self) -> Self {
        Self {
            cookies: self.cookies.clone(),
            ..Self::new(self.world)
        }
    }

    async fn take(&mut self, request: reqwest::RequestBuilder) -> Shown {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = request.header("cookie", cookies.join("; "));
        if let Some(language) = self.accept_language {
            request = request.header("accept-language", language);
        }
        let response: Response = request.send().await.unwrap();
        let headers = response.headers().clone();
        for cookie in headers.get_all("set-cookie") {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Shown {
            status: response.status(),
            headers,
            html: response.text().await.unwrap(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Shown {
        let request = self.http.get(self.world.url(path));
        self.take(request).await
    }

    pub(crate) async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Shown {
        let request = self.http.post(self.world.url(path)).form(form);
        self.take(request).await
    }

    /// Loads the sign-in page and types a number.
    pub(crate) async fn type_number(&mut self, number: &str) -> Shown {
        let form = self.get("/sign-in").await.form();
        self.post("/sign-in/number", &[("form", &form), ("number", number)])
            .await
    }

    /// Loads the sign-in page and types a code.
    pub(crate) async fn type_code(&mut self, code: &str) -> Shown {
        let form = self.get("/sign-in").await.form();
        self.post("/sign-in/code", &[("form", &form), ("code", code)])
            .await
    }

    /// Signs Hassan in, to the consent page.
    pub(crate) async fn sign_in(&mut self, postbox: &Postbox) {
        let before = postbox.count();
        assert_eq!(self.type_number(HASSAN).await.status, StatusCode::SEE_OTHER);
        let message = postbox.next(before).await;
        let shown = self.type_code(&message.code).await;
        assert_eq!(shown.status, StatusCode::SEE_OTHER, "{}", shown.html);
        assert!(shown.location().ends_with("/consent"));
    }
}
