//! keys, signatures, JOSE, COSE, X.509; pure Rust
