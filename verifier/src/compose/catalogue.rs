//! Which credentials and claims a person can choose among: what the trust list and the verifier's own queries name.

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt_vc::TypeMetadata;
use symbolon_protocol::dcql::{CredentialQuery, DcqlQuery, Meta, W3cFormat};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use crate::policy::PolicyFormat;

/// A trust list may name thousands of types; nobody chooses among more on a page.
const MAX_KNOWN_CREDENTIALS: usize = 500;
/// The most claims of one type.
const MAX_KNOWN_CLAIMS: usize = 128;

/// Names in several languages, by language tag.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Localized(BTreeMap<String, String>);

impl Localized {
    fn of<'d>(entries: impl Iterator<Item = (&'d str, &'d str)>) -> Self {
        let entries = entries.map(|(locale, name)| (locale.to_ascii_lowercase(), name.to_owned()));
        Self(entries.collect())
    }

    /// The name in a language, or in English; `None` where there is neither.
    #[must_use]
    pub fn name(&self, tag: &str) -> Option<&str> {
        let wanted = tag.to_ascii_lowercase();
        let language = wanted.split('-').next().unwrap_or_default();
        let of_language = |language: &str| {
            self.0
                .iter()
                .find(|(locale, _)| locale.split('-').next() == Some(language))
                .map(|(_, name)| name)
        };
        self.0
            .get(&wanted)
            .or_else(|| of_language(language))
            .or_else(|| of_language("en"))
            .map(String::as_str)
    }
}

/// A claim that credentials of a type have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownClaim {
    /// Where it stands.
    pub path: ClaimsPath,
    /// What people call it.
    pub labels: Localized,
}

/// A type of credentials in one format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownCredential {
    /// The format.
    pub format: PolicyFormat,
    /// The type: a `vct`, a document type, the IRI of a W3C type.
    pub credential_type: String,
    /// What people call it.
    pub names: Localized,
    /// The claims that are known of it; it may have others.
    pub claims: Vec<KnownClaim>,
}

/// Everything that can be chosen, in the order of formats and types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CredentialCatalogue(BTreeMap<(PolicyFormat, String), KnownCredential>);

impl CredentialCatalogue {
    /// What the trust list says of types, by their metadata, by what issuers may issue, and by contexts, and what the queries ask
    /// for. The list does not say of which format a type is; a type without metadata that is a term of a context is a W3C type, one
    /// that is a URL a `vct`, and any other a document type.
    #[must_use]
    pub fn of<'q>(trust_list: &TrustList, queries: impl IntoIterator<Item = &'q DcqlQuery>) -> Self {
        let mut catalogue = Self::default();
        for document in trust_list.type_metadata.values() {
            // What cannot be read is not offered; a verification says why.
            if let Ok(metadata) = TypeMetadata::from_value(document.clone()) {
                catalogue.add_described(&metadata);
            }
        }
        let rules = trust_list
            .issuers
            .iter()
            .flat_map(|issuer| &issuer.credential_types);
        for rule in rules {
            if let CredentialTypeRule::Exactly(name) = rule {
                catalogue.add_named(trust_list, name);
            }
        }
        for asked in queries.into_iter().flat_map(DcqlQuery::credentials) {
            catalogue.add_asked(asked);
        }
        catalogue
    }

    /// What can be chosen.
    pub fn credentials(&self) -> impl Iterator<Item = &KnownCredential> {
        self.0.values()
    }

    /// What is known of a type; `None` of one that cannot be chosen.
    #[must_use]
    pub fn credential(&self, format: PolicyFormat, credential_type: &str) -> Option<&KnownCredential> {
        self.0.get(&(format, credential_type.to_owned()))
    }

    fn entry(&mut self, format: PolicyFormat, name: &str) -> Option<&mut KnownCredential> {
        let key = (format, name.to_owned());
        if self.0.len() >= MAX_KNOWN_CREDENTIALS && !self.0.contains_key(&key) {
            return None;
        }
        Some(self.0.entry(key).or_insert_with(|| KnownCredential {
            format,
            credential_type: name.to_owned(),
            names: Localized::default(),
            claims: Vec::new(),
        }))
    }

    fn add_described(&mut self, metadata: &TypeMetadata) {
        let Some(known) = self.entry(PolicyFormat::SdJwtVc, metadata.vct.as_str()) else {
            return;
        };
        let displays = metadata.display.iter();
        known.names = Localized::of(displays.map(|display| (display.locale.as_str(), display.name.as_str())));
        for claim in &metadata.claims {
            let displays = claim.display.iter();
            let labels = displays.map(|display| (display.locale.as_str(), display.label.as_str()));
            known.add_claim(&claim.path, Localized::of(labels));
        }
    }

    fn add_named(&mut self, trust_list: &TrustList, name: &str) {
        if trust_list.type_metadata.contains_key(name) {
            return;
        }
        let iris: Vec<&str> = trust_list
            .contexts
            .values()
            .filter_map(|context| term(context, name))
            .collect();
        for iri in &iris {
            for format in [PolicyFormat::LdpVc, PolicyFormat::JwtVc] {
                let _ = self.entry(format, iri);
            }
        }
        if iris.is_empty() {
            let format = if name.contains("://") {
                PolicyFormat::SdJwtVc
            } else {
                PolicyFormat::Mdoc
            };
            let _ = self.entry(format, name);
        }
    }

    fn add_asked(&mut self, asked: &CredentialQuery) {
        let (format, types): (PolicyFormat, Vec<&str>) = match &asked.meta {
            Meta::SdJwtVc { vct_values } => (
                PolicyFormat::SdJwtVc,
                vct_values.iter().map(String::as_str).collect(),
            ),
            Meta::MsoMdoc { doctype_value } => (PolicyFormat::Mdoc, vec![doctype_value]),
            Meta::W3c { format, type_values } => (
                match format {
                    W3cFormat::LdpVc => PolicyFormat::LdpVc,
                    W3cFormat::JwtVcJson => PolicyFormat::JwtVc,
                },
                // The last of a list is the most particular one.
                type_values
                    .iter()
                    .filter_map(|list| list.last().map(String::as_str))
                    .collect(),
            ),
            _ => return,
        };
        for name in types {
            if let Some(known) = self.entry(format, name) {
                for claim in asked.claims.iter().flatten() {
                    known.add_claim(&claim.path, Localized::default());
                }
            }
        }
    }
}

impl KnownCredential {
    fn add_claim(&mut self, path: &ClaimsPath, labels: Localized) {
        let known = self.claims.iter().any(|claim| claim.path == *path);
        if !known && self.claims.len() < MAX_KNOWN_CLAIMS {
            self.claims.push(KnownClaim {
                path: path.clone(),
                labels,
            });
        }
    }
}

/// The IRI that a context gives a term.
fn term<'c>(context: &'c Value, name: &str) -> Option<&'c str> {
    let defined = context.get("@context")?.get(name)?;
    defined.as_str().or_else(|| defined.get("@id")?.as_str())
}
