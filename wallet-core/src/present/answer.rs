//! From consent to the answer.

use std::collections::BTreeMap;

use symbolon_credential::mdoc::{EMacKey, EncodedDocument, MdocBudget, SessionTranscript};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::signing::{AgreeOutcome, KeyError, SignOutcome};
use symbolon_protocol::dcql::{DcqlQuery, HolderBinding, QueryId};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_metadata::ResponseEncryption;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request::PresentationRequest;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, ResponseError, VpToken};
use symbolon_protocol::openid4vp::transaction_data::TransactionData;
use symbolon_protocol::presentation_receipt::{ExpectedReceipt, transaction_hashes, vp_token_digest};
use symbolon_protocol::qr_transport::proof_audience;
use url::Url;

use super::consent::Choice;
use super::matching::{Holding, Holdings};
use super::request::carried;
use super::selected::{Binding, Selected, SessionProof};
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
    /// The platform ended the key of this credential.
    KeyEnded(CredentialId),
}

/// An answer ready to be sent.
pub(super) struct Answer {
    /// What travels.
    pub(super) sealed: Sealed,
    /// The same in the clear.
    pub(super) vp_token: String,
    /// What it discloses.
    pub(super) disclosed: Vec<DisclosedCredential>,
    /// What its receipt must say, where the request announces one.
    pub(super) receipt: Option<ExpectedReceipt>,
    /// What it authorises.
    pub(super) transactions: Vec<TransactionRecord>,
}

/// An answer as it travels.
pub(super) enum Sealed {
    /// A form to post.
    Form { response_uri: HttpUrl, form: String },
    /// An address to open in the browser, with the answer in it.
    Carried(Url),
    /// A JWE to show as QR codes.
    Shown(String),
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
        let audience = audience(request);
        let binding = binding(request, encryption.as_ref(), &audience, now).ok_or(internal)?;
        let authorizations = holdings
            .authorizations(request, choice)
            .ok_or(WalletError::InvalidChoice)?;
        let signed = self.sign_presentations(
            &request.dcql_query,
            holdings,
            choice,
            &binding,
            &|query, credential| authorizations.of(query, credential, request),
        )?;
        let SignedPresentations { vp_token, disclosed } = match signed {
            Selection::Signed(signed) => signed,
            Selection::KeyLocked => return Ok(Signed::KeyLocked),
            Selection::KeyEnded(credential) => return Ok(Signed::KeyEnded(credential)),
        };
        let text = serde_json::to_string(&vp_token).map_err(|_| internal)?;
        let receipt = expected_receipt(request, &vp_token);
        let response = AuthorizationResponse {
            vp_token,
            state: request.state.clone(),
        };
        let sealed = self
            .seal(request, encryption.as_ref(), &response)
            .map_err(|_| internal)?;
        Ok(Signed::Answer(Box::new(Answer {
            sealed,
            vp_token: text,
            disclosed,
            receipt,
            transactions: authorizations.records(request),
        })))
    }

    fn seal(
        &self,
        request: &PresentationRequest,
        encryption: Option<&ResponseEncryption>,
        response: &AuthorizationResponse,
    ) -> Result<Sealed, ResponseError> {
        let (codec, randomness) = (self.ports.encryption.as_ref(), self.ports.randomness.as_ref());
        match (&request.response_uri, encryption) {
            (Some(redirect_uri), None) if request.response_mode.is_carried_by_browser() => {
                Ok(Sealed::Carried(carried(redirect_uri, &response.to_form()?)))
            }
            (Some(response_uri), None) => Ok(Sealed::Form {
                response_uri: response_uri.clone(),
                form: response.to_form()?,
            }),
            (Some(response_uri), Some(encryption)) => Ok(Sealed::Form {
                response_uri: response_uri.clone(),
                form: response.to_encrypted_form(encryption, codec, randomness)?,
            }),
            (None, Some(encryption)) => response.to_jwe(encryption, codec, randomness).map(Sealed::Shown),
            (None, None) => Err(ResponseError::Malformed),
        }
    }

    /// Selects and binds; `authorizes` says what a credential that answers a query authorises beside.
    pub(super) fn sign_presentations<'r>(
        &self,
        dcql_query: &DcqlQuery,
        holdings: &Holdings<'_>,
        choice: &Choice,
        binding: &Binding<'r>,
        authorizes: &dyn Fn(&QueryId, CredentialId) -> Vec<&'r TransactionData>,
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
                    retained: query
                        .claims
                        .iter()
                        .flatten()
                        .filter(|claim| claim.intent_to_retain == Some(true))
                        .map(|claim| claim.path.to_string())
                        .collect(),
                });
                let binding = Binding {
                    transactions: authorizes(query_id, *credential_id),
                    ..binding.clone()
                };
                match self.present_selected(selected, query.holder_binding, holding, &binding)? {
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
        // The profile wants the proof whatever the verifier asks for (HAIP §6.1.1.1).
        let holder_binding = match self.policy.relying_parties.profile {
            PresentationProfile::Haip => HolderBinding::Proven,
            PresentationProfile::Standard => holder_binding,
        };
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
        let selected = match (selected, &binding.proof) {
            (Selected::MsoMdoc { presentation, .. }, SessionProof::Mac { agree, reader_key }) => {
                let agreed = match agree.agree(&key.handle, reader_key) {
                    Err(KeyError::Unknown | KeyError::Invalidated) => return Ok(Bound::KeyEnded),
                    agreed => agreed?,
                };
                return Ok(match agreed {
                    AgreeOutcome::Agreed(shared) => {
                        let mac_key = EMacKey::from_agreement(&shared, &binding.session);
                        let response = presentation.with_mac(&mac_key, &binding.session);
                        Bound::Presentation(Box::new(Presentation::Text(base64url::encode(&response))))
                    }
                    AgreeOutcome::Locked => Bound::KeyLocked,
                });
            }
            (selected, _) => selected,
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

/// Whom the proofs of an answer are for.
fn audience(request: &PresentationRequest) -> String {
    match &request.response_uri {
        Some(_) => request.client_id.as_str().to_owned(),
        None => proof_audience(request.client_id.as_str()),
    }
}

/// What they are about; `None` for a request that says neither where its answer goes nor how it is encrypted, which no verified one
/// does.
fn binding<'r>(
    request: &'r PresentationRequest,
    encryption: Option<&ResponseEncryption>,
    audience: &'r str,
    now: UnixTime,
) -> Option<Binding<'r>> {
    let (client_id, nonce) = (request.client_id.as_str(), request.nonce.as_str());
    let key = encryption.map(|encryption| encryption.key.thumbprint());
    let session = match (&request.response_uri, &key) {
        (Some(address), key) => {
            SessionTranscript::openid4vp(client_id, nonce, key.as_ref(), address.as_str())
        }
        (None, Some(key)) => SessionTranscript::symbolon_qr(client_id, nonce, key),
        (None, None) => return None,
    };
    Some(Binding {
        audience,
        nonce,
        session,
        proof: SessionProof::Signature,
        transactions: Vec::new(),
        now,
    })
}

/// One `DeviceResponse` with the documents of all presentations.
pub(super) fn device_response(vp_token: &VpToken) -> Option<Vec<u8>> {
    let mut documents = Vec::new();
    for presentation in vp_token.0.values().flatten() {
        let Presentation::Text(text) = presentation else {
            return None;
        };
        let response = base64url::decode(text).ok()?;
        documents.extend(EncodedDocument::all_of(&response, MdocBudget::DEFAULT).ok()?);
    }
    Some(EncodedDocument::response_of(&documents))
}

/// What the receipt of an answer must say. Without a canonical form of the answer no receipt could name it.
fn expected_receipt(request: &PresentationRequest, vp_token: &VpToken) -> Option<ExpectedReceipt> {
    Some(ExpectedReceipt {
        keys: request.client_metadata.presentation_receipt_jwks.clone()?,
        client_id: request.client_id.as_str().to_owned(),
        nonce: request.nonce.as_str().to_owned(),
        vp_token_digest: vp_token_digest(vp_token).ok()?,
        transaction_data_hashes: transaction_hashes(
            request.transaction_data.iter().map(TransactionData::text),
        ),
    })
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
