//! What an operator configures.

use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};
use thiserror::Error;

/// One provider, checked.
#[derive(Debug, Clone)]
pub struct ProviderSettings {
    pub(super) issuer: HttpUrl,
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) acr_values: Option<String>,
    pub(super) record_claim: String,
    pub(super) record_claim_kind: RecordClaimKind,
    pub(super) client_key: Option<ProviderClientKey>,
    pub(super) policy: UrlPolicy,
}

/// What the claim that names the record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordClaimKind {
    /// A UIN.
    Uin,
    /// A virtual identifier.
    Vid,
}

/// The key of `private_key_jwt`.
#[derive(Debug, Clone)]
pub struct ProviderClientKey {
    /// Its handle in the key store.
    pub handle: KeyHandle,
    /// What it signs with.
    pub algorithm: SignatureAlgorithm,
    /// Its name as registered with the provider.
    pub key_id: Option<String>,
}

/// Why a provider was refused; `key` is that of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{key}: {reason}")]
pub struct SettingsError {
    /// The offending key.
    pub key: &'static str,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl ProviderSettings {
    /// A provider that is a public client's.
    ///
    /// # Errors
    /// [`SettingsError`].
    pub fn new(
        issuer: &str,
        client_id: &str,
        scope: &str,
        record_claim: &str,
        record_claim_kind: RecordClaimKind,
        policy: UrlPolicy,
    ) -> Result<Self, SettingsError> {
        let refused = |key, reason| Err(SettingsError { key, reason });
        let Ok(issuer) = HttpUrl::parse(issuer) else {
            return refused("issuer", "must be a URL");
        };
        if issuer.permitted(policy).is_err() {
            return refused("issuer", "must be an https URL unless development = true");
        }
        if issuer.url().query().is_some() {
            return refused("issuer", "must have no query");
        }
        if !is_printable(client_id) {
            return refused("client_id", "must be printable ASCII and not empty");
        }
        if !scope.split(' ').any(|scope| scope == "openid") || !is_printable(scope) {
            return refused("scope", "must contain openid");
        }
        if record_claim.is_empty() {
            return refused("record_claim", "must name a claim");
        }
        Ok(Self {
            issuer,
            client_id: client_id.to_owned(),
            scope: scope.to_owned(),
            acr_values: None,
            record_claim: record_claim.to_owned(),
            record_claim_kind,
            client_key: None,
            policy,
        })
    }

    /// The same, authenticated by a key.
    #[must_use]
    pub fn with_client_key(mut self, key: ProviderClientKey) -> Self {
        self.client_key = Some(key);
        self
    }

    /// The same, asking for these authentication contexts ([OpenID Connect Core 1.0 §3.1.2.1]).
    ///
    /// # Errors
    /// [`SettingsError`].
    ///
    /// [OpenID Connect Core 1.0 §3.1.2.1]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequest
    pub fn with_acr_values(mut self, values: &str) -> Result<Self, SettingsError> {
        if !is_printable(values) {
            return Err(SettingsError {
                key: "acr_values",
                reason: "must be printable ASCII and not empty",
            });
        }
        self.acr_values = Some(values.to_owned());
        Ok(self)
    }

    /// The provider's identifier.
    #[must_use]
    pub const fn issuer(&self) -> &HttpUrl {
        &self.issuer
    }

    /// Where its metadata are ([OpenID Connect Discovery 1.0 §4]).
    ///
    /// [OpenID Connect Discovery 1.0 §4]: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
    #[must_use]
    pub fn metadata_location(&self) -> String {
        format!(
            "{}/.well-known/openid-configuration",
            self.issuer.as_str().trim_end_matches('/')
        )
    }
}

fn is_printable(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}
