//! The names of claims, by the issuer's metadata or by type metadata.

use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;

use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::record::{ClaimDisplay, HeldCredential, LocalizedName};

/// Claim names of one credential, in the order in which they are to be shown.
pub(crate) struct ClaimNames(Vec<(ClaimsPath, Vec<LocalizedName>)>);

impl ClaimNames {
    /// The names that the issuer gave with the credential; where it gave none, those of the type metadata that the policy
    /// carries.
    pub(crate) fn of(credential: &HeldCredential, policy: &WalletPolicy) -> Self {
        if !credential.display.claims.is_empty() {
            return Self(credential.display.claims.iter().map(from_issuer).collect());
        }
        let claims = policy
            .type_metadata
            .get(&credential.credential_type)
            .and_then(|metadata| metadata.get("claims"))
            .and_then(Value::as_array);
        Self(
            claims
                .into_iter()
                .flatten()
                .filter_map(from_type_metadata)
                .collect(),
        )
    }

    /// The place of a claim in the order, and its name; a claim without a name is called by its path.
    pub(crate) fn place_and_name(&self, path: &ClaimsPath, languages: &Languages) -> (usize, String) {
        let found = self
            .0
            .iter()
            .enumerate()
            .find(|(_, (pattern, _))| pattern.matches(path));
        let place = found.map_or(usize::MAX, |(place, _)| place);
        let name = found
            .and_then(|(_, (_, names))| languages.choose(names, |name| name.locale.as_deref()))
            .map_or_else(|| path.to_string(), |name| name.name.clone());
        (place, name)
    }
}

fn from_issuer(claim: &ClaimDisplay) -> (ClaimsPath, Vec<LocalizedName>) {
    (claim.path.clone(), claim.names.clone())
}

/// An entry of `claims` in type metadata. `lang` and `label` are what drafts before 2025 called `locale` and `name`.
fn from_type_metadata(claim: &Value) -> Option<(ClaimsPath, Vec<LocalizedName>)> {
    let path = serde_json::from_value(claim.get("path")?.clone()).ok()?;
    let display = claim.get("display").and_then(Value::as_array);
    let text = |entry: &Value, names: [&str; 2]| {
        names
            .iter()
            .find_map(|name| entry.get(*name)?.as_str().map(str::to_owned))
    };
    let names = display
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            Some(LocalizedName {
                locale: text(entry, ["locale", "lang"]),
                name: text(entry, ["name", "label"])?,
            })
        })
        .collect();
    Some((path, names))
}
