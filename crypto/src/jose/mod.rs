//! JOSE: compact JWS, and JWE with ECDH-ES.

pub mod jwe;
pub mod jws;
