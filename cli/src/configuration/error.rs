//! Why a configuration is refused.

use std::net::SocketAddr;
use std::path::PathBuf;

use symbolon_trust::trust_list::SourceName;
use thiserror::Error;

use super::TenantName;

/// Why a configuration was refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// The file cannot be read.
    #[error("cannot read the configuration {path}; `symbolon init` makes one")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file is no TOML.
    #[error("{path} is not valid TOML: {source}")]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// A key is unknown, missing or of the wrong type.
    #[error("{path}: {source}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Which key and why.
        #[source]
        source: toml::de::Error,
    },
    /// An environment variable that no key belongs to.
    #[error("the environment variable {0} belongs to no configuration key")]
    UnknownVariable(String),
    /// An environment variable whose value does not fit its key.
    #[error("the environment variable {0} must be true or false")]
    NotAFlag(String),
    /// An environment variable whose value does not fit its key.
    #[error("the environment variable {0} must be a whole number")]
    NotANumber(String),
    /// Development mode on an address that others can reach.
    #[error("development = true is refused on {0}: only loopback addresses are allowed with it")]
    DevelopmentOffLoopback(SocketAddr),
    /// A URL that needs development mode.
    #[error("{key} must be an https URL unless development = true")]
    NotHttps {
        /// The offending key.
        key: &'static str,
    },
    /// A URL with a part that an identifier may not have.
    #[error("{key} must be an http or https URL without query, fragment, user or trailing slash")]
    NotAnIdentifier {
        /// The offending key.
        key: &'static str,
    },
    /// A name that no tenant can have.
    #[error("issuers.{0}: a tenant's name is 1 to 32 characters of a-z, 0-9 and -, and not {main}", main = TenantName::MAIN)]
    TenantName(String),
    /// A key of the listener, which is one for all issuers.
    #[error("issuers.{tenant}.{key} is refused: all issuers share the listener of [issuer]")]
    TenantListener {
        /// The tenant.
        tenant: TenantName,
        /// The offending key.
        key: &'static str,
    },
    /// The section of a further issuer.
    #[error("issuers.{tenant}: {source}")]
    Tenant {
        /// The tenant.
        tenant: TenantName,
        /// Why.
        #[source]
        source: Box<ConfigurationError>,
    },
    /// Two issuers with one identifier.
    #[error("issuers.{0}.identifier is the identifier of another issuer")]
    RepeatedIdentifier(TenantName),
    /// A key without which another says nothing.
    #[error("{key} is missing: {why} needs it")]
    Missing {
        /// The key.
        key: &'static str,
        /// What needs it.
        why: &'static str,
    },
    /// A key that nothing reads.
    #[error("{key} says nothing without {why}")]
    Useless {
        /// The key.
        key: &'static str,
        /// What would need it.
        why: &'static str,
    },
    /// Codes would be shown instead of sent.
    #[error(
        "issuer.sign_in.sender = \"demo\" sends codes to nobody and is refused without development = true"
    )]
    DemoSender,
    /// A list that hides too few.
    #[error(
        "issuer.status_lists.width is 17 at least unless development = true: in a smaller list few credentials hide one"
    )]
    SmallHerd,
    /// A MOSIP ID Repository that is not described, or one that is described and not used.
    #[error("issuer.records.{key} {problem}")]
    Records {
        /// The offending key.
        key: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A source of anchors that says too little or too much.
    #[error("trust.sources.{name}: {problem}")]
    TrustSource {
        /// The source.
        name: SourceName,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// Only one half of certificate and key.
    #[error("{section}.tls_certificate and {section}.tls_key belong together")]
    HalfTls {
        /// The section.
        section: &'static str,
    },
    /// No listener is encrypted and nothing says that another machine's is.
    #[error("{section}.listen {address} is reachable from outside and needs tls_certificate and tls_key")]
    PlainListener {
        /// The section.
        section: &'static str,
        /// The address.
        address: SocketAddr,
    },
}
