//! Which record the provider's word is about.

use serde_json::Value;

use super::{IdToken, ProviderError, ProviderSettings, RecordClaimKind, UserInfo};
use crate::record::{Uin, Vid};

/// How the provider names a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordName {
    /// By its UIN.
    Uin(Uin),
    /// By a virtual identifier.
    Vid(Vid),
}

impl IdToken {
    /// Whether the claim that names the record is in the ID token; otherwise the userinfo endpoint must be asked.
    #[must_use]
    pub fn names_a_record(&self, settings: &ProviderSettings) -> bool {
        self.claims.contains_key(&settings.record_claim)
    }
}

/// The record that the configured claim names, in the ID token before the userinfo response.
///
/// # Errors
/// [`ProviderError::NoRecordClaim`].
pub fn resident_of(
    id_token: &IdToken,
    user_info: Option<&UserInfo>,
    settings: &ProviderSettings,
) -> Result<RecordName, ProviderError> {
    let name = &settings.record_claim;
    let claim = id_token
        .claims
        .get(name)
        .or_else(|| user_info.and_then(|info| info.claims.get(name)));
    let text = claim
        .and_then(Value::as_str)
        .ok_or(ProviderError::NoRecordClaim)?;
    let named = match settings.record_claim_kind {
        RecordClaimKind::Uin => Uin::parse(text).ok().map(RecordName::Uin),
        RecordClaimKind::Vid => Vid::parse(text).ok().map(RecordName::Vid),
    };
    named.ok_or(ProviderError::NoRecordClaim)
}
