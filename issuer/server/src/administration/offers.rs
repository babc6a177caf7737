//! Offers.

use std::collections::BTreeSet;

use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::grant::{OfferPlan, TX_CODE_DIGITS, TxCodePolicy};
use symbolon_issuer::metadata::paths;
use symbolon_issuer::record::VitalStatus;
use symbolon_issuer::store::{NewGrant, StoredOffer};
use symbolon_protocol::openid4vci::offer::{
    CredentialOffer, Grants, OfferLink, PreAuthorizedCodeGrant, TxCodeInputMode, TxCodePrompt,
};
use symbolon_protocol::secret::PreAuthorizedCode;

use super::types::{OfferCreated, OfferDelivery, OfferOrder, TransactionCode};
use super::{Administration, AdministrationError};
use crate::records::to_administer;

impl Administration {
    /// Makes an offer. Its secrets are in the answer alone; the store keeps their hashes, and of an offer by reference the offer until it
    /// expires.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownRecord`], [`AdministrationError::UnknownConfiguration`], [`AdministrationError::Deceased`], or a failure
    /// of the store.
    pub async fn create_offer(&self, order: OfferOrder) -> Result<OfferCreated, AdministrationError> {
        let issuer = &self.issuer;
        let unique: BTreeSet<_> = order.configurations.iter().collect();
        if unique.is_empty() || unique.len() != order.configurations.len() {
            return Err(AdministrationError::Configurations);
        }
        if order
            .configurations
            .iter()
            .any(|id| issuer.profile().configuration(id).is_none())
        {
            return Err(AdministrationError::UnknownConfiguration);
        }
        let record = to_administer(issuer.record(&order.record).await?)?;
        if record.vital_status() == VitalStatus::Deceased {
            return Err(AdministrationError::Deceased);
        }
        let policy = issuer.profile().policy();
        let now = issuer.now();
        let plan = OfferPlan {
            record: order.record.clone(),
            configurations: order.configurations.clone(),
            tx_code: match order.tx_code {
                TransactionCode::NotRequired => TxCodePolicy::NotRequired,
                TransactionCode::Required => TxCodePolicy::Required,
            },
            lifetime: policy.offer_lifetime(),
            credentials_each: policy.credentials_per_offer,
        };
        let planned = plan.make(&issuer.secret, now, &*issuer.setup.randomness)?;
        let offer = CredentialOffer {
            credential_issuer: issuer.profile().identifier().clone(),
            credential_configuration_ids: order.configurations.clone(),
            grants: Some(Grants {
                authorization_code: None,
                pre_authorized_code: Some(PreAuthorizedCodeGrant {
                    pre_authorized_code: PreAuthorizedCode::parse(planned.code.expose())
                        .ok_or(AdministrationError::Address)?,
                    tx_code: planned.tx_code.as_ref().map(|_| TxCodePrompt {
                        input_mode: TxCodeInputMode::Numeric,
                        length: Some(u32::from(TX_CODE_DIGITS)),
                        description: None,
                    }),
                    authorization_server: None,
                }),
            }),
        };
        let expires_at = planned.grant.expires_at;
        let (link, stored) = match order.delivery {
            OfferDelivery::ByValue => (OfferLink::ByValue(Box::new(offer)), None),
            OfferDelivery::ByReference => {
                let path = format!("{}/{}", paths::OFFERS, planned.id);
                let url = issuer
                    .profile()
                    .identifier()
                    .endpoint(&path)
                    .map_err(|_| AdministrationError::Address)?;
                let stored = StoredOffer {
                    json: offer.to_json()?,
                    expires_at,
                };
                (OfferLink::ByReference(url), Some((planned.id.clone(), stored)))
            }
        };
        let action = AuditAction::OfferCreated {
            offer: planned.id.clone(),
            record: self.reference(&order.record),
            configurations: order.configurations,
        };
        let grant = NewGrant {
            offer: stored,
            code: planned.code.digest(),
            grant: planned.grant,
            event: self.event(now, action)?,
        };
        let link = link.to_uri()?;
        issuer.store().put_grant(grant).await?;
        Ok(OfferCreated {
            offer: planned.id,
            link,
            tx_code: planned.tx_code.map(|tx_code| tx_code.expose().to_owned()),
            expires_at: expires_at.seconds(),
        })
    }
}
