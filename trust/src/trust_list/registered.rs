//! What a registry has written down that relying parties may ask for.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use symbolon_credential::claims_path::ClaimsPath;

use super::{AnchoredFormat, ParseTrustListError, RelyingParties};

/// The most relying parties of a list: every bank, clinic and office of a large state.
pub const MAX_REGISTERED_RELYING_PARTIES: usize = 100_000;

/// The most credentials that one relying party is registered for, types of one, claims of one, and languages of a purpose.
const MAX_CREDENTIALS: usize = 64;
const MAX_TYPES: usize = 64;
const MAX_CLAIMS: usize = 256;
const MAX_LANGUAGES: usize = 64;

/// The longest text, in bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// A relying party, and what it may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredRelyingParty {
    /// The `organizationIdentifier` of the certificate that signs its requests, such as `VATSN-123456789`. Compared as a string.
    pub identifier: String,
    /// What a person calls it.
    pub name: String,
    /// What it asks for credentials for, by language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub purposes: Vec<RegisteredPurpose>,
    /// What it may ask for. Nothing where there is none.
    pub credentials: Vec<RegisteredCredential>,
}

/// A purpose in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredPurpose {
    /// The language, a tag of BCP 47.
    pub lang: String,
    /// The text.
    pub value: String,
}

/// A kind of credential that a relying party may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisteredCredential {
    /// The format.
    pub format: AnchoredFormat,
    /// Its types: each a `vct`, a document type, or a type of a W3C credential. Never empty.
    pub types: Vec<String>,
    /// The claims, each with all that is below it; every claim where there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimsPath>,
}

impl RelyingParties {
    pub(super) fn check(&self) -> Result<(), ParseTrustListError> {
        if self.registered.len() > MAX_REGISTERED_RELYING_PARTIES {
            return Err(ParseTrustListError::OverBudget);
        }
        let mut identifiers = BTreeSet::new();
        let sound = |party: &RegisteredRelyingParty| {
            let purposes = party.purposes.iter().flat_map(|text| [&text.lang, &text.value]);
            let types = party.credentials.iter().flat_map(|credential| &credential.types);
            let mut texts = [&party.identifier, &party.name]
                .into_iter()
                .chain(purposes)
                .chain(types);
            texts.all(|text| is_readable(text))
                && party.purposes.len() <= MAX_LANGUAGES
                && party.credentials.len() <= MAX_CREDENTIALS
                && party.credentials.iter().all(is_sound)
        };
        let all = self
            .registered
            .iter()
            .all(|party| identifiers.insert(&party.identifier) && sound(party));
        if all {
            Ok(())
        } else {
            Err(ParseTrustListError::RelyingParty)
        }
    }
}

fn is_sound(credential: &RegisteredCredential) -> bool {
    (1..=MAX_TYPES).contains(&credential.types.len())
        && credential.claims.len() <= MAX_CLAIMS
        // A wallet is asked for a card by nobody: it is shown as it is.
        && credential.format != AnchoredFormat::Claim169
}

fn is_readable(text: &str) -> bool {
    (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.chars().any(char::is_control)
}
