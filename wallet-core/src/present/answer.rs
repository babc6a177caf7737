//! From consent to the answer.

use std::collections::BTreeMap;

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::SignOutcome;
use symbolon_protocol::dcql::{DcqlQuery, HolderBinding};
use symbolon_protocol::openid4vp::request::PresentationRequest;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_protocol::presentation_receipt::{ExpectedReceipt, vp_token_digest};

use super::consent::Choice;
use super::matching::{Holding, Holdings};
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
    /// What its receipt must say, where the request announces one.
    pub(super) receipt: Option<ExpectedReceipt>,
}

/// Presentations that their holder's keys have signed.
pub(super) struct SignedPresentations {
    pub(super) vp_token: VpToken,
    /// What they disclose.
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
        let thumbprint = encryption.as_ref().map(|encryption| encryption.key.thumbprint());
        let binding = Binding {
            audience: request.client_id.as_str(),
            nonce: request.nonce.as_str(),
            session: SessionTranscript::openid4vp(
                request.client_id.as_str(),
                request.nonce.as_str(),
                thumbprint.as_ref(),
                request.response_uri.as_str(),
            ),
            now,
        };
        let signed = self.sign_presentations(&request.dcql_query, holdings, choice, &binding)?;
        let Some(SignedPresentations { vp_token, disclosed }) = signed else {
            return Ok(Signed::KeyLocked);
        };
        let text = serde_json::to_string(&vp_token).map_err(|_| internal)?;
        let receipt = expected_receipt(request, &vp_token);
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
            receipt,
        })))
    }

    /// Selects and binds. `None` when the key store waits for the person.
    pub(super) fn sign_presentations(
        &self,
        dcql_query: &DcqlQuery,
        holdings: &Holdings<'_>,
        choice: &Choice,
        binding: &Binding<'_>,
    ) -> Result<Option<SignedPresentations>, WalletError> {
        let mut presentations = BTreeMap::new();
        let mut disclosed = Vec::new();
        for (query_id, credentials) in choice.iter() {
            let query = dcql_query
                .credential(query_id)
                .ok_or(WalletError::InvalidChoice)?;
            let mut answers = Vec::with_capacity(credentials.len());
            for credential_id in credentials {
                let (holding, paths) = holdings
                    .chosen(query, *credential_id)
                    .ok_or(WalletError::InvalidChoice)?;
                let selected = Selected::of(&holding.opened, &paths)?;
                disclosed.push(DisclosedCredential {
                    credential: *credential_id,
                    credential_type: holding.credential.credential_type.clone(),
                    claims: holding.names_for_history(&selected)?,
                });
                match self.present_selected(selected, query.holder_binding, holding, binding)? {
                    Some(presentation) => answers.push(presentation),
                    None => return Ok(None),
                }
            }
            presentations.insert(query_id.clone(), answers);
        }
        Ok(Some(SignedPresentations {
            vp_token: VpToken(presentations),
            disclosed,
        }))
    }

    /// What is sent of a selection: bound to the request by the holder's key, or without a proof where none is asked for and the
    /// format can go without. `None` when the key store waits for the person.
    fn present_selected(
        &self,
        selected: Selected<'_>,
        holder_binding: HolderBinding,
        holding: &Holding<'_>,
        binding: &Binding<'_>,
    ) -> Result<Option<Presentation>, WalletError> {
        let selected = match holder_binding {
            HolderBinding::Proven => selected,
            HolderBinding::Absent => match selected.without_proof() {
                Ok(presentation) => return Ok(Some(presentation)),
                Err(selected) => *selected,
            },
        };
        let key = self.ports.keys.describe(&holding.credential.key)?;
        let unsigned = selected.bind(binding, &key)?;
        match self.ports.keys.sign(&unsigned.request(key.handle))? {
            SignOutcome::Signed(signature) => unsigned.finish(&signature).map(Some),
            SignOutcome::Locked => Ok(None),
        }
    }
}

/// What the receipt of an answer must say. Without a canonical form of the answer no receipt could name it.
fn expected_receipt(request: &PresentationRequest, vp_token: &VpToken) -> Option<ExpectedReceipt> {
    Some(ExpectedReceipt {
        keys: request.client_metadata.presentation_receipt_jwks.clone()?,
        client_id: request.client_id.as_str().to_owned(),
        nonce: request.nonce.as_str().to_owned(),
        vp_token_digest: vp_token_digest(vp_token).ok()?,
        transaction_data_hashes: Vec::new(),
    })
}
