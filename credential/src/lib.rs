//! SD-JWT VC and Claim 169

pub mod claims_path;
pub mod sd_jwt;
pub mod sd_jwt_vc;
pub mod status;
mod verified;

pub use verified::Verified;
