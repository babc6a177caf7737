//! SD-JWT VC and Claim 169

pub mod claims_path;
pub mod sd_jwt;
