//! SD-JWT VC from issuing to the verdict.

mod issuer_metadata;
mod issuing;
mod key_binding;
mod refusals;
mod type_extension;
mod type_metadata;

use core::time::Duration;

use crate::support::{AUDIENCE, NONCE, NOW, PROVIDER, issuer_key};
use symbolon_credential::Verified;
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::{ExpectedKeyBinding, ExpectedTransactionData, SdJwtVc};

pub(super) fn verified(text: &str) -> Verified<SdJwtVc<'_>> {
    SdJwtVc::parse(text, SdJwtBudget::DEFAULT)
        .unwrap()
        .verify_issuer_signature(&issuer_key().public_key(), &PROVIDER)
        .unwrap()
}

pub(crate) fn expected() -> ExpectedKeyBinding<'static> {
    ExpectedKeyBinding {
        audience: AUDIENCE,
        nonce: NONCE,
        now: NOW,
        max_age: Duration::from_secs(300),
        max_clock_skew: Duration::from_secs(60),
        transaction_data: ExpectedTransactionData::None,
    }
}
