//! The access token: for one record, some configurations, and a bounded number of credentials ([OpenID4VCI §6.2]).
//!
//! [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use thiserror::Error;

use crate::identifiers::ConfigurationId;
use crate::record::Uin;
use crate::secret::SecretDigest;

/// How long an access token lasts: a wallet asks for the credential within seconds; the rest is for a resident who must unlock a phone.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// What a token entitles to. The record is fixed when the offer is made; nothing in a request can name another (ATTACKS.md row 19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessGrant {
    /// Whose credentials.
    pub record: Uin,
    /// How many credentials of each configuration may still be issued.
    pub remaining: BTreeMap<ConfigurationId, u32>,
    /// The token is refused from here on.
    pub expires_at: UnixTime,
}

impl AccessGrant {
    /// What stands for the grant in what outlives a token: deferred credentials and notifications. `token` is the one presented.
    #[must_use]
    pub const fn reference(&self, token: SecretDigest) -> SecretDigest {
        token
    }

    /// The grant after `count` credentials of `configuration`.
    ///
    /// # Errors
    /// [`AccessRefusal`] when the token has expired, is for something else, or is used up.
    pub fn spend(
        &self,
        configuration: &ConfigurationId,
        count: u32,
        now: UnixTime,
    ) -> Result<Self, AccessRefusal> {
        if now >= self.expires_at {
            return Err(AccessRefusal::Expired);
        }
        let remaining = self
            .remaining
            .get(configuration)
            .ok_or(AccessRefusal::OtherConfiguration)?;
        let left = remaining.checked_sub(count).ok_or(AccessRefusal::Exhausted)?;
        let mut after = self.clone();
        after.remaining.insert(configuration.clone(), left);
        Ok(after)
    }
}

/// Why a token does not entitle to what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AccessRefusal {
    /// 401 `invalid_token`.
    #[error("the access token has expired")]
    Expired,
    /// The offer did not name this configuration.
    #[error("the access token is for another credential")]
    OtherConfiguration,
    /// Every credential of the grant was issued.
    #[error("the grant is used up")]
    Exhausted,
}
