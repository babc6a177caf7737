//! Offers.

use std::collections::BTreeSet;
use std::time::Duration;

use symbolon_crypto::{RandomnessUnavailable, UnixTime};
use symbolon_issuer::audit::AuditAction;
use symbolon_issuer::authorization::{CodeOffer, CodeOfferStage};
use symbolon_issuer::grant::{OfferPlan, PlannedOffer, TX_CODE_DIGITS};
use symbolon_issuer::identifiers::{OfferAddress, OfferId};
use symbolon_issuer::mapping::IssuanceTimes;
use symbolon_issuer::metadata::paths;
use symbolon_issuer::offer::{OfferDelivery, OfferEntry, OfferGrants};
use symbolon_issuer::record::VitalStatus;
use symbolon_issuer::secret::BearerSecret;
use symbolon_issuer::store::{NewOffer, StoredOffer};
use symbolon_protocol::openid4vci::offer::{
    AuthorizationCodeGrant, CredentialOffer, Grants, OfferLink, PreAuthorizedCodeGrant, TxCodeInputMode,
    TxCodePrompt,
};
use symbolon_protocol::secret::PreAuthorizedCode;

use super::types::{OfferCreated, OfferOrder, TransactionCode};
use super::{Administration, AdministrationError};
use crate::records::to_administer;

impl Administration {
    /// Makes an offer. Its secrets are in the answer alone; the store keeps their hashes, and of an offer by reference the offer until it
    /// expires.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownRecord`], [`AdministrationError::UnknownConfiguration`], [`AdministrationError::Deceased`],
    /// [`AdministrationError::RecordIncomplete`], or a failure of the store.
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
        match (order.grants, order.tx_code) {
            (OfferGrants::AuthorizationCode, TransactionCode::Required) => {
                return Err(AdministrationError::TransactionCodeWithoutCode);
            }
            (OfferGrants::AuthorizationCode | OfferGrants::Both, _)
                if !issuer.profile().authorization().has_authorization_endpoint() =>
            {
                return Err(AdministrationError::NoAuthorizationEndpoint);
            }
            _ => {}
        }
        let record = to_administer(issuer.record(&order.record).await?)?;
        if record.vital_status() == VitalStatus::Deceased {
            return Err(AdministrationError::Deceased);
        }
        let now = issuer.now();
        // The wallet would be refused at the very end, where the resident stands alone with it.
        let policy = issuer.profile().policy();
        let granularity = Duration::from_secs(policy.issued_at_granularity_seconds);
        for id in &order.configurations {
            let configuration = issuer.profile().configuration(id);
            let configuration = configuration.ok_or(AdministrationError::UnknownConfiguration)?;
            let times = IssuanceTimes::new(now, granularity, configuration.validity());
            if let Err(reason) = configuration.check_record(&record, times) {
                return Err(AdministrationError::RecordIncomplete {
                    configuration: id.clone(),
                    reason,
                });
            }
        }
        let lifetime = policy.offer_lifetime();
        let mut pre_authorized = match order.grants {
            OfferGrants::PreAuthorizedCode | OfferGrants::Both => Some(self.pre_authorized(&order, now)?),
            OfferGrants::AuthorizationCode => None,
        };
        let id = match &pre_authorized {
            Some(planned) => planned.id.clone(),
            None => OfferId::make(&*issuer.setup.randomness)?,
        };
        let code_offer = match order.grants {
            OfferGrants::AuthorizationCode | OfferGrants::Both => {
                let offer = CodeOffer {
                    offer: id.clone(),
                    record: order.record.clone(),
                    configurations: order.configurations.clone(),
                    expires_at: now.plus(lifetime),
                    stage: CodeOfferStage::Offered,
                    grant: pre_authorized.as_ref().map(|planned| planned.code.digest()),
                };
                Some((BearerSecret::make(&*issuer.setup.randomness)?, offer))
            }
            OfferGrants::PreAuthorizedCode => None,
        };
        if let (Some(planned), Some((state, _))) = (&mut pre_authorized, &code_offer) {
            planned.grant.code_offer = Some(state.digest());
        }
        let offer = CredentialOffer {
            credential_issuer: issuer.profile().identifier().clone(),
            credential_configuration_ids: order.configurations.clone(),
            grants: Some(Grants {
                authorization_code: code_offer.as_ref().map(|(state, _)| AuthorizationCodeGrant {
                    issuer_state: Some(state.expose().to_owned()),
                    authorization_server: None,
                }),
                pre_authorized_code: match &pre_authorized {
                    Some(planned) => Some(grant_of(planned)?),
                    None => None,
                },
            }),
        };
        let expires_at = now.plus(lifetime);
        let (link, stored) = match order.delivery {
            OfferDelivery::ByValue => (OfferLink::ByValue(Box::new(offer)), None),
            OfferDelivery::ByReference => {
                let address = OfferAddress::make(&*issuer.setup.randomness)?;
                let path = format!("{}/{address}", paths::OFFERS);
                let url = issuer
                    .profile()
                    .identifier()
                    .endpoint(&path)
                    .map_err(|_| AdministrationError::Address)?;
                let stored = StoredOffer {
                    json: offer.to_json()?,
                    expires_at,
                    offer: Some(id.clone()),
                };
                (OfferLink::ByReference(url), Some((address, stored)))
            }
        };
        let entry = OfferEntry {
            record: order.record.clone(),
            configurations: order.configurations.clone(),
            delivery: order.delivery,
            device: order.device,
            tx_code: order.tx_code,
            grant: pre_authorized.as_ref().map(|planned| planned.code.digest()),
            code_offer: code_offer.as_ref().map(|(state, _)| state.digest()),
            address: stored.as_ref().map(|(address, _)| address.clone()),
            made_at: now,
            expires_at,
            forgotten_at: expires_at.plus(issuer.profile().offer_memory()),
            cancelled: None,
        };
        let action = AuditAction::OfferCreated {
            offer: id.clone(),
            record: self.reference(&order.record),
            configurations: order.configurations,
        };
        let tx_code = pre_authorized
            .as_ref()
            .and_then(|planned| planned.tx_code.as_ref())
            .map(|tx_code| tx_code.expose().to_owned());
        let new = NewOffer {
            entry: (id.clone(), entry),
            offer: stored,
            grant: pre_authorized.map(|planned| (planned.code.digest(), planned.grant)),
            code_offer: code_offer.map(|(state, offer)| (state.digest(), offer)),
            event: self.event(now, action)?,
        };
        let link = link.to_uri_of(issuer.profile().profile().offer_scheme())?;
        issuer.store().put_offer(new).await?;
        Ok(OfferCreated {
            offer: id,
            link,
            tx_code,
            expires_at: expires_at.seconds(),
        })
    }

    fn pre_authorized(
        &self,
        order: &OfferOrder,
        now: UnixTime,
    ) -> Result<PlannedOffer, RandomnessUnavailable> {
        let issuer = &self.issuer;
        let policy = issuer.profile().policy();
        let plan = OfferPlan {
            record: order.record.clone(),
            configurations: order.configurations.clone(),
            tx_code: order.tx_code,
            lifetime: policy.offer_lifetime(),
            credentials_each: policy.credentials_per_offer,
        };
        plan.make(&issuer.secret, now, &*issuer.setup.randomness)
    }
}

fn grant_of(planned: &PlannedOffer) -> Result<PreAuthorizedCodeGrant, AdministrationError> {
    Ok(PreAuthorizedCodeGrant {
        pre_authorized_code: PreAuthorizedCode::parse(planned.code.expose())
            .ok_or(AdministrationError::Address)?,
        tx_code: planned.tx_code.as_ref().map(|_| TxCodePrompt {
            input_mode: TxCodeInputMode::Numeric,
            length: Some(u32::from(TX_CODE_DIGITS)),
            description: None,
        }),
        authorization_server: None,
    })
}
