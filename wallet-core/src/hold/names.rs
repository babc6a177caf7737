//! The names of types and claims, by the issuer's metadata or by type metadata.

use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;

use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::record::{ClaimDisplay, HeldContent, HeldCredential, LocalizedName};

/// Types that build on each other, at most. Real ones build on one other.
const MAX_EXTENDED_TYPES: usize = 8;

/// Claim names of one credential, in the order in which they are to be shown.
pub(crate) struct ClaimNames {
    names: Vec<(ClaimsPath, Vec<LocalizedName>)>,
    /// How many parts of a path are the same for every claim and say nothing to a person: the namespace, the subject.
    framing_parts: usize,
}

impl ClaimNames {
    /// The names that the issuer gave with the credential; where it gave none, those of the type metadata that the policy
    /// carries: those of the type itself, then those of the types that it extends.
    pub(crate) fn of(credential: &HeldCredential, policy: &WalletPolicy) -> Self {
        let framing_parts = match credential.content {
            HeldContent::SdJwtVc { .. } => 0,
            HeldContent::MsoMdoc { .. } | HeldContent::LdpVc { .. } | HeldContent::JwtVcJson { .. } => 1,
        };
        let names = if credential.display.claims.is_empty() {
            let mut names: Vec<(ClaimsPath, Vec<LocalizedName>)> = Vec::new();
            for metadata in types_of(credential, policy) {
                let claims = metadata.get("claims").and_then(Value::as_array);
                for (path, name) in claims.into_iter().flatten().filter_map(from_type_metadata) {
                    if names.iter().all(|(known, _)| *known != path) {
                        names.push((path, name));
                    }
                }
            }
            names
        } else {
            credential.display.claims.iter().map(from_issuer).collect()
        };
        Self { names, framing_parts }
    }

    /// The place of a claim in the order, and its name; a claim without a name is called by its path.
    pub(crate) fn place_and_name(&self, path: &ClaimsPath, languages: &Languages) -> (usize, String) {
        let found = self
            .names
            .iter()
            .enumerate()
            .find(|(_, (pattern, _))| pattern.matches(path));
        let place = found.map_or(usize::MAX, |(place, _)| place);
        let name = found
            .and_then(|(_, (_, names))| languages.choose(names, |name| name.locale.as_deref()))
            .map_or_else(|| self.words(path), |name| name.name.clone());
        (place, name)
    }

    fn words(&self, path: &ClaimsPath) -> String {
        let own = path.parts().get(self.framing_parts..).unwrap_or_default();
        ClaimsPath::new(own.to_vec()).map_or_else(|_| path.to_string(), |own| own.to_string())
    }
}

/// The name of a type in one language.
pub(crate) struct TypeName {
    locale: Option<String>,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
}

/// The names of a type by the type metadata that the policy carries.
pub(crate) struct TypeNames(Vec<TypeName>);

impl TypeNames {
    /// Those of the first type of the chain that has any: a type that says how it is shown does not inherit it.
    pub(crate) fn of(credential: &HeldCredential, policy: &WalletPolicy) -> Self {
        let display = types_of(credential, policy)
            .into_iter()
            .find_map(|metadata| metadata.get("display").and_then(Value::as_array));
        let names = display.into_iter().flatten().filter_map(|entry| {
            Some(TypeName {
                locale: text(entry, ["locale", "lang"]),
                name: text(entry, ["name", "label"])?,
                description: entry
                    .get("description")
                    .and_then(Value::as_str)
                    .map(str::to_owned),
            })
        });
        Self(names.collect())
    }

    pub(crate) fn choose(self, languages: &Languages) -> Option<TypeName> {
        let chosen = languages.choose(&self.0, |name| name.locale.as_deref())?;
        let place = self.0.iter().position(|name| std::ptr::eq(name, chosen))?;
        self.0.into_iter().nth(place)
    }
}

/// The type metadata of a credential, and of the types that its type extends, as far as the policy carries them.
fn types_of<'p>(credential: &HeldCredential, policy: &'p WalletPolicy) -> Vec<&'p Value> {
    let mut found: Vec<&Value> = Vec::new();
    let mut next = policy.type_metadata.get(&credential.credential_type);
    while let Some(metadata) = next {
        // A circle ends here too.
        if found.len() == MAX_EXTENDED_TYPES {
            break;
        }
        found.push(metadata);
        next = metadata
            .get("extends")
            .and_then(Value::as_str)
            .and_then(|extended| policy.type_metadata.get(extended));
    }
    found
}

fn from_issuer(claim: &ClaimDisplay) -> (ClaimsPath, Vec<LocalizedName>) {
    (claim.path.clone(), claim.names.clone())
}

/// An entry of `claims` in type metadata. `lang` and `label` are what drafts before 2025 called `locale` and `name`.
fn from_type_metadata(claim: &Value) -> Option<(ClaimsPath, Vec<LocalizedName>)> {
    let path = serde_json::from_value(claim.get("path")?.clone()).ok()?;
    let display = claim.get("display").and_then(Value::as_array);
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

fn text(entry: &Value, names: [&str; 2]) -> Option<String> {
    names
        .iter()
        .find_map(|name| entry.get(*name)?.as_str().map(str::to_owned))
}
