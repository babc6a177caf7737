//! From the access token to a verified credential ([OpenID4VCI §7, §8]).
//!
//! [OpenID4VCI §7, §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7

use symbolon_crypto::signing::{KeyDescription, KeyError, KeyHandle};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vci::credential::{
    CredentialRequest, CredentialResponse, CredentialSelector, IssuedCredential,
    MAX_CREDENTIAL_RESPONSE_BYTES, Proofs,
};
use symbolon_protocol::openid4vci::error::{CredentialErrorCode, CredentialErrorResponse};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::nonce::{MAX_NONCE_RESPONSE_BYTES, NonceResponse};

use super::outcome::{ReceiptProblem, ReceiveOutcome};
use super::proof::SignedProof;
use super::run::Step;
use super::stage::{FinishedReceipt, Issuing, PlannedCredential, ReceiveStage};
use super::verification::{Expected, Verified, verify_received};
use crate::error::{DeviceFault, WalletError};
use crate::exchange::{Body, JSON, NonceOf, ResourceRequest, Sent, is_success_of};
use crate::identifiers::{CredentialId, HistoryId};
use crate::ports::{Change, KEY_ALGORITHM};
use crate::progress::Progress;
use crate::record::{HeldCredential, HistoryEntry, HistoryEvent};
use crate::wallet::{Cursor, Wallet};

/// How often a stale nonce is replaced. An issuer that refuses three fresh nonces in a row will refuse the fourth.
const MAX_NONCE_ATTEMPTS: usize = 3;

/// What one credential request led to.
enum Requested {
    /// The credential.
    Credential(IssuedCredential),
    /// The key waits for the person.
    KeyLocked,
    /// The access token is not good any more.
    TokenRefused,
    /// The issuer's word is final.
    Ended(FinishedReceipt),
}

impl Wallet {
    /// One durable step: creates the key of the next credential, or requests, verifies and stores the credential, or ends.
    pub(super) async fn request_credential(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
    ) -> Result<Step, WalletError> {
        let Some(planned) = issuing.plan.credentials.get(issuing.next).cloned() else {
            let stage = if issuing.refresh_token.is_some() {
                ReceiveStage::Renewable(Box::new(issuing))
            } else {
                ReceiveStage::Finished(FinishedReceipt::Stored {
                    credentials: issuing.stored,
                    not_supported: issuing.plan.not_supported,
                })
            };
            return cursor.write_receipt(stage, Vec::new()).await.map(Step::Next);
        };
        let key = match issuing.key.take() {
            None => return self.create_key(cursor, issuing).await.map(Step::Next),
            Some(handle) => match self.ports.keys.describe(&handle) {
                Ok(key) => key,
                // The platform lost the key before anything was bound to it: another one does as well.
                Err(KeyError::Unknown) => return self.create_key(cursor, issuing).await.map(Step::Next),
                Err(error) => return Err(error.into()),
            },
        };
        match self.ask_for(cursor, &issuing, &planned, &key).await? {
            Requested::Credential(received) => self
                .keep(cursor, issuing, planned, key, received)
                .await
                .map(Step::Next),
            Requested::KeyLocked => Ok(Step::Wait(ReceiveOutcome::KeyLocked)),
            Requested::TokenRefused => {
                issuing.key = Some(key.handle);
                self.renew_or_end(cursor, issuing).await.map(Step::Next)
            }
            Requested::Ended(finished) => {
                let stage = ReceiveStage::Finished(finished);
                self.end_without(cursor, stage, Vec::new(), &key.handle)
                    .await
                    .map(Step::Next)
            }
        }
    }

    async fn create_key(
        &self,
        cursor: &mut Cursor<'_>,
        issuing: Issuing,
    ) -> Result<ReceiveStage, WalletError> {
        self.observe(Progress::CreatingKey);
        let key = self.ports.keys.create(KEY_ALGORITHM)?;
        let issuing = Issuing {
            key: Some(key.handle.clone()),
            ..issuing
        };
        let written = cursor
            .write_receipt(ReceiveStage::Issuing(Box::new(issuing)), Vec::new())
            .await;
        // After an interrupted write the record may name the key all the same, so only a clear refusal deletes it; what
        // is left over, `recover` finds.
        if matches!(written, Err(WalletError::Conflict)) {
            self.ports.keys.delete(&key.handle)?;
        }
        written
    }

    async fn ask_for(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        planned: &PlannedCredential,
        key: &KeyDescription,
    ) -> Result<Requested, WalletError> {
        let ended = |problem| Ok(Requested::Ended(refused(problem, issuing)));
        for _ in 0..MAX_NONCE_ATTEMPTS {
            let nonce = match &issuing.plan.nonce_endpoint {
                None => None,
                Some(endpoint) => match self.fetch_nonce(endpoint).await? {
                    Some(nonce) => Some(nonce),
                    None => return ended(ReceiptProblem::NonceResponse),
                },
            };
            self.observe(Progress::SigningProof);
            let proof = match self.sign_proof(
                &issuing.plan.issuer,
                key,
                planned.proof_key,
                issuing.plan.client_identifier(),
                nonce.as_ref(),
                cursor.now,
            )? {
                SignedProof::Signed(proof) => proof,
                SignedProof::Locked => return Ok(Requested::KeyLocked),
            };
            self.observe(Progress::RequestingCredential);
            let request = CredentialRequest {
                selector: match issuing.dataset() {
                    Some(dataset) => CredentialSelector::Identifier(dataset.clone()),
                    None => CredentialSelector::Configuration(planned.configuration.clone()),
                },
                proofs: Some(Proofs::Jwt(vec![proof])),
            };
            let json =
                serde_json::to_vec(&request).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))?;
            let request = ResourceRequest {
                url: &issuing.plan.credential_endpoint,
                token: &issuing.access_token,
                key: issuing.token_key.as_ref(),
                json: &json,
                max_response_bytes: MAX_CREDENTIAL_RESPONSE_BYTES,
            };
            let response = match self.post_to_resource(request, cursor.now).await? {
                Sent::Answered(response) => response,
                Sent::KeyLocked => return Ok(Requested::KeyLocked),
            };
            if is_success_of(&response, JSON) {
                return match CredentialResponse::parse(&response.body) {
                    Ok(CredentialResponse::Issued { credentials, .. }) => match credentials.as_slice() {
                        // One key was proven, so one credential may come.
                        [only] => Ok(Requested::Credential(only.clone())),
                        _ => ended(ReceiptProblem::CredentialResponse),
                    },
                    Ok(CredentialResponse::Deferred { .. }) => ended(ReceiptProblem::Deferred),
                    Err(_) => ended(ReceiptProblem::CredentialResponse),
                };
            }
            if response.status == 401 {
                return Ok(Requested::TokenRefused);
            }
            match CredentialErrorResponse::parse(&response.body).map(|error| error.error) {
                Some(CredentialErrorCode::InvalidNonce) => {}
                Some(CredentialErrorCode::InvalidProof) => return ended(ReceiptProblem::ProofRefused),
                Some(CredentialErrorCode::CredentialRequestDenied) => return ended(ReceiptProblem::Denied),
                _ => return ended(ReceiptProblem::CredentialRequestRefused),
            }
        }
        ended(ReceiptProblem::ProofRefused)
    }

    /// `None` when the answer is no nonce.
    async fn fetch_nonce(&self, endpoint: &HttpUrl) -> Result<Option<CNonce>, WalletError> {
        let response = self
            .post(endpoint, Body::Empty, JSON, MAX_NONCE_RESPONSE_BYTES)
            .await?;
        // The nonce endpoint hands out the nonces of the credential endpoint's proofs as well (OpenID4VCI §7.2).
        self.nonces.remember(endpoint, NonceOf::Resource, &response);
        if !is_success_of(&response, JSON) {
            return Ok(None);
        }
        Ok(NonceResponse::parse(&response.body).map(|response| response.c_nonce))
    }

    /// Verifies what came; stores it together with its history and the next stage, or refuses it.
    async fn keep(
        &self,
        cursor: &mut Cursor<'_>,
        mut issuing: Issuing,
        planned: PlannedCredential,
        key: KeyDescription,
        received: IssuedCredential,
    ) -> Result<ReceiveStage, WalletError> {
        self.observe(Progress::VerifyingCredential);
        let issuer = &issuing.plan.issuer;
        let expected = Expected {
            issuer,
            credential_type: &planned.credential_type,
            format: &planned.format,
            holder_key: &key.public_key,
            evidence: self.policy.issuers.evidence(issuer, &planned.credential_type),
            contexts: &self.policy.contexts,
            json_ld: self.json_ld(),
            now: cursor.now,
        };
        let verified = verify_received(received, &expected, self.ports.crypto.as_ref());
        let Verified {
            content,
            expires,
            status,
        } = match verified {
            Ok(verified) => verified,
            Err(problem) => {
                let event = HistoryEvent::Refused {
                    issuer: issuing.plan.issuer.as_str().to_owned(),
                    reason: problem.to_string(),
                };
                let history = self.history_change(cursor, event)?;
                let stage = ReceiveStage::Finished(refused(ReceiptProblem::Credential(problem), &issuing));
                return self.end_without(cursor, stage, vec![history], &key.handle).await;
            }
        };
        self.observe(Progress::Storing);
        let id = CredentialId::make(self.ports.randomness.as_ref())?;
        let history = self.history_change(
            cursor,
            HistoryEvent::Received {
                credential: id,
                issuer: issuing.plan.issuer.as_str().to_owned(),
                credential_type: planned.credential_type.clone(),
            },
        )?;
        let credential = HeldCredential {
            id,
            issuer: issuing.plan.issuer.as_str().to_owned(),
            issuer_name: issuing.plan.issuer_name.clone(),
            configuration: planned.configuration.as_str().to_owned(),
            credential_type: planned.credential_type,
            content,
            key: key.handle,
            received: cursor.now,
            expires,
            status,
            display: planned.display,
        };
        let mut changes = vec![Change::PutCredential(Box::new(credential)), history];
        let replaced = self.replaced(cursor, &issuing, &mut changes).await?;
        issuing.stored.push(id);
        issuing.next += 1;
        issuing.key = None;
        let stage = ReceiveStage::Issuing(Box::new(issuing));
        let stage = cursor.write_receipt(stage, changes).await?;
        if let Some(key) = replaced {
            self.ports.keys.delete(&key)?;
        }
        Ok(stage)
    }

    /// Ends the receipt, then deletes the key that nothing is bound to. Killed in between, `recover` deletes it.
    pub(super) async fn end_without(
        &self,
        cursor: &mut Cursor<'_>,
        stage: ReceiveStage,
        changes: Vec<Change>,
        key: &KeyHandle,
    ) -> Result<ReceiveStage, WalletError> {
        let stage = cursor.write_receipt(stage, changes).await?;
        self.ports.keys.delete(key)?;
        Ok(stage)
    }

    pub(crate) fn history_change(
        &self,
        cursor: &Cursor<'_>,
        event: HistoryEvent,
    ) -> Result<Change, WalletError> {
        let id = HistoryId::make(self.ports.randomness.as_ref())?;
        Ok(Change::PutHistory(Box::new(HistoryEntry {
            id,
            at: cursor.now,
            event,
        })))
    }
}

fn refused(problem: ReceiptProblem, issuing: &Issuing) -> FinishedReceipt {
    FinishedReceipt::Refused {
        problem,
        stored: issuing.stored.clone(),
    }
}
