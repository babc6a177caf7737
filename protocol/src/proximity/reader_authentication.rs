//! Who the reader is: its signatures over what it asks for, and the chain behind them (ISO/IEC 18013-5, section 9.1.4).
//!
//! A signature that is there and wrong is an end. One that is not there, or whose chain no anchor vouches for, is a result that
//! the wallet's policy decides about; it cannot be taken for a proof, because it is another variant.

use core::fmt;

use symbolon_credential::mdoc::{
    DeviceRequest, DocRequest, ItemsRequest, MdocError, ReaderRefused, SessionTranscript,
};
use symbolon_crypto::x509::{
    Certificate, CertificateError, ChainError, ChainProfile, VerifiedChain, verify_chain,
};
use symbolon_crypto::{CryptoProvider, PublicKey, UnixTime};
use thiserror::Error;
use zeroize::Zeroizing;

use super::error::SessionError;

/// What readers are held against.
#[derive(Clone, Copy)]
pub struct ReaderTrust<'a> {
    /// The roots of readers that are trusted, if any.
    pub anchors: &'a [Certificate],
    /// The time.
    pub now: UnixTime,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReaderAuthentication {
    /// Somebody who does not say.
    Anonymous,
    /// Whoever has the key of this certificate, for which no anchor vouches: what it says of its holder is the holder's own word.
    Unvouched {
        /// The certificate of the reader.
        leaf: Certificate,
        /// Why its chain does not count.
        reason: ReaderDoubt,
    },
    /// The reader for which an anchor vouches.
    Proven(VerifiedChain),
}

/// Why a chain proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReaderDoubt {
    /// A certificate above the reader's cannot be read.
    #[error("a certificate above the reader's cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// The chain is not valid for a reader.
    #[error(transparent)]
    Chain(#[from] ChainError),
}

/// What ends a session: a reader that says who it is, wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReaderAuthenticationError {
    /// A signature without a certificate to check it with.
    #[error("the reader's signature comes without a certificate")]
    NoCertificate,
    /// The reader's certificate cannot be read.
    #[error("the reader's certificate cannot be read: {0}")]
    Certificate(#[from] CertificateError),
    /// The key of the certificate did not sign this request for this session.
    #[error(transparent)]
    Signature(#[from] ReaderRefused),
}

/// What is asked for of one document, and who asks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedDocument {
    /// What is asked for.
    pub items: ItemsRequest,
    /// Who asks, proven for this document.
    pub reader: ReaderAuthentication,
}

/// A request of a session, all of whose signatures have been checked.
#[derive(Clone)]
pub struct ReceivedRequest {
    encoded: Zeroizing<Vec<u8>>,
    documents: Vec<RequestedDocument>,
}

/// Without the encoded request, which the documents say.
impl fmt::Debug for ReceivedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedRequest")
            .field("documents", &self.documents)
            .finish_non_exhaustive()
    }
}

static ANONYMOUS: ReaderAuthentication = ReaderAuthentication::Anonymous;

impl ReaderAuthentication {
    /// The certificate of the reader, proven or not.
    #[must_use]
    pub const fn leaf(&self) -> Option<&Certificate> {
        match self {
            Self::Anonymous => None,
            Self::Unvouched { leaf, .. } => Some(leaf),
            Self::Proven(chain) => Some(chain.leaf()),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Anonymous => 0,
            Self::Unvouched { .. } => 1,
            Self::Proven(_) => 2,
        }
    }

    fn of_signature(
        chain: &[&[u8]],
        verify: impl FnOnce(&PublicKey) -> Result<(), ReaderRefused>,
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, ReaderAuthenticationError> {
        let (leaf, above) = chain
            .split_first()
            .ok_or(ReaderAuthenticationError::NoCertificate)?;
        let leaf = Certificate::parse(leaf)?;
        verify(leaf.public_key())?;
        Ok(match vouched_chain(&leaf, above, trust, crypto) {
            Ok(chain) => Self::Proven(chain),
            Err(reason) => Self::Unvouched { leaf, reason },
        })
    }
}

fn vouched_chain(
    leaf: &Certificate,
    above: &[&[u8]],
    trust: ReaderTrust<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<VerifiedChain, ReaderDoubt> {
    let mut chain = vec![leaf.clone()];
    for der in above {
        chain.push(Certificate::parse(der)?);
    }
    Ok(verify_chain(
        &chain,
        trust.anchors,
        ChainProfile::Reader,
        trust.now,
        crypto,
    )?)
}

impl ReceivedRequest {
    /// Reads a `DeviceRequest` and checks every signature in it.
    pub(super) fn check(
        encoded: Zeroizing<Vec<u8>>,
        transcript: &SessionTranscript,
        trust: ReaderTrust<'_>,
        crypto: &dyn CryptoProvider,
    ) -> Result<Self, SessionError> {
        let request = DeviceRequest::parse(&encoded).map_err(SessionError::Request)?;
        let of_all = reader_of_all(&request, transcript, trust, crypto)?;
        let documents = request
            .doc_requests()
            .iter()
            .map(|document| {
                let of_this = reader_of(document, transcript, trust, crypto)?;
                Ok(RequestedDocument {
                    items: document.items_request().clone(),
                    reader: if of_this.rank() > of_all.rank() {
                        of_this
                    } else {
                        of_all.clone()
                    },
                })
            })
            .collect::<Result<Vec<_>, ReaderAuthenticationError>>()?;
        Ok(Self { encoded, documents })
    }

    /// What is asked for, by document.
    #[must_use]
    pub fn documents(&self) -> &[RequestedDocument] {
        &self.documents
    }

    /// The reader that asks for all of it. One that signed for a part only, or with another key, does not stand for the whole:
    /// then it is anonymous.
    #[must_use]
    pub fn reader(&self) -> &ReaderAuthentication {
        let Some(weakest) = self
            .documents
            .iter()
            .min_by_key(|document| document.reader.rank())
        else {
            return &ANONYMOUS;
        };
        let is_of_one = self
            .documents
            .iter()
            .all(|document| document.reader.leaf() == weakest.reader.leaf());
        if is_of_one { &weakest.reader } else { &ANONYMOUS }
    }

    /// The encoded `DeviceRequest`.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }
}

/// Checks every signature over the whole; the first that an anchor vouches for counts, and otherwise the first.
fn reader_of_all(
    request: &DeviceRequest<'_>,
    transcript: &SessionTranscript,
    trust: ReaderTrust<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<ReaderAuthentication, ReaderAuthenticationError> {
    let mut best = ReaderAuthentication::Anonymous;
    for (position, chain) in request.reader_auth_all_chains().enumerate() {
        let verify = |key: &PublicKey| request.verify_reader_of_all(position, key, transcript, crypto);
        let reader = ReaderAuthentication::of_signature(chain, verify, trust, crypto)?;
        if reader.rank() > best.rank() {
            best = reader;
        }
    }
    Ok(best)
}

fn reader_of(
    document: &DocRequest<'_>,
    transcript: &SessionTranscript,
    trust: ReaderTrust<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<ReaderAuthentication, ReaderAuthenticationError> {
    match document.reader_chain() {
        None => Ok(ReaderAuthentication::Anonymous),
        Some(chain) => {
            let verify = |key: &PublicKey| document.verify_reader(key, transcript, crypto);
            ReaderAuthentication::of_signature(chain, verify, trust, crypto)
        }
    }
}

/// What the holder's response says instead of documents when a request cannot be read (section 8.3.2.1.2.3).
pub(super) const fn response_status_of(error: MdocError) -> u64 {
    match error {
        MdocError::Cbor(_) => 11,
        _ => 12,
    }
}
