//! The document of a verifier's DID ([OpenID4VP §5.9.3]).
//!
//! It is fetched whenever the request is verified: what the DID said yesterday is no evidence today.
//!
//! [OpenID4VP §5.9.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3

use symbolon_crypto::UnixTime;
use symbolon_did::webvh::{
    MAX_WEBVH_LOG_BYTES, MAX_WEBVH_WITNESS_BYTES, WebvhLog, WebvhVersionQuery, verify_webvh_log,
    webvh_log_url, webvh_witness_url,
};
use symbolon_did::{DID_DOCUMENT_BUDGET, Did, PublishedDocument, WebScheme, web_document_url};
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdPrefix};

use super::outcome::RequestProblem;
use crate::error::WalletError;
use crate::wallet::Wallet;

/// What DID documents are served as, and what web servers say that know no better.
const DID_DOCUMENT_MEDIA_TYPES: &str =
    "application/did, application/did+json, application/did+ld+json, application/json";

/// What logs of `did:webvh` are served as.
const DID_LOG_MEDIA_TYPES: &str = "text/jsonl, application/jsonl, text/plain";

/// The DID says nothing that could be used.
const UNRESOLVED: WalletError = WalletError::RequestRefused(RequestProblem::UntrustedVerifier);

impl Wallet {
    /// The document of the client's DID; `None` for a client that is no DID, and for a DID that holds its key itself.
    ///
    /// # Errors
    /// [`WalletError::RequestRefused`] when the DID resolves to no document, or is of a method that is not known here; the
    /// errors of the network.
    pub(super) async fn did_document(
        &self,
        client_id: &ClientId,
        now: UnixTime,
    ) -> Result<Option<PublishedDocument>, WalletError> {
        let ClientIdPrefix::DecentralizedIdentifier(did) = client_id.prefix() else {
            return Ok(None);
        };
        let scheme = match self.policy.urls {
            UrlPolicy::Public => WebScheme::Https,
            UrlPolicy::Development => WebScheme::HttpOnLocalhost,
        };
        match did.method() {
            "key" | "jwk" => Ok(None),
            "web" => {
                let url = web_document_url(did, scheme).map_err(|_| UNRESOLVED)?;
                let body = self
                    .resource(&url, DID_DOCUMENT_MEDIA_TYPES, DID_DOCUMENT_BUDGET.bytes)
                    .await?;
                PublishedDocument::parse(&body, did)
                    .map(Some)
                    .map_err(|_| UNRESOLVED)
            }
            "webvh" => self.latest_of_log(did, scheme, now).await.map(Some),
            _ => Err(WalletError::RequestRefused(RequestProblem::ClientIdentifier)),
        }
    }

    async fn latest_of_log(
        &self,
        did: &Did,
        scheme: WebScheme,
        now: UnixTime,
    ) -> Result<PublishedDocument, WalletError> {
        let crypto = self.ports.crypto.as_ref();
        let url = webvh_log_url(did, scheme).map_err(|_| UNRESOLVED)?;
        let log = self
            .resource(&url, DID_LOG_MEDIA_TYPES, MAX_WEBVH_LOG_BYTES)
            .await?;
        let history = match verify_webvh_log(did, &log, now, crypto).map_err(|_| UNRESOLVED)? {
            WebvhLog::Verified(history) => history,
            WebvhLog::NeedsWitnessProofs(log) => {
                let url = webvh_witness_url(did, scheme).map_err(|_| UNRESOLVED)?;
                let proofs = self
                    .resource(&url, "application/json", MAX_WEBVH_WITNESS_BYTES)
                    .await?;
                log.witnessed(&proofs, crypto).map_err(|_| UNRESOLVED)?
            }
        };
        history
            .version(WebvhVersionQuery::Latest)
            .ok()
            .and_then(|version| version.document().ok())
            .ok_or(UNRESOLVED)
    }

    async fn resource(
        &self,
        url: &str,
        accept: &'static str,
        max_bytes: usize,
    ) -> Result<Vec<u8>, WalletError> {
        let url = HttpUrl::parse(url).map_err(|_| UNRESOLVED)?;
        let response = self.get(&url, accept, max_bytes).await?;
        if response.is_success() {
            Ok(response.body)
        } else {
            Err(UNRESOLVED)
        }
    }
}
