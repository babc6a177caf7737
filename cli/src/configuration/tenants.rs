//! `[issuers.NAME]`: further issuers of the same process. Each is described as `[issuer]` is, without a listener of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use symbolon_store::Tenant;

use super::{Configuration, ConfigurationError, IssuerSection, identifier_text};

/// The name of an issuer's tenant: what its stored keys begin with, and its folder is called.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TenantName(String);

impl TenantName {
    /// The tenant of `[issuer]`.
    pub const MAIN: &'static str = "default";

    /// The tenant of `[issuer]`.
    #[must_use]
    pub fn main() -> Self {
        Self(Self::MAIN.to_owned())
    }

    /// Reads the name of an issuer: 1 to 32 characters of `a-z`, `0-9` and `-`, the first of which is no `-`.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        // The store's alphabet. It holds nothing that means something in a path, and a name at the front of a command is no option.
        let known = Tenant::parse(name).is_ok() && !name.starts_with('-');
        known.then(|| Self(name.to_owned()))
    }

    /// Whether this is the tenant of `[issuer]`.
    #[must_use]
    pub fn is_main(&self) -> bool {
        self.0 == Self::MAIN
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TenantName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        Self::parse(&name).ok_or("a tenant's name is 1 to 32 characters of a-z, 0-9 and -")
    }
}

impl From<TenantName> for String {
    fn from(name: TenantName) -> Self {
        name.0
    }
}

impl std::fmt::Display for TenantName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Configuration {
    /// The section of an issuer.
    #[must_use]
    pub fn issuer_of(&self, tenant: &TenantName) -> Option<&IssuerSection> {
        if tenant.is_main() {
            return Some(&self.issuer);
        }
        self.issuers.get(tenant)
    }

    /// The tenants of all issuers, that of `[issuer]` first.
    pub fn tenants(&self) -> impl Iterator<Item = TenantName> {
        core::iter::once(TenantName::main()).chain(self.issuers.keys().cloned())
    }

    pub(super) fn check_tenants(&self) -> Result<(), ConfigurationError> {
        let mut identifiers = BTreeSet::from([identifier_text(&self.issuer.identifier)]);
        for (tenant, section) in &self.issuers {
            self.check_further(section)
                .map_err(|source| ConfigurationError::Tenant {
                    tenant: tenant.clone(),
                    source: Box::new(source),
                })?;
            if !identifiers.insert(identifier_text(&section.identifier)) {
                return Err(ConfigurationError::RepeatedIdentifier(tenant.clone()));
            }
        }
        Ok(())
    }

    fn check_further(&self, section: &IssuerSection) -> Result<(), ConfigurationError> {
        if let Some(sign_in) = &section.sign_in {
            sign_in.check(self.development)?;
        }
        section.records.check(self.development)?;
        section.status_lists.check(self.development)?;
        self.check_identifier("the identifier", &section.identifier)
    }
}

/// Gives every further issuer the listener of `[issuer]`, and refuses one that has its own.
pub(super) fn share_listener(table: &mut toml::Table) -> Result<(), ConfigurationError> {
    let listener: Vec<(&'static str, Option<toml::Value>)> = LISTENER_KEYS
        .iter()
        .map(|key| {
            (
                *key,
                table.get("issuer").and_then(|issuer| issuer.get(key)).cloned(),
            )
        })
        .collect();
    let Some(issuers) = table.get_mut("issuers").and_then(toml::Value::as_table_mut) else {
        return Ok(());
    };
    for (name, section) in issuers.iter_mut() {
        let tenant = TenantName::parse(name)
            .filter(|tenant| !tenant.is_main())
            .ok_or_else(|| ConfigurationError::TenantName(name.clone()))?;
        let Some(section) = section.as_table_mut() else {
            continue;
        };
        for (key, value) in &listener {
            if section.contains_key(*key) {
                return Err(ConfigurationError::TenantListener { tenant, key });
            }
            if let Some(value) = value {
                section.insert((*key).to_owned(), value.clone());
            }
        }
    }
    Ok(())
}

const LISTENER_KEYS: [&str; 3] = ["listen", "tls_certificate", "tls_key"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;

    const FILE: &str = r#"
        development = true
        [issuer]
        identifier = "http://127.0.0.1:8080"
        listen = "127.0.0.1:8080"
        name = "Registry"
        credential_configurations = []
        [issuers.north]
        identifier = "http://127.0.0.1:8080/north"
        name = "North"
        credential_configurations = []
        [verifier]
        identifier = "http://127.0.0.1:8081"
        listen = "127.0.0.1:8081"
        name = "Clinic"
    "#;

    fn parse(text: &str) -> Result<Configuration, String> {
        Configuration::parse(text, Path::new("symbolon.toml"), &BTreeMap::new())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_further_issuer_has_the_listener_of_the_first() {
        let configuration = parse(FILE).unwrap();
        let names: Vec<_> = configuration.tenants().map(String::from).collect();
        assert_eq!(names, ["default", "north"]);
        let north = TenantName::parse("north").unwrap();
        let section = configuration.issuer_of(&north).unwrap();
        assert_eq!(section.listen, configuration.issuer.listen);
        assert_eq!(section.name, "North");
        assert!(
            configuration
                .issuer_of(&TenantName::parse("south").unwrap())
                .is_none()
        );
    }

    #[test]
    fn what_cannot_be_is_refused_by_its_name() {
        for (was, is, named) in [
            (
                "name = \"North\"",
                "name = \"North\"\nlisten = \"127.0.0.1:1\"",
                "issuers.north.listen",
            ),
            (
                "name = \"North\"",
                "name = \"North\"\ntls_key = \"k\"",
                "issuers.north.tls_key",
            ),
            (
                "[verifier]",
                "[issuers.north.records]\nsource = \"mosip\"\n[verifier]",
                "issuers.north: ",
            ),
            (
                "[verifier]",
                "[issuers.north.sign_in]\nmethod = \"one_time_code\"\nsender = \"webhook\"\n[verifier]",
                "issuers.north: ",
            ),
            ("name = \"North\"", "nam = \"North\"", "nam"),
            ("issuers.north", "issuers.default", "issuers.default"),
            ("issuers.north", "issuers.North", "issuers.North"),
            ("issuers.north", "issuers.\"../north\"", "issuers.../north"),
            ("issuers.north", "issuers.-north", "issuers.-north"),
            ("8080/north", "8080/north/", "issuers.north: the identifier"),
            ("8080/north", "8080/north?a", "issuers.north: the identifier"),
            (
                "127.0.0.1:8080/north",
                "127.0.0.1:8080",
                "issuers.north.identifier",
            ),
        ] {
            let refused = parse(&FILE.replacen(was, is, 1)).unwrap_err();
            assert!(refused.contains(named), "{named}: {refused}");
        }
    }
}
