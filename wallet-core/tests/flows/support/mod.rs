//! An issuer, a verifier, certificates and a network that can be cut anywhere.

pub(crate) mod attester;
pub(crate) mod authorization;
pub(crate) mod certificates;
pub(crate) mod dids;
pub(crate) mod endpoint;
pub(crate) mod formats;
pub(crate) mod issuer;
pub(crate) mod network;
pub(crate) mod presentation;
pub(crate) mod refreshing;
pub(crate) mod status;
pub(crate) mod verifier;
pub(crate) mod world;

pub(crate) use formats::Kind;
pub(crate) use issuer::IssuerTrick;
pub(crate) use network::Side;
pub(crate) use verifier::VerifierTrick;
pub(crate) use world::World;
