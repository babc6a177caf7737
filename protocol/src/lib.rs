#![doc = include_str!("../README.md")]

pub mod attestation_status;
pub mod dcql;
pub mod digital_credentials;
pub mod foreign_text;
pub mod format;
pub mod identifier;
pub mod oauth;
pub mod openid4vci;
pub mod openid4vp;
pub mod openid_connect;
pub mod presentation_receipt;
pub mod proximity;
pub mod qr_text;
pub mod qr_transport;
pub mod secret;
pub mod vcalm;
mod wire;
