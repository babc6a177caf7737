//! Material for offline packs, and packs.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_issuer::audit::AuditAction;
use symbolon_trust::pack::{
    PackBuilder, PackError, PackTimes, PackTools, RevocationSection, StatusSection, TrustSection,
    VerbatimForm, VerbatimSection,
};
use symbolon_trust::trust_list::TrustList;

use super::{Administration, AdministrationError, PackOrder, VerbatimListOrder};
use crate::setup::{PlainKey, Signer};

/// The header field that says how many lists of an order are not in the pack.
pub const LEFT_OUT: HeaderName = HeaderName::from_static("symbolon-left-out");

/// A pack that was built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltPack {
    /// The pack.
    pub pack: Vec<u8>,
    /// How many revocation lists and verbatim lists of the order are not in it, because whoever believes the trust list of this process would refuse the
    /// whole for them.
    pub left_out: u64,
}

impl Administration {
    /// The signed status section of all lists, for a distributor's pack; `None` before the first list.
    ///
    /// # Errors
    /// A failure of the store or of the status key.
    pub async fn status_section(&self) -> Result<Option<StatusSection>, AdministrationError> {
        let issuer = &self.issuer;
        let signer = &issuer.setup.keys.status;
        let now = issuer.now();
        let mut lists = Vec::new();
        for shard in issuer.store().shards().await? {
            let shard = shard.value.id;
            let Some(list) = issuer
                .states(shard)
                .await
                .map_err(AdministrationError::StatusLists)?
            else {
                continue;
            };
            // One shard at a time: compacted they are small, written out they are not.
            let profile = issuer.profile().clone();
            let compacted =
                tokio::task::spawn_blocking(move || profile.compact_status_list(shard, &list)).await;
            lists.push(compacted.map_err(|_| AdministrationError::Interrupted)??);
        }
        if lists.is_empty() {
            return Ok(None);
        }
        let prepared = issuer.profile().prepare_status_section(lists, &signer.key, now)?;
        let signature = signer.signature(&prepared.request(signer.key.handle.clone()))?;
        Ok(Some(prepared.finish(&signature)?))
    }

    /// An offline pack: the trust list signed by the registry, every status list signed by its issuer, the manifest signed by the
    /// distributor. A partial pack has only the sections that have a list of its scopes. What this process does not believe is left out: whoever
    /// ordered it may know of a source of trust that has changed since the start.
    ///
    /// # Errors
    /// [`AdministrationError::PackOrder`] when the order names what is not there, [`AdministrationError::NotConfigured`] when this installation lacks the registry's or the distributor's key, or a failure of the store
    /// or of a key.
    pub async fn build_pack(&self, order: &PackOrder) -> Result<BuiltPack, AdministrationError> {
        let setup = &self.issuer.setup;
        let list = setup
            .trust_list
            .as_ref()
            .ok_or(AdministrationError::NotConfigured { what: "trust list" })?;
        let registry = needed(&setup.keys.registry, "registry key")?;
        let distributor = needed(&setup.keys.packs, "pack key")?;
        let covers = Coverage::of(&order.scopes, list)?;
        let handed_in = order.sections().map_err(AdministrationError::PackOrder)?;
        let verbatim = order.verbatim().map_err(AdministrationError::PackOrder)?;
        let revocation_lists = order.revocation_lists().map_err(AdministrationError::PackOrder)?;
        let now = self.issuer.now();
        let ordered = revocation_lists.len().saturating_add(verbatim.len());
        let provider = Arc::clone(&setup.crypto);
        let believed = list.clone();
        // Signatures over lists of a million entries.
        let accepted = tokio::task::spawn_blocking(move || {
            let accepted = Accepted {
                list: &believed,
                provider: provider.as_ref(),
                now,
            };
            (
                accepted.revocation_lists(revocation_lists),
                accepted.verbatim(verbatim),
            )
        });
        let (revocation_lists, verbatim) = accepted.await.map_err(|_| AdministrationError::Interrupted)?;
        let left_out = ordered.saturating_sub(revocation_lists.len().saturating_add(verbatim.len()));
        let mut sections = Vec::from_iter(self.status_section().await?);
        for other in self.issuer.carried() {
            sections.extend(Self::new(Arc::clone(other)).status_section().await?);
        }
        sections.extend(handed_in);
        let mut covered = Vec::with_capacity(sections.len());
        for section in sections {
            let uris = section.uris().map_err(|_| NOT_A_SECTION)?;
            if uris.iter().any(|uri| covers.has(uri)) {
                covered.push(section);
            }
        }

        let prepared = TrustSection::prepare(list, &registry.key.public_key)?;
        let signature = registry.signature(&prepared.request(registry.key.handle.clone()))?;
        let trust = prepared.finish(&signature)?;

        let sequence = self.issuer.store().next_pack_sequence().await?;
        let created = self.issuer.now();
        let policy = self.issuer.profile().policy();
        let times = PackTimes {
            created,
            valid_until: created.plus(Duration::from_secs(policy.pack_lifetime_seconds)),
            grace: Duration::from_secs(policy.pack_grace_seconds),
        };
        let builder = PackBuilder::new(sequence, times, trust).with_scopes(order.scopes.iter().cloned());
        let builder = covered.into_iter().fold(builder, PackBuilder::with_status);
        let verbatim = verbatim.into_iter().filter(|list| covers.has(list.uri()));
        let builder = verbatim.fold(builder, PackBuilder::with_verbatim);
        let builder = revocation_lists
            .into_iter()
            .fold(builder, PackBuilder::with_revocation_list);
        let prepared = builder.prepare(&distributor.key.public_key)?;
        let signature = distributor.signature(&prepared.request(distributor.key.handle.clone()))?;
        let pack = prepared.finish(&signature)?;
        let event = self.event(created, AuditAction::PackBuilt { sequence })?;
        self.issuer.store().put_event(event).await?;
        Ok(BuiltPack {
            pack,
            left_out: u64::try_from(left_out).unwrap_or(u64::MAX),
        })
    }
}

/// What readers accept who believe this list.
struct Accepted<'a> {
    list: &'a TrustList,
    provider: &'a dyn CryptoProvider,
    now: UnixTime,
}

impl Accepted<'_> {
    fn revocation_lists(&self, mut sections: Vec<RevocationSection>) -> Vec<RevocationSection> {
        sections.retain(|section| match section.check(self.list, self.provider, self.now) {
            Ok(_) => true,
            Err(error) => {
                tracing::error!(%error, uri = section.uri(), "a revocation list is in no pack: it would be refused");
                false
            }
        });
        sections
    }

    /// A list that has expired says so itself, and one that cannot be proven here is left to readers, who use the rest of the pack all the same.
    fn verbatim(&self, mut sections: Vec<VerbatimSection>) -> Vec<VerbatimSection> {
        let tools = PackTools::new(self.provider);
        sections.retain(|section| match section.check(self.list, tools, self.now) {
            Ok(()) | Err(PackError::Expired { .. } | PackError::NoCredentialVerifier) => true,
            Err(error) => {
                tracing::error!(%error, uri = section.uri(), "a status list is in no pack: it would be refused");
                false
            }
        });
        sections
    }
}

/// Which status lists a pack covers.
struct Coverage<'a> {
    /// Beginnings of their URIs; `None` for all.
    beginnings: Option<Vec<&'a str>>,
}

impl<'a> Coverage<'a> {
    fn of(scopes: &[String], list: &'a TrustList) -> Result<Self, AdministrationError> {
        if scopes.is_empty() {
            return Ok(Self { beginnings: None });
        }
        let mut beginnings = Vec::new();
        for name in scopes {
            let defined = list.scopes.get(name).ok_or(AdministrationError::PackOrder(
                "the trust list does not define the scope",
            ))?;
            beginnings.extend(defined.iter().map(String::as_str));
        }
        Ok(Self {
            beginnings: Some(beginnings),
        })
    }

    fn has(&self, uri: &str) -> bool {
        let beginnings = self.beginnings.as_ref();
        beginnings.is_none_or(|all| all.iter().any(|beginning| uri.starts_with(beginning)))
    }
}

impl PackOrder {
    fn sections(&self) -> Result<Vec<StatusSection>, &'static str> {
        let decoded = self.sections.iter().map(|text| base64::decode(text));
        decoded
            .map(|bytes| bytes.map(StatusSection::from_published))
            .collect::<Result<_, _>>()
            .map_err(|_| "a status section is not base64")
    }

    fn revocation_lists(&self) -> Result<Vec<RevocationSection>, &'static str> {
        let section = |text: &String| {
            let bytes = base64::decode(text).map_err(|_| "a revocation list is not base64")?;
            RevocationSection::from_bytes(bytes).map_err(|_| "a revocation list is no section")
        };
        self.revocation_lists.iter().map(section).collect()
    }

    fn verbatim(&self) -> Result<Vec<VerbatimSection>, &'static str> {
        let section = |list: &VerbatimListOrder| {
            let body = base64::decode(&list.body).map_err(|_| "a status list is not base64")?;
            VerbatimSection::new(&list.uri, VerbatimForm::recognise(&body), &body)
                .map_err(|_| "the address of a status list is too long")
        };
        self.verbatim.iter().map(section).collect()
    }
}

const NOT_A_SECTION: AdministrationError =
    AdministrationError::PackOrder("a status section is none of this version");

fn needed<'a>(
    key: &'a Option<Signer<PlainKey>>,
    what: &'static str,
) -> Result<&'a Signer<PlainKey>, AdministrationError> {
    key.as_ref().ok_or(AdministrationError::NotConfigured { what })
}
