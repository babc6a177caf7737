//! OpenID for Verifiable Presentations 1.0 Final: requests by value and by `request_uri`, signed and not, answered by
//! `direct_post.jwt` or `direct_post`.
//!
//! One file per section of the specification. The query language is in [`crate::dcql`].

pub mod client_id;
pub mod client_metadata;
pub mod error;
pub mod link;
pub mod profile;
pub mod registered;
pub mod registration_certificate;
pub mod request;
pub mod request_object;
pub mod response;
pub mod scope;
pub mod transaction_data;
pub mod verifier_info;
pub mod vp_formats;
pub mod wallet_metadata;
pub mod wallet_parameters;
