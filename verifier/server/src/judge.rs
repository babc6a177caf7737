//! The verify loop with a network: the session says what it wants, the guarded fetcher gets it.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::HeaderValue;
use http::header::ACCEPT;
use symbolon_credential::Input;
use symbolon_crypto::x509::MAX_REVOCATION_LIST_BYTES;
use symbolon_did::webvh::{MAX_WEBVH_LOG_BYTES, MAX_WEBVH_WITNESS_BYTES, webvh_log_url, webvh_witness_url};
use symbolon_did::{Did, WebScheme, web_document_url};
use symbolon_http::fetch::{Fetch, FetchError, GuardedFetcher};
use symbolon_protocol::dcql::{DcqlQuery, QueryId};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::transaction_data::TransactionData;
use symbolon_verifier::answer::{AnswerCheck, HolderKeys, check_answer};
use symbolon_verifier::card::JudgedCode;
use symbolon_verifier::policy::{PresentationPolicy, StatusAge};
use symbolon_verifier::report::Report;
use symbolon_verifier::transaction::ExpectedTransactions;
use symbolon_verifier::{
    Binding, DidDocumentEvidence, DocumentEvidence, Evidence, Expected, RevocationListEvidence,
    StatusEvidence, StatusListCredentialEvidence, Step, Tools, TypeMetadataEvidence, UnreadablePresentation,
    VerificationSession, Want,
};
use url::Url;

use crate::believed::BelievedNow;
use crate::evidence_cache::KnownRevocationList;
use crate::pack_in_force::StatusSource;
use crate::state::State;

/// The media types of a status list token ([Token Status List §8.1]): a JWT, and where an issuer of mdocs has no other, a CWT.
///
/// [Token Status List §8.1]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
const STATUS_LIST_MEDIA_TYPES: [&str; 2] = ["application/statuslist+jwt", "application/statuslist+cwt"];

/// The media types of a credential, which a Bitstring status list is: with its proof inside, and as a JWT. `application/json`
/// is what servers say that know no better.
const CREDENTIAL_MEDIA_TYPES: [&str; 5] = [
    "application/vc",
    "application/vc+jwt",
    "application/vc+ld+json",
    "application/ld+json",
    "application/json",
];

/// The media types of a DID document ([DID Core §6], and what web servers say of `did.json`).
///
/// [DID Core §6]: https://www.w3.org/TR/did-1.0/#representations
const DID_DOCUMENT_MEDIA_TYPES: [&str; 4] = [
    "application/did",
    "application/did+json",
    "application/did+ld+json",
    "application/json",
];

/// The media types of the log of a `did:webvh`, which says that it should be the first, and what web servers say of
/// `did.jsonl`.
const DID_LOG_MEDIA_TYPES: [&str; 5] = [
    "text/jsonl",
    "application/jsonl",
    "application/x-ndjson",
    "text/plain",
    "application/octet-stream",
];

/// The media types of a revocation list ([RFC 2585 §4.2](https://www.rfc-editor.org/rfc/rfc2585#section-4.2)), and what older web servers say of
/// one.
const REVOCATION_LIST_MEDIA_TYPES: [&str; 4] = [
    "application/pkix-crl",
    "application/x-pkcs7-crl",
    "application/x-x509-crl",
    "application/octet-stream",
];

const JSON: &str = "application/json";

/// The largest document of an issuer that is fetched, in bytes: a DID document, metadata, a key set.
const MAX_ISSUER_DOCUMENT_BYTES: usize = 64 * 1024;

/// The largest type metadata document, in bytes.
const MAX_TYPE_METADATA_BYTES: usize = 256 * 1024;

/// What a whole answer proves.
pub(crate) struct Judgement {
    pub(crate) reports: BTreeMap<QueryId, Vec<Report>>,
    pub(crate) answer: AnswerCheck,
}

impl State {
    /// Judges every presentation of an answer, and the answer as a whole, by what was believed when the policy of its sessions was taken.
    pub(crate) async fn judge(
        &self,
        believed: &Arc<BelievedNow>,
        query: &DcqlQuery,
        sessions: Vec<(&QueryId, VerificationSession<'_>)>,
        keys: HolderKeys,
    ) -> Judgement {
        let opened = self.pack_believing(believed).await;
        let mut evidence = self.evidence(&opened);
        let mut reports: BTreeMap<QueryId, Vec<Report>> = BTreeMap::new();
        for (id, session) in sessions {
            let judged = self.judge_one(session, &mut evidence).await;
            reports.entry(id.clone()).or_default().extend(judged);
        }
        let answer = check_answer(query, &reports, keys);
        Judgement { reports, answer }
    }

    /// A session for each presentation of an answer, with what its credential query and the policy of the request demand.
    pub(crate) fn sessions<'a>(
        &self,
        query: &DcqlQuery,
        inputs: &'a [(&'a QueryId, Input<'a>)],
        binding: &Binding,
        transactions: &[TransactionData],
        policy: Option<&PresentationPolicy>,
    ) -> Result<Vec<(&'a QueryId, VerificationSession<'a>)>, UnreadablePresentation> {
        let base = &self.dependencies.policy;
        inputs
            .iter()
            .map(|(id, input)| {
                let demanded =
                    policy.map_or_else(|| base.clone(), |policy| policy.verification(base.clone(), id));
                // What nobody asked for is judged like what is bound to its holder, and the answer refused for it.
                let may_authorize = ExpectedTransactions::of_query(id, transactions, &self.transaction_types);
                let binding = binding.clone().with_transactions(may_authorize);
                let expected = match query.credential(id) {
                    Some(asked) => Expected::of_query(asked, binding),
                    None => Expected::Bound(binding),
                };
                let session = VerificationSession::new(input, expected, demanded);
                session.map(|session| (*id, session))
            })
            .collect()
    }

    /// Judges what one session was begun with.
    pub(crate) async fn judge_one(
        &self,
        mut session: VerificationSession<'_>,
        evidence: &mut Evidence<'_>,
    ) -> Vec<Report> {
        self.run(&mut session, evidence).await
    }

    /// The same, so that the codes of one card can be judged together.
    pub(crate) async fn judge_codes(
        &self,
        mut session: VerificationSession<'_>,
        evidence: &mut Evidence<'_>,
    ) -> Vec<JudgedCode> {
        let reports = self.run(&mut session, evidence).await;
        session.into_codes(reports)
    }

    async fn run(&self, session: &mut VerificationSession<'_>, evidence: &mut Evidence<'_>) -> Vec<Report> {
        let deps = &self.dependencies;
        let reports = loop {
            let tools = Tools::with_json_ld(&*deps.crypto, &*deps.json_ld);
            match session.step(evidence, tools, self.now()) {
                Step::Done(reports) => break reports,
                Step::Wants(wants) => {
                    for want in wants {
                        self.obtain(want, session.kept_status(), evidence).await;
                    }
                }
            }
        };
        let at_most = self.configuration.status_cache();
        for list in session.verified_status_lists() {
            deps.evidence_cache.keep_verified(list, at_most);
        }
        for list in session.verified_revocation_lists() {
            deps.evidence_cache
                .keep_verified_revocation_list(list, self.now());
        }
        for list in session.verified_status_list_credentials() {
            deps.evidence_cache.keep_verified_credential(list, at_most);
        }
        reports
    }

    pub(crate) async fn obtain(&self, want: Want, age: StatusAge, evidence: &mut Evidence<'_>) {
        let cache = &self.dependencies.evidence_cache;
        match want {
            Want::StatusList { uri } => {
                let found = match cache.status_list(&uri, age, self.now()) {
                    Some(cached) => cached,
                    None => self
                        .fetch_list(&uri, &STATUS_LIST_MEDIA_TYPES)
                        .await
                        .map_or(StatusEvidence::Absent, StatusEvidence::of_body),
                };
                evidence.add_status_list(uri, found);
            }
            Want::StatusListCredential { url } => {
                let found = match cache.status_list_credential(&url, age, self.now()) {
                    Some(cached) => cached,
                    None => self
                        .fetch_list(&url, &CREDENTIAL_MEDIA_TYPES)
                        .await
                        .and_then(|body| String::from_utf8(body).ok())
                        .map_or(
                            StatusListCredentialEvidence::Absent,
                            StatusListCredentialEvidence::Credential,
                        ),
                };
                evidence.add_status_list_credential(url, found);
            }
            Want::DidDocument { did } => {
                let found = self
                    .did_document(&did)
                    .await
                    .map_or(DidDocumentEvidence::Absent, DidDocumentEvidence::Document);
                evidence.add_did_document(did, found);
            }
            Want::DidWitnessProofs { did } => {
                let found = self
                    .did_witness_proofs(&did)
                    .await
                    .map_or(DocumentEvidence::Absent, DocumentEvidence::Document);
                evidence.add_did_witness_proofs(did, found);
            }
            Want::IssuerDocument { url } => {
                let found = self
                    .issuer_document(&url, &[JSON, "application/jwk-set+json"])
                    .await
                    .map_or(DocumentEvidence::Absent, DocumentEvidence::Document);
                evidence.add_issuer_document(url, found);
            }
            Want::RevocationList { url } => {
                let known = self.revocation_list(&url).await;
                if let Some(before) = known.before {
                    evidence.add_known_revocation_list(before);
                }
                evidence.add_revocation_list(url, known.newest);
            }
            Want::TypeMetadata { vct } => {
                let found = match self.fetch(&vct, &[JSON], MAX_TYPE_METADATA_BYTES).await {
                    Ok(body) => TypeMetadataEvidence::Document(body),
                    Err(_) => TypeMetadataEvidence::Absent,
                };
                evidence.add_type_metadata(vct, found);
            }
        }
    }

    /// A status list in one of its forms, which is remembered until a session has verified it.
    async fn fetch_list(&self, url: &str, media_types: &[&'static str]) -> Option<Vec<u8>> {
        let limit = self.dependencies.policy.status_list_budget.max_token_bytes;
        let Ok(body) = self.fetch(url, media_types, limit).await else {
            tracing::info!("a status list could not be fetched");
            return None;
        };
        self.dependencies
            .evidence_cache
            .keep_fetched(url, &body, self.now());
        Some(body)
    }

    /// A revocation list, of which one task asks at a time.
    async fn revocation_list(&self, url: &str) -> KnownRevocationList {
        let cache = &self.dependencies.evidence_cache;
        if let Some(known) = cache.revocation_list(url, self.now()) {
            return known;
        }
        let fetch = cache.revocation_fetch(url);
        let _alone = fetch.lock().await;
        // Whoever was waited for may have fetched it.
        if let Some(known) = cache.revocation_list(url, self.now()) {
            return known;
        }
        let fetcher = self.dependencies.fetcher.for_signed_documents();
        let body = fetch_by(
            &fetcher,
            url,
            &REVOCATION_LIST_MEDIA_TYPES,
            MAX_REVOCATION_LIST_BYTES,
        )
        .await;
        let found = body.map_or(RevocationListEvidence::Absent, |body| {
            RevocationListEvidence::of_body(&body)
        });
        if matches!(found, RevocationListEvidence::Absent) {
            tracing::info!("a revocation list could not be had");
        }
        cache.keep_revocation_list(url, found, self.now())
    }

    async fn did_document(&self, did: &Did) -> Option<Vec<u8>> {
        let scheme = self.did_scheme();
        if let Ok(url) = webvh_log_url(did, scheme) {
            return self
                .fetch(&url, &DID_LOG_MEDIA_TYPES, MAX_WEBVH_LOG_BYTES)
                .await
                .ok();
        }
        let url = web_document_url(did, scheme).ok()?;
        self.issuer_document(&url, &DID_DOCUMENT_MEDIA_TYPES).await
    }

    async fn did_witness_proofs(&self, did: &Did) -> Option<Vec<u8>> {
        let url = webvh_witness_url(did, self.did_scheme()).ok()?;
        self.fetch(&url, &[JSON], MAX_WEBVH_WITNESS_BYTES).await.ok()
    }

    fn did_scheme(&self) -> WebScheme {
        match self.dependencies.urls {
            UrlPolicy::Public => WebScheme::Https,
            UrlPolicy::Development => WebScheme::HttpOnLocalhost,
        }
    }

    /// A document in which an issuer says which keys it has. It is worth what the web server is worth, and kept as short as
    /// a status list, so that a key which was taken back is not believed for long.
    async fn issuer_document(&self, url: &str, media_types: &[&'static str]) -> Option<Vec<u8>> {
        let cache = &self.dependencies.evidence_cache;
        if let Some(document) = cache.document(url, self.now()) {
            return Some(document.into_bytes());
        }
        let fetched = self.fetch(url, media_types, MAX_ISSUER_DOCUMENT_BYTES).await;
        let Some(text) = fetched.ok().and_then(|body| String::from_utf8(body).ok()) else {
            tracing::info!("a document of an issuer could not be fetched");
            return None;
        };
        let fresh_until = self.now().plus(self.configuration.status_cache());
        cache.keep_document(url, &text, fresh_until);
        Some(text.into_bytes())
    }

    async fn fetch(
        &self,
        address: &str,
        media_types: &[&'static str],
        limit: usize,
    ) -> Result<Vec<u8>, FetchError> {
        // Where a pack can answer instead, nobody waits again and again for a network that is not there.
        let is_replaceable = self.configuration.status == StatusSource::OnlineThenPack;
        let server = Url::parse(address).ok().filter(|_| is_replaceable);
        let is_away = |server: &Url| self.unreachable.knows(server, self.now());
        if server.as_ref().is_some_and(is_away) {
            return Err(FetchError::Unreachable);
        }
        let fetched = fetch_by(&self.dependencies.fetcher, address, media_types, limit).await;
        if let (Some(server), Err(FetchError::Unreachable | FetchError::Interrupted)) = (&server, &fetched) {
            self.unreachable.note(server, self.now());
        }
        fetched
    }
}

async fn fetch_by(
    fetcher: &GuardedFetcher,
    address: &str,
    media_types: &[&'static str],
    limit: usize,
) -> Result<Vec<u8>, FetchError> {
    let url = Url::parse(address).map_err(|_| FetchError::Refused)?;
    let accept = HeaderValue::from_str(&media_types.join(", ")).map_err(|_| FetchError::Refused)?;
    let fetch = Fetch::document(url, limit).with_header(ACCEPT, accept);
    let fetched = fetcher.fetch(fetch).await?;
    if !fetched.is_success() || !media_types.contains(&fetched.media_type().as_str()) {
        return Err(FetchError::Refused);
    }
    Ok(fetched.body)
}
