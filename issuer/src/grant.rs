//! The right to a credential, from the offer to the access token ([OpenID4VCI §4, §6]).
//!
//! [OpenID4VCI §4, §6]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4

mod access;
mod code;
mod nonce;
mod tx_code;

pub use access::{
    ACCESS_TOKEN_LIFETIME, AccessGrant, AccessRefusal, GrantHolder, MAX_BEARER_TOKEN_LIFETIME,
    SelectorRefusal,
};
pub use code::{
    Grant, GrantStage, OfferPlan, PlannedOffer, Redemption, RenewalRefused, TokenRefusal, TokenRequestParts,
    TxCodePolicy,
};
pub use nonce::{NONCE_LIFETIME, NonceMark, NonceRefused, check_nonce, make_nonce};
pub use tx_code::{MAX_TX_CODE_FAILURES, TX_CODE_DIGITS, TxCode, TxCodeGuard};

#[cfg(test)]
mod tests;
