//! Bitstring Status List 1.0 (<https://www.w3.org/TR/vc-bitstring-status-list/>): what has become of a W3C credential.
//!
//! [`BitstringStatusList`] is the array of states, the first in the *highest* bit of the first byte, which is the other way
//! round than in a Token Status List. [`ListToPublish`] builds the credential that publishes one, for its issuer to secure;
//! [`PublishedList`] reads one.
//!
//! A list says something about a credential only after the caller has verified its proof and that its signer may speak for
//! the credential's issuer. An index behind its end is an error, never "good".

mod bits;
mod list_credential;
#[cfg(test)]
mod tests;

pub use bits::{BitstringError, BitstringStatusList, EncodedBitstring, MIN_ENTRIES};
pub use list_credential::{
    BITSTRING_STATUS_LIST_CREDENTIAL, BitstringStatus, BitstringStatusError, ListToPublish, PublishedList,
};
