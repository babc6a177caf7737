//! From an accepted request to credentials that may leave.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::sd_jwt::{Decoys, PreparedSdJwt};
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_crypto::signing::SignatureRequest;
use symbolon_crypto::{Randomness, UnixTime};

use super::refusal::{CredentialRefusal, IssuanceFailure};
use super::request::AcceptedRequest;
use crate::audit::{Actor, AuditAction, RecordReference, WaitingEvent};
use crate::credential_record::{CredentialKind, CredentialRecord, CredentialStatus};
use crate::identifiers::CredentialId;
use crate::index::StatusIndex;
use crate::mapping::{Disclosure, FitPicture, MappedClaim};
use crate::profile::{IssuerProfile, SigningKey};
use crate::record::{IdRecord, VitalStatus};
use crate::secret::InstallationSecret;
use crate::store::{Issuance, IssuanceOutcome};

/// What an issuance is made with.
#[derive(Clone, Copy)]
pub struct IssuanceMaterial<'a> {
    /// The issuer.
    pub profile: &'a IssuerProfile,
    /// The key that signs credentials.
    pub signing_key: &'a SigningKey,
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
    prepared: Vec<PreparedSdJwt>,
    requests: Vec<SignatureRequest>,
    issuance: Issuance,
}

/// Credentials that wait for their commit.
pub struct SignedIssuance {
    credentials: Vec<String>,
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
        let IssuanceMaterial {
            profile,
            signing_key,
            secret,
            pictures,
            randomness,
            now,
        } = *material;
        if record.uin() != &self.record {
            return Err(CredentialRefusal::RecordMissing.into());
        }
        if record.vital_status() == VitalStatus::Deceased {
            return Err(CredentialRefusal::Deceased.into());
        }
        if indices.len() != self.keys.len() {
            return Err(IssuanceFailure::CountMismatch);
        }
        let mapped = self
            .configuration
            .map_claims(record, now, pictures)
            .map_err(CredentialRefusal::Mapping)?;
        let selectable = selectable_paths(&mapped)?;
        let claims = tree(mapped);
        let issued_at = coarsened(
            now,
            Duration::from_secs(profile.policy().issued_at_granularity_seconds),
        );
        let expires_at = issued_at.plus(self.configuration.validity());
        let vct = VerifiableCredentialType::parse(self.configuration.vct(profile.identifier().as_str()))?;
        let key_reference = IssuerKeyReference::CertificateChain(
            signing_key
                .chain
                .iter()
                .map(|certificate| certificate.der().to_vec())
                .collect(),
        );

        let mut prepared = Vec::with_capacity(self.keys.len());
        let mut requests = Vec::with_capacity(self.keys.len());
        let mut credentials = Vec::with_capacity(self.keys.len());
        let mut events = Vec::with_capacity(self.keys.len());
        for (key, place) in self.keys.into_iter().zip(indices) {
            let credential = CredentialToIssue {
                vct: vct.clone(),
                issuer: Some(profile.identifier().as_str().to_owned()),
                issued_at: Some(issued_at),
                not_before: None,
                expires: Some(expires_at),
                status: Some(profile.status_reference(*place)?),
                holder: Some(key),
                claims: claims.clone(),
                selectable: selectable.clone(),
                decoys: Decoys::None,
            };
            let sd_jwt = credential.prepare(signing_key.algorithm, &key_reference, randomness)?;
            requests.push(sd_jwt.request(signing_key.handle.clone()));
            prepared.push(sd_jwt);
            let id = CredentialId::make(randomness)?;
            let action = AuditAction::CredentialIssued {
                credential: id.clone(),
                record: RecordReference::derive(secret, &self.record),
                configuration: self.configuration.id().clone(),
            };
            events.push(WaitingEvent::make(now, Actor::Wallet, action, randomness)?);
            credentials.push(CredentialRecord {
                id,
                kind: CredentialKind::SdJwtVc,
                configuration: self.configuration.id().clone(),
                record: self.record.clone(),
                status_index: *place,
                issued_at: now,
                expires_at,
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
    /// What the issuer's key has to sign, one for each credential.
    #[must_use]
    pub fn requests(&self) -> &[SignatureRequest] {
        &self.requests
    }

    /// Completes the credentials with the signatures, in the order of the requests.
    ///
    /// # Errors
    /// [`IssuanceFailure::CountMismatch`].
    pub fn finish(self, signatures: &[Vec<u8>]) -> Result<SignedIssuance, IssuanceFailure> {
        if signatures.len() != self.prepared.len() {
            return Err(IssuanceFailure::CountMismatch);
        }
        let finished = self
            .prepared
            .into_iter()
            .zip(signatures)
            .map(|(sd_jwt, signature)| sd_jwt.finish(signature));
        Ok(SignedIssuance {
            credentials: finished.collect(),
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
    pub fn release(self, outcome: IssuanceOutcome) -> Result<Vec<String>, IssuanceOutcome> {
        match outcome {
            IssuanceOutcome::Committed => Ok(self.credentials),
            other => Err(other),
        }
    }
}

/// `time` rounded down to a multiple of `granularity`. Everyone issued to within one span carries the same time, so it links nobody
/// ([RFC 9901 §9.5], [Token Status List §13]).
///
/// [RFC 9901 §9.5]: https://www.rfc-editor.org/rfc/rfc9901.html#section-9.5
/// [Token Status List §13]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
#[must_use]
pub fn coarsened(time: UnixTime, granularity: Duration) -> UnixTime {
    let span = i64::try_from(granularity.as_secs()).unwrap_or(i64::MAX).max(1);
    UnixTime::from_seconds(time.seconds() - time.seconds().rem_euclid(span))
}

/// The selectable claims, and the objects that hold nothing but selectable claims: a verifier that asks for an age is not even
/// shown that there is an address ([RFC 9901 §4.2.6], recursive disclosures).
///
/// [RFC 9901 §4.2.6]: https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.6
fn selectable_paths(mapped: &[MappedClaim]) -> Result<Vec<ClaimsPath>, IssuanceFailure> {
    let always = |prefix: &[String]| {
        mapped
            .iter()
            .any(|claim| claim.disclosure == Disclosure::Always && claim.path.starts_with(prefix))
    };
    let mut selectable: BTreeSet<&[String]> = BTreeSet::new();
    for claim in mapped
        .iter()
        .filter(|claim| claim.disclosure == Disclosure::Selectable)
    {
        let prefixes = (1..claim.path.len()).filter_map(|length| claim.path.get(..length));
        selectable.extend(prefixes.filter(|prefix| !always(prefix)));
        selectable.insert(&claim.path);
    }
    selectable
        .into_iter()
        .map(|path| {
            let parts = path.iter().map(|part| PathPart::Key(part.clone())).collect();
            ClaimsPath::new(parts).map_err(|_| IssuanceFailure::ClaimPath)
        })
        .collect()
}

/// The claims as nested objects. The configuration was checked: no path leads through another's value.
fn tree(mapped: Vec<MappedClaim>) -> Map<String, Value> {
    let mut root = Map::new();
    for claim in mapped {
        insert(&mut root, &claim.path, claim.value);
    }
    root
}

fn insert(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [name] => {
            object.insert(name.clone(), value);
        }
        [name, rest @ ..] => {
            let child = object
                .entry(name.clone())
                .or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(child) = child {
                insert(child, rest, value);
            }
        }
    }
}
