//! Showing an SD-JWT VC: the disclosures that were asked for, and a key binding JWT over them.

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{KeyBindingClaims, PreparedKeyBinding, Selection, select_processed};
use symbolon_crypto::signing::KeyDescription;

use super::super::transactions::hashes;
use super::Binding;
use crate::error::WalletError;
use crate::hold::{OpenedSdJwtVc, PersonalClaim};

pub(super) fn select<'h>(
    opened: &'h OpenedSdJwtVc<'_>,
    paths: &[ClaimsPath],
) -> Result<Selection<'h>, WalletError> {
    select_processed(&opened.sd_jwt, &opened.processed, paths).map_err(|_| WalletError::StoreDamaged)
}

pub(super) fn personal_claims(selection: &Selection<'_>) -> Result<Vec<PersonalClaim>, WalletError> {
    let text = selection.without_key_binding();
    OpenedSdJwtVc::open_presented(&text)
        .map(|presented| presented.personal_claims())
        .ok_or(WalletError::StoreDamaged)
}

pub(super) fn bind(
    selection: &Selection<'_>,
    binding: &Binding<'_>,
    key: &KeyDescription,
) -> Result<PreparedKeyBinding, WalletError> {
    Ok(selection.prepare_key_binding(&KeyBindingClaims {
        algorithm: key.public_key.algorithm(),
        audience: binding.audience.to_owned(),
        nonce: binding.nonce.to_owned(),
        issued_at: binding.now,
        transaction_data: hashes(&binding.transactions)?,
    }))
}
