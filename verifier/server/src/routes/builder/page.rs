//! The HTML of the page.

use std::sync::Arc;

use axum::response::{IntoResponse as _, Response};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_pages::answer::page;
use symbolon_pages::language::choose;
use symbolon_pages::{Serde, TemplateError, Templates, Translation, Translations, Value, context};
use symbolon_protocol::dcql::{DcqlError, DcqlQuery};
use symbolon_verdict_page::minutes;
use symbolon_verifier::compose::{ComposeError, KnownCredential};
use symbolon_verifier::policy::{PolicyFormat, Presence, PresentationPolicy};
use symbolon_verifier::relying_party::Permission;
use symbolon_verifier::store::RequestRecord;

use super::Visit;
use super::draft::{Draft, DraftCredential, need_field, path_field, type_field};
use crate::routes::DamagedPages;
use crate::routes::administration::{RequestState, ResultBody};
use crate::routes::caller::Caller;
use crate::routes::pages::{QrCode, base};
use crate::routes::request_object::stored_query;
use crate::scan::page::Pages as Verdicts;
use crate::state::State;

/// Scripts, pictures and events are ours, and faces come within the page. Nobody else is asked.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

const SHIPPED: [(&str, &str); 4] = [
    ("en", include_str!("translations/en.toml")),
    ("fr", include_str!("translations/fr.toml")),
    ("ar", include_str!("translations/ar.toml")),
    ("hi", include_str!("translations/hi.toml")),
];

pub(super) const TEMPLATES: [(&str, &str); 6] = [
    ("layout.html", include_str!("templates/layout.html")),
    ("enter.html", include_str!("templates/enter.html")),
    ("home.html", include_str!("templates/home.html")),
    ("query.html", include_str!("templates/query.html")),
    ("request.html", include_str!("templates/request.html")),
    ("curl.html", include_str!("templates/curl.html")),
];

/// Templates, texts, and what can be chosen.
pub(crate) struct RequestBuilder {
    templates: Templates,
    translations: Arc<Translations>,
    /// Verdicts look as on the shop's page.
    verdicts: Verdicts,
}

/// What stands on the page of a query.
#[derive(Default)]
pub(super) struct View<'v> {
    pub(super) draft: Option<&'v Draft<'v>>,
    pub(super) json: Option<String>,
    /// The body that makes the same request over the interface.
    pub(super) curl: Option<String>,
    pub(super) problem: Option<Problem>,
}

/// What is wrong with what was entered: a text of the page with the numbers in it, and words that are not translated.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    key: &'static str,
    credential: usize,
    line: usize,
    detail: Option<String>,
}

impl Problem {
    pub(super) fn text(key: &'static str) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    /// In the words of the part that refused it.
    pub(super) fn said(detail: String) -> Self {
        Self {
            detail: Some(detail),
            ..Self::text("problem-query")
        }
    }

    /// People count from one.
    pub(super) fn of(error: &ComposeError) -> Self {
        let at = |key, credential: usize, line: usize| Self {
            key,
            credential: credential.saturating_add(1),
            line: line.saturating_add(1),
            detail: None,
        };
        match *error {
            ComposeError::OnlyOptionalClaims { credential } => at("problem-only-optional", credential, 0),
            ComposeError::Path { credential, line } => at("problem-path", credential, line),
            ComposeError::TooManyClaims { credential } => at("problem-too-many", credential, 0),
            ComposeError::Query(DcqlError::NoCredentials) => Self::text("problem-no-credential"),
            _ => Self::said(error.to_string()),
        }
    }
}

impl<'v> View<'v> {
    pub(super) fn draft(draft: &'v Draft<'v>) -> Self {
        Self {
            draft: Some(draft),
            ..Self::default()
        }
    }

    pub(super) fn query(query: &DcqlQuery, json: String) -> Self {
        Self {
            curl: Some(curl_body_of(query)),
            json: Some(json),
            ..Self::default()
        }
    }

    pub(super) fn mistaken(json: String, problem: Problem) -> Self {
        Self {
            json: Some(json),
            problem: Some(problem),
            ..Self::default()
        }
    }
}

/// Reads a query that was written by hand, and says where its JSON is wrong if that is what is wrong.
pub(super) fn parse_query(text: &str) -> Result<DcqlQuery, Problem> {
    DcqlQuery::parse_own(text.as_bytes()).map_err(|error| {
        let syntax = serde_json::from_str::<serde::de::IgnoredAny>(text).err();
        Problem::said(match (error, syntax) {
            (DcqlError::Malformed, Some(syntax)) => syntax.to_string(),
            (error, _) => error.to_string(),
        })
    })
}

pub(super) fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}

pub(super) fn curl_body_of(query: &DcqlQuery) -> String {
    json!({ "dcql_query": query }).to_string()
}

/// Names with dots between them; `*` is every element of a list.
pub(super) fn path_words(path: &ClaimsPath) -> String {
    let parts = path.parts().iter().map(|part| match part {
        PathPart::Key(name) => name.clone(),
        PathPart::Index(index) => index.to_string(),
        PathPart::All => "*".to_owned(),
    });
    parts.collect::<Vec<_>>().join(".")
}

impl RequestBuilder {
    /// # Errors
    /// A template that does not parse or a text that is missing, which tests rule out.
    pub(crate) fn new(verifier: &str) -> Result<Self, DamagedPages> {
        let translations = Arc::new(Translations::new(&SHIPPED)?);
        Ok(Self {
            templates: Templates::new(&TEMPLATES, &translations, &["verifier"])?,
            translations,
            verdicts: Verdicts::new(verifier)?,
        })
    }

    pub(super) fn translations(&self) -> &Translations {
        &self.translations
    }

    pub(super) const fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// A text that there may be none of, as of a rule that is younger than the texts.
    pub(super) fn text_or(&self, language: &Translation, key: &str, otherwise: String) -> String {
        if self.translations.english().texts.contains_key(key) {
            self.translations.text(language, key, &[])
        } else {
            otherwise
        }
    }

    fn render(&self, template: &'static str, values: Value) -> Result<String, TemplateError> {
        self.templates.render(template, values)
    }
}

impl Visit<'_> {
    pub(super) fn language(&self) -> &Translation {
        choose(self.state.builder.translations(), self.headers, &[])
    }

    /// The page that asks for the key.
    pub(super) fn entry(&self, status: StatusCode, problem: Option<&'static str>) -> Response {
        self.answer("enter.html", status, None, "", context! { problem })
    }

    /// The page with the policies.
    pub(super) fn home(&self, status: StatusCode, party: &Caller, problem: Option<&Problem>) -> Response {
        let policies = party.document.policies.iter();
        let policies = policies.filter_map(|name| self.state.policy(name));
        let policies: Vec<Value> = policies.map(|policy| self.policy(party, &policy)).collect();
        let values = context! {
            policies,
            problem => Value::from(Serde(problem)),
            own_queries => party.document.own_queries == Permission::Allowed,
        };
        self.answer("home.html", status, Some(party), "", values)
    }

    fn policy(&self, party: &Caller, policy: &PresentationPolicy) -> Value {
        let body = json!({ "policy": policy.name() }).to_string();
        context! {
            name => policy.name().as_str(),
            purpose => policy.purpose().or(party.document.purpose.as_deref()),
            json => policy.query().map(pretty),
            curl => self.curl(&body),
        }
    }

    /// The page of a query.
    pub(super) fn query(&self, status: StatusCode, party: &Caller, view: &View<'_>) -> Response {
        let tag = &self.language().tag;
        let believed = self.state.believed.now();
        let kinds = believed.catalogue().credentials();
        let kinds: Vec<Value> = kinds
            .map(|known| context! { field => type_field(known), name => kind_name(known, tag) })
            .collect();
        let credentials: Option<Vec<Value>> = view.draft.map(|draft| {
            let credentials = draft.credentials.iter();
            credentials
                .map(|credential| credential_value(credential, tag))
                .collect()
        });
        let values = context! {
            kinds,
            credentials,
            json => view.json.as_deref(),
            curl => view.curl.as_deref().map(|body| self.curl(body)),
            problem => Value::from(Serde(view.problem.as_ref())),
        };
        self.answer("query.html", status, Some(party), "/query", values)
    }

    /// The page of a request.
    pub(super) fn request(&self, party: &Caller, record: &RequestRecord, body: &ResultBody) -> Response {
        let Some(query) = stored_query(record) else {
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        };
        let pending = matches!(body.state, RequestState::Pending);
        let link = pending.then(|| self.state.link_of(record, &query).ok()).flatten();
        let here = format!("/requests/{}", record.id);
        let curl = match &record.policy {
            Some(name) => json!({ "policy": name }).to_string(),
            None => curl_body_of(&query),
        };
        let values = context! {
            name => record.policy.as_ref().map(|name| name.as_str()),
            pending,
            qr => Value::from(Serde(link.as_deref().and_then(QrCode::of))),
            link,
            expires => minutes(&record.expires_at.rfc3339()),
            result => self.result(body),
            json => pretty(&query),
            curl => self.curl(&curl),
            here => here.as_str(),
        };
        self.answer("request.html", StatusCode::OK, Some(party), &here, values)
    }

    /// The same request over the interface.
    fn curl(&self, body: &str) -> String {
        let identifier = self.state.configuration.identifier.as_str();
        // As a shell reads it: a quote ends the text, is one by itself, and begins it again.
        let body = body.replace('\'', r"'\''");
        format!(
            "curl -sS -H \"Authorization: Bearer $KEY\" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{body}' \\\n  \
             {identifier}/relying-party/v1/presentation-requests"
        )
    }

    fn answer(
        &self,
        template: &'static str,
        status: StatusCode,
        party: Option<&Caller>,
        path: &str,
        values: Value,
    ) -> Response {
        let state: &State = self.state;
        let language = self.language();
        let base = base(state);
        let values = context! {
            tag => language.tag.as_str(),
            direction => language.direction.name(),
            languages => Value::from(Serde(state.builder.translations().links())),
            verifier => state.configuration.name.as_str(),
            party => party.map(|party| party.document.name.as_str()),
            base => format!("{base}/request-builder"),
            address => format!("{base}/request-builder{path}"),
            ..values
        };
        match state.builder.render(template, values) {
            Ok(html) => page(status, html, language, HeaderValue::from_static(POLICY)),
            Err(error) => {
                // The detail may hold a value.
                tracing::error!(template, line = error.line(), "a page cannot be rendered");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// What a type is called, and in which format it is.
fn kind_name(known: &KnownCredential, tag: &str) -> String {
    let format = match known.format {
        PolicyFormat::SdJwtVc => "SD-JWT VC",
        PolicyFormat::Mdoc => "mdoc",
        PolicyFormat::LdpVc => "W3C VC, Data Integrity",
        PolicyFormat::JwtVc => "W3C VC, JWT",
        PolicyFormat::Claim169 => "Claim 169",
    };
    let name = known.names.name(tag).unwrap_or(&known.credential_type);
    format!("{name} ({format})")
}

fn credential_value(credential: &DraftCredential<'_>, tag: &str) -> Value {
    let claims = credential.known.claims.iter().map(|claim| {
        let field = path_field(&claim.path);
        let asked = match credential.asked.get(&field) {
            Some(Presence::Required) => "required",
            Some(Presence::Optional) => "optional",
            None => "no",
        };
        context! {
            label => claim.labels.name(tag).map_or_else(|| path_words(&claim.path), str::to_owned),
            asked,
            values => credential.values.get(&field).map(String::as_str).unwrap_or_default(),
            field,
        }
    });
    context! {
        name => kind_name(credential.known, tag),
        kind => credential.known.credential_type.as_str(),
        field => type_field(credential.known),
        id => credential.id.as_str(),
        need => need_field(credential.need),
        claims => claims.collect::<Vec<_>>(),
        written => credential.written.as_str(),
    }
}
