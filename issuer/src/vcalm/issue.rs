//! Issuing a document in pure steps, as [`crate::issuance`] issues a record: prepare, finish with the signature, commit, and
//! only then release.

use std::time::Duration;

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{
    self, InvalidJsonPointer, JsonPointer, SelectionError,
};
use symbolon_credential::data_integrity::{JsonLdBudget, JsonLdError, NotTransformed, ProofNotGenerated};
use symbolon_credential::w3c::{
    EnvelopeType, EnvelopedCredential, IssuerDescription, LanguageText, NotConforming, ProblemDetails,
    ProblemType, VerifiableCredential,
};
use symbolon_crypto::RandomnessUnavailable;
use symbolon_crypto::signing::SignatureRequest;
use symbolon_protocol::openid4vci::credential::IssuedCredential;
use symbolon_protocol::vcalm::RequestRefused;
use symbolon_protocol::vcalm::issue::IssueCredentialRequest;
use thiserror::Error;

use super::complete::{CompletedCredential, Completion, CompletionRefused, check_related_resources};
use super::policy::VcalmPolicy;
use super::reference::credential_id;
use crate::audit::{Actor, AuditAction, WaitingEvent};
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::identifiers::{CredentialId, IdentifierError};
use crate::index::StatusIndex;
use crate::issuance::{IssuanceFailure, IssuanceMaterial, PreparedCredential, Securing, kind};
use crate::mapping::{CredentialConfiguration, IssuanceTimes, Target};
use crate::profile::IssuerProfile;
use crate::store::{Issuance, IssuanceOutcome};

/// A document that waits for the issuer's signature.
pub struct PreparedDocument {
    prepared: PreparedCredential,
    request: SignatureRequest,
    issuance: Issuance,
}

/// A secured document that waits for its commit.
pub struct SignedDocument {
    credential: Value,
    issuance: Issuance,
}

/// Why a document is not issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentRefused {
    /// The configuration does not allow it.
    #[error("this instance does not issue documents")]
    NotAllowed,
    /// The request.
    #[error(transparent)]
    Request(#[from] RequestRefused),
    /// The document.
    #[error(transparent)]
    Completion(#[from] CompletionRefused),
    /// A name that was given away.
    #[error("a credential of this name was issued before")]
    Duplicate,
    /// The document means nothing, or not all of it means something.
    #[error(transparent)]
    JsonLd(#[from] JsonLdError),
    /// The pointers.
    #[error("a mandatory pointer does not fit the credential")]
    Pointers,
    /// Anything else is the issuer's fault.
    #[error(transparent)]
    Failure(IssuanceFailure),
    /// A name cannot be derived.
    #[error(transparent)]
    Identifier(#[from] IdentifierError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

impl DocumentRefused {
    /// How the refusal is told; `None` for what is the issuer's fault, of which nothing is told.
    #[must_use]
    pub fn details(&self) -> Option<ProblemDetails> {
        let kind = match self {
            Self::Request(refused) => return Some(refused.details()),
            Self::Completion(refused) => refused.problem(),
            Self::JsonLd(_) => ProblemType::ProofTransformationError,
            Self::Pointers => ProblemType::MalformedValueError,
            Self::NotAllowed
            | Self::Duplicate
            | Self::Failure(_)
            | Self::Identifier(_)
            | Self::Randomness(_) => return None,
        };
        Some(kind.details(self.to_string()))
    }
}

/// Whether a credential is also of a type of a configuration that issues no documents, by its name or its IRI. Beside the types
/// of this configuration it would be made by the same issuer, and believed.
fn is_anothers(
    credential: &VerifiableCredential,
    configuration: &CredentialConfiguration,
    profile: &IssuerProfile,
) -> bool {
    let issuer = profile.identifier().as_str();
    let named = |configuration: &CredentialConfiguration| -> Vec<String> {
        let names = configuration.w3c().map(|w3c| w3c.types.clone());
        let iris = configuration.expanded_types(issuer);
        names.into_iter().flatten().chain(iris).collect()
    };
    let own = named(configuration);
    let closed: Vec<String> = profile
        .configurations()
        .values()
        .filter(|other| other.vcalm() == VcalmPolicy::Refuse)
        .flat_map(named)
        .filter(|name| !own.contains(name))
        .collect();
    // Contexts that are not known are refused when it is secured.
    let iris = credential
        .expanded_types(profile.context_table())
        .unwrap_or_default();
    credential
        .types()
        .iter()
        .chain(&iris)
        .any(|name| closed.contains(name))
}

/// The caller's faults among what can go wrong when a document is secured.
impl From<IssuanceFailure> for DocumentRefused {
    fn from(failure: IssuanceFailure) -> Self {
        match failure {
            IssuanceFailure::Proof(ProofNotGenerated::NotTransformed(NotTransformed::JsonLd(error)))
            | IssuanceFailure::SelectiveProof(ecdsa_sd_2023::IssueError::Selection(
                SelectionError::JsonLd(error),
            )) if error != JsonLdError::Processor => Self::JsonLd(error),
            IssuanceFailure::SelectiveProof(
                ecdsa_sd_2023::IssueError::Selection(
                    SelectionError::Pointer(_) | SelectionError::PartOfStatement,
                )
                | ecdsa_sd_2023::IssueError::OverBudget,
            ) => Self::Pointers,
            IssuanceFailure::SelectiveProof(ecdsa_sd_2023::IssueError::Selection(
                SelectionError::NotSelectable,
            ))
            | IssuanceFailure::Proof(ProofNotGenerated::NotTransformed(_)) => {
                Self::Completion(CompletionRefused::NotConforming(NotConforming::NotJson))
            }
            other => Self::Failure(other),
        }
    }
}

impl PreparedDocument {
    /// Makes the credential of a request at a place in a status list.
    ///
    /// # Errors
    /// [`DocumentRefused`].
    pub fn prepare(
        request: IssueCredentialRequest,
        configuration: &CredentialConfiguration,
        place: StatusIndex,
        material: &IssuanceMaterial<'_>,
        at_hand: &dyn Fn(&str) -> Option<Vec<u8>>,
    ) -> Result<Self, DocumentRefused> {
        let (profile, now) = (material.profile, material.now);
        let securing = securing(configuration.target(), &request)?;
        let types = match configuration.vcalm() {
            VcalmPolicy::Refuse => return Err(DocumentRefused::NotAllowed),
            VcalmPolicy::OwnTypes => configuration
                .w3c()
                .map(|w3c| w3c.types.clone())
                .unwrap_or_default(),
            VcalmPolicy::AnyTypes => Vec::new(),
        };
        let id = match request.reference() {
            Some(reference) => credential_id(material.secret, configuration.id(), &reference)?,
            None => CredentialId::make(material.randomness)?,
        };
        let granularity = Duration::from_secs(profile.policy().issued_at_granularity_seconds);
        let times = IssuanceTimes::new(now, granularity, configuration.validity());
        let signer = material
            .assertion_key(&securing)
            .map_err(DocumentRefused::Failure)?;
        let own_lists = format!("{}/", profile.identifier().as_str().trim_end_matches('/'));
        let completion = Completion {
            issuer: &IssuerDescription {
                id: signer.did().clone(),
                name: vec![LanguageText {
                    value: profile.name().to_owned(),
                    language: None,
                    direction: None,
                }],
            },
            types: &types,
            status: &profile.bitstring_entries(place),
            own_status_lists: &own_lists,
            issued_at: times.issued_at,
            validity: configuration.validity(),
        };
        let CompletedCredential {
            credential,
            expires_at,
        } = completion.complete(request.credential)?;
        if configuration.vcalm() == VcalmPolicy::OwnTypes && is_anothers(&credential, configuration, profile)
        {
            return Err(CompletionRefused::Types.into());
        }
        check_related_resources(&credential, at_hand).map_err(CompletionRefused::from)?;
        if let Securing::Jwt(_) = securing {
            // A JWT is signed whatever its terms mean; that they mean something is checked here.
            let document = Value::Object(credential.document().clone());
            let (contexts, budget) = (profile.context_table(), JsonLdBudget::DEFAULT);
            material.json_ld.to_statements(&document, contexts, budget)?;
        }
        let (prepared, signature) = material.secure(credential, &securing, signer, times.issued_at)?;
        let action = AuditAction::CredentialIssued {
            credential: id.clone(),
            record: None,
            configuration: configuration.id().clone(),
        };
        let event = WaitingEvent::make(now, Actor::Operator, action, material.randomness)?;
        let record = CredentialRecord {
            id,
            kind: kind(configuration.target()),
            configuration: configuration.id().clone(),
            record: None,
            status_index: Some(place),
            issued_at: now,
            expires_at,
            status: CredentialStatus::Valid,
            status_changed_at: now,
            replaced_by: None,
            wallet_report: None,
        };
        Ok(Self {
            prepared,
            request: signature,
            issuance: Issuance {
                access: None,
                nonces: Vec::new(),
                credentials: vec![record],
                changes: Vec::new(),
                transaction: None,
                offer: None,
                notification: None,
                events: vec![event],
            },
        })
    }

    /// What the issuer's key has to sign.
    #[must_use]
    pub const fn request(&self) -> &SignatureRequest {
        &self.request
    }

    /// Completes the credential with the signature.
    ///
    /// # Errors
    /// [`DocumentRefused::Failure`] for a signature that is none of its algorithm.
    pub fn finish(self, signature: &[u8]) -> Result<SignedDocument, DocumentRefused> {
        let credential = match self
            .prepared
            .finish(signature)
            .map_err(DocumentRefused::Failure)?
        {
            IssuedCredential::Object(document) => Value::Object(document),
            IssuedCredential::Text(jwt) => EnvelopedCredential::from_text(EnvelopeType::VcJwt, &jwt)
                .map_err(CompletionRefused::from)?
                .to_value(),
        };
        Ok(SignedDocument {
            credential,
            issuance: self.issuance,
        })
    }
}

impl SignedDocument {
    /// What must be committed before the credential leaves.
    #[must_use]
    pub const fn issuance(&self) -> &Issuance {
        &self.issuance
    }

    /// The credential, once the commit was made.
    ///
    /// # Errors
    /// The outcome, when it was not.
    pub fn release(self, outcome: IssuanceOutcome) -> Result<Value, IssuanceOutcome> {
        match outcome {
            IssuanceOutcome::Committed => Ok(self.credential),
            other => Err(other),
        }
    }
}

/// How a configuration secures documents, with the pointers of the request where the suite takes them.
fn securing(target: &Target, request: &IssueCredentialRequest) -> Result<Securing, DocumentRefused> {
    let pointers = &request.options.mandatory_pointers;
    let securing = match Securing::of(target) {
        Some(Securing::Selective(_)) => {
            let mandatory = mandatory_pointers(&request.credential, pointers.as_deref().unwrap_or_default())
                .map_err(|_| DocumentRefused::Pointers)?;
            return Ok(Securing::Selective(mandatory));
        }
        Some(securing) => securing,
        None => return Err(DocumentRefused::NotAllowed),
    };
    match pointers {
        None => Ok(securing),
        Some(_) => Err(RequestRefused::OptionNotApplicable {
            option: "mandatoryPointers",
        }
        .into()),
    }
}

/// What the holder can never withhold: what the caller says, and what would let a revoked or expired credential be shown as
/// one that is not.
fn mandatory_pointers(
    credential: &Map<String, Value>,
    asked: &[JsonPointer],
) -> Result<Vec<JsonPointer>, InvalidJsonPointer> {
    let mut pointers = asked.to_vec();
    for text in ["/issuer", "/validFrom", "/validUntil", "/credentialStatus"] {
        let pointer = JsonPointer::parse(text)?;
        if !pointers.contains(&pointer) {
            pointers.push(pointer);
        }
    }
    let subject = JsonPointer::parse("/credentialSubject/id")?;
    let has_id = credential
        .get("credentialSubject")
        .is_some_and(|subject| subject.get("id").is_some());
    if has_id && !pointers.contains(&subject) {
        pointers.push(subject);
    }
    Ok(pointers)
}
