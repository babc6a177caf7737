//! The question: which credentials go to which wallet.

use axum::extract::{Query, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use symbolon_issuer::authorization::{AuthorizationStage, ClientAssurance};
use symbolon_issuer::mapping::{ClaimEntry, DisplayEntry};
use symbolon_pages::language::choose;
use symbolon_pages::{Serde, Value, context};

use super::answer::{FormTargets, page, see_other};
use super::paths;
use super::problem::Problem;
use super::render::Page;
use super::routes::Desk;
use super::sign_in::{FormBody, Opened, Switch};
use crate::http::browser::forget_browser_key;
use crate::issuer::AskedCredential;
use symbolon_pages::Translation;

#[derive(Serialize)]
struct ShownCredential {
    name: String,
    description: Option<String>,
    claims: Vec<String>,
}

#[derive(Serialize)]
struct ShownWallet {
    name: String,
    named: bool,
    id: String,
    returns_to: String,
    assurance: &'static str,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Query(switch): Query<Switch>,
    headers: HeaderMap,
) -> Response {
    let opened = match desk.shown(switch, paths::CONSENT, &headers).await {
        Ok(opened) => opened,
        Err(answer) => return answer,
    };
    let view = &opened.view;
    let record = match &view.stage {
        AuthorizationStage::Identified { record, .. } => record,
        AuthorizationStage::Requested => return see_other(&desk.issuer.pages.location(paths::SIGN_IN)),
        AuthorizationStage::Granted | AuthorizationStage::Denied => {
            return desk.problem(&headers, Problem::Decided);
        }
    };
    let language = choose(desk.issuer.pages.translations(), &headers, &view.ui_locales);
    let credentials: Vec<_> = view
        .credentials
        .iter()
        .map(|asked| desk.shown_credential(asked, language))
        .collect();
    let content = context! {
        form => view.form_token.expose(),
        number => format!("\u{2066}{}\u{2069}", record.masked()),
        offered => view.offered,
        credentials => Value::from(Serde(credentials)),
        wallet => Value::from(Serde(desk.shown_wallet(&opened, language))),
    };
    let shown = Page {
        template: "consent.html",
        path: Some(paths::CONSENT),
        problem: None,
        content,
        language,
    };
    page(
        &desk.issuer.pages,
        StatusCode::OK,
        &shown,
        &FormTargets::Wallet(&view.redirect_uri),
    )
}

pub(super) async fn approve(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let decided = desk.issuer.approve(&opened.browser, &submitted.form).await;
    desk.decided(&headers, decided)
}

pub(super) async fn refuse(State(desk): State<Desk>, headers: HeaderMap, body: FormBody) -> Response {
    let (opened, submitted) = match (desk.opened(&headers).await, desk.submitted(&headers, body)) {
        (Ok(opened), Ok(submitted)) => (opened, submitted),
        (Err(answer), _) | (_, Err(answer)) => return answer,
    };
    let decided = desk.issuer.refuse(&opened.browser, &submitted.form).await;
    desk.decided(&headers, decided)
}

impl Desk {
    /// Leads the browser back to the wallet.
    fn decided(
        &self,
        headers: &HeaderMap,
        decided: Result<zeroize::Zeroizing<String>, crate::issuer::AuthorizationFailure>,
    ) -> Response {
        match decided {
            Ok(location) => {
                let mut response = see_other(&location);
                forget_browser_key(response.headers_mut(), self.issuer.profile().identifier());
                response
            }
            Err(failure) => self.problem(headers, (&failure).into()),
        }
    }

    fn shown_credential(&self, asked: &AskedCredential, language: &Translation) -> ShownCredential {
        let display = display_in(&asked.display, &language.tag);
        let configuration = self.issuer.profile().configuration(&asked.configuration);
        let mut claims: Vec<String> = Vec::new();
        for entry in configuration.map_or(&[][..], |configuration| configuration.claims()) {
            // A configuration may give one thing in several forms; it is named once.
            let label = label_in(entry, &language.tag);
            if !claims.contains(&label) {
                claims.push(label);
            }
        }
        ShownCredential {
            name: display.map_or_else(
                || asked.configuration.as_str().to_owned(),
                |display| display.name.clone(),
            ),
            description: display.and_then(|display| display.description.clone()),
            claims,
        }
    }

    fn shown_wallet(&self, opened: &Opened, language: &Translation) -> ShownWallet {
        let client = &opened.view.client;
        ShownWallet {
            name: self.wallet_name(language, &opened.view),
            named: client.name.is_some(),
            id: client.id.as_str().to_owned(),
            returns_to: opened.view.redirect_uri.destination(),
            assurance: match client.assurance {
                ClientAssurance::Authenticated => "authenticated",
                ClientAssurance::Attested => "attested",
                ClientAssurance::Registered => "registered",
                ClientAssurance::Unregistered => "unregistered",
            },
        }
    }
}

/// The display in a language, else in English, else the first.
fn display_in<'d>(display: &'d [DisplayEntry], tag: &str) -> Option<&'d DisplayEntry> {
    let in_language = |tag: &str| {
        display
            .iter()
            .find(|entry| primary(&entry.locale) == primary(tag))
    };
    in_language(tag).or_else(|| in_language("en")).or(display.first())
}

/// What a claim is called in a language, else in English, else by its path.
fn label_in(entry: &ClaimEntry, tag: &str) -> String {
    let in_language = |tag: &str| {
        entry
            .label
            .iter()
            .find(|(locale, _)| primary(locale) == primary(tag))
    };
    let label = in_language(tag)
        .or_else(|| in_language("en"))
        .or(entry.label.iter().next());
    label.map_or_else(|| entry.path.join(" "), |(_, label)| label.clone())
}

fn primary(tag: &str) -> String {
    tag.split(['-', '_'])
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}
