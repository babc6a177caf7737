//! What is held: list, show, delete, history.

use symbolon_wallet_core::hold as core;
use symbolon_wallet_core::hold::{Disclosable, LocalizedValue, ShownClaim};
use symbolon_wallet_core::record::{self, Delivery, VerifierEvidence};

use crate::error::WalletError;
use crate::wallet::Wallet;

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
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct CredentialDetails {
    /// What a list shows.
    pub summary: CredentialSummary,
    /// The claims, in the issuer's order.
    pub claims: Vec<HeldClaim>,
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

/// One event. Claim values are never part of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct HistoryEntry {
    /// The entry's name.
    pub id: String,
    /// When it happened: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// What happened.
    pub event: HistoryEvent,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum HistoryEvent {
    /// A credential was received and kept.
    Received {
        /// The credential.
        credential: String,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
    },
    /// A credential was received and not kept.
    NotKept {
        /// Its issuer's identifier.
        issuer: String,
        /// Which check it failed, in words of the wallet.
        reason: String,
    },
    /// Claims were shown, and the verifier accepted them.
    Accepted {
        /// To whom.
        verifier: VerifierRecord,
        /// What.
        disclosed: Vec<DisclosedCredential>,
    },
    /// Claims were shown, and the verifier answered with an error. It may have read them.
    Rejected {
        /// To whom.
        verifier: VerifierRecord,
        /// What.
        disclosed: Vec<DisclosedCredential>,
    },
    /// Claims may have been shown; the verifier's answer is not known.
    Unconfirmed {
        /// To whom.
        verifier: VerifierRecord,
        /// What.
        disclosed: Vec<DisclosedCredential>,
    },
    /// The person declined to show anything.
    Declined {
        /// To whom.
        verifier: VerifierRecord,
    },
    /// A credential was deleted.
    Deleted {
        /// The credential.
        credential: String,
        /// Its issuer's identifier.
        issuer: String,
        /// Its type.
        credential_type: String,
    },
}

/// Who asked.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VerifierRecord {
    /// The client identifier with its prefix.
    pub client_id: String,
    /// The name in its certificate, or in the wallet's own list.
    pub name: Option<String>,
    /// Where the answer goes: scheme, host and port.
    pub response_origin: String,
    /// Whether anybody vouches for it.
    pub knowledge: VerifierKnowledge,
}

/// Whether anybody vouches for a verifier.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum VerifierKnowledge {
    /// A trusted authority issued its certificate.
    Certified {
        /// The name of the authority at the top of the chain.
        authority: Option<String>,
    },
    /// The wallet's own list has it, and its key signed the request.
    Listed,
    /// Somebody asks, without a signature, in the name of a verifier of the wallet's own list. The answer goes to an address of that verifier
    /// all the same.
    ListedUnsigned,
    /// Nobody does: the person has to be told.
    Unverified,
}

/// What of one credential was shown.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct DisclosedCredential {
    /// The credential.
    pub credential: String,
    /// Its type.
    pub credential_type: String,
    /// The selectively disclosed claims.
    pub claims: Vec<String>,
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
        })
    }

    /// Deletes a credential and its key. The history keeps that it was held.
    pub async fn delete(&self, credential: String) -> Result<(), WalletError> {
        let now = self.time.for_wallet()?;
        Ok(self.core.delete(credential.parse()?, now).await?)
    }

    /// What happened, the latest first.
    pub async fn history(&self) -> Result<Vec<HistoryEntry>, WalletError> {
        let entries = self.core.history().await?;
        Ok(entries.into_iter().map(Into::into).collect())
    }

    /// The whole history as JSON, for the person to keep or to hand to an authority. It holds no claim values.
    pub async fn export_history(&self) -> Result<String, WalletError> {
        Ok(self.core.export_history().await?)
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

impl From<record::HistoryEntry> for HistoryEntry {
    fn from(entry: record::HistoryEntry) -> Self {
        Self {
            id: entry.id.to_string(),
            at: entry.at.seconds(),
            event: entry.event.into(),
        }
    }
}

impl From<record::HistoryEvent> for HistoryEvent {
    fn from(event: record::HistoryEvent) -> Self {
        use record::HistoryEvent as Core;
        match event {
            Core::Received {
                credential,
                issuer,
                credential_type,
            } => Self::Received {
                credential: credential.to_string(),
                issuer,
                credential_type,
            },
            Core::Refused { issuer, reason } => Self::NotKept { issuer, reason },
            Core::Presented {
                verifier,
                disclosed,
                delivery,
                ..
            } => presented(verifier.into(), disclosed, delivery),
            Core::Declined { verifier } => Self::Declined {
                verifier: verifier.into(),
            },
            Core::Deleted {
                credential,
                issuer,
                credential_type,
            } => Self::Deleted {
                credential: credential.to_string(),
                issuer,
                credential_type,
            },
        }
    }
}

fn presented(
    verifier: VerifierRecord,
    disclosed: Vec<record::DisclosedCredential>,
    delivery: Delivery,
) -> HistoryEvent {
    let disclosed = disclosed.into_iter().map(|one| DisclosedCredential {
        credential: one.credential.to_string(),
        credential_type: one.credential_type,
        claims: one.claims,
    });
    let disclosed = disclosed.collect();
    match delivery {
        Delivery::Accepted => HistoryEvent::Accepted { verifier, disclosed },
        Delivery::Rejected => HistoryEvent::Rejected { verifier, disclosed },
        Delivery::Unconfirmed => HistoryEvent::Unconfirmed { verifier, disclosed },
    }
}

impl From<record::VerifierRecord> for VerifierRecord {
    fn from(verifier: record::VerifierRecord) -> Self {
        let knowledge = if verifier.evidence.is_unverified() {
            VerifierKnowledge::Unverified
        } else {
            match verifier.evidence {
                VerifierEvidence::CertificateHash { authority }
                | VerifierEvidence::CertificateHost { authority, .. }
                | VerifierEvidence::Reader { authority } => VerifierKnowledge::Certified { authority },
                VerifierEvidence::RegisteredUnsigned => VerifierKnowledge::ListedUnsigned,
                VerifierEvidence::Registered | VerifierEvidence::DecentralizedIdentifier { .. } => {
                    VerifierKnowledge::Listed
                }
                VerifierEvidence::Unverified | VerifierEvidence::Origin | VerifierEvidence::Nearby => {
                    VerifierKnowledge::Unverified
                }
            }
        };
        Self {
            client_id: verifier.client_id,
            name: verifier.name,
            response_origin: verifier.response_origin,
            knowledge,
        }
    }
}
