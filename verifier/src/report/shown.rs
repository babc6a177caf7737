//! What a query is compared with beside the claims.

use symbolon_credential::Validity;
use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces};

use crate::reliance::StatusPlace;
use crate::transaction::TransactionProof;

/// What a query is compared with beside the claims. An answer is compared once, when it comes: none of this is part of the JSON
/// form, and nothing is kept that would tell one copy of a credential from another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shown {
    /// The types that the type of an SD-JWT VC extends, by the type metadata of the trust list.
    pub extended_types: Vec<String>,
    /// The identifiers of the ETSI trusted lists that have a certificate of the issuer's chain.
    pub trusted_lists: Vec<String>,
    /// The claims that the holder chose to disclose and could have withheld; `None` where that cannot be told.
    pub disclosed: Option<Vec<ClaimsPath>>,
    /// Where the elements of arrays stood when the credential was issued.
    pub element_places: ElementPlaces,
    /// What tells the credential from every other one, whatever of it is shown: a digest of what its issuer signed.
    pub credential: Vec<u8>,
    /// Where its status stands.
    pub status_places: Vec<StatusPlace>,
    /// The transactions that its holder authorises by it.
    pub transactions: Vec<TransactionProof>,
    /// When it was issued, and from when to when it is valid.
    pub validity: Validity,
}
