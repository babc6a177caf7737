//! [OpenID Connect] and what extends it.
//!
//! [OpenID Connect]: https://openid.net/specs/openid-connect-core-1_0.html

pub mod identity_assurance;
