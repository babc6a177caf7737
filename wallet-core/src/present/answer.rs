//! From consent to the answer.

use std::collections::BTreeMap;

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::SignOutcome;
use symbolon_protocol::dcql::{DcqlQuery, HolderBinding, QueryId};
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};
use symbolon_protocol::openid4vp::transaction_data::TransactionData;

use super::consent::Choice;
use super::matching::{Holding, Holdings};
use super::selected::{Binding, Selected};
use crate::error::{DeviceFault, WalletError};
use crate::identifiers::CredentialId;
use crate::record::{DisclosedCredential, TransactionRecord};
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
    /// What it authorises.
    pub(super) transactions: Vec<TransactionRecord>,
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
            transactions: Vec::new(),
        };
        let authorizations = holdings
            .authorizations(request, choice)
            .ok_or(WalletError::InvalidChoice)?;
        let signed = self.sign_presentations(&request.dcql_query, holdings, choice, &binding, &|query, credential| {
            authorizations.of(query, credential, request)
        })?;
        let Some(SignedPresentations { vp_token, disclosed }) = signed else {
            return Ok(Signed::KeyLocked);
        };
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
            transactions: authorizations.records(request),
        })))
    }

    /// Selects and binds; `authorizes` says what a credential that answers a query authorises beside. `None` when the key store waits
    /// for the person.
    pub(super) fn sign_presentations<'r>(
        &self,
        dcql_query: &DcqlQuery,
        holdings: &Holdings<'_>,
        choice: &Choice,
        binding: &Binding<'r>,
        authorizes: &dyn Fn(&QueryId, CredentialId) -> Vec<&'r TransactionData>,
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
                let binding = Binding {
                    transactions: authorizes(query_id, *credential_id),
                    ..binding.clone()
                };
                match self.present_selected(selected, query.holder_binding, holding, &binding)? {
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
