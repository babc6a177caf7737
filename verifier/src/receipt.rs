//! The receipt of a presentation: what it says, of what was found.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::jcs::JcsError;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_protocol::presentation_receipt::{
    PresentationReceipt, RECEIPT_VERSION, ReceiptCredential, ReceiptRelyingParty, TRANSACTION_HASH_ALGORITHM,
    transaction_hashes, vp_token_digest,
};

use crate::policy::{PolicyDecision, PolicyOutcome, PresentationPolicy, ReceiptClaims, ReceiptTerms};
use crate::report::{CredentialFormat, Report};
use crate::store::RequestRecord;

/// The most claims of one credential that a receipt lists, and the longest path, in bytes of its names.
const MAX_CLAIMS: usize = 128;
const MAX_PATH_BYTES: usize = 256;

/// What an SD-JWT VC says of itself, and nothing of the person.
const OF_THE_TOKEN: [&str; 6] = ["iss", "iat", "nbf", "exp", "vct", "vct#integrity"];

/// A presentation that was accepted.
#[derive(Debug, Clone, Copy)]
pub struct ReceiptOf<'a> {
    /// The identifier of the verifier.
    pub verifier: &'a str,
    /// To whom it was shown, and under which name.
    pub relying_party: (&'a str, &'a str),
    /// What it was asked for.
    pub purpose: Option<&'a str>,
    /// The request.
    pub request: &'a RequestRecord,
    /// The answer.
    pub vp_token: &'a VpToken,
    /// What was found.
    pub reports: &'a BTreeMap<QueryId, Vec<Report>>,
    /// How the policy decided.
    pub decision: &'a PolicyDecision,
    /// Now.
    pub now: UnixTime,
}

impl PresentationPolicy {
    /// The receipt of a presentation, by the terms of [`PresentationPolicy::receipt`].
    ///
    /// # Errors
    /// [`JcsError`] for an answer that no digest can name.
    pub fn make_receipt(
        &self,
        terms: ReceiptTerms,
        of: ReceiptOf<'_>,
    ) -> Result<PresentationReceipt, JcsError> {
        let (id, name) = of.relying_party;
        let shown = of.reports.iter().flat_map(|(query, reports)| {
            let reports = reports.iter();
            reports.map(move |report| self.shown(query, report, terms.claims))
        });
        // An answer that does not authorise all of them is refuted, and gets no receipt.
        let transactions = transaction_hashes(of.request.transaction_data.iter().map(String::as_str));
        Ok(PresentationReceipt {
            version: RECEIPT_VERSION,
            iss: of.verifier.to_owned(),
            jti: of.request.id.to_string(),
            iat: of.now,
            relying_party: ReceiptRelyingParty {
                id: id.to_owned(),
                name: name.to_owned(),
            },
            client_id: of.request.client_id.clone(),
            nonce: of.request.nonce.to_string(),
            requested_at: of.request.created_at,
            purpose: of.purpose.map(str::to_owned),
            policy: self.name().to_string(),
            outcome: outcome(of.decision.outcome).to_owned(),
            vp_token_digest: vp_token_digest(of.vp_token)?,
            transaction_data_hashes_alg: (!transactions.is_empty())
                .then(|| TRANSACTION_HASH_ALGORITHM.to_owned()),
            transaction_data_hashes: transactions,
            credentials: shown.collect(),
            kept_until: of.now.plus(terms.retention),
        })
    }

    fn shown(&self, query: &QueryId, report: &Report, claims: ReceiptClaims) -> ReceiptCredential {
        let mut paths = Vec::new();
        let mut unlisted = 0;
        collect(&report.claims, &mut Vec::new(), &mut |path| {
            if paths.len() < MAX_CLAIMS && bytes(path) <= MAX_PATH_BYTES {
                paths.extend(ClaimsPath::new(path.to_vec()).ok());
            } else {
                unlisted += 1;
            }
        });
        if report.format == CredentialFormat::SdJwtVc {
            paths.retain(|path| !path.first_key().is_some_and(|name| OF_THE_TOKEN.contains(&name)));
        }
        ReceiptCredential {
            query_id: query.to_string(),
            format: format(report.format).to_owned(),
            credential_type: report.credential_type.clone(),
            issuer: report.issuer.as_ref().map(|issuer| issuer.identifier.clone()),
            claims: paths,
            unlisted_claims: unlisted,
            values: match claims {
                ReceiptClaims::Names => None,
                ReceiptClaims::Values => Some(self.kept_claims(query, report)),
            },
        }
    }
}

/// The paths of everything that is no object. The depth is that of the claims, which their reader has bounded.
fn collect(claims: &Map<String, Value>, path: &mut Vec<PathPart>, found: &mut impl FnMut(&[PathPart])) {
    for (name, value) in claims {
        path.push(PathPart::Key(name.clone()));
        match value {
            Value::Object(members) if !members.is_empty() => collect(members, path, found),
            _ => found(path),
        }
        path.pop();
    }
}

fn bytes(path: &[PathPart]) -> usize {
    path.iter()
        .map(|part| match part {
            PathPart::Key(name) => name.len(),
            PathPart::Index(_) | PathPart::All => 0,
        })
        .sum()
}

const fn outcome(outcome: PolicyOutcome) -> &'static str {
    match outcome {
        PolicyOutcome::Satisfied => "satisfied",
        PolicyOutcome::FaceToCompare => "face_to_compare",
        PolicyOutcome::NotSatisfied => "not_satisfied",
        PolicyOutcome::Unknown => "unknown",
    }
}

const fn format(format: CredentialFormat) -> &'static str {
    match format {
        CredentialFormat::SdJwtVc => "dc+sd-jwt",
        CredentialFormat::Claim169 => "claim_169",
        CredentialFormat::Mdoc => "mso_mdoc",
        CredentialFormat::LdpVc => "ldp_vc",
        CredentialFormat::JwtVc => "jwt_vc_json",
        CredentialFormat::CoseVc => "vc+cose",
    }
}
