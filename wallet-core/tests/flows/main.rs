//! The flows of the wallet against an issuer and a verifier that are real but for the network: they are built from the
//! crates that the servers are built from.

#[cfg(test)]
mod afterwards;
#[cfg(test)]
mod at_origin;
#[cfg(test)]
mod attacks_on_formats;
#[cfg(test)]
mod attacks_on_presenting;
#[cfg(test)]
mod attacks_on_receiving;
#[cfg(test)]
mod attacks_on_signing_in;
#[cfg(test)]
mod backing_up;
#[cfg(test)]
mod by_qr;
#[cfg(test)]
mod carrying;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod consenting;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod credential_endpoint;
#[cfg(test)]
mod deleting;
#[cfg(test)]
mod deleting_meanwhile;
#[cfg(test)]
mod disclosure;
#[cfg(test)]
mod exactness;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod holding;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod killed_everywhere;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod minimum;
#[cfg(test)]
mod overview;
#[cfg(test)]
mod presenting;
#[cfg(test)]
mod proximity;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod receiving;
#[cfg(test)]
mod refreshing;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod reissuing;
#[cfg(test)]
mod signing_in;
#[cfg(test)]
mod support;
#[cfg(test)]
mod transactions;
