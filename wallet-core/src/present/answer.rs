//! From consent to the encrypted answer.

use std::collections::BTreeMap;

use symbolon_credential::sd_jwt::{KeyBindingClaims, select_processed};
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::SignOutcome;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};

use super::consent::Choice;
use super::matching::Holdings;
use crate::error::{DeviceFault, WalletError};
use crate::record::DisclosedCredential;
use crate::wallet::Wallet;

/// What signing led to.
pub(super) enum Signed {
    /// The answer.
    Answer(Box<Answer>),
    /// The key store waits for the person.
    KeyLocked,
}

/// An answer ready to be sent.
pub(super) struct Answer {
    /// The form to post.
    pub(super) form: String,
    /// The same in the clear.
    pub(super) vp_token: String,
    /// What it discloses.
    pub(super) disclosed: Vec<DisclosedCredential>,
}

impl Wallet {
    /// Selects, binds and encrypts. `choice` was checked against the query.
    pub(super) fn sign_answer(
        &self,
        verified: &VerifiedRequest,
        holdings: &Holdings<'_>,
        choice: &Choice,
        now: UnixTime,
    ) -> Result<Signed, WalletError> {
        let request = verified.request();
        let mut presentations = BTreeMap::new();
        let mut disclosed = Vec::new();
        for (query_id, credential_id) in choice.iter() {
            let query = request
                .dcql_query
                .credential(query_id)
                .ok_or(WalletError::InvalidChoice)?;
            let (holding, paths) = holdings
                .fitting(query)
                .into_iter()
                .filter_map(|(place, paths)| Some((holdings.entries.get(place)?, paths)))
                .find(|(holding, _)| holding.credential.id == credential_id)
                .ok_or(WalletError::InvalidChoice)?;
            let opened = &holding.opened;
            let selection = select_processed(&opened.sd_jwt, &opened.processed, &paths)
                .map_err(|_| WalletError::StoreDamaged)?;
            let key = self.ports.keys.describe(&holding.credential.key)?;
            let prepared = selection.prepare_key_binding(&KeyBindingClaims {
                algorithm: key.public_key.algorithm(),
                audience: request.client_id.as_str().to_owned(),
                nonce: request.nonce.as_str().to_owned(),
                issued_at: now,
                transaction_data: None,
            });
            let signature = match self.ports.keys.sign(&prepared.request(key.handle))? {
                SignOutcome::Signed(signature) => signature,
                SignOutcome::Locked => return Ok(Signed::KeyLocked),
            };
            presentations.insert(
                query_id.clone(),
                vec![Presentation::Text(prepared.finish(&signature))],
            );
            disclosed.push(DisclosedCredential {
                credential: credential_id,
                credential_type: holding.credential.credential_type.clone(),
                claims: holding.selectively_disclosed(&paths)?,
            });
        }
        let internal = |_| WalletError::DeviceFailed(DeviceFault::Internal);
        let vp_token = VpToken(presentations);
        let text =
            serde_json::to_string(&vp_token).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))?;
        let response = AuthorizationResponse {
            vp_token,
            state: request.state.clone(),
        };
        let encryption = request
            .response_encryption()
            .ok()
            .flatten()
            .ok_or(WalletError::DeviceFailed(DeviceFault::Internal))?;
        let form = response
            .to_encrypted_form(
                &encryption,
                self.ports.encryption.as_ref(),
                self.ports.randomness.as_ref(),
            )
            .map_err(internal)?;
        Ok(Signed::Answer(Box::new(Answer {
            form,
            vp_token: text,
            disclosed,
        })))
    }
}
