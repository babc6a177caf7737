#![doc = include_str!("../README.md")]

pub mod audit;
pub mod card;
pub mod credential_record;
pub mod grant;
pub mod identifiers;
pub mod index;
pub mod issuance;
pub mod mapping;
pub mod metadata;
pub mod policy;
pub mod profile;
pub mod publication;
pub mod record;
pub mod sample;
pub mod secret;
pub mod store;
