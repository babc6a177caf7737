//! Presentations over real loopback HTTP: a verifier, an issuer's status list, and the wallet's side of the protocol.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod believed;
#[cfg(test)]
mod builder;
#[cfg(test)]
mod by_qr;
#[cfg(test)]
mod certificates;
#[cfg(test)]
mod choices;
#[cfg(test)]
mod digital_credentials;
#[cfg(test)]
mod flow;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod objects;
#[cfg(test)]
mod offline;
#[cfg(test)]
mod openid_provider;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod proximity;
#[cfg(test)]
mod queries;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod relying_parties;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod scan;
#[cfg(test)]
mod status_lists;
#[cfg(test)]
mod transactions;
#[cfg(test)]
mod vcalm;
#[cfg(test)]
mod world;
