//! The parts of OAuth 2.0 that both issuance and presentation stand on.

pub mod bearer;
pub mod error;
pub mod metadata;
