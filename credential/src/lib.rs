//! SD-JWT VC and Claim 169
