//! Getting the evidence that a session wants, through the guarded fetcher.

use http::HeaderValue;
use http::header::ACCEPT;
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::MAX_REVOCATION_LIST_BYTES;
use symbolon_did::webvh::{MAX_WEBVH_LOG_BYTES, MAX_WEBVH_WITNESS_BYTES, webvh_log_url, webvh_witness_url};
use symbolon_did::{WebScheme, web_document_url};
use symbolon_http::fetch::{Fetch, GuardedFetcher};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_verifier::{
    DidDocumentEvidence, DocumentEvidence, Evidence, RevocationListEvidence, StatusEvidence,
    StatusListCredentialEvidence, TypeMetadataEvidence, Want,
};
use url::Url;

/// The largest status list that is fetched, in bytes: 2²⁰ statuses of 8 bits in base64.
const MAX_STATUS_LIST_BYTES: usize = 2 << 20;
/// Both forms of a status list token; an SD-JWT VC's is a JWT, and readers of mdocs may have CWTs alone.
const STATUS_LIST_MEDIA_TYPES: &str = "application/statuslist+jwt, application/statuslist+cwt;q=0.9";
/// The largest DID document, metadata or key set of an issuer that is fetched, in bytes.
const MAX_ISSUER_DOCUMENT_BYTES: usize = 64 << 10;
/// The largest type metadata document that is fetched, in bytes.
const MAX_TYPE_METADATA_BYTES: usize = 256 << 10;

/// The network, as a session may use it.
pub struct Network {
    /// Fetches with guards.
    pub fetcher: GuardedFetcher,
    /// Which URLs this installation uses at all.
    pub urls: UrlPolicy,
    /// The time of the past that is asked about; `None` for now.
    pub past: Option<UnixTime>,
}

impl Network {
    /// Gets what a session wants, or notes that it could not be had.
    pub async fn answer(&self, evidence: &mut Evidence<'_>, want: Want) {
        let Some(body) = self.get(&want).await else {
            evidence.add_absent(want);
            return;
        };
        match want {
            Want::DidDocument { did } => {
                evidence.add_did_document(did, DidDocumentEvidence::Document(body));
            }
            Want::DidWitnessProofs { did } => {
                evidence.add_did_witness_proofs(did, DocumentEvidence::Document(body));
            }
            Want::IssuerDocument { url } => {
                evidence.add_issuer_document(url, DocumentEvidence::Document(body));
            }
            Want::StatusList { uri } => {
                evidence.add_status_list(uri, StatusEvidence::of_body(body));
            }
            Want::StatusListCredential { url } => {
                let found = String::from_utf8(body).map_or(
                    StatusListCredentialEvidence::Absent,
                    StatusListCredentialEvidence::Credential,
                );
                evidence.add_status_list_credential(url, found);
            }
            Want::RevocationList { url } => {
                evidence.add_revocation_list(url, RevocationListEvidence::of_body(&body));
            }
            Want::TypeMetadata { vct } => {
                evidence.add_type_metadata(vct, TypeMetadataEvidence::Document(body));
            }
        }
    }

    async fn get(&self, want: &Want) -> Option<Vec<u8>> {
        match want {
            Want::DidDocument { did } => match webvh_log_url(did, self.did_scheme()) {
                Ok(url) => self.fetch(&url, "text/jsonl", MAX_WEBVH_LOG_BYTES).await,
                Err(_) => {
                    let url = web_document_url(did, self.did_scheme()).ok()?;
                    let accept = "application/did, application/json";
                    self.fetch(&url, accept, MAX_ISSUER_DOCUMENT_BYTES).await
                }
            },
            Want::DidWitnessProofs { did } => {
                let url = webvh_witness_url(did, self.did_scheme()).ok()?;
                self.fetch(&url, "application/json", MAX_WEBVH_WITNESS_BYTES)
                    .await
            }
            Want::IssuerDocument { url } => {
                self.fetch(url, "application/json", MAX_ISSUER_DOCUMENT_BYTES)
                    .await
            }
            Want::StatusList { uri } => {
                let time = self.past.map(|past| ("time", past.seconds().to_string()));
                self.fetch_at(uri, time, STATUS_LIST_MEDIA_TYPES, MAX_STATUS_LIST_BYTES)
                    .await
            }
            Want::StatusListCredential { url } => {
                let accept = "application/vc, application/vc+jwt, application/json";
                let time = self.past.map(|past| ("timestamp", past.rfc3339()));
                self.fetch_at(url, time, accept, MAX_STATUS_LIST_BYTES).await
            }
            Want::RevocationList { url } => self.revocation_list(url).await,
            Want::TypeMetadata { vct } => self.fetch(vct, "application/json", MAX_TYPE_METADATA_BYTES).await,
        }
    }

    /// The revocation list at an address, by https or plain http.
    pub async fn revocation_list(&self, address: &str) -> Option<Vec<u8>> {
        let url = Url::parse(address).ok()?;
        let accept = HeaderValue::from_static("application/pkix-crl");
        let fetch = Fetch::document(url, MAX_REVOCATION_LIST_BYTES).with_header(ACCEPT, accept);
        let fetched = self.fetcher.for_signed_documents().fetch(fetch).await.ok()?;
        fetched.is_success().then_some(fetched.body)
    }

    /// The signed status list at an address, of whichever kind is served there, to be carried in an offline pack.
    pub async fn status_list(&self, address: &str) -> Option<Vec<u8>> {
        let accept =
            "application/statuslist+jwt, application/statuslist+cwt, application/vc+jwt, application/vc";
        self.fetch(address, accept, MAX_STATUS_LIST_BYTES).await
    }

    const fn did_scheme(&self) -> WebScheme {
        match self.urls {
            UrlPolicy::Public => WebScheme::Https,
            UrlPolicy::Development => WebScheme::HttpOnLocalhost,
        }
    }

    async fn fetch(&self, address: &str, accept: &'static str, limit: usize) -> Option<Vec<u8>> {
        self.fetch_at(address, None, accept, limit).await
    }

    /// A document as it was at a time, which a parameter of its address names.
    async fn fetch_at(
        &self,
        address: &str,
        time: Option<(&str, String)>,
        accept: &'static str,
        limit: usize,
    ) -> Option<Vec<u8>> {
        let mut url = Url::parse(address).ok()?;
        if let Some((name, value)) = time {
            url.query_pairs_mut().append_pair(name, &value);
        }
        let fetch = Fetch::document(url, limit).with_header(ACCEPT, HeaderValue::from_static(accept));
        let fetched = self.fetcher.fetch(fetch).await.ok()?;
        fetched.is_success().then_some(fetched.body)
    }
}
