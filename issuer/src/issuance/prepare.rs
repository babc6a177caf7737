//! From an accepted request to credentials that may leave.

use std::time::Duration;

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::signing::SignatureRequest;
use symbolon_crypto::{CryptoProvider, Randomness, UnixTime};
use symbolon_protocol::openid4vci::credential::IssuedCredential;

use super::plan::{Plan, PreparedCredential, kind};
use super::refusal::{CredentialRefusal, IssuanceFailure};
use super::request::AcceptedRequest;
use crate::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::identifiers::CredentialId;
use crate::index::StatusIndex;
use crate::mapping::{FitPicture, IssuanceTimes};
use crate::profile::IssuerProfile;
use crate::record::{IdRecord, VitalStatus};
use crate::secret::InstallationSecret;
use crate::signers::CredentialSigners;
use crate::store::{Issuance, IssuanceOutcome};

/// What an issuance is made with.
#[derive(Clone, Copy)]
pub struct IssuanceMaterial<'a> {
    /// The issuer.
    pub profile: &'a IssuerProfile,
    /// The keys that sign credentials.
    pub signers: &'a CredentialSigners,
    /// For credentials that are secured as RDF.
    pub json_ld: &'a dyn JsonLdProcessor,
    /// For the statements of credentials that are disclosed one by one.
    pub crypto: &'a dyn CryptoProvider,
    /// For references in the audit log.
    pub secret: &'a InstallationSecret,
    /// For pictures over their budget.
    pub pictures: &'a dyn FitPicture,
    /// For salts and identifiers.
    pub randomness: &'a dyn Randomness,
    /// The time of issuance.
    pub now: UnixTime,
}

/// Credentials that wait for the issuer's signature.
pub struct PreparedIssuance {
    prepared: Vec<PreparedCredential>,
    requests: Vec<SignatureRequest>,
    issuance: Issuance,
}

/// Credentials that wait for their commit.
pub struct SignedIssuance {
    credentials: Vec<IssuedCredential>,
    issuance: Issuance,
}

impl AcceptedRequest<'_> {
    /// Makes the credentials of `record`, one for each key at the index of the same position.
    ///
    /// # Errors
    /// [`IssuanceFailure::Refused`] when the resident is deceased or the record lacks a required value; otherwise the issuer's own faults.
    pub fn prepare(
        self,
        record: &IdRecord,
        indices: &[StatusIndex],
        material: &IssuanceMaterial<'_>,
    ) -> Result<PreparedIssuance, IssuanceFailure> {
        let (profile, now) = (material.profile, material.now);
        if record.uin() != &self.record {
            return Err(CredentialRefusal::RecordMissing.into());
        }
        if record.vital_status() == VitalStatus::Deceased {
            return Err(CredentialRefusal::Deceased.into());
        }
        if indices.len() != self.keys.len() {
            return Err(IssuanceFailure::CountMismatch);
        }
        let granularity = Duration::from_secs(profile.policy().issued_at_granularity_seconds);
        let times = IssuanceTimes::new(now, granularity, self.configuration.validity());
        let mapped = self
            .configuration
            .map_claims(record, times, material.pictures)
            .map_err(CredentialRefusal::Mapping)?;
        let plan = Plan::new(self.configuration, mapped, times, material)?;

        let mut prepared = Vec::with_capacity(self.keys.len());
        let mut requests = Vec::with_capacity(self.keys.len());
        let mut credentials = Vec::with_capacity(self.keys.len());
        let mut events = Vec::with_capacity(self.keys.len());
        for (key, place) in self.keys.into_iter().zip(indices) {
            let (credential, request) = plan.prepare(key, *place)?;
            prepared.push(credential);
            requests.push(request);
            let id = CredentialId::make(material.randomness)?;
            let action = AuditAction::CredentialIssued {
                credential: id.clone(),
                record: Some(RecordReference::derive(material.secret, &self.record)),
                configuration: self.configuration.id().clone(),
            };
            events.push(WaitingEvent::make(
                now,
                Actor::Wallet,
                action,
                material.randomness,
            )?);
            credentials.push(CredentialRecord {
                id,
                kind: kind(self.configuration.target()),
                configuration: self.configuration.id().clone(),
                record: Some(self.record.clone()),
                status_index: *place,
                issued_at: now,
                expires_at: times.expires_at,
                status: CredentialStatus::Valid,
                status_changed_at: now,
                replaced_by: None,
            });
        }
        let issuance = Issuance {
            access: Some(self.access),
            nonces: self.nonces,
            credentials,
            changes: Vec::new(),
            events,
        };
        Ok(PreparedIssuance {
            prepared,
            requests,
            issuance,
        })
    }
}

impl PreparedIssuance {
    /// What the issuer's keys have to sign, one for each credential.
    #[must_use]
    pub fn requests(&self) -> &[SignatureRequest] {
        &self.requests
    }

    /// Completes the credentials with the signatures, in the order of the requests.
    ///
    /// # Errors
    /// [`IssuanceFailure::CountMismatch`], and a signature that is none of its algorithm.
    pub fn finish(self, signatures: &[Vec<u8>]) -> Result<SignedIssuance, IssuanceFailure> {
        if signatures.len() != self.prepared.len() {
            return Err(IssuanceFailure::CountMismatch);
        }
        let finished = self
            .prepared
            .into_iter()
            .zip(signatures)
            .map(|(credential, signature)| credential.finish(signature));
        Ok(SignedIssuance {
            credentials: finished.collect::<Result<_, _>>()?,
            issuance: self.issuance,
        })
    }
}

impl SignedIssuance {
    /// What must be committed before the credentials leave.
    #[must_use]
    pub const fn issuance(&self) -> &Issuance {
        &self.issuance
    }

    /// The credentials, once the commit was made.
    ///
    /// # Errors
    /// The outcome, when it was not.
    pub fn release(self, outcome: IssuanceOutcome) -> Result<Vec<IssuedCredential>, IssuanceOutcome> {
        match outcome {
            IssuanceOutcome::Committed => Ok(self.credentials),
            other => Err(other),
        }
    }
}
