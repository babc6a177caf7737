//! OpenID Connect, as a provider speaks it: requests for authentication with PKCE, the claims parameter, what a provider says of itself,
//! ID tokens, and claims with how they were verified.
//!
//! The flow is the authorization code flow alone. What it shares with OAuth stands in [`crate::oauth`].

pub mod authentication_request;
pub mod claims_request;
pub mod client_keys;
pub mod id_token;
pub mod identity_assurance;
pub mod provider_metadata;
pub mod token_response;
