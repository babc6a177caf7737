//! A credential as it is shown to its holder.

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::sd_jwt::{ProcessedClaims, SdJwt, SdJwtBudget, process};
use symbolon_crypto::UnixTime;

use super::names::ClaimNames;
use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::record::{HeldCredential, StatusReference};

/// A credential in a list. Texts are the issuer's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSummary {
    /// The wallet's name for it.
    pub id: CredentialId,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// Its type, `vct`.
    pub credential_type: String,
    /// The issuer's identifier.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Option<String>,
    /// The configuration it was requested by.
    pub configuration: String,
    /// When it was received.
    pub received: UnixTime,
    /// Whether it can still be used.
    pub validity: Validity,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
}

/// Whether a credential can still be used, as far as the wallet knows without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// It does not expire.
    Unlimited,
    /// It expires at this time.
    Until(UnixTime),
    /// It has expired.
    Expired {
        /// When.
        at: UnixTime,
    },
}

/// A credential with its claims.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialDetails {
    /// What a list shows.
    pub summary: CredentialSummary,
    /// The claims, in the issuer's order.
    pub claims: Vec<ShownClaim>,
    /// Where its status is published.
    pub status: Option<StatusReference>,
}

/// One claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownClaim {
    /// Where it is.
    pub path: ClaimsPath,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Whether it can be withheld.
    pub disclosable: Disclosable,
}

/// Whether a claim can be withheld from a verifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disclosable {
    /// Shown only when asked for and agreed to.
    Selectively,
    /// Part of every presentation.
    Always,
}

impl CredentialSummary {
    pub(crate) fn of(credential: &HeldCredential, languages: &Languages, now: UnixTime) -> Self {
        let display = languages.choose(&credential.display.credential, |display| {
            display.locale.as_deref()
        });
        Self {
            id: credential.id,
            name: display.map_or_else(
                || credential.configuration.clone(),
                |display| display.name.clone(),
            ),
            description: display.and_then(|display| display.description.clone()),
            credential_type: credential.credential_type.clone(),
            issuer: credential.issuer.clone(),
            issuer_name: credential.issuer_name.clone(),
            configuration: credential.configuration.clone(),
            received: credential.received,
            validity: match credential.expires {
                None => Validity::Unlimited,
                Some(at) if at <= now => Validity::Expired { at },
                Some(at) => Validity::Until(at),
            },
            background_color: display.and_then(|display| display.background_color.clone()),
            text_color: display.and_then(|display| display.text_color.clone()),
        }
    }
}

impl CredentialDetails {
    pub(crate) fn of(
        credential: &HeldCredential,
        opened: &Opened<'_>,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Self {
        let names = ClaimNames::of(credential, policy);
        let mut claims: Vec<(usize, ShownClaim)> = opened
            .personal_claims()
            .into_iter()
            .map(|(path, value)| {
                let (place, name) = names.place_and_name(&path, languages);
                let disclosable = opened.disclosable(&path);
                (
                    place,
                    ShownClaim {
                        path,
                        name,
                        value: value.clone(),
                        disclosable,
                    },
                )
            })
            .collect();
        // What the issuer gave no place to comes in alphabetical order: the order within the credential is that of digests.
        claims.sort_by_cached_key(|(place, claim)| (*place, claim.path.clone()));
        Self {
            summary: CredentialSummary::of(credential, languages, now),
            claims: claims.into_iter().map(|(_, claim)| claim).collect(),
            status: credential.status.clone(),
        }
    }
}

/// A stored credential, read.
pub(crate) struct Opened<'a> {
    pub(crate) sd_jwt: SdJwt<'a>,
    pub(crate) processed: ProcessedClaims,
}

/// Reads a stored credential. It was verified when it was received and has been sealed since, so what cannot be read is
/// damaged.
pub(crate) fn open_held(credential: &HeldCredential) -> Result<Opened<'_>, WalletError> {
    let sd_jwt = SdJwt::parse_received(&credential.sd_jwt, SdJwtBudget::DEFAULT)
        .map_err(|_| WalletError::StoreDamaged)?;
    let processed = process(&sd_jwt).map_err(|_| WalletError::StoreDamaged)?;
    Ok(Opened { sd_jwt, processed })
}

impl Opened<'_> {
    /// The claims about the person, down to the values: objects are taken apart, arrays are shown whole. What the issuer lets
    /// the person withhold is among them whatever its name is, because a verifier can ask for it.
    pub(crate) fn personal_claims(&self) -> Vec<(ClaimsPath, &Value)> {
        let mut found = Vec::new();
        for (name, value) in &self.processed.claims {
            let mut path = vec![PathPart::Key(name.clone())];
            let withheld = || {
                self.processed
                    .disclosed
                    .iter()
                    .any(|claim| claim.path.parts().starts_with(&path))
            };
            if !TECHNICAL_CLAIMS.contains(&name.as_str()) || withheld() {
                collect(&mut path, value, &mut found);
            }
        }
        found
    }

    /// A claim can be withheld when it, something that contains it, or an element of it is behind a disclosure.
    pub(crate) fn disclosable(&self, path: &ClaimsPath) -> Disclosable {
        let withheld = |disclosed: &ClaimsPath| {
            path.parts().starts_with(disclosed.parts()) || disclosed.parts().starts_with(path.parts())
        };
        match self.processed.disclosed.iter().any(|claim| withheld(&claim.path)) {
            true => Disclosable::Selectively,
            false => Disclosable::Always,
        }
    }
}

fn collect<'v>(path: &mut Vec<PathPart>, value: &'v Value, found: &mut Vec<(ClaimsPath, &'v Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() => collect_members(path, members, found),
        value => found.extend(ClaimsPath::new(path.clone()).map(|path| (path, value))),
    }
}

fn collect_members<'v>(
    path: &mut Vec<PathPart>,
    members: &'v Map<String, Value>,
    found: &mut Vec<(ClaimsPath, &'v Value)>,
) {
    for (name, value) in members {
        path.push(PathPart::Key(name.clone()));
        collect(path, value, found);
        path.pop();
    }
}

/// Claims about the credential itself, which the summary tells in words.
const TECHNICAL_CLAIMS: &[&str] = &[
    "iss",
    "iat",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
    "jti",
];

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_credential::sd_jwt::Decoys;
    use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
    use symbolon_crypto::SignatureAlgorithm;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn whatever_can_be_withheld_is_shown_as_such_also_a_technical_name_and_an_element_of_a_list() {
        let path = |value: Value| serde_json::from_value::<ClaimsPath>(value).unwrap();
        let Value::Object(claims) = json!({ "sub": "1990-X", "jti": "7", "languages": ["fr", "sus"] }) else {
            panic!("an object")
        };
        let prepared = CredentialToIssue {
            vct: VerifiableCredentialType::parse("https://issuer.example/types/person").unwrap(),
            issuer: Some("https://issuer.example".to_owned()),
            issued_at: None,
            not_before: None,
            expires: None,
            status: None,
            holder: None,
            claims,
            selectable: vec![path(json!(["sub"])), path(json!(["languages", null]))],
            decoys: Decoys::None,
        }
        .prepare(
            SignatureAlgorithm::Es256,
            &IssuerKeyReference::KeyId("1".to_owned()),
            &SeededRandomness::new(1),
        )
        .unwrap();
        let text = prepared.finish(&[0; 64]);
        let sd_jwt = SdJwt::parse_received(&text, SdJwtBudget::DEFAULT).unwrap();
        let processed = process(&sd_jwt).unwrap();
        let opened = Opened { sd_jwt, processed };
        let mut shown: Vec<_> = opened
            .personal_claims()
            .into_iter()
            .map(|(path, _)| (path.to_string(), opened.disclosable(&path)))
            .collect();
        shown.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(
            shown,
            [
                ("languages".to_owned(), Disclosable::Selectively),
                ("sub".to_owned(), Disclosable::Selectively)
            ]
        );
    }
}
