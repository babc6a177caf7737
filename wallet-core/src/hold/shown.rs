//! A credential as it is shown to its holder.

use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt_vc::TypeRendering;
use symbolon_crypto::UnixTime;
use symbolon_protocol::format::CredentialFormat;

use super::languages::{LocalizedValue, languages_of};
use super::names::{ClaimNames, ShownType};
use super::opened::PersonalClaim;
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
    /// Its format.
    pub format: CredentialFormat,
    /// Its type: `vct`, the document type of an mdoc, or the most specific type of a W3C credential.
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
    /// How many of its copies nobody has seen yet, where it came as several; when none is left, whoever is shown the last one again can
    /// recognise it.
    pub copies_left: Option<usize>,
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
    pub status: Vec<StatusReference>,
    /// How its type would be drawn, in the language of the person: logo, background, templates. An app that draws them fetches
    /// them as it fetches anything, and checks each against its hash.
    pub rendering: TypeRendering,
}

/// One claim.
#[derive(Debug, Clone, PartialEq)]
pub struct ShownClaim {
    /// Where it is.
    pub path: ClaimsPath,
    /// Its name.
    pub name: String,
    /// Its value; of a value in several languages the one that suits the person.
    pub value: Value,
    /// The value in every language that the issuer wrote it in, in the issuer's order; empty when it is not written in
    /// languages. All of them are disclosed together with it.
    pub languages: Vec<LocalizedValue>,
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
    pub(crate) fn of(
        credential: &HeldCredential,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Self {
        let by_type = ShownType::of(credential, policy, languages);
        Self::with_type(credential, by_type.as_ref(), languages, now)
    }

    /// The summary of a credential whose type was looked up.
    fn with_type(
        credential: &HeldCredential,
        by_type: Option<&ShownType>,
        languages: &Languages,
        now: UnixTime,
    ) -> Self {
        let display = languages.choose(&credential.display.credential, |display| {
            display.locale.as_deref()
        });
        // The issuer's own words are not mixed with those of the type, which may be of another language.
        let named_by_type = by_type.filter(|_| display.is_none());
        let colors = by_type.and_then(|by_type| by_type.rendering.simple.as_ref());
        Self {
            id: credential.id,
            name: display
                .map(|display| display.name.clone())
                .or_else(|| named_by_type.map(|by_type| by_type.name.clone()))
                .unwrap_or_else(|| credential.configuration.clone()),
            description: display
                .and_then(|display| display.description.clone())
                .or_else(|| named_by_type.and_then(|by_type| by_type.description.clone())),
            format: credential.content.format(),
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
            copies_left: credential.copies_left(),
            background_color: display
                .and_then(|display| display.background_color.clone())
                .or_else(|| colors.and_then(|colors| colors.background_color.clone())),
            text_color: display
                .and_then(|display| display.text_color.clone())
                .or_else(|| colors.and_then(|colors| colors.text_color.clone())),
        }
    }
}

impl ShownClaim {
    /// The claims of `credential` as they are shown, in the order of its issuer.
    pub(crate) fn all(
        credential: &HeldCredential,
        claims: Vec<PersonalClaim>,
        policy: &WalletPolicy,
        languages: &Languages,
    ) -> Vec<Self> {
        let names = ClaimNames::of(credential, policy);
        let mut shown: Vec<(usize, Self)> = claims
            .into_iter()
            .map(|claim| {
                let (place, name) = names.place_and_name(&claim.path, languages);
                let localized = languages_of(&claim.value);
                let chosen = languages.choose(&localized, |one| one.language.as_deref());
                let shown = Self {
                    path: claim.path,
                    name,
                    value: chosen.map_or(claim.value, |one| one.value.clone()),
                    languages: localized,
                    disclosable: claim.disclosable,
                };
                (place, shown)
            })
            .collect();
        // What the issuer gave no place to comes in alphabetical order: the order within the credential is that of digests.
        shown.sort_by_cached_key(|(place, claim)| (*place, claim.path.clone()));
        shown.into_iter().map(|(_, claim)| claim).collect()
    }
}

impl CredentialDetails {
    pub(crate) fn of(
        credential: &HeldCredential,
        claims: Vec<PersonalClaim>,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Self {
        let by_type = ShownType::of(credential, policy, languages);
        Self {
            summary: CredentialSummary::with_type(credential, by_type.as_ref(), languages, now),
            claims: ShownClaim::all(credential, claims, policy, languages),
            status: credential.status.clone(),
            rendering: by_type.map(|by_type| by_type.rendering).unwrap_or_default(),
        }
    }
}
