//! The access token: for one record, some configurations, and a bounded number of credentials ([OpenID4VCI §6.2]).
//!
//! [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use symbolon_crypto::{Thumbprint, UnixTime};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid4vci::credential::CredentialSelector;
use symbolon_protocol::openid4vci::identifiers::CredentialIdentifier;
use thiserror::Error;

use crate::identifiers::{ConfigurationId, FamilyId, OfferId};
use crate::record::Uin;
use crate::secret::SecretDigest;

/// How long an access token lasts: a wallet asks for the credential within seconds; the rest is for a resident who must unlock a phone.
pub const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(600);

/// The longest that a token lasts that is bound to no key: whoever steals one has what it opens ([OpenID4VCI §13.10]).
///
/// [OpenID4VCI §13.10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-13.10
pub const MAX_BEARER_TOKEN_LIFETIME: Duration = Duration::from_secs(300);

/// What a token entitles to. The record is fixed when the offer is made or the resident signs in; nothing in a request can name another
/// (ATTACKS.md row 19).
///
/// What was added after the first release is left out where it says nothing, so either version reads what the other wrote of such a
/// token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessGrant {
    /// Whose credentials.
    pub record: Uin,
    /// How many credentials of each configuration may still be issued.
    pub remaining: BTreeMap<ConfigurationId, u32>,
    /// The token is refused from here on.
    pub expires_at: UnixTime,
    /// The wallet it was given to; `None` for whoever had the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientIdentifier>,
    /// The key that every use must be proven by ([RFC 9449 §6]); `None` for a bearer token.
    ///
    /// [RFC 9449 §6]: https://www.rfc-editor.org/rfc/rfc9449#section-6
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
    /// The names of the datasets, if the token response gave any: then a request names one of these ([OpenID4VCI §8.2]).
    ///
    /// [OpenID4VCI §8.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.2
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identifiers: BTreeMap<ConfigurationId, CredentialIdentifier>,
    /// The tokens that it ends with; `None` where nothing but its own time ends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<FamilyId>,
    /// The offer that it came of, which must stand; `None` where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

impl AccessGrant {
    /// Who may come back for what this grant pays for; `token` is the one presented.
    #[must_use]
    pub fn holder(&self, token: SecretDigest) -> GrantHolder {
        GrantHolder {
            grant: match &self.family {
                Some(family) => SecretDigest::of(family.as_str()),
                None => token,
            },
            dpop: self.dpop,
        }
    }

    /// The configuration that a request names.
    ///
    /// # Errors
    /// [`SelectorRefusal`].
    pub fn selected<'a>(
        &'a self,
        selector: &'a CredentialSelector,
    ) -> Result<&'a ConfigurationId, SelectorRefusal> {
        match selector {
            CredentialSelector::Configuration(id) if self.identifiers.is_empty() => Ok(id),
            CredentialSelector::Configuration(_) => Err(SelectorRefusal::IdentifierRequired),
            CredentialSelector::Identifier(name) => self
                .identifiers
                .iter()
                .find(|(_, known)| *known == name)
                .map(|(id, _)| id)
                .ok_or(SelectorRefusal::UnknownIdentifier),
        }
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

/// Who may come back for what a grant paid for: a deferred credential, or to tell what became of one.
///
/// Where tokens are refreshed it is whoever has one of their family. Where they are not, the token outlives itself for this alone: a
/// wallet could not come back otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantHolder {
    /// The digest of the family's name, or that of the token itself.
    pub grant: SecretDigest,
    /// The key that the token is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop: Option<Thumbprint>,
}

/// Why a request does not say what it wants in the way that its token response laid down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectorRefusal {
    /// `invalid_credential_request`: the token response gave names of datasets, and the request names a configuration.
    #[error("the token response gave credential identifiers, so the request must name one of them")]
    IdentifierRequired,
    /// `unknown_credential_identifier`.
    #[error("no credential dataset has this name")]
    UnknownIdentifier,
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
