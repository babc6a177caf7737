//! SD-JWT VC and Claim 169

pub mod claim169;
pub mod claims_path;
mod recognised;
pub mod sd_jwt;
pub mod sd_jwt_vc;
pub mod status;
mod validity;
mod verified;

pub use recognised::{NotRecognised, Presented, recognise};
pub use validity::{Validity, ValidityRejected};
pub use verified::Verified;
