//! A request by QR codes of a device that has no server: made, signed by its key, kept until it is over, and its answer opened.

use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::{InvalidKey, Randomness, RandomnessUnavailable, SignatureAlgorithm, UnixTime};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::request::RequestDefect;
use symbolon_protocol::openid4vp::request_object::{
    CLOCK_TOLERANCE, RequestValidity, SignerReference, prepare,
};
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_protocol::qr_transport::MAX_REQUEST_LIFETIME;
use thiserror::Error;
use zeroize::{Zeroize as _, Zeroizing};

use super::{AnswerUnreadable, open_answer, request};
use crate::expected::Binding;
use crate::request::{MasterSecret, RequestSecrets, ResponseKey};
use crate::store::{Nonce, RequestId, TenantId};

/// The version of the stored form.
const VERSION: u32 = 1;

/// The name that keys are derived under: one device is one verifier.
const TENANT: &str = "device";

/// Why there is no request.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskFailure {
    /// The source of randomness failed.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The key of the answer cannot be derived.
    #[error(transparent)]
    Key(#[from] InvalidKey),
    /// No wallet would accept it.
    #[error(transparent)]
    Request(#[from] RequestDefect),
    /// What was kept of a request cannot be read.
    #[error("what was kept of the request cannot be read")]
    Stored,
}

/// Why an answer is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AnswerRefused {
    /// The request has expired.
    #[error("the request has expired")]
    Expired,
    /// It is no answer to this request.
    #[error(transparent)]
    Unreadable(#[from] AnswerUnreadable),
}

/// A request of this device's own. Its nonce, its state and the key of its answer are fresh; the nonce is for the caller to spend, once and
/// durably, before an answer that was opened is judged.
pub struct AskedByQr {
    client_id: ClientId,
    secrets: RequestSecrets,
    master: MasterSecret,
    query: DcqlQuery,
    validity: RequestValidity,
}

/// The stored form. It holds the secret that opens the answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    version: u32,
    client_id: String,
    id: RequestId,
    nonce: Nonce,
    state: Nonce,
    secret: String,
    query: Value,
    issued_at: UnixTime,
    expires_at: UnixTime,
}

impl AskedByQr {
    /// Makes a request by a client for what a query asks for. It may be answered for `lifetime`, and never longer than
    /// [`MAX_REQUEST_LIFETIME`].
    ///
    /// # Errors
    /// [`AskFailure::Randomness`].
    pub fn make(
        client_id: ClientId,
        query: DcqlQuery,
        lifetime: Duration,
        randomness: &dyn Randomness,
        now: UnixTime,
    ) -> Result<Self, AskFailure> {
        Ok(Self {
            client_id,
            secrets: RequestSecrets::make(randomness)?,
            master: MasterSecret::make(randomness)?,
            query,
            validity: RequestValidity {
                issued_at: now,
                expires_at: now.plus(lifetime.min(MAX_REQUEST_LIFETIME)),
            },
        })
    }

    /// The request object, for the client's key to sign. `name` is what the verifier calls itself.
    ///
    /// # Errors
    /// [`AskFailure::Key`] and [`AskFailure::Request`].
    pub fn prepare(
        &self,
        signer: SignerReference<'_>,
        algorithm: SignatureAlgorithm,
        name: &str,
    ) -> Result<PreparedJws, AskFailure> {
        let (nonce, state) = (&self.secrets.nonce, &self.secrets.state);
        let client_id = self.client_id.clone();
        let request = request(client_id, nonce, state, &self.query, &self.response_key()?, name)?;
        Ok(prepare(&request, signer, algorithm, self.validity, None)?)
    }

    /// What it asks for.
    #[must_use]
    pub const fn query(&self) -> &DcqlQuery {
        &self.query
    }

    /// What a proof in the answer has to repeat, to be spent before anything is judged.
    #[must_use]
    pub const fn nonce(&self) -> &Nonce {
        &self.secrets.nonce
    }

    /// The last moment at which an answer is welcome.
    #[must_use]
    pub const fn expires_at(&self) -> UnixTime {
        self.validity.expires_at
    }

    /// Until when its nonce is to be remembered, by whatever clock asks: as long as a request that was made at the last moment could be answered.
    #[must_use]
    pub fn remembered_until(&self) -> UnixTime {
        self.validity
            .expires_at
            .plus(MAX_REQUEST_LIFETIME + CLOCK_TOLERANCE)
    }

    /// Whether it can be answered no more.
    #[must_use]
    pub fn is_over(&self, now: UnixTime) -> bool {
        now > self.validity.expires_at.plus(CLOCK_TOLERANCE)
    }

    /// What the key of its answer is called, which anybody may know.
    ///
    /// # Errors
    /// [`AskFailure::Key`].
    pub fn response_key_id(&self) -> Result<String, AskFailure> {
        Ok(self.response_key()?.kid())
    }

    /// What the proofs in its answer are about.
    ///
    /// # Errors
    /// [`AskFailure::Key`].
    pub fn binding(&self) -> Result<Binding, AskFailure> {
        let thumbprint = self.response_key()?.public_key().thumbprint();
        let nonce = self.secrets.nonce.as_str();
        Ok(Binding::symbolon_qr(self.client_id.as_str(), nonce, &thumbprint))
    }

    /// Opens an answer: in time, with the key of this request, and repeating its state.
    ///
    /// # Errors
    /// [`AnswerRefused`].
    pub fn open(&self, jwe: &str, codec: &dyn JweCodec, now: UnixTime) -> Result<VpToken, AnswerRefused> {
        if self.is_over(now) {
            return Err(AnswerRefused::Expired);
        }
        let key = || self.response_key().ok();
        Ok(open_answer(jwe, &key, &self.secrets.state, codec)?)
    }

    /// The form to keep until the request is over, where nobody else reads it: whoever has it opens the answer.
    ///
    /// # Errors
    /// [`AskFailure::Stored`], which no request makes happen.
    pub fn to_stored(&self) -> Result<Zeroizing<Vec<u8>>, AskFailure> {
        let mut stored = Stored {
            version: VERSION,
            client_id: self.client_id.as_str().to_owned(),
            id: self.secrets.id.clone(),
            nonce: self.secrets.nonce.clone(),
            state: self.secrets.state.clone(),
            secret: base64url::encode(self.master.expose()),
            query: serde_json::to_value(&self.query).map_err(|_| AskFailure::Stored)?,
            issued_at: self.validity.issued_at,
            expires_at: self.validity.expires_at,
        };
        let written = serde_json::to_vec(&stored).map(Zeroizing::new);
        stored.secret.zeroize();
        written.map_err(|_| AskFailure::Stored)
    }

    /// Reads what [`AskedByQr::to_stored`] wrote.
    ///
    /// # Errors
    /// [`AskFailure::Stored`].
    pub fn from_stored(stored: &[u8]) -> Result<Self, AskFailure> {
        let stored: Stored = json::parse(stored, JsonBudget::MESSAGE).map_err(|_| AskFailure::Stored)?;
        let secret = Zeroizing::new(stored.secret);
        let lifetime = stored.expires_at.since(stored.issued_at);
        if stored.version != VERSION || lifetime > MAX_REQUEST_LIFETIME {
            return Err(AskFailure::Stored);
        }
        let secret = Zeroizing::new(base64url::decode(&secret).map_err(|_| AskFailure::Stored)?);
        let secret: [u8; 32] = secret.as_slice().try_into().map_err(|_| AskFailure::Stored)?;
        let query = stored.query.to_string();
        Ok(Self {
            client_id: ClientId::parse(&stored.client_id).map_err(|_| AskFailure::Stored)?,
            secrets: RequestSecrets {
                id: stored.id,
                nonce: stored.nonce,
                state: stored.state,
            },
            master: MasterSecret::new(Zeroizing::new(secret)),
            query: DcqlQuery::parse_own(query.as_bytes()).map_err(|_| AskFailure::Stored)?,
            validity: RequestValidity {
                issued_at: stored.issued_at,
                expires_at: stored.expires_at,
            },
        })
    }

    fn response_key(&self) -> Result<ResponseKey, InvalidKey> {
        let tenant = TenantId::parse(TENANT).map_err(|_| InvalidKey)?;
        self.master.derive_response_key(&tenant, &self.secrets.id)
    }
}
