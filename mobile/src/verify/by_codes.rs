//! Asking by animated QR codes where there is no network: the request, and the judgement of its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::request_object::{
    CLOCK_TOLERANCE, RequestValidity, SignerReference, prepare,
};
use symbolon_protocol::qr_transport::MAX_REQUEST_LIFETIME;
use symbolon_verifier::Binding;
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::by_qr::{self, AnswerUnreadable};
use symbolon_verifier::request::{MasterSecret, RequestSecrets, ResponseKey};
use symbolon_verifier::store::TenantId;
use symbolon_wallet_core::Languages;

use super::{Core, JudgedAnswer, Verifier, VerifierError, VerifierIdentity};
use crate::codes::CodeMessage;
use crate::ports::Randomness;

/// A request that is shown as codes. Its key is in memory alone and its answer is taken once: closed, or when the app dies, ask again.
#[derive(uniffi::Object)]
pub struct AskByCodes {
    core: Arc<Core>,
    object: String,
    query: DcqlQuery,
    binding: Binding,
    secrets: RequestSecrets,
    tenant: TenantId,
    expires_at: UnixTime,
    /// The secret that the key of the answer is derived from; gone once an answer was opened.
    master: Mutex<Option<MasterSecret>>,
}

/// What came of an answer.
#[derive(Clone, PartialEq, Eq, uniffi::Enum)]
pub enum AnswerByCodes {
    /// It was judged.
    Judged {
        /// What it led to.
        answer: JudgedAnswer,
    },
    /// The wallet shows nothing.
    Declined,
}

/// The name that keys are derived under; one app is one verifier.
const TENANT: &str = "app";

#[uniffi::export]
impl Verifier {
    /// Makes a request for what a DCQL query asks for, good for so many seconds and at most 15 minutes, signed by the verifier's key. Show
    /// `message` by `CodeFrames`, and put the wallet's answer together with a `CodeReader`.
    pub fn ask_by_codes(
        &self,
        query: String,
        identity: VerifierIdentity,
        seconds: u32,
    ) -> Result<Arc<AskByCodes>, VerifierError> {
        let query = parse_query(&query)?;
        let signer = identity.parse()?;
        let randomness = Randomness::of_system();
        let failed = |_| VerifierError::DeviceFailed;
        let secrets = RequestSecrets::make(&randomness).map_err(failed)?;
        let master = MasterSecret::make(&randomness).map_err(failed)?;
        let tenant = TenantId::parse(TENANT).map_err(|_| VerifierError::DeviceFailed)?;
        let key = derive(&master, &tenant, &secrets).ok_or(VerifierError::DeviceFailed)?;
        let client_id = ClientId::x509_hash(signer.leaf.sha256());
        let binding = Binding::symbolon_qr(
            client_id.as_str(),
            secrets.nonce.as_str(),
            &key.public_key().thumbprint(),
        );
        let (nonce, state) = (&secrets.nonce, &secrets.state);
        let request = by_qr::request(client_id, nonce, state, &query, &key, &signer.name)
            .map_err(|_| VerifierError::Query)?;
        let issued_at = self.core.now()?;
        let lifetime = Duration::from_secs(seconds.into()).min(MAX_REQUEST_LIFETIME);
        let expires_at = issued_at.plus(lifetime);
        let prepared = prepare(
            &request,
            SignerReference::Certificates(&signer.chain),
            signer.leaf.public_key().algorithm(),
            RequestValidity {
                issued_at,
                expires_at,
            },
            None,
        )
        .map_err(|_| VerifierError::Query)?;
        let signature = signer.sign(&prepared.request(signer.handle.clone()))?;
        Ok(Arc::new(AskByCodes {
            core: Arc::clone(&self.core),
            object: prepared.finish(&signature),
            query,
            binding,
            secrets,
            tenant,
            expires_at,
            master: Mutex::new(Some(master)),
        }))
    }
}

#[uniffi::export]
impl AskByCodes {
    /// What to show by `CodeFrames`.
    pub fn message(&self) -> CodeMessage {
        CodeMessage::Request {
            object: self.object.clone(),
        }
    }

    /// Until when it may be answered: seconds since 1970-01-01T00:00:00Z.
    pub fn expires_at(&self) -> i64 {
        self.expires_at.seconds()
    }

    /// Opens the answer that a `CodeReader` put together, and judges it against what was asked. It is taken once.
    #[uniffi::method(default(languages = []))]
    pub fn judge(
        &self,
        response: CodeMessage,
        languages: Vec<String>,
    ) -> Result<AnswerByCodes, VerifierError> {
        let CodeMessage::Response { jwe } = response else {
            return Err(VerifierError::ForeignAnswer);
        };
        if self.core.now()? > self.expires_at.plus(CLOCK_TOLERANCE) {
            return Err(VerifierError::AskOver);
        }
        let token = {
            let mut master = self.master.lock().unwrap_or_else(PoisonError::into_inner);
            let secret = master.as_ref().ok_or(VerifierError::AskOver)?;
            let key = || derive(secret, &self.tenant, &self.secrets);
            let codec = PureJwe::new(&RustCryptoProvider);
            let opened = by_qr::open_answer(&jwe, &key, &self.secrets.state, &codec);
            // What somebody else's answer is does not use the request up.
            if matches!(opened, Ok(_) | Err(AnswerUnreadable::Declined)) {
                *master = None;
            }
            match opened {
                Ok(token) => token,
                Err(AnswerUnreadable::Declined) => return Ok(AnswerByCodes::Declined),
                Err(_) => return Err(VerifierError::ForeignAnswer),
            }
        };
        let keys = HolderKeys::OneKey;
        let judged = self.core.judging(|judge, evidence| {
            judge.judge_answer(&self.query, &token, &self.binding, keys, evidence)
        })?;
        let judged = judged.map_err(|_| VerifierError::ForeignAnswer)?;
        Ok(AnswerByCodes::Judged {
            answer: JudgedAnswer::of(judged, &Languages::new(languages)),
        })
    }
}

pub(super) fn parse_query(text: &str) -> Result<DcqlQuery, VerifierError> {
    DcqlQuery::parse_own(text.as_bytes()).map_err(|_| VerifierError::Query)
}

fn derive(master: &MasterSecret, tenant: &TenantId, secrets: &RequestSecrets) -> Option<ResponseKey> {
    master.derive_response_key(tenant, &secrets.id).ok()
}
