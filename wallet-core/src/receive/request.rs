//! A credential request on its way, and what its answer says ([OpenID4VCI §8, §9, §10]).
//!
//! [OpenID4VCI §8, §9, §10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use symbolon_crypto::signing::KeyDescription;
use symbolon_crypto::{PublicKey, SecretKey, SignatureAlgorithm};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vci::credential::{
    CredentialRequest, CredentialResponse, CredentialSelector, IssuedCredential,
    MAX_CREDENTIAL_RESPONSE_BYTES, Proofs,
};
use symbolon_protocol::openid4vci::deferred::DeferredCredentialRequest;
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;
use symbolon_protocol::openid4vci::error::{CredentialErrorCode, CredentialErrorResponse};
use symbolon_protocol::openid4vci::identifiers::{CNonce, NotificationId, TransactionId};
use symbolon_protocol::openid4vci::nonce::{MAX_NONCE_RESPONSE_BYTES, NonceResponse};

use super::formats::PlannedProof;
use super::outcome::ReceiptProblem;
use super::proof::{ProofClaims, SignedProof};
use super::stage::{Deferral, Issuing, Plan, PlannedCredential};
use crate::error::{DeviceFault, WalletError};
use crate::exchange::{Body, JSON, JWT, NonceOf, ResourceBody, ResourceRequest, Sent, is_success_of};
use crate::ports::HttpResponse;
use crate::progress::Progress;
use crate::wallet::{Cursor, Wallet};

/// How often a stale nonce is replaced. An issuer that refuses three fresh nonces in a row will refuse the fourth.
const MAX_NONCE_ATTEMPTS: usize = 3;

/// What one request led to.
pub(super) enum Requested {
    /// Credentials.
    Credentials(Vec<IssuedCredential>, Option<NotificationId>),
    /// The issuer will hand them out later: the transaction, and after how many seconds to ask.
    Later(TransactionId, u64),
    /// A key waits for the person.
    KeyLocked,
    /// The access token is not good any more.
    TokenRefused,
    /// The issuer cannot read what was encrypted to a key of its old metadata.
    StaleEncryption,
    /// The issuer's word is final.
    Ended(ReceiptProblem),
}

/// Proofs of keys, or what is missing for them.
enum Proven {
    Proofs(Proofs),
    Locked,
    NotAttested,
}

/// What an answer must be encrypted with.
struct AnswerKey {
    wanted: ResponseEncryption,
    secret: SecretKey,
}

impl Wallet {
    /// Requests the next credential for these keys.
    pub(super) async fn ask_for(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        planned: &PlannedCredential,
        keys: &[KeyDescription],
    ) -> Result<Requested, WalletError> {
        for _ in 0..MAX_NONCE_ATTEMPTS {
            let nonce = match &issuing.plan.nonce_endpoint {
                None => None,
                Some(endpoint) => match self.fetch_nonce(endpoint).await? {
                    Some(nonce) => Some(nonce),
                    None => return Ok(Requested::Ended(ReceiptProblem::NonceResponse)),
                },
            };
            self.observe(Progress::SigningProof);
            let proofs = match self
                .prove_keys(cursor, issuing, planned, keys, nonce.as_ref())
                .await?
            {
                Proven::Proofs(proofs) => proofs,
                Proven::Locked => return Ok(Requested::KeyLocked),
                Proven::NotAttested => return Ok(Requested::Ended(ReceiptProblem::KeysNotAttested)),
            };
            self.observe(Progress::RequestingCredential);
            let answer_key = self.answer_key(&issuing.plan)?;
            let request = CredentialRequest {
                selector: match issuing.dataset() {
                    Some(dataset) => CredentialSelector::Identifier(dataset.clone()),
                    None => CredentialSelector::Configuration(planned.configuration.clone()),
                },
                proofs: Some(proofs),
                response_encryption: answer_key.as_ref().map(|key| key.wanted.clone()),
            };
            let json = written(&request)?;
            let endpoint = &issuing.plan.credential_endpoint;
            let requested = self
                .send_for_credentials(cursor, issuing, endpoint, &json, answer_key)
                .await?;
            if let Some(requested) = requested {
                return Ok(requested);
            }
        }
        Ok(Requested::Ended(ReceiptProblem::ProofRefused))
    }

    /// Asks again for what the issuer would hand out later.
    pub(super) async fn ask_again(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        deferral: &Deferral,
    ) -> Result<Requested, WalletError> {
        let Some(endpoint) = &issuing.plan.deferred_credential_endpoint else {
            return Ok(Requested::Ended(ReceiptProblem::Deferred));
        };
        self.observe(Progress::RequestingCredential);
        let answer_key = self.answer_key(&issuing.plan)?;
        let request = DeferredCredentialRequest {
            transaction_id: deferral.transaction.clone(),
            response_encryption: answer_key.as_ref().map(|key| key.wanted.clone()),
        };
        let json = written(&request)?;
        let requested = self
            .send_for_credentials(cursor, issuing, endpoint, &json, answer_key)
            .await?;
        Ok(requested.unwrap_or(Requested::Ended(ReceiptProblem::CredentialRequestRefused)))
    }

    /// `None` when the nonce is stale.
    async fn send_for_credentials(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        url: &HttpUrl,
        json: &[u8],
        answer_key: Option<AnswerKey>,
    ) -> Result<Option<Requested>, WalletError> {
        let chosen = issuing
            .plan
            .request_encryption
            .as_ref()
            .and_then(|offered| offered.choose());
        let internal = |_| WalletError::DeviceFailed(DeviceFault::Internal);
        let encrypted = chosen
            .map(|chosen| {
                let codec = self.ports.encryption.as_ref();
                chosen.encrypt(json, codec, self.ports.randomness.as_ref())
            })
            .transpose()
            .map_err(internal)?;
        let request = ResourceRequest {
            url,
            token: &issuing.access_token,
            key: issuing.token_key.as_ref(),
            body: match &encrypted {
                Some(jwt) => ResourceBody::Jwt(jwt),
                None => ResourceBody::Json(json),
            },
            max_response_bytes: MAX_CREDENTIAL_RESPONSE_BYTES,
        };
        let response = match self.post_to_resource(request, cursor.now).await? {
            Sent::Answered(response) => response,
            Sent::KeyLocked => return Ok(Some(Requested::KeyLocked)),
        };
        if response.is_success() {
            return Ok(Some(self.read_answer(&response, answer_key)));
        }
        if response.status == 401 {
            return Ok(Some(Requested::TokenRefused));
        }
        let error = CredentialErrorResponse::parse(&response.body).map(|error| error.error);
        Ok(match error {
            Some(CredentialErrorCode::InvalidNonce) => None,
            Some(CredentialErrorCode::InvalidProof) => Some(Requested::Ended(ReceiptProblem::ProofRefused)),
            Some(CredentialErrorCode::CredentialRequestDenied) => {
                Some(Requested::Ended(ReceiptProblem::Denied))
            }
            Some(CredentialErrorCode::InvalidTransactionId) => {
                Some(Requested::Ended(ReceiptProblem::TransactionGone))
            }
            Some(CredentialErrorCode::InvalidEncryptionParameters) if encrypted.is_some() => {
                Some(Requested::StaleEncryption)
            }
            _ => Some(Requested::Ended(ReceiptProblem::CredentialRequestRefused)),
        })
    }

    /// What asked for encryption must be encrypted: somebody in between could answer in the clear.
    fn read_answer(&self, response: &HttpResponse, answer_key: Option<AnswerKey>) -> Requested {
        let malformed = Requested::Ended(ReceiptProblem::CredentialResponse);
        let parsed = match answer_key {
            None if is_success_of(response, JSON) => CredentialResponse::parse(&response.body),
            Some(key) if is_success_of(response, JWT) => {
                let codec = self.ports.encryption.as_ref();
                let text = core::str::from_utf8(&response.body).ok();
                let secret = key.secret.to_pkcs8_der().ok();
                let copy = || SecretKey::from_pkcs8_der(secret.as_ref()?).ok();
                let opened = text.and_then(|text| {
                    key.wanted
                        .decrypt(text, &copy, codec, MAX_CREDENTIAL_RESPONSE_BYTES)
                        .ok()
                });
                match opened {
                    Some(json) => CredentialResponse::parse(&json),
                    None => return malformed,
                }
            }
            _ => return malformed,
        };
        match parsed {
            Ok(CredentialResponse::Issued {
                credentials,
                notification_id,
            }) => Requested::Credentials(credentials, notification_id),
            Ok(CredentialResponse::Deferred {
                transaction_id,
                interval,
            }) => Requested::Later(transaction_id, interval),
            Err(_) => malformed,
        }
    }

    /// A key for the answer, made for it alone; `None` where answers come in the clear.
    fn answer_key(&self, plan: &Plan) -> Result<Option<AnswerKey>, WalletError> {
        let encrypts = plan
            .request_encryption
            .as_ref()
            .and_then(|offered| offered.choose());
        let offered = plan
            .response_encryption
            .as_ref()
            .filter(|offered| offered.is_usable());
        let (Some(_), Some(offered)) = (encrypts, offered) else {
            return Ok(None);
        };
        let secret = self
            .ports
            .crypto
            .generate_key(SignatureAlgorithm::Es256, self.ports.randomness.as_ref())?;
        let wanted = offered.choose(secret.public_key());
        Ok(wanted.map(|wanted| AnswerKey { wanted, secret }))
    }

    async fn prove_keys(
        &self,
        cursor: &Cursor<'_>,
        issuing: &Issuing,
        planned: &PlannedCredential,
        keys: &[KeyDescription],
        nonce: Option<&CNonce>,
    ) -> Result<Proven, WalletError> {
        let attestation = match planned.proof {
            PlannedProof::Jwt => None,
            PlannedProof::AttestedJwt | PlannedProof::Attestation => {
                let public: Vec<PublicKey> = keys.iter().map(|key| key.public_key.clone()).collect();
                let attested = match &self.key_attester {
                    Some(attester) => attester.attest_keys(&public, nonce).await.ok(),
                    None => None,
                };
                match attested {
                    Some(attestation) => Some(attestation),
                    None => return Ok(Proven::NotAttested),
                }
            }
        };
        let signing = match (planned.proof, attestation.as_ref()) {
            (PlannedProof::Attestation, Some(attestation)) => {
                return Ok(Proven::Proofs(Proofs::Attestation(attestation.clone())));
            }
            // The attestation names the other keys.
            (PlannedProof::AttestedJwt, _) => keys.get(..1).unwrap_or_default(),
            _ => keys,
        };
        let claims = ProofClaims {
            issuer: &issuing.plan.issuer,
            client: issuing.plan.client_identifier(),
            nonce,
            attestation: attestation.as_deref(),
            now: cursor.now,
        };
        let mut proofs = Vec::with_capacity(signing.len());
        for key in signing {
            let signed = self.sign_proof(key, planned.proof_key, claims)?;
            match signed {
                SignedProof::Signed(proof) => proofs.push(proof),
                SignedProof::Locked => return Ok(Proven::Locked),
            }
        }
        Ok(Proven::Proofs(Proofs::Jwt(proofs)))
    }

    /// `None` when the answer is no nonce.
    async fn fetch_nonce(&self, endpoint: &HttpUrl) -> Result<Option<CNonce>, WalletError> {
        let response = self
            .post(endpoint, Body::Empty, JSON, MAX_NONCE_RESPONSE_BYTES)
            .await?;
        // The nonce endpoint hands out the nonces of the credential endpoint's proofs as well (OpenID4VCI §7.2).
        self.nonces.remember(endpoint, NonceOf::Resource, None, &response);
        if !is_success_of(&response, JSON) {
            return Ok(None);
        }
        Ok(NonceResponse::parse(&response.body).map(|response| response.c_nonce))
    }
}

fn written(request: &impl serde::Serialize) -> Result<Vec<u8>, WalletError> {
    serde_json::to_vec(request).map_err(|_| WalletError::DeviceFailed(DeviceFault::Internal))
}
