//! The pages of the sign-in: number, code, and leaving without a credential.

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use symbolon_issuer::authorization::{AuthorizationStage, BrowserKey};
use symbolon_issuer::record_source::RecordSourceError;
use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::sign_in::{Channel, CodeLength, SignInPage};
use symbolon_pages::language::choose;
use symbolon_pages::{Value, context};
use symbolon_protocol::foreign_text::is_direction_override;

use super::answer::{FormTargets, page, see_other};
use super::paths;
use super::problem::{Problem, Said, problem_page_in};
use super::render::Page;
use super::routes::{Desk, switched_language};
use crate::http::answer::retry_after;
use crate::http::browser::{browser_key, set_browser_key};
use crate::issuer::{AuthorizationView, SignInFailure};
use crate::sign_in::SignInWay;
use symbolon_pages::Translation;

/// A page's query: `?language=` switches.
#[derive(Deserialize)]
pub(super) struct Switch {
    pub(super) language: Option<String>,
}

/// A form that carries nothing but its token. A field that is missing is one that does not fit.
#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    pub(super) form: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
}

pub(super) type FormBody = Result<Form<Submitted>, FormRejection>;

/// An authorization that is open, with the key it is under.
pub(super) struct Opened {
    pub(super) browser: zeroize::Zeroizing<String>,
    pub(super) view: AuthorizationView,
}

impl Desk {
    /// The authorization of a browser, or the page that says why there is none.
    pub(super) async fn opened(&self, headers: &HeaderMap) -> Result<Opened, Response> {
        let browser = browser_key(headers, self.issuer.profile().identifier());
        let browser = browser.ok_or_else(|| self.problem(headers, Problem::Unknown))?;
        match self.issuer.authorization(&browser).await {
            Ok(view) => Ok(Opened { browser, view }),
            Err(failure) => Err(self.problem(headers, (&failure).into())),
        }
    }

    /// The authorization that the page at `path` shows, or what is answered instead: the same page in another language, or why
    /// there is none.
    pub(super) async fn shown(
        &self,
        switch: Switch,
        path: &str,
        headers: &HeaderMap,
    ) -> Result<Opened, Response> {
        match switch.language {
            Some(tag) => Err(switched_language(self, &tag, path)),
            None => self.opened(headers).await,
        }
    }

    pub(super) fn problem(&self, headers: &HeaderMap, problem: Problem) -> Response {
        problem_page_in(&self.issuer.pages, headers, &[], problem, None)
    }

    /// The submitted form, or the page that says that it is none.
    #[expect(clippy::result_large_err, reason = "the error is the answer")]
    pub(super) fn submitted(&self, headers: &HeaderMap, body: FormBody) -> Result<Submitted, Response> {
        match body {
            Ok(Form(submitted)) => Ok(submitted),
            Err(_) => Err(self.problem(headers, Problem::ForeignForm)),
        }
    }

    /// Goes on to the consent page with the key that signing in gave.
    pub(super) fn signed_in(&self, key: &BrowserKey) -> Response {
        let mut response = see_other(&self.issuer.pages.location(paths::CONSENT));
        set_browser_key(response.headers_mut(), self.issuer.profile().identifier(), key);
        response
    }

    /// What pages call the wallet of an authorization. The name is its provider's: a mark of direction in it that reaches beyond the name
    /// would turn the words around it.
    pub(super) fn wallet_name(&self, language: &Translation, view: &AuthorizationView) -> String {
        match &view.client.name {
            Some(name) => name
                .chars()
                .filter(|mark| !is_direction_override(*mark))
                .collect(),
            None => self.issuer.pages.text(language, "wallet-unnamed", &[]),
        }
    }

    /// The page of the sign-in that comes next, with what went wrong on it.
    pub(super) async fn sign_in_page(
        &self,
        headers: &HeaderMap,
        opened: &Opened,
        status: StatusCode,
        wrong: Option<Said>,
    ) -> Response {
        let view = &opened.view;
        let language = choose(self.issuer.pages.translations(), headers, &view.ui_locales);
        let (problem, wait) = match wrong {
            None => (None, None),
            Some(Said::Apart(problem)) => {
                return problem_page_in(&self.issuer.pages, headers, &view.ui_locales, problem, None);
            }
            Some(Said::Here(key, wait)) => {
                // Never one: the texts know one form of the word.
                let values = wait.map(|wait| wait.as_secs().max(2).to_string());
                let values: Vec<(&str, &str)> =
                    values.iter().map(|value| ("seconds", value.as_str())).collect();
                (Some(self.issuer.pages.text(language, key, &values)), wait)
            }
        };
        let digest = SecretDigest::of(&opened.browser);
        let stored = match self.issuer.sign_in(&digest).await {
            Ok(stored) => stored,
            Err(error) => {
                tracing::error!(%error, "sign-in not read");
                return self.problem(headers, Problem::Unavailable);
            }
        };
        let (template, content) = match self.content(
            &opened.view,
            language,
            &digest,
            &stored.value.page(self.issuer.now()),
        ) {
            Ok(content) => content,
            Err(problem) => return self.problem(headers, problem),
        };
        let shown = Page {
            template,
            path: Some(paths::SIGN_IN),
            problem,
            content,
            language,
        };
        let response = page(&self.issuer.pages, status, &shown, &FormTargets::Here);
        match wait {
            Some(wait) => retry_after(response, wait),
            None => response,
        }
    }

    fn content(
        &self,
        view: &AuthorizationView,
        language: &Translation,
        browser: &SecretDigest,
        at: &SignInPage<'_>,
    ) -> Result<(&'static str, Value), Problem> {
        let wallet = self.wallet_name(language, view);
        let form = view.form_token.expose();
        Ok(match (&self.issuer.setup.sign_in.way, at) {
            (SignInWay::Closed, _) => return Err(Problem::NotSetUp),
            (SignInWay::OpenIdProvider(setup), _) => (
                "provider.html",
                context! { wallet => wallet, provider => setup.name() },
            ),
            (
                SignInWay::OneTimeCode { .. },
                SignInPage::Code {
                    shown,
                    length,
                    ask_again,
                },
            ) => {
                let content = context! {
                    form => form,
                    shared => *length == CodeLength::Long,
                    by_email => shown.channel() == Channel::Email,
                    digits => length.digits(),
                    // Read from left to right in every language, as numbers and addresses are.
                    destination => format!("\u{2066}{}\u{2069}", shown.text()),
                    request => self.issuer.request_label(browser).to_string(),
                    may_ask_again => ask_again.is_some(),
                };
                ("code.html", content)
            }
            (SignInWay::OneTimeCode { .. }, _) => {
                ("number.html", context! { form => form, wallet => wallet })
            }
        })
    }

    /// The answer to a form that did not do.
    pub(super) async fn sign_in_failed(
        &self,
        headers: &HeaderMap,
        opened: &Opened,
        failure: &SignInFailure,
    ) -> Response {
        if matches!(
            failure,
            SignInFailure::Store(_) | SignInFailure::Records(_) | SignInFailure::Randomness(_)
        ) {
            tracing::error!(error = %failure, "sign-in not carried on");
        }
        let status = match failure {
            SignInFailure::Ask(_) | SignInFailure::Entry(_) => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::BAD_REQUEST,
        };
        let response = self
            .sign_in_page(headers, opened, status, Some(failure.into()))
            .await;
        match failure {
            SignInFailure::Records(RecordSourceError::Unavailable { retry_after: wait }) => {
                retry_after(response, *wait)
            }
            _ => response,
        }
    }
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Query(switch): Query<Switch>,
    headers: HeaderMap,
) -> Response {
    let opened = match desk.shown(switch, paths::SIGN_IN, &headers).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    match opened.view.stage {
        AuthorizationStage::Requested => {}
        AuthorizationStage::Identified { .. } => {
            return see_other(&desk.issuer.pages.location(paths::CONSENT));
        }
        AuthorizationStage::Granted | AuthorizationStage::Denied => {
            return desk.problem(&headers, Problem::Decided);
        }
    }
    match desk.issuer.resume(&opened.browser).await {
        Ok(Some(key)) => desk.signed_in(&key),
        Ok(None) => desk.sign_in_page(&headers, &opened, StatusCode::OK, None).await,
        Err(failure) => desk.sign_in_failed(&headers, &opened, &failure).await,
    }
}

pub(super) async fn number(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let asked = desk
        .issuer
        .ask_code(&opened.browser, &submitted.form, &submitted.number)
        .await;
    match asked {
        Ok(()) => see_other(&desk.issuer.pages.location(paths::SIGN_IN)),
        Err(failure) => desk.sign_in_failed(&headers, &opened, &failure).await,
    }
}

pub(super) async fn code(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let entered = desk
        .issuer
        .enter_code(&opened.browser, &submitted.form, &submitted.code)
        .await;
    match entered {
        Ok(key) => desk.signed_in(&key),
        Err(failure) => desk.sign_in_failed(&headers, &opened, &failure).await,
    }
}

pub(super) async fn again(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    match desk.issuer.ask_again(&opened.browser, &submitted.form).await {
        Ok(()) => see_other(&desk.issuer.pages.location(paths::SIGN_IN)),
        Err(failure) => desk.sign_in_failed(&headers, &opened, &failure).await,
    }
}

pub(super) async fn start_over(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    match desk.issuer.start_over(&opened.browser, &submitted.form).await {
        Ok(()) => see_other(&desk.issuer.pages.location(paths::SIGN_IN)),
        Err(failure) => desk.sign_in_failed(&headers, &opened, &failure).await,
    }
}

/// Asks once more before the wallet is told no: a form here may lead to the wallet, those where secrets are typed may not.
pub(super) async fn cancel(
    State(desk): State<Desk>,
    Query(switch): Query<Switch>,
    headers: HeaderMap,
) -> Response {
    let opened = match desk.shown(switch, paths::CANCEL, &headers).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let view = &opened.view;
    let language = choose(desk.issuer.pages.translations(), &headers, &view.ui_locales);
    let shown = Page {
        template: "cancel.html",
        path: Some(paths::CANCEL),
        problem: None,
        content: context! { form => view.form_token.expose(), wallet => desk.wallet_name(language, view) },
        language,
    };
    page(
        &desk.issuer.pages,
        StatusCode::OK,
        &shown,
        &FormTargets::Wallet(&view.redirect_uri),
    )
}
