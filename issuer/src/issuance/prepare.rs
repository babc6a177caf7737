//! From an accepted request to credentials that may leave.

use std::time::Duration;

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::signing::SignatureRequest;
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, UnixTime};
use symbolon_protocol::openid4vci::credential::IssuedCredential;

use super::plan::{Plan, PreparedCredential, kind};
use super::refusal::{CredentialRefusal, IssuanceFailure};
use super::request::AcceptedRequest;
use crate::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use crate::credential_record::{CredentialRecord, CredentialStatus};
use crate::identifiers::{CredentialId, NotificationId, TransactionId};
use crate::index::StatusIndex;
use crate::mapping::{FitPicture, IssuanceTimes};
use crate::notification::Notification;
use crate::profile::IssuerProfile;
use crate::record::{IdRecord, VitalStatus};
use crate::secret::InstallationSecret;
use crate::signers::CredentialSigners;
use crate::store::{Deferral, Issuance, IssuanceOutcome, NewNotification};
use crate::transaction::{Transaction, TransactionStage};

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
    /// Makes the credentials of `record`, one for each key; those that carry a status at the index of the same position.
    ///
    /// # Errors
    /// [`IssuanceFailure::Refused`] when the resident is deceased or the record lacks a required value; otherwise the issuer's own faults.
    pub fn prepare(
        self,
        record: &IdRecord,
        indices: &[StatusIndex],
        material: &IssuanceMaterial<'_>,
    ) -> Result<PreparedIssuance, IssuanceFailure> {
        self.check_record(record)?;
        if indices.len() != self.places() {
            return Err(IssuanceFailure::CountMismatch);
        }
        let (profile, now) = (material.profile, material.now);
        let granularity = Duration::from_secs(profile.policy().issued_at_granularity_seconds);
        let validity = self.configuration.validity_of(self.copies);
        let times = IssuanceTimes::new(now, granularity, validity);
        let mapped = self
            .configuration
            .map_claims(record, times, material.pictures)
            .map_err(CredentialRefusal::Mapping)?;
        let plan = Plan::new(self.configuration, mapped, times, self.copies, material)?;

        let mut prepared = Vec::with_capacity(self.keys.len());
        let mut requests = Vec::with_capacity(self.keys.len());
        let mut credentials = Vec::with_capacity(self.keys.len());
        let mut events = Vec::with_capacity(self.keys.len());
        let mut places = indices.iter().copied();
        for key in self.keys {
            let place = places.next();
            let (credential, request) = plan.prepare(key, place)?;
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
                status_index: place,
                issued_at: now,
                expires_at: times.expires_at,
                status: CredentialStatus::Valid,
                status_changed_at: now,
                replaced_by: None,
                wallet_report: None,
            });
        }
        let notification = NewNotification {
            id: NotificationId::make(material.randomness)?,
            notification: Notification {
                credentials: credentials
                    .iter()
                    .map(|credential| credential.id.clone())
                    .collect(),
                holder: self.holder,
                event: None,
                told: 0,
                expires_at: now.plus(Duration::from_secs(
                    profile.policy().notification_lifetime_seconds,
                )),
            },
        };
        let issuance = Issuance {
            access: self.access,
            nonces: self.nonces,
            credentials,
            changes: Vec::new(),
            transaction: self.transaction,
            offer: self.offer,
            notification: Some(notification),
            events,
        };
        Ok(PreparedIssuance {
            prepared,
            requests,
            issuance,
        })
    }

    /// Makes a transaction of the request, for an operator to decide on. What the credentials will say is not looked at yet.
    ///
    /// # Errors
    /// As [`AcceptedRequest::prepare`]; nobody waits for what cannot be issued.
    pub fn defer(
        self,
        record: &IdRecord,
        material: &IssuanceMaterial<'_>,
    ) -> Result<Deferral, IssuanceFailure> {
        self.check_record(record)?;
        let (policy, now) = (material.profile.policy(), material.now);
        let id = TransactionId::make(material.randomness)?;
        let action = AuditAction::CredentialRequested {
            transaction: id.clone(),
            record: RecordReference::derive(material.secret, &self.record),
            configuration: self.configuration.id().clone(),
        };
        Ok(Deferral {
            id,
            transaction: Transaction {
                record: self.record,
                configuration: self.configuration.id().clone(),
                keys: self.keys.iter().map(PublicKey::to_jwk).collect(),
                copies: self.copies,
                holder: self.holder,
                requested_at: now,
                expires_at: now.plus(Duration::from_secs(policy.deferred_lifetime_seconds)),
                stage: TransactionStage::Pending,
                offer: self.offer.as_ref().map(|standing| standing.offer.clone()),
            },
            access: self.access.ok_or(IssuanceFailure::NotPaid)?,
            nonces: self.nonces,
            offer: self.offer,
            event: WaitingEvent::make(now, Actor::Wallet, action, material.randomness)?,
        })
    }

    fn check_record(&self, record: &IdRecord) -> Result<(), CredentialRefusal> {
        if record.uin() != &self.record {
            return Err(CredentialRefusal::RecordMissing);
        }
        if record.vital_status() == VitalStatus::Deceased {
            return Err(CredentialRefusal::Deceased);
        }
        Ok(())
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
