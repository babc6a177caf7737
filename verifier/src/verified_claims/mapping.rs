//! A mapping that was checked.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use time::Date;

use super::document::{
    ClaimMappingDocument, ClaimSource, EvidenceKind, JoinedSource, LanguageSource, VerifiedClaimsDocument,
};
use super::source::first_text;
use crate::policy::{BindingRule, CredentialRuleDocument, PolicyError, PolicyProblem, at};

const MAX_CLAIMS: usize = 64;
const MAX_NAME_CHARACTERS: usize = 64;
const MAX_PATHS: usize = 16;
const MAX_SEPARATOR_CHARACTERS: usize = 8;

/// Names that say something about the token or the sign-in, and nothing about a person that a credential could.
const RESERVED: [&str; 20] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "auth_time",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "s_hash",
    "sid",
    "txn",
    "verified_claims",
    "_claim_names",
    "_claim_sources",
];

/// How the claims of one credential become those of OpenID Connect.
#[derive(Debug, Clone)]
pub(crate) struct ClaimsMapping {
    pub(super) evidence: EvidenceKind,
    pub(super) evidence_type: Option<String>,
    pub(super) country_code: Option<String>,
    document_number: Option<ClaimsPath>,
    claims: Vec<ClaimMappingDocument>,
}

impl ClaimsMapping {
    /// Checks the mapping of a credential.
    ///
    /// # Errors
    /// [`PolicyError`] with the offending key.
    pub(crate) fn compile(
        document: &VerifiedClaimsDocument,
        credential: &CredentialRuleDocument,
    ) -> Result<Self, PolicyError> {
        // Claims are somebody's: of a credential that anybody may bring it is not known whose.
        if credential.binding == BindingRule::None {
            return Err(at("claims", PolicyProblem::VerifiedClaimsWithoutHolder));
        }
        check_words("type", document.evidence_type.as_deref())?;
        if let Some(code) = &document.country_code
            && (code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_uppercase()))
        {
            return Err(at("country_code", PolicyProblem::CountryCode));
        }
        if document.document_number.is_some() && document.evidence == EvidenceKind::ElectronicRecord {
            return Err(at("document_number", PolicyProblem::NumberOfRecord));
        }
        let kept = |path: &ClaimsPath| credential.keep_claims.iter().any(|keep| covers(keep, path));
        if let Some(path) = &document.document_number
            && !kept(path)
        {
            return Err(at("document_number", PolicyProblem::ClaimNotKept));
        }
        match document.claims.len() {
            0 => return Err(at("claims", PolicyProblem::NoVerifiedClaims)),
            1..=MAX_CLAIMS => {}
            _ => return Err(at("claims", PolicyProblem::TooMany { most: MAX_CLAIMS })),
        }
        for (position, claim) in document.claims.iter().enumerate() {
            check_claim(claim, kept).map_err(|error| error.below(&format!("claims[{position}]")))?;
        }
        Ok(Self {
            evidence: document.evidence,
            evidence_type: document.evidence_type.clone(),
            country_code: document.country_code.clone(),
            document_number: document.document_number.clone(),
            claims: document.claims.clone(),
        })
    }

    /// The claims, of what was kept of a credential, on the day `today`.
    pub(super) fn claims(&self, kept: &Map<String, Value>, today: Option<Date>) -> Map<String, Value> {
        let mut claims = Map::new();
        for mapping in &self.claims {
            if claims.contains_key(&mapping.claim) {
                continue;
            }
            if let Some(value) = mapping.from.value(kept, today) {
                claims.insert(mapping.claim.clone(), value);
            }
        }
        claims
    }

    pub(super) fn document_number(&self, kept: &Map<String, Value>) -> Option<String> {
        first_text(kept, self.document_number.as_ref()?)
    }

    /// The names of the claims that may come of it.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.claims.iter().map(|mapping| mapping.claim.as_str()).collect()
    }
}

fn check_claim(
    mapping: &ClaimMappingDocument,
    kept: impl Fn(&ClaimsPath) -> bool,
) -> Result<(), PolicyError> {
    let name = &mapping.claim;
    let allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'#' | b':' | b'/' | b'.');
    let is_name = (1..=MAX_NAME_CHARACTERS).contains(&name.len()) && name.bytes().all(allowed);
    if !is_name || RESERVED.contains(&name.as_str()) {
        return Err(at("claim", PolicyProblem::ClaimName));
    }
    match &mapping.from {
        ClaimSource::AgeOver(source) if !(1..=150).contains(&source.years) => {
            return Err(at("from.age_over.years", PolicyProblem::Age));
        }
        ClaimSource::AgeOver(source) if source.claims.is_empty() && source.birth_date.is_none() => {
            return Err(at("from.age_over", PolicyProblem::AgeWithoutSource));
        }
        ClaimSource::Joined(JoinedSource { separator, .. })
            if separator.chars().count() > MAX_SEPARATOR_CHARACTERS =>
        {
            let most = MAX_SEPARATOR_CHARACTERS;
            return Err(at("from.joined.separator", PolicyProblem::Length { most }));
        }
        ClaimSource::Language(LanguageSource { language, .. }) => {
            check_words("from.language.language", Some(language))?;
        }
        _ => {}
    }
    let paths = mapping.from.paths();
    if paths.is_empty() {
        return Err(at("from", PolicyProblem::ClaimOfNothing));
    }
    if paths.len() > MAX_PATHS {
        return Err(at("from", PolicyProblem::TooMany { most: MAX_PATHS }));
    }
    if !paths.into_iter().all(kept) {
        return Err(at("from", PolicyProblem::ClaimNotKept));
    }
    Ok(())
}

fn check_words(key: &str, text: Option<&str>) -> Result<(), PolicyError> {
    crate::policy::check_words(key, text, MAX_NAME_CHARACTERS)
}

/// Whether what the policy keeps holds everything that a path selects, where it stood. Of an array of which single elements are kept the
/// others are gone, and the places of those that remain with them.
fn covers(keep: &ClaimsPath, path: &ClaimsPath) -> bool {
    let (keep, path) = (keep.parts(), path.parts());
    keep.len() <= path.len()
        && keep.iter().zip(path).all(|(kept, part)| match kept {
            PathPart::Key(_) | PathPart::All => kept == part,
            PathPart::Index(_) => false,
        })
}
