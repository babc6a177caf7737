use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::{KeyError, KeyHandle, Sign, SignOutcome};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, SignatureAlgorithm, UnixTime};
use symbolon_http::fetch::GuardedFetcher;
use symbolon_http::serve::AdministrationToken;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_trust::trust_list::TrustList;
use symbolon_verifier::Policy;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::request::MasterSecret;
use symbolon_verifier::store::{RequestId, TenantId, VerifierStore};
use tokio::sync::{Notify, broadcast};

use crate::believed::{Believed, TrustSources};
use crate::configuration::VerifierConfiguration;
use crate::evidence_cache::EvidenceCache;
use crate::identities::Identities;
use crate::offline::OfflineSetup;
use crate::open_packs::OpenPacks;
use crate::pack_in_force::PackInForce;
use crate::proximity::NearbySessions;
use crate::relying_party::OpenedRelyingParty;
use crate::routes::{Pages, RequestBuilder};
use crate::scan::ScanSetup;
use crate::store::EvidenceArchive;
use crate::unreachable::UnreachableServers;

/// The time, as the command line hands it in.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// The key that signs requests, and its certificate.
#[derive(Clone)]
pub struct RequestSigner {
    /// Who signs.
    pub sign: Arc<dyn Sign>,
    /// The key.
    pub key: KeyHandle,
    /// The certificate chain, leaf first and without the anchor. The leaf names the host or origin of the verifier.
    pub chain: Vec<Certificate>,
}

impl RequestSigner {
    /// The algorithm of the key.
    pub(crate) fn algorithm(&self) -> Result<SignatureAlgorithm, KeyError> {
        let leaf = self.chain.first().ok_or(KeyError::Unknown)?;
        Ok(leaf.public_key().algorithm())
    }
}

/// A key whose public half the server publishes, without a certificate.
#[derive(Clone)]
pub struct PublishedSigner {
    /// Who signs.
    pub sign: Arc<dyn Sign>,
    /// The key.
    pub key: KeyHandle,
    /// Its public half.
    pub public_key: PublicKey,
    /// Those that it has replaced, for as long as something is good or kept that they signed.
    pub retired: Vec<PublicKey>,
}

impl PublishedSigner {
    /// The public halves to publish: of the key that signs first.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        core::iter::once(&self.public_key).chain(&self.retired)
    }

    /// The signed token; `None` while the key is locked.
    pub(crate) fn sign(&self, prepared: PreparedJws) -> Result<Option<String>, KeyError> {
        Ok(match self.sign.sign(&prepared.request(self.key.clone()))? {
            SignOutcome::Signed(signature) => Some(prepared.finish(&signature)),
            SignOutcome::Locked => None,
        })
    }
}

/// Sources of trust that are looked at while the server runs.
#[derive(Clone)]
pub struct WatchedTrust {
    /// Who looks.
    pub sources: Arc<dyn TrustSources>,
    /// How often.
    pub every: Duration,
}

/// Everything that the server uses and does not make.
pub struct Dependencies {
    /// Requests, results and spent nonces.
    pub store: Arc<dyn VerifierStore>,
    /// What was asked and what was answered, for verification at a later time.
    pub archive: Arc<dyn EvidenceArchive>,
    /// Fetched status lists and documents of issuers.
    pub evidence_cache: EvidenceCache,
    /// Fetches with guards.
    pub fetcher: GuardedFetcher,
    /// Which URLs this installation uses at all.
    pub urls: UrlPolicy,
    /// Computes signatures.
    pub crypto: Arc<dyn CryptoProvider>,
    /// Processes the JSON-LD of W3C credentials.
    pub json_ld: Arc<dyn JsonLdProcessor>,
    /// Decrypts answers.
    pub jwe: Arc<dyn JweCodec>,
    /// Makes identifiers and nonces.
    pub randomness: Arc<dyn Randomness>,
    /// The time.
    pub clock: Clock,
    /// Derives the key of each request.
    pub master_secret: MasterSecret,
    /// Signs requests.
    pub signer: RequestSigner,
    /// Signs ID tokens; needed where a relying party has a client of OpenID Connect.
    pub id_token_signer: Option<PublishedSigner>,
    /// Signs receipts and verified claims, where the installation has the key.
    pub evidence: Option<PublishedSigner>,
    /// Sign the requests of relying parties that have certificates of their own.
    pub relying_party_signers: BTreeMap<RelyingPartyName, RequestSigner>,
    /// The registration certificates of relying parties.
    pub registration_certificates: BTreeMap<RelyingPartyName, String>,
    /// Whom the verifier trusts when it starts.
    pub trust_list: Arc<TrustList>,
    /// Where it is told when that changes, and how often it is asked; without it nothing changes while the server runs.
    pub trust_sources: Option<WatchedTrust>,
    /// Who has the pack in force; without it there is none.
    pub pack: Option<Arc<dyn PackInForce>>,
    /// What the verifier demands.
    pub policy: Policy,
    /// Whether one answer may hold credentials bound to different keys.
    pub holder_keys: HolderKeys,
    /// Whose requests these are.
    pub tenant: TenantId,
    /// Who may make requests.
    pub administration: AdministrationToken,
    /// The page that scans, where it is served.
    pub scan: Option<ScanSetup>,
    /// The page that works without a network, where it is served.
    pub offline_page: Option<OfflineSetup>,
}

/// What the handlers share.
pub(crate) struct State {
    pub(crate) configuration: VerifierConfiguration,
    pub(crate) dependencies: Dependencies,
    pub(crate) identities: Identities,
    pub(crate) queries: BTreeMap<String, DcqlQuery>,
    /// Whom it believes now, and its policies.
    pub(crate) believed: Believed,
    pub(crate) relying_parties: BTreeMap<RelyingPartyName, Arc<OpenedRelyingParty>>,
    pub(crate) scopes: ScopeQueries,
    pub(crate) transaction_types: TransactionTypes,
    pub(crate) pages: Pages,
    pub(crate) builder: RequestBuilder,
    /// Tells waiting streams that a request was answered. A stream that misses a message asks the store.
    pub(crate) answered: broadcast::Sender<RequestId>,
    /// The phones that are asked face to face now.
    pub(crate) nearby: NearbySessions,
    /// The pack that is open, and whom it says to believe.
    pub(crate) packs: Arc<OpenPacks>,
    /// Who could not be reached a moment ago.
    pub(crate) unreachable: UnreachableServers,
    /// Tells the deliveries that one more is due.
    pub(crate) announced: Notify,
}

impl State {
    pub(crate) fn now(&self) -> UnixTime {
        (self.dependencies.clock)()
    }
}
