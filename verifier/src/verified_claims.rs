//! What a presentation says about a person, in the words of OpenID Connect, and how it was verified ([Identity Assurance]).
//!
//! A policy says which claim is made of which part of which credential ([`VerifiedClaimsDocument`]): a closed list of
//! transformations, checked at start. [`PresentationPolicy::verified_claims`](crate::policy::PresentationPolicy::verified_claims)
//! makes them of what was kept of a presentation that satisfies the policy, one set for each credential: what one issuer vouches for
//! is not mixed with what another does.
//!
//! [Identity Assurance]: https://openid.net/specs/openid-connect-4-identity-assurance-1_0.html

mod document;
mod evidence;
mod mapping;
mod source;
#[cfg(test)]
mod tests;
mod token;

pub use self::document::{
    AddressSource, AgeOverSource, ClaimMappingDocument, ClaimSource, EvidenceKind, GenderCodes, GenderSource,
    JoinedSource, LanguageSource, VerifiedClaimsDocument,
};
pub use self::evidence::{PresentedEvidence, VerifiedClaimsSupport};
pub(crate) use self::mapping::ClaimsMapping;
pub use self::token::{VERIFIED_CLAIMS_TYPE, VerifiedClaimsToken};
