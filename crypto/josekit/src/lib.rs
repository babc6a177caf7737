//! JWE on the servers, behind the JOSE port of crypto
