//! Sign-in by an OpenID Provider: the authorization code flow of [OpenID Connect Core 1.0 §3.1] with PKCE ([RFC 7636]),
//! `state`, `nonce` and the issuer in the answer ([RFC 9207]), as pure steps.
//!
//! ```text
//! ProviderMetadata::parse   what the provider says about itself
//! begin                     where the browser goes, and what is kept of it
//! ProviderAnswer::parse     what the browser brings back, held against what was kept
//! TokenRequest::new         what is asked of the token endpoint, signed where the provider wants that
//! verify_id_token           who it is, in the provider's word
//! UserInfo::parse           more about the same person
//! resident_of               which record that is
//! ```
//!
//! Nothing secret is stored: `nonce` and code verifier are derived from `state`, of which the store has the digest alone.
//!
//! [OpenID Connect Core 1.0 §3.1]: https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636
//! [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207

mod begin;
mod discovery;
mod id_token;
mod keys;
mod resident;
mod settings;
mod token;
mod user_info;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub use begin::{Beginning, ProviderAnswer, ProviderState, begin};
pub use discovery::{MAX_PROVIDER_DOCUMENT_BYTES, ProviderMetadata};
pub use id_token::{IdToken, verify_id_token};
pub use keys::ProviderKeys;
pub use resident::{RecordName, resident_of};
pub use settings::{ProviderClientKey, ProviderSettings, RecordClaimKind, SettingsError};
pub use token::{PreparedTokenRequest, ProviderTokens, TokenRequest};
pub use user_info::UserInfo;

/// Why the provider's word does not sign anybody in. Holds nothing that the provider or the browser wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProviderError {
    /// A document is too large, no JSON, or not what the specification describes.
    #[error("the provider's {0} is not what the specification describes")]
    Malformed(&'static str),
    /// The metadata are another provider's.
    #[error("the provider's metadata name another issuer")]
    IssuerMismatch,
    /// An endpoint that may not be used.
    #[error("an endpoint of the provider is not permitted")]
    EndpointNotPermitted,
    /// The provider cannot do what is configured.
    #[error("the provider does not support {0}")]
    Unsupported(&'static str),
    /// The answer belongs to no sign-in of this browser, or is not this provider's.
    #[error("the answer does not belong to this sign-in")]
    ForeignAnswer,
    /// The resident refused, or the provider does not let them in.
    #[error("the provider signed nobody in")]
    Denied,
    /// The provider says that it failed.
    #[error("the provider answered with an error")]
    Refused,
    /// The token is signed by nobody that the provider names, in a way that is not allowed, or not at all.
    #[error("the provider's {0} is not signed as it must be")]
    Signature(&'static str),
    /// The key that the token names is not among the provider's.
    #[error("the provider's token names an unknown key")]
    UnknownKey,
    /// A claim is missing, or says that the token is for another client, session or time.
    #[error("the claim {0} of the provider's token is not what it must be")]
    Claim(&'static str),
    /// The claim that names the record is not there, or is no number of its kind.
    #[error("the provider names no record")]
    NoRecordClaim,
}
