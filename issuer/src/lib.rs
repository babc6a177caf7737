//! the issuer's rules

pub mod audit;
pub mod credential_record;
pub mod grant;
pub mod identifiers;
pub mod index;
pub mod mapping;
pub mod record;
pub mod secret;
pub mod store;
