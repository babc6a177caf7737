//! The status lists of wallet providers over HTTP.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::header::ACCEPT;
use http::{HeaderValue, Method};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, GuardedFetcher, Redirects};
use symbolon_issuer::attestation_status::{AttestationState, AttestationStateFuture, AttestationStates};
use symbolon_protocol::attestation_status::ListedAttestation;
use symbolon_trust::status_list::{Status, StatusListBudget, StatusListToken, VerifiedStatusList};
use symbolon_trust::trust_list::{IssuerIdentifier, TrustedIssuer};
use thiserror::Error;
use url::Url;

/// How much of a list is read: two million states of one bit.
const BUDGET: StatusListBudget = StatusListBudget {
    max_token_bytes: 1 << 20,
    max_inflated_bytes: 1 << 18,
};
const MEDIA_TYPE: &str = "application/statuslist+jwt";
/// A list is kept as long as it says itself, but no longer, so that a revocation is heard of.
const LONGEST_KEPT: Duration = Duration::from_secs(600);
/// How long a list is kept that does not say it.
const USUALLY_KEPT: Duration = Duration::from_secs(60);
/// How soon a list that could not be had is asked for again. Whoever names an address must not have us knock at it for every request.
const FAILURE_KEPT: Duration = Duration::from_secs(10);
/// How many lists are kept; providers have a few. The one that ends first goes when one more comes.
const MOST_KEPT: usize = 64;
const MOST_REDIRECTS: u8 = 2;

/// Fetches the lists and keeps them for a while.
pub struct FetchedAttestationStates {
    fetcher: GuardedFetcher,
    crypto: Arc<dyn CryptoProvider>,
    kept: Mutex<Vec<Kept>>,
}

/// What came of asking for a list.
struct Kept {
    uri: String,
    provider: String,
    anchor: Certificate,
    until: UnixTime,
    list: Option<Arc<VerifiedStatusList>>,
}

/// The HTTP client cannot be made.
#[derive(Debug, Error)]
#[error("the HTTP client cannot be made")]
pub struct AttestationStatesUnusable(#[source] FetchError);

impl FetchedAttestationStates {
    /// A source that reaches what `policy` permits. The addresses are a wallet's choice until its attestation was verified, and then
    /// its provider's.
    ///
    /// # Errors
    /// [`AttestationStatesUnusable`].
    pub fn new(
        policy: FetchPolicy,
        crypto: Arc<dyn CryptoProvider>,
    ) -> Result<Self, AttestationStatesUnusable> {
        Ok(Self {
            fetcher: GuardedFetcher::new(policy).map_err(AttestationStatesUnusable)?,
            crypto,
            kept: Mutex::default(),
        })
    }

    async fn list(&self, listed: &ListedAttestation, now: UnixTime) -> Option<Arc<VerifiedStatusList>> {
        let is_this = |kept: &Kept| {
            kept.uri == listed.entry.uri() && kept.provider == listed.provider && kept.anchor == listed.anchor
        };
        if let Some(kept) = self.kept().iter().find(|kept| is_this(kept) && now < kept.until) {
            return kept.list.clone();
        }
        let list = self.fetch(listed, now).await.map(Arc::new);
        let mut kept = self.kept();
        kept.retain(|kept| !is_this(kept) && now < kept.until);
        if kept.len() >= MOST_KEPT {
            let first = kept.iter().enumerate().min_by_key(|(_, kept)| kept.until);
            if let Some(position) = first.map(|(position, _)| position) {
                kept.swap_remove(position);
            }
        }
        kept.push(Kept {
            uri: listed.entry.uri().to_owned(),
            provider: listed.provider.clone(),
            anchor: listed.anchor.clone(),
            until: list
                .as_deref()
                .map_or(now.plus(FAILURE_KEPT), |list| kept_until(list, now)),
            list: list.clone(),
        });
        list
    }

    async fn fetch(&self, listed: &ListedAttestation, now: UnixTime) -> Option<VerifiedStatusList> {
        let uri = listed.entry.uri();
        let fetch = Fetch {
            method: Method::GET,
            url: Url::parse(uri).ok()?,
            headers: vec![(ACCEPT, HeaderValue::from_static(MEDIA_TYPE))],
            body: Vec::new(),
            max_bytes: BUDGET.max_token_bytes,
            redirects: Redirects::Follow {
                at_most: MOST_REDIRECTS,
            },
        };
        let fetched = match self.fetcher.fetch(fetch).await {
            Ok(fetched) if fetched.status == 200 && fetched.media_type() == MEDIA_TYPE => fetched,
            Ok(fetched) => {
                tracing::warn!(status = fetched.status, "a wallet provider gives no status list");
                return None;
            }
            Err(error) => {
                tracing::warn!(%error, "the status list of a wallet provider cannot be fetched");
                return None;
            }
        };
        // The list belongs to whom the attestation named, and stands where it said.
        let provider = TrustedIssuer {
            identifier: IssuerIdentifier::parse(listed.provider.as_str()).ok()?,
            name: String::new(),
            credential_types: Vec::new(),
            anchors: vec![listed.anchor.clone()],
            claim169_keys: Vec::new(),
            status_prefix: Some(uri.to_owned()),
            dids: Vec::new(),
            formats: Vec::new(),
            source: None,
        };
        let text = core::str::from_utf8(&fetched.body).ok()?;
        let verified = StatusListToken::parse(text, BUDGET)
            .and_then(|token| token.verify(uri, &provider, self.crypto.as_ref(), now));
        match verified {
            Ok(list) => Some(list),
            Err(error) => {
                tracing::warn!(%error, "the status list of a wallet provider is refused");
                None
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kept_until(list: &VerifiedStatusList, now: UnixTime) -> UnixTime {
    let lives = list.time_to_live().unwrap_or(USUALLY_KEPT).min(LONGEST_KEPT);
    let until = now.plus(lives);
    list.expires_at().map_or(until, |expires| expires.min(until))
}

impl AttestationStates for FetchedAttestationStates {
    fn state<'a>(&'a self, listed: &'a ListedAttestation, now: UnixTime) -> AttestationStateFuture<'a> {
        Box::pin(async move {
            let Some(list) = self.list(listed, now).await else {
                return AttestationState::Unknown;
            };
            match list.status(listed.entry.index()) {
                Ok(Status::Valid) => AttestationState::InForce,
                // An entry that the list does not have is not one of its provider's.
                Ok(_) | Err(_) => AttestationState::NotInForce,
            }
        })
    }
}
