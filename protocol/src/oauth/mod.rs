//! The parts of OAuth 2.0 that both issuance and presentation stand on, for servers and for clients.
//!
//! One file per specification or section of it. Every parser bounds what it reads, and every refusal has the code that
//! the specification gives it.

pub mod access_token;
pub mod authorization_request;
pub mod authorization_response;
pub mod client;
pub mod client_assertion;
pub mod client_attestation;
pub mod dpop;
pub mod error;
pub mod jwt;
pub mod metadata;
pub mod pkce;
pub mod pushed_request;
pub mod redirect_uri;
pub mod request_object;
pub mod scope;
