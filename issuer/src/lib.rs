//! the issuer's rules
