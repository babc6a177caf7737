//! The form in which a query is composed. It holds all there is to know, so that nothing is kept between two of its pages.

use std::collections::BTreeMap;

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_verifier::compose::{
    ChosenClaim, ChosenCredential, ComposeError, CredentialCatalogue, CredentialNeed, KnownCredential,
    compose, parse_values, parse_written_claims,
};
use symbolon_verifier::policy::{PolicyFormat, Presence};

/// The most credentials of one draft.
const MAX_CREDENTIALS: usize = 16;

/// What was chosen so far.
#[derive(Default)]
pub(super) struct Draft<'c> {
    pub(super) credentials: Vec<DraftCredential<'c>>,
}

/// One credential of a draft.
pub(super) struct DraftCredential<'c> {
    pub(super) known: &'c KnownCredential,
    pub(super) id: String,
    pub(super) need: CredentialNeed,
    /// Which of the known claims are asked for, by their paths.
    pub(super) asked: BTreeMap<String, Presence>,
    /// What was written as their values.
    pub(super) values: BTreeMap<String, String>,
    /// Claims that were written by hand.
    pub(super) written: String,
}

/// What the button says that was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// The query is to be shown.
    Show,
    /// A credential was added or taken away.
    Change,
}

/// What stands in a `type` field: format and type.
pub(super) fn type_field(known: &KnownCredential) -> String {
    let format = known.format.query_format().unwrap_or_default();
    format!("{format} {}", known.credential_type)
}

/// How a path is written in the name of a field.
pub(super) fn path_field(path: &ClaimsPath) -> String {
    serde_json::to_string(path).unwrap_or_default()
}

pub(super) const fn need_field(need: CredentialNeed) -> &'static str {
    match need {
        CredentialNeed::Required => "required",
        CredentialNeed::Optional => "optional",
        CredentialNeed::OneOf => "one_of",
    }
}

fn parse_type<'c>(catalogue: &'c CredentialCatalogue, text: &str) -> Option<&'c KnownCredential> {
    let (format, credential_type) = text.split_once(' ')?;
    let format: PolicyFormat = serde_json::from_value(format.into()).ok()?;
    catalogue.credential(format, credential_type)
}

impl<'c> Draft<'c> {
    /// Reads the fields of the form, and does what its button says. What no form of ours has is passed over.
    pub(super) fn read(catalogue: &'c CredentialCatalogue, fields: &[(String, String)]) -> (Self, Deed) {
        let mut credentials: BTreeMap<usize, DraftCredential<'c>> = BTreeMap::new();
        for (name, value) in fields {
            if let Some(position) = name.strip_prefix("type:").and_then(position)
                && let Some(known) = parse_type(catalogue, value)
            {
                credentials.insert(position, DraftCredential::new(known, String::new()));
            }
        }
        for (name, value) in fields {
            let mut parts = name.splitn(3, ':');
            let (Some(kind), Some(place)) = (parts.next(), parts.next().and_then(position)) else {
                continue;
            };
            if let Some(credential) = credentials.get_mut(&place) {
                credential.take(kind, parts.next(), value);
            }
        }
        let deed = fields.iter().rev().find(|(name, _)| name == "do");
        let deed = deed.map(|(_, value)| value.as_str()).unwrap_or_default();
        if let Some(removed) = deed.strip_prefix("remove:").and_then(position) {
            credentials.remove(&removed);
        }
        let mut draft = Self {
            credentials: credentials.into_values().collect(),
        };
        if deed == "add" {
            draft.add(catalogue, fields);
        }
        let deed = match deed {
            "show" => Deed::Show,
            _ => Deed::Change,
        };
        (draft, deed)
    }

    fn add(&mut self, catalogue: &'c CredentialCatalogue, fields: &[(String, String)]) {
        let wanted = fields.iter().find(|(name, _)| name == "new");
        let known = wanted.and_then(|(_, text)| parse_type(catalogue, text));
        if let Some(known) = known.filter(|_| self.credentials.len() < MAX_CREDENTIALS) {
            let taken = |id: &String| self.credentials.iter().any(|credential| credential.id == *id);
            let mut ids = (1..=MAX_CREDENTIALS + 1).map(|number| format!("credential{number}"));
            let id = ids.find(|id| !taken(id)).unwrap_or_default();
            self.credentials.push(DraftCredential::new(known, id));
        }
    }

    /// The query that asks for it.
    pub(super) fn compose(&self) -> Result<DcqlQuery, ComposeError> {
        let chosen = self.credentials.iter().enumerate();
        let chosen = chosen.map(|(position, credential)| credential.chosen(position));
        compose(&chosen.collect::<Result<Vec<_>, _>>()?)
    }
}

impl<'c> DraftCredential<'c> {
    const fn new(known: &'c KnownCredential, id: String) -> Self {
        Self {
            known,
            id,
            need: CredentialNeed::Required,
            asked: BTreeMap::new(),
            values: BTreeMap::new(),
            written: String::new(),
        }
    }

    fn take(&mut self, kind: &str, path: Option<&str>, value: &str) {
        match (kind, path) {
            ("name", None) => value.trim().clone_into(&mut self.id),
            ("need", None) => {
                self.need = match value {
                    "optional" => CredentialNeed::Optional,
                    "one_of" => CredentialNeed::OneOf,
                    _ => CredentialNeed::Required,
                };
            }
            ("more", None) => value.clone_into(&mut self.written),
            ("ask", Some(path)) => {
                let presence = match value {
                    "required" => Presence::Required,
                    "optional" => Presence::Optional,
                    _ => return,
                };
                self.asked.insert(path.to_owned(), presence);
            }
            ("values", Some(path)) => {
                self.values.insert(path.to_owned(), value.to_owned());
            }
            _ => {}
        }
    }

    fn chosen(&self, position: usize) -> Result<ChosenCredential, ComposeError> {
        let known = self.known.claims.iter().filter_map(|claim| {
            let field = path_field(&claim.path);
            let presence = *self.asked.get(&field)?;
            let values = self.values.get(&field).map(|text| parse_values(text));
            Some(ChosenClaim {
                path: claim.path.clone(),
                presence,
                values: values.unwrap_or_default(),
            })
        });
        let mut claims: Vec<ChosenClaim> = known.collect();
        claims.extend(parse_written_claims(position, &self.written)?);
        Ok(ChosenCredential {
            id: self.id.clone(),
            format: self.known.format,
            credential_type: self.known.credential_type.clone(),
            need: self.need,
            claims,
        })
    }
}

fn position(text: &str) -> Option<usize> {
    text.parse().ok().filter(|position| *position < MAX_CREDENTIALS)
}
