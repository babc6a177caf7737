//! What is held: list, show, delete, codes.

mod care;
mod history;
mod overview;
mod rendering;

use serde_json::Value;
use symbolon_wallet_core::Languages;
use symbolon_wallet_core::hold as core;
use symbolon_wallet_core::hold::{Disclosable, LocalizedValue, ShownClaim, languages_of};
use symbolon_wallet_core::record::{StatusListKind, StatusReference};

use crate::codes::CodeMessage;
use crate::error::WalletError;
use crate::wallet::Wallet;

pub use care::Restored;
pub use history::{
    AuthorizedTransaction, Delivery, DisclosedCredential, HistoryEntry, HistoryEvent, Receipt,
    VerifierKnowledge, VerifierRecord,
};
pub use overview::{
    Badge, Condition, ListOrder, ListOutcome, ListQuery, ListedCredential, RefreshScope, Refreshed,
    RefreshedList,
};
pub use rendering::{ColorScheme, Contrast, Orientation, Rendering, RenderingResource, SvgTemplate};

/// A credential in a list. Texts are the issuer's.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CredentialSummary {
    /// The wallet's name for it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub description: Option<String>,
    /// Its format identifier: `dc+sd-jwt`, `mso_mdoc`, `jwt_vc_json`.
    pub format: String,
    /// Its type: `vct`, the document type of an mdoc, or the most specific type of a W3C credential.
    pub credential_type: String,
    /// The issuer's identifier.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Option<String>,
    /// The configuration it was requested by.
    pub configuration: String,
    /// When it was received: seconds since 1970-01-01T00:00:00Z.
    pub received: i64,
    /// Whether it can still be used.
    pub validity: Validity,
    /// How many of its copies nobody has seen yet, where it came as several. At 0, whoever is shown the last one again can recognise it.
    pub copies_left: Option<u32>,
    /// A CSS colour.
    pub background_color: Option<String>,
    /// A CSS colour.
    pub text_color: Option<String>,
}

/// Whether a credential can still be used, as far as the wallet knows without asking anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Validity {
    /// It does not expire.
    Unlimited,
    /// It expires.
    Until {
        /// When: seconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
    /// It has expired.
    Expired {
        /// When: seconds since 1970-01-01T00:00:00Z.
        at: i64,
    },
}

/// A credential with its claims.
#[derive(Clone, uniffi::Record)]
pub struct CredentialDetails {
    /// What a list shows.
    pub summary: CredentialSummary,
    /// The claims, in the issuer's order.
    pub claims: Vec<HeldClaim>,
    /// Where its status is published.
    pub status: Vec<StatusPlace>,
    /// How its type would be drawn.
    pub rendering: Rendering,
}

/// A place in a status list.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct StatusPlace {
    /// The URL of the list.
    pub list: String,
    /// The index in the list.
    pub index: u64,
    /// What an entry that is set means, in a Bitstring Status List; absent in a Token Status List.
    pub purpose: Option<String>,
}

/// A credential as codes that are shown without having been asked for. Whoever scans them reads all of it, and can show it again.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CredentialCodes {
    /// The texts to draw, each as one code: those of the card that the credential carries, the identity first, or else the whole credential.
    /// Empty where it is larger than a code: animate it then.
    pub still: Vec<String>,
    /// The same for `CodeFrames`.
    pub animated: CodeMessage,
}

/// One claim. Its value is personal data: never log it.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct HeldClaim {
    /// Where it is: `address.locality`.
    pub path: String,
    /// Its name in the person's language.
    pub name: String,
    /// Its value as JSON; of a value in several languages the one that suits the person.
    pub value: String,
    /// The value in every language that the issuer wrote it in. All of them are disclosed together with it.
    pub translations: Vec<Translation>,
    /// Whether it can be withheld from a verifier.
    pub can_be_withheld: bool,
}

/// A value in one language.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct Translation {
    /// The language tag, as the issuer wrote it.
    pub language: Option<String>,
    /// The value as JSON.
    pub value: String,
}

#[uniffi::export]
impl Wallet {
    /// The credentials held, those received last first.
    pub async fn list(&self) -> Result<Vec<CredentialSummary>, WalletError> {
        let held = self.core.list(&self.languages, self.time.for_wallet()?).await?;
        Ok(held.into_iter().map(Into::into).collect())
    }

    /// One credential with its claims.
    pub async fn show(&self, credential: String) -> Result<CredentialDetails, WalletError> {
        let now = self.time.for_wallet()?;
        let details = self.core.show(credential.parse()?, &self.languages, now).await?;
        Ok(CredentialDetails {
            summary: details.summary.into(),
            claims: details.claims.into_iter().map(Into::into).collect(),
            status: details.status.into_iter().map(Into::into).collect(),
            rendering: details.rendering.into(),
        })
    }

    /// A credential as codes.
    pub async fn codes(&self, credential: String) -> Result<CredentialCodes, WalletError> {
        let codes = self.core.codes(credential.parse()?).await?;
        Ok(CredentialCodes {
            still: codes.still,
            animated: codes.animated.into(),
        })
    }

    /// Deletes a credential and its key. The history keeps that it was held. Its issuer is told where it wants to hear; one that cannot be
    /// told now is told by a later `refresh`.
    pub async fn delete(&self, credential: String) -> Result<(), WalletError> {
        let now = self.time.for_wallet()?;
        Ok(self.core.delete(credential.parse()?, now).await?)
    }
}

impl From<core::CredentialSummary> for CredentialSummary {
    fn from(summary: core::CredentialSummary) -> Self {
        Self {
            id: summary.id.to_string(),
            name: summary.name,
            description: summary.description,
            format: summary.format.as_str().to_owned(),
            credential_type: summary.credential_type,
            issuer: summary.issuer,
            issuer_name: summary.issuer_name,
            configuration: summary.configuration,
            received: summary.received.seconds(),
            validity: match summary.validity {
                core::Validity::Unlimited => Validity::Unlimited,
                core::Validity::Until(at) => Validity::Until { at: at.seconds() },
                core::Validity::Expired { at } => Validity::Expired { at: at.seconds() },
            },
            copies_left: summary
                .copies_left
                .map(|left| u32::try_from(left).unwrap_or(u32::MAX)),
            background_color: summary.background_color,
            text_color: summary.text_color,
        }
    }
}

impl From<ShownClaim> for HeldClaim {
    fn from(claim: ShownClaim) -> Self {
        Self {
            path: claim.path.to_string(),
            name: claim.name,
            value: claim.value.to_string(),
            translations: claim.languages.into_iter().map(Into::into).collect(),
            can_be_withheld: claim.disclosable == Disclosable::Selectively,
        }
    }
}

impl From<LocalizedValue> for Translation {
    fn from(localized: LocalizedValue) -> Self {
        Self {
            language: localized.language,
            value: localized.value.to_string(),
        }
    }
}

impl From<StatusReference> for StatusPlace {
    fn from(reference: StatusReference) -> Self {
        Self {
            list: reference.uri,
            index: reference.index,
            purpose: match reference.list {
                StatusListKind::Token => None,
                StatusListKind::Bitstring { purpose } => Some(purpose),
            },
        }
    }
}

/// A value as JSON, of several languages the one that suits, and all of them.
pub(crate) fn in_languages(value: &Value, languages: &Languages) -> (String, Vec<Translation>) {
    let all = languages_of(value);
    let best = languages.choose(&all, |one| one.language.as_deref());
    let shown = best.map_or(value, |one| &one.value).to_string();
    (shown, all.into_iter().map(Into::into).collect())
}
