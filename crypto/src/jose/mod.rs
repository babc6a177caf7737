//! JOSE: compact JWS, and JWE with ECDH-ES.

pub mod jws;
