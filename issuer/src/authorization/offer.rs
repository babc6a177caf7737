//! Offers that a resident takes up by signing in ([OpenID4VCI §4.1.1]).
//!
//! `issuer_state` is no secret and no proof: whoever sees an offer can put its `issuer_state` into a request of their own. Here it
//! only narrows: where the offer is for one record, nobody else can take it up, and the resident signs in all the same.
//!
//! [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;

use crate::identifiers::{ConfigurationId, OfferId};
use crate::record::Uin;
use crate::secret::SecretDigest;

/// What is stored under the digest of an `issuer_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeOffer {
    /// Its name.
    pub offer: OfferId,
    /// For whom.
    pub record: Uin,
    /// Of what.
    pub configurations: Vec<ConfigurationId>,
    /// It cannot be taken up from here on.
    pub expires_at: UnixTime,
    /// Whether it was taken up.
    pub stage: CodeOfferStage,
    /// The digest of the pre-authorized code by which it may be taken up instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant: Option<SecretDigest>,
}

impl CodeOffer {
    /// The offer as it is once somebody took it up.
    #[must_use]
    pub fn taken_up(&self) -> Self {
        Self {
            stage: CodeOfferStage::TakenUp,
            ..self.clone()
        }
    }
}

/// Whether an offer was taken up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CodeOfferStage {
    /// Not yet.
    Offered,
    /// Once, and never again.
    TakenUp,
}
