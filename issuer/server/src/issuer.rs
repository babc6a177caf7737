//! The issuer at work: what the HTTP endpoints and the administration share.

mod access;
mod audit;
mod authorization;
mod back_channel;
mod begin;
mod credentials;
mod deferred;
mod encryption;
mod metadata;
mod notifications;
mod offers;
mod provider_sign_in;
mod pushed;
mod sign_in;
mod status;
mod tokens;
mod vcalm;

use std::sync::{Arc, OnceLock};

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_issuer::assertion::{AssertionKeys, AssertionKeysError};
use symbolon_issuer::grant::make_nonce;
use symbolon_issuer::haip::{self, ProfileContradiction, ProfileKeys};
use symbolon_issuer::identifiers::ConfigurationId;
use symbolon_issuer::index::IndexAllocator;
use symbolon_issuer::issuance::IssuanceMaterial;
use symbolon_issuer::profile::IssuerProfile;
use symbolon_issuer::secret::InstallationSecret;
use symbolon_issuer::signers::{CredentialSigners, CredentialSignersError};
use symbolon_issuer::store::{IssuerStore, StoreError};
use symbolon_protocol::openid4vci::nonce::NonceResponse;
use thiserror::Error;
use tokio::sync::{Notify, OnceCell};

pub use access::{AccessFailure, ResourceRequest};
pub use audit::VerifyAuditError;
pub use authorization::{AskedCredential, AuthorizationFailure, AuthorizationView};
pub use back_channel::BackChannelRequest;
pub use begin::BeginFailure;
pub use credentials::{Answered, CredentialFailure};
pub use encryption::CarriedRequest;
pub(crate) use metadata::{MetadataForm, ServedMetadata};
pub use notifications::NotificationFailure;
pub(crate) use offers::Standing;
pub use pushed::PushFailure;
pub(crate) use sign_in::SignInFailure;
pub(crate) use status::{BITSTRING_STATUS_LIST, ListAt, PastList, STATUS_LIST_CWT, STATUS_LIST_JWT};
pub use status::{PublicationFailed, PublishedList};
pub use tokens::TokenFailure;
pub use vcalm::{DocumentFailure, StatusRefused, StatusUpdate};

use crate::administration::OpenBackup;
use crate::card::{FontError, Fonts};
use crate::pages::Pages;
use crate::setup::Setup;
use metadata::MetadataCache;
use status::Publisher;

/// One issuer over one store.
pub struct Issuer {
    pub(crate) setup: Setup,
    pub(crate) secret: InstallationSecret,
    pub(crate) signers: CredentialSigners,
    pub(crate) allocator: IndexAllocator,
    pub(crate) pages: Pages,
    publisher: Publisher,
    fonts: OnceCell<Arc<Fonts>>,
    metadata: MetadataCache,
    /// Whose status sections its packs carry beside its own.
    carried: OnceLock<Vec<Arc<Issuer>>>,
    /// Wakes the task that chains audit events.
    pub(crate) events: Notify,
    /// The backup that is being read.
    pub(crate) backup: OpenBackup,
}

impl Issuer {
    /// Takes up the work of an issuer. Nothing is listened on.
    ///
    /// # Errors
    /// [`OpenIssuerError`] when a key is missing for what is to be issued, or the store or the randomness fails.
    pub async fn open(setup: Setup) -> Result<Arc<Self>, OpenIssuerError> {
        let keys = &setup.keys;
        haip::check(
            &setup.profile,
            ProfileKeys {
                credentials: &keys.credentials.key,
                documents: keys.documents.as_ref().map(|signer| &signer.key),
                status: &keys.status.key,
                metadata: keys.metadata.as_ref().map(|signer| &signer.key),
            },
        )?;
        let signers = signers(&setup)?;
        if let Some(configuration) = setup.profile.configuration_without_attester() {
            return Err(OpenIssuerError::NoAttester(configuration.clone()));
        }
        let proposal = InstallationSecret::make(&*setup.randomness)?;
        let secret = setup.store.installation_secret(proposal).await?;
        let allocator = IndexAllocator::new(setup.profile.policy().shard_form(), LEASE_BLOCK);
        let pages = Pages::new(&setup).map_err(OpenIssuerError::Pages)?;
        Ok(Arc::new(Self {
            pages,
            setup,
            secret,
            signers,
            allocator,
            publisher: Publisher::default(),
            fonts: OnceCell::new(),
            metadata: MetadataCache::default(),
            carried: OnceLock::new(),
            events: Notify::new(),
            backup: OpenBackup::default(),
        }))
    }

    /// What the issuer is.
    #[must_use]
    pub const fn profile(&self) -> &IssuerProfile {
        &self.setup.profile
    }

    /// Lets the packs of this issuer carry the status sections of others: of the other issuers of an installation, whose registry operator
    /// and distributor are the same. What was said first holds.
    pub fn carry(&self, others: Vec<Arc<Self>>) {
        // Only who opens the issuers calls this, before anything is served.
        let _ = self.carried.set(others);
    }

    pub(crate) fn carried(&self) -> &[Arc<Self>] {
        self.carried.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// A fresh nonce for key proofs.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn nonce(&self) -> Result<NonceResponse, RandomnessUnavailable> {
        let c_nonce = make_nonce(&self.secret, self.now(), &*self.setup.randomness)?;
        Ok(NonceResponse { c_nonce })
    }

    /// The fonts of cards, loaded once: it takes up to a second where many are installed.
    pub(crate) async fn fonts(&self) -> Result<Arc<Fonts>, FontError> {
        let load = async || {
            let source = self.setup.fonts.clone();
            match tokio::task::spawn_blocking(move || Fonts::load(&source)).await {
                Ok(fonts) => fonts.map(Arc::new),
                Err(_) => Err(FontError::EmptyFolder),
            }
        };
        self.fonts.get_or_try_init(load).await.cloned()
    }

    pub(crate) fn now(&self) -> UnixTime {
        (self.setup.clock)()
    }

    pub(crate) fn store(&self) -> &dyn IssuerStore {
        &*self.setup.store
    }

    fn material(&self, now: UnixTime) -> IssuanceMaterial<'_> {
        IssuanceMaterial {
            profile: &self.setup.profile,
            signers: &self.signers,
            json_ld: &*self.setup.json_ld,
            crypto: &*self.setup.crypto,
            secret: &self.secret,
            pictures: &*self.setup.pictures,
            randomness: &*self.setup.randomness,
            now,
        }
    }
}

fn signers(setup: &Setup) -> Result<CredentialSigners, OpenIssuerError> {
    let (profile, keys) = (&setup.profile, &setup.keys);
    let assertion = keys
        .assertion
        .iter()
        .map(|signer| (signer.key.handle.clone(), signer.key.public_key.clone()));
    let assertion = AssertionKeys::new(profile.identifier(), assertion)?
        .with_retired(keys.retired.assertion.iter().cloned())?;
    let documents = keys.documents.as_ref().map(|signer| &signer.key);
    Ok(CredentialSigners::new(
        profile,
        &keys.credentials.key,
        documents,
        assertion,
    )?)
}

/// Why an issuer could not take up its work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenIssuerError {
    /// A key is missing for what is to be issued, or cannot be used.
    #[error(transparent)]
    Signers(#[from] CredentialSignersError),
    /// A configuration wants key attestations, and no attester is believed.
    #[error("the credential configuration {} wants key attestations, and no anchors of attesters are configured", .0.as_str())]
    NoAttester(ConfigurationId),
    /// The assertion keys have no DID.
    #[error(transparent)]
    AssertionKeys(#[from] AssertionKeysError),
    /// What it is contradicts the profile that it keeps to.
    #[error(transparent)]
    Profile(#[from] ProfileContradiction),
    /// The store failed.
    #[error("the issuer's store cannot be used")]
    Store(#[from] StoreError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// A template of a page is wrong, which a test rules out.
    #[error("the pages cannot be prepared")]
    Pages(#[source] symbolon_pages::TemplateError),
}

/// One commit leases this many status indices; at most so many are lost when the process ends.
const LEASE_BLOCK: u32 = 256;
