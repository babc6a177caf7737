//! `verified_claims`: claims about a person with how they were verified ([OpenID Connect for Identity Assurance 1.0],
//! [OpenID Identity Assurance Schema Definition 1.0]).
//!
//! [`VerifiedClaims`] is what a provider has; [`VerifiedClaimsRequest`] is what a relying party asks for in the `claims` parameter,
//! and [`VerifiedClaimsRequest::fulfil`] is what it gets: nothing that it did not name, and nothing that misses what it demands.
//!
//! [OpenID Connect for Identity Assurance 1.0]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html
//! [OpenID Identity Assurance Schema Definition 1.0]: https://openid.net/specs/openid-ida-verified-claims-1_0.html

mod constraint;
mod element;
mod fulfil;
mod request;
#[cfg(test)]
mod tests;

pub use self::element::{
    CheckDetails, CheckMethod, DocumentDetails, Evidence, RecordDetails, Source, Verification, VerifiedClaims,
};
pub use self::request::{InvalidVerifiedClaimsRequest, VerifiedClaimsRequest};
