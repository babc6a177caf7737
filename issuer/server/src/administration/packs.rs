//! Material for offline packs, and packs.

use std::sync::Arc;
use std::time::Duration;

use symbolon_issuer::audit::AuditAction;
use symbolon_trust::pack::{PackBuilder, PackTimes, StatusSection, TrustSection};

use super::{Administration, AdministrationError};
use crate::setup::{PlainKey, Signer};

impl Administration {
    /// The signed status section of every list, for a distributor's pack.
    ///
    /// # Errors
    /// A failure of the store or of the status key.
    pub async fn status_sections(&self) -> Result<Vec<StatusSection>, AdministrationError> {
        let issuer = &self.issuer;
        let signer = &issuer.setup.keys.status;
        let mut sections = Vec::new();
        for shard in issuer.store().shards().await? {
            let shard = shard.value.id;
            let now = issuer.now();
            let Some(list) = issuer
                .states(shard)
                .await
                .map_err(AdministrationError::StatusLists)?
            else {
                continue;
            };
            let (profile, key) = (issuer.profile().clone(), signer.key.clone());
            let prepared =
                tokio::task::spawn_blocking(move || profile.prepare_status_section(shard, &list, &key, now))
                    .await;
            let prepared = prepared.map_err(|_| AdministrationError::Interrupted)??;
            let signature = signer.signature(&prepared.request(signer.key.handle.clone()))?;
            sections.push(prepared.finish(&signature)?);
        }
        Ok(sections)
    }

    /// An offline pack: the trust list signed by the registry, every status list signed by its issuer, the manifest signed by the
    /// distributor.
    ///
    /// # Errors
    /// [`AdministrationError::NotConfigured`] when this installation lacks the registry's or the distributor's key, or a failure of the store
    /// or of a key.
    pub async fn build_pack(&self) -> Result<Vec<u8>, AdministrationError> {
        let setup = &self.issuer.setup;
        let list = setup
            .trust_list
            .as_ref()
            .ok_or(AdministrationError::NotConfigured { what: "trust list" })?;
        let registry = needed(&setup.keys.registry, "registry key")?;
        let distributor = needed(&setup.keys.packs, "pack key")?;
        let mut sections = self.status_sections().await?;
        for other in self.issuer.carried() {
            sections.extend(Self::new(Arc::clone(other)).status_sections().await?);
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
        let builder = PackBuilder::new(sequence, times, trust);
        let builder = sections.into_iter().fold(builder, PackBuilder::with_status);
        let prepared = builder.prepare(&distributor.key.public_key)?;
        let signature = distributor.signature(&prepared.request(distributor.key.handle.clone()))?;
        let pack = prepared.finish(&signature)?;
        let event = self.event(created, AuditAction::PackBuilt { sequence })?;
        self.issuer.store().put_event(event).await?;
        Ok(pack)
    }
}

fn needed<'a>(
    key: &'a Option<Signer<PlainKey>>,
    what: &'static str,
) -> Result<&'a Signer<PlainKey>, AdministrationError> {
    key.as_ref().ok_or(AdministrationError::NotConfigured { what })
}
