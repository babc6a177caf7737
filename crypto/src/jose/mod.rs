//! JOSE: compact JWS, and JWE with ECDH-ES. RSA is apart, in [`rsa_jws`].

pub mod jwe;
pub mod jws;
pub mod rsa_jws;
