//! Making packs by the books of the installation, and the status lists of everybody else in its trust list.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_issuer_server::administration::{BuiltPack, PackOrder, VerbatimListOrder};
use symbolon_trust::pack::{LastSeen, Pack, PackError, PackTools, VerbatimForm, VerbatimSection};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust_server::distributor::{Collected, Collector, Packer, PackerError};
use symbolon_verifier::{PackCredentials, Tools};
use url::Url;

use super::memory::PublishedMemory;
use super::revocation_lists::{FETCHES_LIMIT, KnownSigners, RevocationListCollection};
use crate::configuration::identifier_text;
use crate::edge;
use crate::installation::Installation;
use crate::register::Register;

/// The folder of collected lists, below the data folder.
const COLLECTED: &str = "collected-lists";
/// The folder of collected revocation lists.
const COLLECTED_REVOCATION_LISTS: &str = "collected-revocation-lists";

/// Makes packs through the running issuer of the installation, or from its store where none runs.
pub struct InstallationPacker {
    installation: Arc<Installation>,
    collector: Collector,
    revocation_lists: Collector,
    /// The certificates behind the lists of the last pack.
    signers: Mutex<KnownSigners>,
    /// The identifiers of the installation's own issuers, whose lists are in the books.
    own: BTreeSet<String>,
    collected: Mutex<Collected>,
    memory: PublishedMemory,
}

impl InstallationPacker {
    /// A packer of an installation.
    ///
    /// # Errors
    /// A folder that cannot be made, or no HTTP client.
    pub fn new(installation: Arc<Installation>) -> anyhow::Result<Self> {
        let configuration = &installation.loaded.configuration;
        let fetches = if configuration.development {
            FetchPolicy::Development
        } else {
            FetchPolicy::Public
        };
        let fetcher = GuardedFetcher::new(fetches)?;
        let revocation_lists =
            Collector::of_revocation_lists(&installation.data_file(COLLECTED_REVOCATION_LISTS), &fetcher)?;
        let collector = Collector::open(&installation.data_file(COLLECTED), fetcher)?;
        let further = configuration.issuers.values();
        let own = core::iter::once(&configuration.issuer)
            .chain(further)
            .map(|section| identifier_text(&section.identifier));
        Ok(Self {
            collector,
            revocation_lists,
            signers: Mutex::default(),
            own: own.collect(),
            memory: PublishedMemory::of(&installation),
            installation,
            collected: Mutex::default(),
        })
    }

    /// The newest that can be had of every list of issuers elsewhere.
    async fn collect(
        &self,
        root: &RootOfTrust,
        now: UnixTime,
        last: Option<&LastSeen>,
        counts: &mut Collected,
    ) -> anyhow::Result<Vec<VerbatimListOrder>> {
        let made = |uri: &str, body: &[u8]| self.produced_at(root, uri, body, now);
        let mut lists = Vec::new();
        for uri in self.addresses(root).await? {
            // With an older list than the one before every reader would refuse the whole pack.
            let kept = self.collector.kept(&uri)?;
            let kept = kept.and_then(|kept| made(&uri, &kept.body));
            let published = last.and_then(|last| last.status_lists.get(&uri).copied());
            let is_good =
                |body: &[u8]| made(&uri, body).is_some_and(|made| Some(made) >= kept.max(published));
            let (list, why_old) = match self.collector.collect(&uri, now, is_good).await {
                Ok(collected) => collected,
                Err(error) => {
                    counts.left_out += 1;
                    tracing::error!(%error, "a status list of another issuer is in no pack");
                    continue;
                }
            };
            if let Some(error) = why_old {
                counts.old += 1;
                tracing::warn!(%error, "a status list of another issuer is carried as it was");
            }
            if made(&uri, &list.body).is_some_and(|made| Some(made) >= published) {
                lists.push(VerbatimListOrder {
                    uri,
                    body: base64::encode(&list.body),
                });
            } else {
                // Its signer is trusted no more, or a newer one was published. With it in the pack every reader would refuse the whole.
                counts.left_out += 1;
                tracing::error!("a status list of another issuer is left out: no reader would accept it");
            }
        }
        counts.lists += lists.len() as u64;
        Ok(lists)
    }

    /// Every list that is known, told by its issuer or written down, of an issuer elsewhere that may sign it.
    async fn addresses(&self, root: &RootOfTrust) -> anyhow::Result<BTreeSet<String>> {
        let section = &self.installation.loaded.configuration.distributor;
        let mut all: BTreeSet<String> = self.collector.known()?.into_iter().collect();
        all.extend(section.status_lists.iter().cloned());
        // An authority that is known by its certificate alone has no address to ask.
        let issuers = root.trust_list.issuers.iter().map(|issuer| &issuer.identifier);
        let issuers = issuers
            .filter(|identifier| !identifier.is_certificate())
            .map(|identifier| identifier.as_str());
        for issuer in issuers.filter(|issuer| !self.own.contains(*issuer)) {
            let Some(metadata) = metadata_of(issuer) else {
                continue;
            };
            match self.collector.discover(&metadata).await {
                Ok(found) => all.extend(found.uris),
                Err(error) => {
                    tracing::warn!(%error, "an issuer does not say which status lists it has; those that are known are carried");
                }
            }
        }
        for aggregation in &section.status_list_aggregations {
            match self.collector.aggregated(aggregation).await {
                Ok(found) => all.extend(found.uris),
                Err(error) => {
                    tracing::warn!(%error, "an aggregation of status lists cannot be had; the lists that are known are carried");
                }
            }
        }
        // Of a list at nobody's address its signer says whose it is: an authority that is known by its certificate alone.
        let has_authorities = root
            .trust_list
            .issuers
            .iter()
            .any(|issuer| issuer.identifier.is_certificate() && issuer.status_prefix.is_none());
        all.retain(|uri| match root.trust_list.issuer_of_status_list(uri) {
            Some(issuer) => !self.own.contains(issuer.identifier.as_str()),
            None => has_authorities,
        });
        Ok(all)
    }

    /// When a list was made that readers will accept. One that has expired says so itself, to whoever asks it.
    fn produced_at(&self, root: &RootOfTrust, uri: &str, body: &[u8], now: UnixTime) -> Option<UnixTime> {
        let section = VerbatimSection::new(uri, VerbatimForm::recognise(body), body).ok()?;
        self.with_tools(|tools| section.produced_at(&root.trust_list, tools, now))
            .ok()
    }

    fn with_tools<T>(&self, work: impl FnOnce(PackTools<'_>) -> T) -> T {
        let json_ld = SsiJsonLd::new();
        let provider = &*self.installation.provider;
        let credentials = PackCredentials::new(Tools::with_json_ld(provider, &json_ld));
        work(PackTools::new(provider).with_credentials(&credentials))
    }

    async fn build(&self, scope: Option<&str>) -> anyhow::Result<Vec<u8>> {
        let root = self.installation.believed()?;
        let now = edge::system_time();
        let mut counts = Collected::default();
        let last = self.memory.read()?;
        let last = last.as_ref();
        let verbatim = self.collect(&root, now, last, &mut counts).await?;
        let mut order = PackOrder {
            scopes: scope.map(str::to_owned).into_iter().collect(),
            sections: Vec::new(),
            verbatim,
            revocation_lists: Vec::new(),
        };
        let collected = counts;
        let mut signers = self.known_signers();
        // Who signed the lists is known once they are in a pack: where that is news, what these signers name is fetched, and the pack made anew.
        let mut is_repeated = false;
        loop {
            counts = collected;
            order.revocation_lists = self
                .revocation_lists(&root, &signers, now, last, &mut counts)
                .await?;
            let register = Register::of_all(&self.installation).await?;
            let BuiltPack { pack, left_out } = register.build_pack(&order).await?;
            if left_out > 0 {
                counts.left_out += left_out;
                tracing::error!(
                    left_out,
                    "the issuer leaves lists out that its trust list does not accept: start it again where that has changed"
                );
            }
            // What no reader would accept that has the pack before is not published: that one serves better.
            let (has_news, seen) = self.with_tools(|tools| {
                let opened = Pack::open_with(&pack, &root, tools, edge::system_time(), last)?;
                Ok::<_, PackError>((signers.take_up(&opened), opened.last_seen(last)))
            })?;
            *self.signers.lock().unwrap_or_else(PoisonError::into_inner) = signers.clone();
            if is_repeated || !has_news {
                self.memory.write(&seen)?;
                *self.collected.lock().unwrap_or_else(PoisonError::into_inner) = counts;
                return Ok(pack);
            }
            is_repeated = true;
        }
    }

    fn known_signers(&self) -> KnownSigners {
        self.signers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn revocation_lists(
        &self,
        root: &RootOfTrust,
        signers: &KnownSigners,
        now: UnixTime,
        last: Option<&LastSeen>,
        counts: &mut Collected,
    ) -> anyhow::Result<Vec<String>> {
        let configured = &self
            .installation
            .loaded
            .configuration
            .distributor
            .revocation_lists;
        let collection = RevocationListCollection {
            collector: &self.revocation_lists,
            trust_list: &root.trust_list,
            signers,
            configured,
            provider: self.installation.provider.as_ref(),
            now,
            last,
            within: FETCHES_LIMIT,
        };
        collection.collect(counts).await
    }
}

impl Packer for InstallationPacker {
    async fn make(&self, scope: Option<&str>) -> Result<Vec<u8>, PackerError> {
        let made = self.build(scope).await;
        made.map_err(|error| PackerError(error.into()))
    }

    fn collected(&self) -> Collected {
        *self.collected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the metadata of an issuer are ([OpenID4VCI §12.2.2](https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2)).
fn metadata_of(issuer: &str) -> Option<Url> {
    let mut url = Url::parse(issuer).ok()?;
    let path = format!(
        "/.well-known/openid-credential-issuer{}",
        url.path().trim_end_matches('/')
    );
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests;
