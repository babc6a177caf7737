//! `issuer.profile`: the choices that a profile makes where the operator makes none. What the operator chose stays, and is
//! refused at start where it contradicts the profile.

use std::path::PathBuf;

use symbolon_issuer::authorization::{DpopPolicy, PreAuthorizedClients, PushedRequests, UnknownClients};
use symbolon_issuer::haip::Profile;

use super::{AuthorizationSection, Configuration, ConfigurationError};

/// Makes the choices of every issuer's profile.
pub(super) fn choose(table: &mut toml::Table) {
    if let Some(issuer) = table.get_mut("issuer") {
        choose_for(issuer);
    }
    let further = table.get_mut("issuers").and_then(toml::Value::as_table_mut);
    for (_, issuer) in further.into_iter().flatten() {
        choose_for(issuer);
    }
}

fn choose_for(issuer: &mut toml::Value) {
    let Some(section) = issuer.as_table_mut() else {
        return;
    };
    if section.get("profile").and_then(toml::Value::as_str) != Some("haip") {
        return;
    }
    let authorization = section
        .entry("authorization")
        .or_insert_with(|| toml::Table::new().into());
    let Some(authorization) = authorization.as_table_mut() else {
        return;
    };
    for (key, value) in HAIP_AUTHORIZATION {
        authorization.entry(key).or_insert_with(|| value.into());
    }
    // HAIP §4.4 recommends them, and does not say for how long.
    authorization
        .entry("refresh_token_days")
        .or_insert_with(|| HAIP_REFRESH_TOKEN_DAYS.into());
}

const HAIP_AUTHORIZATION: [(&str, &str); 4] = [
    ("unknown_clients", "refused"),
    ("pushed_requests", "required"),
    ("dpop", "required"),
    ("pre_authorized_clients", "identified"),
];
const HAIP_REFRESH_TOKEN_DAYS: u32 = 90;

impl AuthorizationSection {
    /// The section of an issuer of the high-assurance profile that believes these wallet providers.
    #[must_use]
    pub fn of_haip(attester_certificates: Vec<PathBuf>) -> Self {
        Self {
            unknown_clients: UnknownClients::Refused,
            pushed_requests: PushedRequests::Required,
            dpop: DpopPolicy::Required,
            pre_authorized_clients: PreAuthorizedClients::Identified,
            refresh_token_days: Some(HAIP_REFRESH_TOKEN_DAYS.into()),
            attester_certificates,
            ..Self::default()
        }
    }
}

impl Configuration {
    /// Refuses a profile whose flow nobody could begin.
    pub(super) fn check_profiles(&self) -> Result<(), ConfigurationError> {
        for issuer in core::iter::once(&self.issuer).chain(self.issuers.values()) {
            if issuer.profile == Profile::Haip && issuer.sign_in.is_none() {
                return Err(ConfigurationError::Missing {
                    key: "issuer.sign_in",
                    why: "profile = \"haip\"",
                });
            }
        }
        Ok(())
    }
}
