//! What a verifier expects of the holder.

use core::fmt;
use std::sync::Arc;

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::{SecretKey, Thumbprint};
use symbolon_protocol::dcql::{CredentialQuery, HolderBinding};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::digital_credentials::iso_mdoc::EncryptionInfo;
use symbolon_protocol::proximity::ReaderSession;
use symbolon_protocol::qr_transport::proof_audience;

use crate::transaction::ExpectedTransactions;

/// What is known of the request that a presentation answers.
#[derive(Debug, Clone)]
pub enum Expected {
    /// The request is known. The holder's proof must repeat its nonce and name this verifier.
    Bound(Binding),
    /// The request is known, and asks for no proof of the holder (`require_cryptographic_holder_binding` is `false`). One that is
    /// there is checked all the same.
    WithoutProof(Binding),
    /// A stored presentation without its request. A proof that answers nothing known proves nothing, so the holder is
    /// not checked and the verdict is unknown.
    Unchecked,
    /// A credential that no key binds, such as a Claim 169 card: there is no proof to expect.
    NotApplicable,
}

/// What a holder's proof must be about.
#[derive(Debug, Clone)]
pub struct Binding {
    /// The nonce of the request.
    pub nonce: String,
    /// The audience: the client identifier of the verifier with its prefix.
    pub audience: String,
    /// The session that the device of an mdoc authenticates. Without it the holder of an mdoc is not checked.
    pub session: Option<MdocSession>,
    /// The transactions that the credential may authorise. Whoever asked for none finds none.
    pub transactions: Arc<ExpectedTransactions>,
}

/// The session of a request, as the device of an mdoc authenticates it.
#[derive(Clone)]
pub struct MdocSession {
    /// What the device signs, beside the document type.
    pub transcript: SessionTranscript,
    /// The reader's secret key of the session, which device MACs are made for. Without it a MAC proves nothing here.
    pub reader_key: Option<Arc<SecretKey>>,
}

/// Without the key.
impl fmt::Debug for MdocSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MdocSession").finish_non_exhaustive()
    }
}

impl Expected {
    /// What is expected of a presentation that answers a credential query.
    #[must_use]
    pub fn of_query(query: &CredentialQuery, binding: Binding) -> Self {
        match query.holder_binding {
            HolderBinding::Proven => Self::Bound(binding),
            HolderBinding::Absent => Self::WithoutProof(binding),
        }
    }
}

impl Binding {
    /// What proofs of an OpenID4VP request by redirect or QR code are about. `encryption_key` is the thumbprint of the
    /// key that the answer is encrypted to, if it is; `response_uri` is where the answer goes.
    #[must_use]
    pub fn openid4vp(
        client_id: &str,
        nonce: &str,
        encryption_key: Option<&Thumbprint>,
        response_uri: &str,
    ) -> Self {
        let transcript = SessionTranscript::openid4vp(client_id, nonce, encryption_key, response_uri);
        Self {
            nonce: nonce.to_owned(),
            audience: client_id.to_owned(),
            session: Some(MdocSession {
                transcript,
                reader_key: None,
            }),
            transactions: Arc::default(),
        }
    }

    /// What proofs of a request are about that travelled by QR codes, as its answer does. `encryption_key` is the thumbprint of the key
    /// that the answer is encrypted to.
    #[must_use]
    pub fn symbolon_qr(client_id: &str, nonce: &str, encryption_key: &Thumbprint) -> Self {
        Self {
            nonce: nonce.to_owned(),
            audience: proof_audience(client_id),
            session: Some(MdocSession {
                transcript: SessionTranscript::symbolon_qr(client_id, nonce, encryption_key),
                reader_key: None,
            }),
            transactions: Arc::default(),
        }
    }

    /// The same, for a credential that may authorise these transactions.
    #[must_use]
    pub fn with_transactions(mut self, transactions: Arc<ExpectedTransactions>) -> Self {
        self.transactions = transactions;
        self
    }

    /// What proofs of an OpenID4VP request over the Digital Credentials API are about: the origin, whoever signed the request.
    #[must_use]
    pub fn openid4vp_dc_api(origin: &Origin, nonce: &str, encryption_key: Option<&Thumbprint>) -> Self {
        Self {
            nonce: nonce.to_owned(),
            audience: origin.audience(),
            session: Some(MdocSession {
                transcript: SessionTranscript::openid4vp_dc_api(origin.as_str(), nonce, encryption_key),
                reader_key: None,
            }),
            transactions: Arc::default(),
        }
    }

    /// What the device of an mdoc authenticates in a request of ISO/IEC 18013-7 Annex C.
    #[must_use]
    pub fn iso_dc_api(origin: &Origin, nonce: &str, encryption_info: &EncryptionInfo) -> Self {
        Self {
            nonce: nonce.to_owned(),
            audience: origin.audience(),
            session: Some(MdocSession {
                transcript: encryption_info.transcript(origin),
                reader_key: None,
            }),
            transactions: Arc::default(),
        }
    }

    /// What the device of an mdoc authenticates face to face, by a signature or by a MAC (ISO/IEC 18013-5). Only mdocs are shown so:
    /// there is neither nonce nor audience.
    #[must_use]
    pub fn proximity(session: &ReaderSession) -> Self {
        Self {
            nonce: String::new(),
            audience: String::new(),
            session: Some(MdocSession {
                transcript: session.transcript().clone(),
                reader_key: Some(Arc::clone(session.reader_key())),
            }),
            transactions: Arc::default(),
        }
    }

    /// What the device of an mdoc has signed in a session face to face that was kept. The key of the session is gone, so that a device
    /// MAC proves nothing.
    #[must_use]
    pub fn kept_proximity(transcript: SessionTranscript) -> Self {
        Self {
            nonce: String::new(),
            audience: String::new(),
            session: Some(MdocSession {
                transcript,
                reader_key: None,
            }),
            transactions: Arc::default(),
        }
    }

    /// The same, of a verifier that holds the key which the answer was encrypted to, and so can check device MACs.
    #[must_use]
    pub fn with_reader_key(mut self, key: SecretKey) -> Self {
        if let Some(session) = &mut self.session {
            session.reader_key = Some(Arc::new(key));
        }
        self
    }
}
