//! The verify loop with a network: the session says what it wants, the guarded fetcher gets it.

use std::collections::BTreeMap;

use http::HeaderValue;
use http::header::ACCEPT;
use symbolon_http::fetch::{Fetch, FetchError};
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_verifier::answer::{AnswerCheck, check_answer};
use symbolon_verifier::report::Report;
use symbolon_verifier::{
    Binding, Evidence, Expected, StatusEvidence, Step, TypeMetadataEvidence, UnreadablePresentation,
    VerificationSession, Want,
};
use url::Url;

use crate::state::State;

/// The media type of a status list token ([Token Status List §8.1]).
///
/// [Token Status List §8.1]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
const STATUS_LIST_MEDIA_TYPE: &str = "application/statuslist+jwt";

/// The largest type metadata document, in bytes.
const MAX_TYPE_METADATA_BYTES: usize = 256 * 1024;

/// What a whole answer proves.
pub(crate) struct Judgement {
    pub(crate) reports: BTreeMap<QueryId, Vec<Report>>,
    pub(crate) answer: AnswerCheck,
}

impl State {
    /// Judges every presentation of an answer, and the answer as a whole.
    pub(crate) async fn judge(
        &self,
        query: &DcqlQuery,
        answer: &BTreeMap<QueryId, Vec<Presentation>>,
        binding: &Binding,
    ) -> Result<Judgement, UnreadablePresentation> {
        let mut evidence = Evidence::online(&self.dependencies.trust_list);
        let mut reports: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
        for (id, presentations) in answer {
            for presentation in presentations {
                let expected = Expected::Bound(binding.clone());
                let report = self
                    .judge_one(&presentation.to_text(), expected, &mut evidence)
                    .await?;
                reports.entry(id.clone()).or_default().push(report);
            }
        }
        let check = check_answer(query, &reports, self.dependencies.holder_keys);
        Ok(Judgement {
            reports,
            answer: check,
        })
    }

    async fn judge_one(
        &self,
        presentation: &str,
        expected: Expected,
        evidence: &mut Evidence<'_>,
    ) -> Result<Report, UnreadablePresentation> {
        let deps = &self.dependencies;
        let mut session = VerificationSession::new(presentation, expected, deps.policy)?;
        let report = loop {
            match session.step(evidence, &*deps.crypto, self.now()) {
                Step::Done(report) => break report,
                Step::Wants(wants) => {
                    for want in wants {
                        self.obtain(want, evidence).await;
                    }
                }
            }
        };
        for list in session.verified_status_lists() {
            deps.evidence_cache
                .keep_verified(list, self.configuration.status_cache());
        }
        Ok(*report)
    }

    async fn obtain(&self, want: Want, evidence: &mut Evidence<'_>) {
        match want {
            Want::StatusList { uri } => {
                let found = match self.dependencies.evidence_cache.status_list(&uri, self.now()) {
                    Some(cached) => cached,
                    None => self.fetch_status_list(&uri).await,
                };
                evidence.add_status_list(uri, found);
            }
            Want::TypeMetadata { vct } => {
                let accept = "application/json";
                let found = match self.fetch(&vct, accept, &[accept], MAX_TYPE_METADATA_BYTES).await {
                    Ok(body) => TypeMetadataEvidence::Document(body),
                    Err(_) => TypeMetadataEvidence::Absent,
                };
                evidence.add_type_metadata(vct, found);
            }
        }
    }

    async fn fetch_status_list(&self, uri: &str) -> StatusEvidence {
        let limit = self.dependencies.policy.status_list_budget.max_token_bytes;
        let fetched = self
            .fetch(uri, STATUS_LIST_MEDIA_TYPE, &[STATUS_LIST_MEDIA_TYPE], limit)
            .await;
        let Some(token) = fetched.ok().and_then(|body| String::from_utf8(body).ok()) else {
            tracing::info!("a status list could not be fetched");
            return StatusEvidence::Absent;
        };
        self.dependencies
            .evidence_cache
            .keep_fetched(uri, &token, self.now());
        StatusEvidence::Token(token)
    }

    async fn fetch(
        &self,
        address: &str,
        accept: &'static str,
        expected: &[&str],
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        let url = Url::parse(address).map_err(|_| FetchError::Refused)?;
        let fetch = Fetch::document(url, limit).with_header(ACCEPT, HeaderValue::from_static(accept));
        let fetched = self.dependencies.fetcher.fetch(fetch).await?;
        if !fetched.is_success() || !expected.contains(&fetched.media_type().as_str()) {
            return Err(FetchError::Refused);
        }
        Ok(fetched.body)
    }
}
