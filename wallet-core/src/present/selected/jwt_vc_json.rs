//! Showing a W3C credential that is a JWT: whole, in its envelope, in a `vp+jwt` of the holder.

use symbolon_credential::w3c::jose::PresentationToSign;
use symbolon_credential::w3c::{EnvelopeType, EnvelopedCredential};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::KeyDescription;

use super::Binding;
use crate::error::{DeviceFault, WalletError};
use crate::hold::OpenedJwtVc;
use crate::holder_did::method_for;

pub(super) fn bind(
    opened: &OpenedJwtVc<'_>,
    binding: &Binding<'_>,
    key: &KeyDescription,
) -> Result<PreparedJws, WalletError> {
    let internal = WalletError::DeviceFailed(DeviceFault::Internal);
    let subject = opened.token.credential().subject();
    let subject = subject.and_then(|subject| subject.get("id")?.as_str());
    let key_id = method_for(subject, &key.public_key)?;
    let enveloped = EnvelopedCredential::from_text(EnvelopeType::VcJwt, opened.token.text())
        .map_err(|_| WalletError::StoreDamaged)?;
    PresentationToSign {
        credentials: &[enveloped],
        key_id: &key_id,
        audience: binding.audience,
        nonce: binding.nonce,
        issued_at: binding.now,
    }
    .prepare(key.public_key.algorithm())
    .map_err(|_| internal)
}
