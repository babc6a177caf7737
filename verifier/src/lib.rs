//! the verifier's rules
