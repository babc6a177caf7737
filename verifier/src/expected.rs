//! What a verifier expects of the holder.

use core::fmt;
use std::sync::Arc;

use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::{SecretKey, Thumbprint};
use symbolon_protocol::dcql::{CredentialQuery, HolderBinding};
use symbolon_protocol::digital_credentials::Origin;
use symbolon_protocol::digital_credentials::iso_mdoc::EncryptionInfo;

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
        }
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
