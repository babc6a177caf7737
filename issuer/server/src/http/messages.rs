//! The shapes of what the protocol endpoints take and answer, for the description of the interface.
//!
//! The messages themselves are types of `protocol`, which wallets on phones compile as well, and which therefore knows nothing of
//! descriptions. Each shape here stands for one of them; every test that speaks HTTP with the issuer holds the two against each other
//! (`docs/adr/0014`).

pub(super) mod documents;
pub(super) mod issuance;
pub(super) mod oauth;
