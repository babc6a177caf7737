//! Token Status List (draft-21 of the OAuth working group): what has become of a credential since it was issued.
//!
//! [`TokenStatusList`] is the array of states, [`StatusListToken`] the signed JWT that publishes it, and
//! [`StatusListCwt`] the same as a CWT; [`StatusListAggregation`] names all lists of an issuer. A list says
//! something about a credential only after [`StatusListToken::verify`] or [`StatusListCwt::verify`] has shown that the credential's own
//! issuer signed it, and an index behind its end is an error, never "valid".

mod aggregation;
mod bits;
mod cwt;
mod cwt_token;
pub(crate) mod signer;
#[cfg(test)]
mod tests;
mod token;

pub use self::aggregation::{AggregationBudget, StatusListAggregation, StatusListAggregationError};
pub use self::bits::{
    BitsPerStatus, CompressedStatusList, DecodeListError, IndexOutOfRange, InvalidBitsPerStatus,
    SetStatusError, Status, TokenStatusList,
};
pub use self::cwt::{PreparedStatusListCwt, STATUS_LIST_CWT_TYP};
pub use self::cwt_token::StatusListCwt;
pub use self::token::{
    PrepareStatusListError, PreparedStatusListToken, STATUS_LIST_TYP, StatusListBudget, StatusListClaims,
    StatusListError, StatusListToken, VerifiedStatusList,
};
