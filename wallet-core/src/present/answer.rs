//! From consent to the answer.

use std::collections::BTreeMap;

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::SignOutcome;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, VpToken};

use super::consent::Choice;
use super::matching::Holdings;
use super::selected::{Binding, Selected};
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
    /// Selects, binds and, if asked for so, encrypts. `choice` was checked against the query.
    pub(super) fn sign_answer(
        &self,
        verified: &VerifiedRequest,
        holdings: &Holdings<'_>,
        choice: &Choice,
        now: UnixTime,
    ) -> Result<Signed, WalletError> {
        let request = verified.request();
        let internal = WalletError::DeviceFailed(DeviceFault::Internal);
        let encryption = request.response_encryption().map_err(|_| internal)?;
        let binding = Binding {
            client_id: request.client_id.as_str(),
            nonce: request.nonce.as_str(),
            response_uri: request.response_uri.as_str(),
            encryption_key: encryption.as_ref().map(|encryption| encryption.key.thumbprint()),
            now,
        };
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
            let selected = Selected::of(&holding.opened, &paths)?;
            disclosed.push(DisclosedCredential {
                credential: credential_id,
                credential_type: holding.credential.credential_type.clone(),
                claims: holding.names_for_history(&selected)?,
            });
            let key = self.ports.keys.describe(&holding.credential.key)?;
            let unsigned = selected.bind(&binding, &key)?;
            let signature = match self.ports.keys.sign(&unsigned.request(key.handle))? {
                SignOutcome::Signed(signature) => signature,
                SignOutcome::Locked => return Ok(Signed::KeyLocked),
            };
            presentations.insert(query_id.clone(), vec![unsigned.finish(&signature)?]);
        }
        let vp_token = VpToken(presentations);
        let text = serde_json::to_string(&vp_token).map_err(|_| internal)?;
        let response = AuthorizationResponse {
            vp_token,
            state: request.state.clone(),
        };
        let form = match &encryption {
            None => response.to_form(),
            Some(encryption) => response.to_encrypted_form(
                encryption,
                self.ports.encryption.as_ref(),
                self.ports.randomness.as_ref(),
            ),
        }
        .map_err(|_| internal)?;
        Ok(Signed::Answer(Box::new(Answer {
            form,
            vp_token: text,
            disclosed,
        })))
    }
}
