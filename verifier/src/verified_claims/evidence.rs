//! Verified claims of a presentation.

use std::collections::BTreeSet;

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid_connect::identity_assurance::{
    CheckDetails, CheckMethod, DocumentDetails, Evidence, RecordDetails, Source, Verification, VerifiedClaims,
};

use super::document::EvidenceKind;
use super::mapping::ClaimsMapping;
use crate::policy::age::day;
use crate::policy::{PolicyDecision, PolicyOutcome, PresentationPolicy};
use crate::report::{Holder, Report, Status};
use crate::store::{RequestId, StoredReport};

/// What is kept of a presentation.
#[derive(Debug, Clone, Copy)]
pub struct PresentedEvidence<'a> {
    /// The request that it answered, to which audits and disputes refer.
    pub request: &'a RequestId,
    /// The reports, as the policy keeps them.
    pub reports: &'a [StoredReport],
    /// How the policy decided.
    pub decision: &'a PolicyDecision,
}

/// What verified claims a policy can give, for discovery and for pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedClaimsSupport {
    /// The trust framework.
    pub trust_framework: String,
    /// The names of the claims.
    pub claims: BTreeSet<String>,
    /// The types of documents that count as evidence, where the policy names them.
    pub documents: BTreeSet<String>,
    /// The types of records that count as evidence, where the policy names them.
    pub records: BTreeSet<String>,
    /// The kinds of evidence.
    pub evidence: BTreeSet<&'static str>,
}

impl PresentationPolicy {
    /// Whether the policy makes verified claims.
    #[must_use]
    pub fn has_verified_claims(&self) -> bool {
        self.mappings().next().is_some()
    }

    /// What the policy can give; `None` where it makes no verified claims.
    #[must_use]
    pub fn verified_claims_support(&self) -> Option<VerifiedClaimsSupport> {
        let mut support = VerifiedClaimsSupport {
            trust_framework: self.assurances().trust_framework()?.to_owned(),
            claims: BTreeSet::new(),
            documents: BTreeSet::new(),
            records: BTreeSet::new(),
            evidence: BTreeSet::new(),
        };
        for (_, mapping) in self.mappings() {
            support
                .claims
                .extend(mapping.names().into_iter().map(str::to_owned));
            let types = match mapping.evidence {
                EvidenceKind::Document => &mut support.documents,
                EvidenceKind::ElectronicRecord => &mut support.records,
            };
            types.extend(mapping.evidence_type.clone());
            support.evidence.insert(match mapping.evidence {
                EvidenceKind::Document => "document",
                EvidenceKind::ElectronicRecord => "electronic_record",
            });
        }
        (!support.evidence.is_empty()).then_some(support)
    }

    /// The verified claims of a presentation, a set for each credential. There are none unless it satisfies this policy: not before a
    /// person has compared the face where one is to be compared, nor where something could not be told.
    ///
    /// What a relying party gets of them is for [`VerifiedClaims::all`], or, where it asks for some,
    /// [`fulfil`](symbolon_protocol::openid_connect::identity_assurance::VerifiedClaimsRequest::fulfil).
    #[must_use]
    pub fn verified_claims(&self, presented: PresentedEvidence<'_>) -> Vec<VerifiedClaims> {
        let decision = presented.decision;
        if decision.outcome != PolicyOutcome::Satisfied || decision.policy != *self.name() {
            return Vec::new();
        }
        let today = day(decision.decided_at, self.utc_offset_minutes());
        let of_report = |stored: &StoredReport| {
            let mut mappings = self.mappings();
            let (_, mapping) = mappings.find(|(id, _)| id.as_str() == stored.query_id)?;
            Some(VerifiedClaims {
                verification: Verification {
                    trust_framework: self.assurances().trust_framework()?.to_owned(),
                    assurance_level: self.assurances().level_of(&stored.report).map(str::to_owned),
                    time: decision.decided_at,
                    verification_process: presented.request.to_string(),
                    evidence: vec![mapping.evidence(stored, presented.request)?],
                },
                claims: mapping.claims(&stored.report.claims, today),
            })
        };
        let made = presented.reports.iter().filter_map(of_report);
        made.filter(|made| !made.claims.is_empty()).collect()
    }
}

impl ClaimsMapping {
    /// The credential as evidence; `None` of one whose issuer is not known.
    fn evidence(&self, stored: &StoredReport, request: &RequestId) -> Option<Evidence> {
        let report = &stored.report;
        let check_details = checks(report, request);
        let issuer = Source {
            name: report.issuer.as_ref()?.name.clone(),
            country_code: self.country_code.clone(),
        };
        let own_type = || {
            report
                .credential_type
                .clone()
                .unwrap_or_else(|| report.format.name().to_owned())
        };
        let evidence_type = self.evidence_type.clone().unwrap_or_else(own_type);
        let validity = stored.validity.unwrap_or_default();
        Some(match self.evidence {
            EvidenceKind::Document => Evidence::Document {
                check_details,
                document_details: DocumentDetails {
                    document_type: evidence_type,
                    document_number: self.document_number(&report.claims),
                    date_of_issuance: validity.issued_at,
                    date_of_expiry: validity.expires_at,
                    issuer,
                },
            },
            EvidenceKind::ElectronicRecord => Evidence::ElectronicRecord {
                check_details,
                record: RecordDetails {
                    record_type: evidence_type,
                    created_at: validity.issued_at,
                    date_of_expiry: validity.expires_at,
                    source: issuer,
                },
            },
        })
    }
}

/// What was checked: the issuer's signature, its status list where the credential has a place in one, the holder's key where it was proven.
fn checks(report: &Report, request: &RequestId) -> Vec<CheckDetails> {
    let check = |check_method: CheckMethod, time: UnixTime| CheckDetails {
        check_method,
        check_id: request.to_string(),
        time,
    };
    let looked_up = (report.status.state == Status::Good)
        .then_some(report.as_of)
        .flatten();
    let proven = report.holder.state == Holder::ProvenByKey;
    let mut checks = vec![check(CheckMethod::Cryptography, report.verified_at)];
    checks.extend(looked_up.map(|as_of| check(CheckMethod::SourceData, as_of)));
    checks.extend(proven.then(|| check(CheckMethod::Token, report.verified_at)));
    checks
}
