//! What is shown before anything is signed, and what the person decides.

use symbolon_protocol::dcql::{HolderBinding, PresentationCount, QueryId};
use symbolon_wallet_core::present as core;

use crate::error::{Argument, WalletError};
use crate::hold::{CredentialSummary, HeldClaim, VerifierRecord};

/// Who asks for what, and what exactly would be disclosed. Show all of it.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct ConsentRequest {
    /// Names the flow in the call that follows.
    pub flow: String,
    /// Who asks, and where the answer goes.
    pub verifier: VerifierRecord,
    /// What the verifier calls itself. Nobody vouches for it: show it as its own words.
    pub claimed_name: Option<String>,
    /// What the verifier says that it asks for. Nobody vouches for it: show it as its own words.
    pub claimed_purpose: Option<String>,
    /// What a registrar says of the verifier.
    pub registration: Registration,
    /// What the person refused to this verifier before, the latest first: tell it, for whoever is asked often enough says yes once.
    pub refused_before: Vec<PastRefusal>,
    /// The credentials asked for, in the verifier's order.
    pub asked: Vec<AskedCredential>,
    /// The transactions that the person authorises by answering: show them first.
    pub transactions: Vec<ShownTransaction>,
    /// The smallest answer, with the credential that discloses least for each query; empty when what is held does not suffice.
    pub smallest_choice: Vec<Chosen>,
    /// The queries that the verifier insists on and that nothing held answers. Unless it is empty, all that can be answered is a refusal.
    pub missing: Vec<String>,
}

/// What a person refused to a verifier before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PastRefusal {
    /// When: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Whether the same types and claims were asked for as now.
    pub asked_the_same: bool,
}

/// One credential that is asked for.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct AskedCredential {
    /// The name of the query.
    pub query: String,
    /// Whether it must be answered.
    pub need: Need,
    /// The types that would do.
    pub credential_types: Vec<String>,
    /// Whether several credentials may answer it.
    pub takes_several: bool,
    /// Whether the verifier wants a proof that the credential is shown by whom it was issued to. Without one whoever is shown it could show
    /// it again.
    pub holder_is_proven: bool,
    /// What is asked of it.
    pub claims: Vec<AskedClaim>,
    /// What is held that answers it, what discloses least first.
    pub candidates: Vec<CandidateCredential>,
    /// Why nothing does, when nothing does. For the person alone.
    pub lack: Option<Lack>,
}

/// What is known of a verifier beside who it is.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Registration {
    /// It brings no registration certificate, or the wallet knows no registrars.
    NotShown,
    /// It brings one that is not to be believed. Tell the person: somebody may pass himself off as registered.
    Refused {
        /// Why, in English, for a log and for support.
        reason: String,
    },
    /// A registrar vouches for what it may ask for.
    Registered {
        /// The name that it is registered under.
        name: String,
        /// What it asks for credentials for, in the language of the person.
        purpose: Option<String>,
        /// Who registered it.
        registrar: Option<String>,
        /// What it asks for beyond what is registered. Unless it is empty, warn of it before the person agrees.
        over_asked: Vec<OverAskedCredential>,
    },
}

/// What is asked of one credential beyond what is registered.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct OverAskedCredential {
    /// The name of the query.
    pub query: String,
    /// The paths of the claims that are not registered; nothing where the credential itself is not.
    pub claims: Option<Vec<String>>,
}

/// A transaction that the person authorises: a payment, a signature.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct ShownTransaction {
    /// What it is, in the words that the wallet has for its type.
    pub title: String,
    /// Every member, in the order of the type.
    pub details: Vec<TransactionDetail>,
    /// The queries one of whose answers authorises it.
    pub authorized_by: Vec<String>,
}

/// One member of a transaction.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct TransactionDetail {
    /// What it is called, below the names of the groups that it is in.
    pub label: Vec<String>,
    /// What it says: the verifier's own text.
    pub value: String,
}

/// Whether a credential must be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Need {
    /// Part of the smallest answer.
    Required,
    /// Welcome; sent only when the person adds it to the choice.
    Optional,
    /// An alternative to something that is in the smallest answer, or that nothing held answers.
    Alternative,
}

/// Why nothing that is held answers a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Lack {
    /// No credential of the type, in a form that the verifier reads.
    NotHeld,
    /// One is held, of another authority than the verifier accepts.
    Authority,
    /// One is held, and lacks a claim that is asked for.
    Claims,
    /// One is held, and a claim of it has another value than the verifier wants.
    Values,
    /// One is held that would do, and every copy of it was shown to somebody.
    CopiesSpent,
}

/// One claim that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AskedClaim {
    /// Where it is.
    pub path: String,
    /// Its name.
    pub name: String,
    /// Whether the verifier means to keep it.
    pub retention: Retention,
}

/// Whether a verifier says that it means to keep what it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Retention {
    /// It does not say.
    NotStated,
    /// It means to keep it.
    Intended,
    /// It says that it will not keep it.
    NotIntended,
}

/// One credential that answers, and exactly what of it would be disclosed.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct CandidateCredential {
    /// The credential.
    pub credential: CredentialSummary,
    /// Every claim about the person that the verifier would see, with its value.
    pub discloses: Vec<HeldClaim>,
    /// Whether nothing of it can be withheld: the verifier sees the whole credential, whatever it asked for.
    pub is_shown_whole: bool,
}

/// The credentials that answer one query.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Chosen {
    /// The name of the query.
    pub query: String,
    /// The credentials; several only where the query takes several.
    pub credentials: Vec<String>,
}

/// What the person decides.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum Decision {
    /// Show these credentials, exactly as the consent request said.
    Share {
        /// Which credentials answer which query.
        choice: Vec<Chosen>,
    },
    /// Show nothing.
    Decline,
    /// Show nothing, and refuse whatever this verifier asks for from now on, until the refusal is forgotten.
    DeclineAlways,
}

impl Decision {
    pub(super) fn parse(self) -> Result<core::Decision, WalletError> {
        let chosen = match self {
            Self::Share { choice } => choice,
            Self::Decline => return Ok(core::Decision::Decline),
            Self::DeclineAlways => return Ok(core::Decision::DeclineAlways),
        };
        let mut choice = core::Choice::default();
        for Chosen { query, credentials } in chosen {
            let query = QueryId::parse(&query).ok_or(WalletError::argument(Argument::Choice))?;
            for credential in credentials {
                choice = choice.with_another(query.clone(), credential.parse()?);
            }
        }
        Ok(core::Decision::Share(choice))
    }
}

impl From<core::ConsentRequest> for ConsentRequest {
    fn from(request: core::ConsentRequest) -> Self {
        let (smallest_choice, missing) = match request.answerable {
            core::Answerable::With(choice) => (choice.iter().map(chosen).collect(), Vec::new()),
            core::Answerable::No { missing } => {
                (Vec::new(), missing.iter().map(ToString::to_string).collect())
            }
        };
        Self {
            flow: request.flow.to_string(),
            verifier: request.verifier.into(),
            claimed_name: request.claimed.name,
            claimed_purpose: request.claimed.purpose,
            registration: request.registration.into(),
            refused_before: request.refused_before.into_iter().map(Into::into).collect(),
            asked: request.asked.into_iter().map(Into::into).collect(),
            transactions: request.transactions.into_iter().map(Into::into).collect(),
            smallest_choice,
            missing,
        }
    }
}

impl From<core::PastRefusal> for PastRefusal {
    fn from(past: core::PastRefusal) -> Self {
        Self {
            at: past.at.seconds(),
            asked_the_same: past.asked == core::AskedThen::TheSame,
        }
    }
}

fn chosen((query, credentials): (&QueryId, &[symbolon_wallet_core::CredentialId])) -> Chosen {
    Chosen {
        query: query.to_string(),
        credentials: credentials.iter().map(ToString::to_string).collect(),
    }
}

impl From<core::Registration> for Registration {
    fn from(registration: core::Registration) -> Self {
        match registration {
            core::Registration::NotShown => Self::NotShown,
            core::Registration::Refused(refused) => Self::Refused {
                reason: refused.to_string(),
            },
            core::Registration::Registered(registered) => Self::Registered {
                name: registered.name,
                purpose: registered.purpose,
                registrar: registered.registrar,
                over_asked: registered.over_asked.into_iter().map(Into::into).collect(),
            },
        }
    }
}

impl From<core::OverAskedCredential> for OverAskedCredential {
    fn from(asked: core::OverAskedCredential) -> Self {
        let texts = |claims: Vec<_>| claims.iter().map(ToString::to_string).collect();
        Self {
            query: asked.query.to_string(),
            claims: asked.claims.map(texts),
        }
    }
}

impl From<core::ShownTransaction> for ShownTransaction {
    fn from(transaction: core::ShownTransaction) -> Self {
        let details = transaction.details.into_iter().map(|detail| TransactionDetail {
            label: detail.label,
            value: detail.value,
        });
        Self {
            title: transaction.title,
            details: details.collect(),
            authorized_by: transaction
                .authorized_by
                .iter()
                .map(ToString::to_string)
                .collect(),
        }
    }
}

impl From<core::AskedCredential> for AskedCredential {
    fn from(asked: core::AskedCredential) -> Self {
        Self {
            query: asked.query.to_string(),
            need: match asked.need {
                core::Need::Required => Need::Required,
                core::Need::Optional => Need::Optional,
                core::Need::Alternative => Need::Alternative,
            },
            credential_types: asked.credential_types(),
            takes_several: asked.count == PresentationCount::Several,
            holder_is_proven: asked.holder_binding == HolderBinding::Proven,
            claims: asked.claims.into_iter().map(Into::into).collect(),
            candidates: asked.candidates.into_iter().map(Into::into).collect(),
            lack: asked.lack.map(|lack| match lack {
                core::Lack::NotHeld => Lack::NotHeld,
                core::Lack::Authority => Lack::Authority,
                core::Lack::Claims => Lack::Claims,
                core::Lack::Values => Lack::Values,
                core::Lack::CopiesSpent => Lack::CopiesSpent,
            }),
        }
    }
}

impl From<core::AskedClaim> for AskedClaim {
    fn from(asked: core::AskedClaim) -> Self {
        Self {
            path: asked.path.to_string(),
            name: asked.name,
            retention: match asked.retention {
                core::Retention::NotStated => Retention::NotStated,
                core::Retention::Intended => Retention::Intended,
                core::Retention::NotIntended => Retention::NotIntended,
            },
        }
    }
}

impl From<core::CandidateCredential> for CandidateCredential {
    fn from(candidate: core::CandidateCredential) -> Self {
        Self {
            is_shown_whole: candidate.is_shown_whole(),
            credential: candidate.credential.into(),
            discloses: candidate.discloses.into_iter().map(Into::into).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_that_names_no_query_or_credential_is_refused() {
        let share = |query: &str, credential: &str| Decision::Share {
            choice: vec![Chosen {
                query: query.to_owned(),
                credentials: vec![credential.to_owned()],
            }],
        };
        let id = "a".repeat(32);
        let core::Decision::Share(choice) = share("id", &id).parse().unwrap() else {
            panic!("the person shares");
        };
        let all: Vec<Chosen> = choice.iter().map(chosen).collect();
        assert_eq!(all[0].credentials.join(" "), id);
        assert_eq!(
            share("not a query", &id).parse(),
            Err(WalletError::argument(Argument::Choice))
        );
        assert_eq!(
            share("id", "x").parse(),
            Err(WalletError::argument(Argument::Identifier))
        );
        assert_eq!(Decision::Decline.parse(), Ok(core::Decision::Decline));
        assert_eq!(Decision::DeclineAlways.parse(), Ok(core::Decision::DeclineAlways));
    }
}
