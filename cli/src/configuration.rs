//! The one configuration file, `symbolon.toml`, and the environment variables that override its keys.
//!
//! Every key `a.b` of the file is also the environment variable `SYMBOLON_A_B`. A key that is not known is an
//! error, in the file as in the environment: a setting that silently does nothing is worse than a refusal.
//! The keys of further issuers, `[issuers.NAME]`, have no variables.

mod authorization;
mod credentials;
mod error;
mod issuer;
mod loaded;
mod offline_page;
mod packs;
mod profile;
mod records;
mod scan;
mod sign_in;
mod status_lists;
mod tenants;
mod trust;
mod variables;
mod verifier;
mod wallet;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use url::Url;

pub use authorization::{AuthorizationSection, ClientAuthenticationName, ClientSection};
pub use credentials::{CredentialsSection, EncryptionName};
pub use error::ConfigurationError;
pub use issuer::{CardSection, IssuerSection};
pub use loaded::LoadedConfiguration;
pub use offline_page::{OfflinePageSection, PageRoot};
pub use packs::{DistributorSection, PacksSection};
pub use records::{RecordsRetrieval, RecordsSection, RecordsSource};
pub use scan::{ScanAccessChoice, ScanSection};
pub use sign_in::{ProviderSection, RecordClaimName, SenderName, SignInMethodName, SignInSection};
pub use status_lists::StatusListsSection;
pub use tenants::TenantName;
pub use trust::{IacaListSection, PinnedSection, Rfc3339, SourceSection, TrustSection, VicalSection, days};
use variables::apply_variable;
pub use verifier::VerifierSection;
pub use wallet::WalletSection;

/// The name of the configuration file unless `--config` says otherwise.
pub const FILE_NAME: &str = "symbolon.toml";

/// Every key that an environment variable may override, with the type of its value.
const KEYS: &[(&str, KeyType)] = &[
    ("development", KeyType::Flag),
    ("data_directory", KeyType::Text),
    ("key_passphrase_file", KeyType::Text),
    ("issuer.identifier", KeyType::Text),
    ("issuer.listen", KeyType::Text),
    ("issuer.name", KeyType::Text),
    ("issuer.profile", KeyType::Text),
    ("issuer.tls_certificate", KeyType::Text),
    ("issuer.tls_key", KeyType::Text),
    ("issuer.authorization.unknown_clients", KeyType::Text),
    ("issuer.authorization.pushed_requests", KeyType::Text),
    ("issuer.authorization.dpop", KeyType::Text),
    ("issuer.authorization.pre_authorized_clients", KeyType::Text),
    ("issuer.authorization.unknown_attestation_status", KeyType::Text),
    ("issuer.authorization.access_token_seconds", KeyType::Number),
    ("issuer.authorization.refresh_token_days", KeyType::Number),
    ("issuer.sign_in.method", KeyType::Text),
    ("issuer.sign_in.sender", KeyType::Text),
    ("issuer.sign_in.channel", KeyType::Text),
    ("issuer.sign_in.file", KeyType::Text),
    ("issuer.sign_in.webhook", KeyType::Text),
    ("issuer.sign_in.webhook_secret", KeyType::Text),
    ("issuer.sign_in.translations", KeyType::Text),
    ("issuer.sign_in.provider.issuer", KeyType::Text),
    ("issuer.sign_in.provider.name", KeyType::Text),
    ("issuer.sign_in.provider.client_id", KeyType::Text),
    ("issuer.sign_in.provider.scope", KeyType::Text),
    ("issuer.sign_in.provider.record_claim", KeyType::Text),
    ("issuer.sign_in.provider.record_claim_holds", KeyType::Text),
    ("issuer.sign_in.provider.client_key", KeyType::Text),
    ("issuer.sign_in.provider.client_key_id", KeyType::Text),
    ("issuer.sign_in.provider.acr_values", KeyType::Text),
    ("issuer.sign_in.provider.private_network", KeyType::Flag),
    ("issuer.credentials.batch_size", KeyType::Number),
    ("issuer.credentials.request_encryption", KeyType::Text),
    ("issuer.credentials.response_encryption", KeyType::Text),
    ("issuer.credentials.deferred_interval_seconds", KeyType::Number),
    ("issuer.credentials.deferred_lifetime_days", KeyType::Number),
    ("issuer.credentials.offer_retention_days", KeyType::Number),
    ("issuer.status_lists.width", KeyType::Number),
    ("issuer.status_lists.bits", KeyType::Number),
    ("issuer.status_lists.time_to_live_seconds", KeyType::Number),
    ("issuer.status_lists.lifetime_seconds", KeyType::Number),
    ("issuer.status_lists.history_days", KeyType::Number),
    ("issuer.status_lists.history_interval_seconds", KeyType::Number),
    ("issuer.status_lists.messages", KeyType::Flag),
    ("issuer.status_lists.retire_after_days", KeyType::Number),
    ("issuer.status_lists.memory_megabytes", KeyType::Number),
    ("issuer.records.source", KeyType::Text),
    ("issuer.records.url", KeyType::Text),
    ("issuer.records.app_id", KeyType::Text),
    ("issuer.records.client_id", KeyType::Text),
    ("issuer.records.client_secret_file", KeyType::Text),
    ("issuer.records.retrieval", KeyType::Text),
    ("verifier.identifier", KeyType::Text),
    ("verifier.listen", KeyType::Text),
    ("verifier.name", KeyType::Text),
    ("verifier.scan.access", KeyType::Text),
    ("verifier.scan.code_generation", KeyType::Number),
    ("verifier.certificate_revocation.lists", KeyType::Text),
    ("verifier.freshness.oldest_seconds", KeyType::Number),
    ("verifier.freshness.when_older", KeyType::Text),
    ("verifier.offline_page.serve", KeyType::Flag),
    ("verifier.offline_page.folder", KeyType::Text),
    ("verifier.offline_page.pack", KeyType::Text),
    ("verifier.offline_page.root_of_trust", KeyType::Text),
    ("verifier.offline_page.distributor_url", KeyType::Text),
    ("verifier.tls_certificate", KeyType::Text),
    ("verifier.tls_key", KeyType::Text),
    ("verifier.policies", KeyType::Text),
    ("verifier.relying_parties", KeyType::Text),
    ("verifier.profile", KeyType::Text),
    ("verifier.client_id_prefix", KeyType::Text),
    ("verifier.client_id", KeyType::Text),
    ("verifier.response_mode", KeyType::Text),
    ("verifier.request_delivery", KeyType::Text),
    ("verifier.request_uri_method", KeyType::Text),
    ("verifier.holder_keys", KeyType::Text),
    ("verifier.status", KeyType::Text),
    ("wallet.directory", KeyType::Text),
    ("wallet.listen", KeyType::Text),
    ("wallet.tls_certificate", KeyType::Text),
    ("wallet.tls_key", KeyType::Text),
    ("wallet.profile", KeyType::Text),
    ("wallet.answers", KeyType::Text),
    ("wallet.unverified_verifiers", KeyType::Text),
    ("wallet.unverified_readers", KeyType::Text),
    ("wallet.unsigned_origins", KeyType::Text),
    ("wallet.signed_metadata", KeyType::Text),
    ("wallet.over_asking", KeyType::Text),
    ("wallet.spent_copies", KeyType::Text),
    ("wallet.identifier", KeyType::Text),
    ("wallet.consent_policy", KeyType::Text),
    ("wallet.requests_per_minute", KeyType::Number),
    ("wallet.requests_at_once", KeyType::Number),
    ("trust.reload_seconds", KeyType::Number),
    ("packs.index_url", KeyType::Text),
    ("packs.scope", KeyType::Text),
    ("packs.folder", KeyType::Text),
    ("packs.interval_minutes", KeyType::Number),
    ("packs.max_megabytes", KeyType::Number),
    ("distributor.identifier", KeyType::Text),
    ("distributor.listen", KeyType::Text),
    ("distributor.tls_certificate", KeyType::Text),
    ("distributor.tls_key", KeyType::Text),
    ("distributor.folder", KeyType::Text),
    ("distributor.interval_minutes", KeyType::Number),
    ("distributor.deltas", KeyType::Number),
    ("card.fonts", KeyType::Text),
    ("card.face_qr", KeyType::Flag),
    ("card.face_key", KeyType::Text),
];

#[derive(Clone, Copy)]
enum KeyType {
    Text,
    Flag,
    Number,
}

/// The whole configuration, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Permits plain http, loopback peers and a self-made certificate authority; refused on any address that
    /// is not loopback.
    #[serde(default)]
    pub development: bool,
    /// Where stores, keys and tokens stand, relative to the configuration file.
    #[serde(default = "default_data_directory")]
    pub data_directory: PathBuf,
    /// The file with the passphrase of the encrypted keys, which its owner alone may read; without it the passphrase is in
    /// `SYMBOLON_KEY_PASSPHRASE`, or asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_passphrase_file: Option<PathBuf>,
    /// The issuer.
    pub issuer: IssuerSection,
    /// Further issuers of the same process, by the names of their tenants. They share the listener, which `[issuer]` describes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issuers: BTreeMap<TenantName, IssuerSection>,
    /// The verifier.
    pub verifier: VerifierSection,
    /// The wallet that the command line drives.
    #[serde(default)]
    pub wallet: WalletSection,
    /// The printed card.
    #[serde(default)]
    pub card: CardSection,
    /// Whom it believes beside the issuers of its own trust list.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trust: TrustSection,
    /// Where offline packs come from.
    #[serde(default, skip_serializing_if = "is_default")]
    pub packs: PacksSection,
    /// How offline packs are handed out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub distributor: DistributorSection,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

fn is_default<T: Default + PartialEq>(section: &T) -> bool {
    *section == T::default()
}

fn default_data_directory() -> PathBuf {
    PathBuf::from("data")
}

impl Configuration {
    /// Parses the text of a configuration file; `path` only names it in errors.
    ///
    /// # Errors
    /// As [`LoadedConfiguration::load`].
    pub fn parse(
        text: &str,
        path: &Path,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, ConfigurationError> {
        let mut table: toml::Table = toml::from_str(text).map_err(|source| ConfigurationError::Syntax {
            path: path.to_owned(),
            source,
        })?;
        for (name, value) in environment {
            apply_variable(&mut table, name, value)?;
        }
        tenants::share_listener(&mut table)?;
        profile::choose(&mut table);
        let configuration: Self =
            toml::Value::Table(table)
                .try_into()
                .map_err(|source| ConfigurationError::Key {
                    path: path.to_owned(),
                    source,
                })?;
        configuration.check()?;
        Ok(configuration)
    }

    /// Checks what no single key can: that listeners and identifiers fit each other and the mode.
    ///
    /// # Errors
    /// The first combination that is refused at start.
    pub fn check(&self) -> Result<(), ConfigurationError> {
        let listeners = [
            (
                "issuer",
                self.issuer.listen,
                &self.issuer.tls_certificate,
                &self.issuer.tls_key,
            ),
            (
                "verifier",
                self.verifier.listen,
                &self.verifier.tls_certificate,
                &self.verifier.tls_key,
            ),
            (
                "wallet",
                self.wallet.listen,
                &self.wallet.tls_certificate,
                &self.wallet.tls_key,
            ),
            (
                "distributor",
                self.distributor.listen,
                &self.distributor.tls_certificate,
                &self.distributor.tls_key,
            ),
        ];
        for (section, address, certificate, key) in listeners {
            if certificate.is_some() != key.is_some() {
                return Err(ConfigurationError::HalfTls { section });
            }
            if self.development && !address.ip().is_loopback() {
                return Err(ConfigurationError::DevelopmentOffLoopback(address));
            }
            // On loopback a reverse proxy of the operator's may end TLS; anywhere else the listener does.
            if !address.ip().is_loopback() && certificate.is_none() {
                return Err(ConfigurationError::PlainListener { section, address });
            }
        }
        if let Some(sign_in) = &self.issuer.sign_in {
            sign_in.check(self.development)?;
        }
        self.issuer.records.check(self.development)?;
        self.issuer.status_lists.check(self.development)?;
        let identifiers = [
            ("issuer.identifier", &self.issuer.identifier),
            ("verifier.identifier", &self.verifier.identifier),
        ];
        for (key, url) in identifiers {
            self.check_identifier(key, url)?;
        }
        if let Some(url) = &self.wallet.identifier {
            self.check_identifier("wallet.identifier", url)?;
            // Its endpoints stand at the root of the listener.
            if url.path() != "/" {
                return Err(ConfigurationError::NotAnIdentifier {
                    key: "wallet.identifier",
                });
            }
        }
        if let Some(identifier) = &self.distributor.identifier {
            self.check_identifier("distributor.identifier", identifier)?;
        }
        if let Some(index) = &self.packs.index_url
            && index.scheme() != "https"
            && !self.development
        {
            return Err(ConfigurationError::NotHttps {
                key: "packs.index_url",
            });
        }
        self.trust.check()?;
        self.check_profiles()?;
        self.check_tenants()
    }

    fn check_identifier(&self, key: &'static str, url: &Url) -> Result<(), ConfigurationError> {
        let plain = url.scheme() == "http";
        if !(plain || url.scheme() == "https")
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.host_str().is_none()
            || (url.path().len() > 1 && url.path().ends_with('/'))
        {
            return Err(ConfigurationError::NotAnIdentifier { key });
        }
        if plain && !self.development {
            return Err(ConfigurationError::NotHttps { key });
        }
        Ok(())
    }
}

/// An identifier as it stands in metadata and credentials: without the slash that a URL's root path adds.
#[must_use]
pub fn identifier_text(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests {
    use super::variables::variable_name;
    use super::*;

    const FILE: &str = r#"
        development = true
        [issuer]
        identifier = "http://127.0.0.1:8080"
        listen = "127.0.0.1:8080"
        name = "Registry"
        credential_configurations = ["credentials/national-identity.toml"]
        [verifier]
        identifier = "http://127.0.0.1:8081"
        listen = "127.0.0.1:8081"
        name = "Clinic"
    "#;

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Configuration, ConfigurationError> {
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Configuration::parse(text, Path::new("symbolon.toml"), &environment)
    }

    #[test]
    fn reads_the_file_and_lets_the_environment_override_it() {
        let configuration = parse(FILE, &[("SYMBOLON_ISSUER_LISTEN", "127.0.0.1:9000")]).unwrap();
        assert_eq!(configuration.issuer.listen.port(), 9000);
        assert_eq!(configuration.verifier.listen.port(), 8081);
        assert_eq!(
            identifier_text(&configuration.issuer.identifier),
            "http://127.0.0.1:8080"
        );
    }

    #[test]
    fn names_an_unknown_key() {
        let error = parse(
            &FILE.replace("name = \"Clinic\"", "name = \"Clinic\"\nlisen = 1"),
            &[],
        )
        .unwrap_err();
        assert!(error.to_string().contains("lisen"), "{error}");
        let error = parse(FILE, &[("SYMBOLON_ISSUER_LISEN", "x")]).unwrap_err();
        assert!(matches!(error, ConfigurationError::UnknownVariable(_)));
    }

    #[test]
    fn an_environment_variable_reaches_a_table_within_a_table() {
        let name = "SYMBOLON_ISSUER_AUTHORIZATION_ACCESS_TOKEN_SECONDS";
        let configuration = parse(FILE, &[(name, "300")]).unwrap();
        assert_eq!(configuration.issuer.authorization.access_token_seconds, 300);
        assert!(matches!(
            parse(FILE, &[(name, "soon")]),
            Err(ConfigurationError::NotANumber(_))
        ));
        let error = parse(FILE, &[("SYMBOLON_ISSUER_AUTHORIZATION_DPOP", "maybe")]).unwrap_err();
        assert!(error.to_string().contains("maybe"), "{error}");
    }

    #[test]
    fn refuses_development_on_an_address_that_others_reach() {
        let text = FILE.replace("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:8080\"");
        assert!(matches!(
            parse(&text, &[]),
            Err(ConfigurationError::DevelopmentOffLoopback(_))
        ));
    }

    #[test]
    fn a_list_that_hides_few_is_for_development_alone() {
        let width = |width| vec![("SYMBOLON_ISSUER_STATUS_LISTS_WIDTH", width)];
        assert!(parse(FILE, &width("16")).is_ok());
        let secure = FILE
            .replace("development = true", "")
            .replace("http://", "https://");
        assert!(parse(&secure, &width("17")).is_ok());
        assert!(matches!(
            parse(&secure, &width("16")),
            Err(ConfigurationError::SmallHerd)
        ));
    }

    #[test]
    fn refuses_plain_http_outside_development() {
        let error = parse(FILE, &[("SYMBOLON_DEVELOPMENT", "false")]).unwrap_err();
        assert!(matches!(
            error,
            ConfigurationError::NotHttps {
                key: "issuer.identifier"
            }
        ));
    }

    #[test]
    fn refuses_a_plain_listener_that_others_reach() {
        let text = FILE
            .replace("development = true", "")
            .replace("http://", "https://")
            .replace("listen = \"127.0.0.1:8081\"", "listen = \"0.0.0.0:8081\"");
        assert!(matches!(
            parse(&text, &[]),
            Err(ConfigurationError::PlainListener {
                section: "verifier",
                ..
            })
        ));
    }

    const PROVIDER: &str = r#"
        [issuer.sign_in]
        method = "openid_provider"
        [issuer.sign_in.provider]
        issuer = "https://login.example"
        name = "Login"
        client_id = "symbolon"
        record_claim = "individual_id"
        record_claim_holds = "uin"
    "#;

    #[test]
    fn a_repository_is_described_whole_and_reached_safely_or_refused() {
        let whole = [
            ("SYMBOLON_ISSUER_RECORDS_SOURCE", "mosip"),
            ("SYMBOLON_ISSUER_RECORDS_URL", "https://mosip.example"),
            ("SYMBOLON_ISSUER_RECORDS_APP_ID", "idrepo"),
            ("SYMBOLON_ISSUER_RECORDS_CLIENT_ID", "symbolon"),
            ("SYMBOLON_ISSUER_RECORDS_CLIENT_SECRET_FILE", "secret"),
        ];
        let read = parse(FILE, &whole).unwrap();
        assert_eq!(read.issuer.records.source, RecordsSource::Mosip);
        assert_eq!(parse(&toml::to_string(&read).unwrap(), &[]).unwrap(), read);
        for left_out in 0..whole.len() {
            let mut part = whole.to_vec();
            part.remove(left_out);
            assert!(
                matches!(parse(FILE, &part), Err(ConfigurationError::Records { .. })),
                "{left_out}"
            );
        }
        let plain = FILE
            .replace("development = true", "")
            .replace("http://", "https://");
        let mut insecure = whole.to_vec();
        insecure[1].1 = "http://mosip.example";
        assert!(matches!(
            parse(&plain, &insecure),
            Err(ConfigurationError::Records { key: "url", .. })
        ));
    }

    #[test]
    fn every_key_of_the_table_is_known_to_the_file() {
        for (key, kind) in KEYS {
            let value = match kind {
                KeyType::Flag => "true",
                KeyType::Number if key.ends_with("status_lists.bits") => "4",
                KeyType::Number if key.ends_with("status_lists.width") => "17",
                KeyType::Number => "60",
                KeyType::Text if key.ends_with("sign_in.method") => "openid_provider",
                KeyType::Text if key.ends_with("sign_in.sender") => "demo",
                KeyType::Text if key.ends_with("sign_in.channel") => "email",
                KeyType::Text if key.ends_with("record_claim_holds") => "vid",
                KeyType::Text if key.ends_with("unknown_clients") => "public",
                KeyType::Text if key.ends_with("unknown_attestation_status") => "accepted",
                KeyType::Text if key.ends_with("pre_authorized_clients") => "identified",
                KeyType::Text if key.contains("authorization") || key.contains("encryption") => "required",
                KeyType::Text if key.ends_with("profile") => "standard",
                KeyType::Text if key.ends_with("client_id_prefix") => "x509_san_dns",
                KeyType::Text if key.ends_with("response_mode") => "direct_post",
                KeyType::Text if key.ends_with("request_delivery") => "value",
                KeyType::Text if key.ends_with("request_uri_method") => "post",
                KeyType::Text if key.ends_with("verifier.status") => "pack",
                KeyType::Text if key.ends_with("holder_keys") => "key_per_credential",
                KeyType::Text if key.ends_with("wallet.answers") => "as_asked",
                KeyType::Text
                    if key.ends_with("unverified_verifiers") || key.ends_with("unverified_readers") =>
                {
                    "shown"
                }
                KeyType::Text if key.ends_with("over_asking") => "refused",
                KeyType::Text if key.ends_with("spent_copies") => "shown_again",
                KeyType::Text if key.ends_with("unsigned_origins") => "refused",
                KeyType::Text if key.ends_with("scan.access") => "open",
                KeyType::Text if key.ends_with("offline_page.root_of_trust") => "onboarding",
                KeyType::Text if key.ends_with("freshness.when_older") => "warn",
                KeyType::Text if key.ends_with("certificate_revocation.lists") => "off",
                KeyType::Text if key.ends_with("signed_metadata") => "required",
                KeyType::Text if key.ends_with("listen") => "127.0.0.1:1",
                KeyType::Text if key.ends_with("identifier") => "https://example.org",
                KeyType::Text if key.ends_with("url") => "https://example.org",
                KeyType::Text if key.ends_with("source") => "register",
                KeyType::Text if key.ends_with("retrieval") => "path",
                KeyType::Text => "x",
            };
            // A key of the sign-in belongs to a section that is there already.
            let section = match *key {
                key if key.contains("sign_in.provider") => PROVIDER,
                key if key.contains("sign_in") => {
                    "[issuer.sign_in]\nmethod = \"one_time_code\"\nsender = \"demo\"\n"
                }
                _ => "",
            };
            match parse(&format!("{FILE}\n{section}"), &[(&variable_name(key), value)]) {
                Ok(_)
                | Err(
                    ConfigurationError::HalfTls { .. }
                    | ConfigurationError::Records { .. }
                    | ConfigurationError::Missing { .. }
                    | ConfigurationError::Useless { .. },
                ) => {}
                Err(error) => panic!("{key}: {error}"),
            }
        }
    }
}
