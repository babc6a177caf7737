//! The flows of the wallet against an issuer and a verifier that are real but for the network: they are built from the
//! crates that the servers are built from.

mod attacks_on_presenting;
mod attacks_on_receiving;
mod disclosure;
mod holding;
mod killed;
mod presenting;
mod receiving;
mod support;
