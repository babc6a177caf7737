//! From consent to the answer.

use std::collections::BTreeMap;

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{KeyError, SignOutcome};
use symbolon_protocol::dcql::{DcqlQuery, HolderBinding};
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};

use super::consent::Choice;
use super::matching::{Holding, Holdings};
use super::selected::{Binding, Selected};
use crate::error::{DeviceFault, WalletError};
use crate::identifiers::CredentialId;
use crate::record::DisclosedCredential;
use crate::wallet::Wallet;

/// What signing led to.
pub(super) enum Signed {
    /// The answer.
    Answer(Box<Answer>),
    /// The key store waits for the person.
    KeyLocked,
    /// The platform ended the key of this credential.
    KeyEnded(CredentialId),
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
        let SignedPresentations { vp_token, disclosed } = match signed {
            Selection::Signed(signed) => signed,
            Selection::KeyLocked => return Ok(Signed::KeyLocked),
            Selection::KeyEnded(credential) => return Ok(Signed::KeyEnded(credential)),
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
        })))
    }

    /// Selects and binds.
    pub(super) fn sign_presentations(
        &self,
        dcql_query: &DcqlQuery,
        holdings: &Holdings<'_>,
        choice: &Choice,
        binding: &Binding<'_>,
    ) -> Result<Selection, WalletError> {
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
                    Bound::Presentation(presentation) => answers.push(*presentation),
                    Bound::KeyLocked => return Ok(Selection::KeyLocked),
                    Bound::KeyEnded => return Ok(Selection::KeyEnded(*credential_id)),
                }
            }
            presentations.insert(query_id.clone(), answers);
        }
        Ok(Selection::Signed(SignedPresentations {
            vp_token: VpToken(presentations),
            disclosed,
        }))
    }

    /// What is sent of a selection: bound to the request by the holder's key, or without a proof where none is asked for and the
    /// format can go without.
    fn present_selected(
        &self,
        selected: Selected<'_>,
        holder_binding: HolderBinding,
        holding: &Holding<'_>,
        binding: &Binding<'_>,
    ) -> Result<Bound, WalletError> {
        let selected = match holder_binding {
            HolderBinding::Proven => selected,
            HolderBinding::Absent => match selected.without_proof() {
                Ok(presentation) => return Ok(Bound::Presentation(Box::new(presentation))),
                Err(selected) => *selected,
            },
        };
        let key = match self.ports.keys.describe(&holding.credential.key) {
            Err(KeyError::Unknown | KeyError::Invalidated) => return Ok(Bound::KeyEnded),
            described => described?,
        };
        let unsigned = selected.bind(binding, &key)?;
        match self.ports.keys.sign(&unsigned.request(key.handle)) {
            Ok(SignOutcome::Signed(signature)) => {
                let presentation = unsigned.finish(&signature)?;
                Ok(Bound::Presentation(Box::new(presentation)))
            }
            Ok(SignOutcome::Locked) => Ok(Bound::KeyLocked),
            Err(KeyError::Unknown | KeyError::Invalidated) => Ok(Bound::KeyEnded),
            Err(error) => Err(error.into()),
        }
    }
}

/// What came of selecting and binding.
pub(super) enum Selection {
    Signed(SignedPresentations),
    /// The key store waits for the person.
    KeyLocked,
    /// The platform ended the key of this credential.
    KeyEnded(CredentialId),
}

/// What came of binding a selection to the request.
enum Bound {
    Presentation(Box<Presentation>),
    /// The key store waits for the person.
    KeyLocked,
    /// The platform ended the key.
    KeyEnded,
}
