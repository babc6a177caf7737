//! Which certificates of its signers an issuer has taken back: the revocation lists of its authorities
//! ([RFC 5280 §5](https://www.rfc-editor.org/rfc/rfc5280#section-5)).

use core::error::Error as StdError;

use symbolon_crypto::x509::RevocationList;
use thiserror::Error;

/// An authority of an issuer, which certifies some of its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CertificateAuthority {
    /// The root of the signers of SD-JWT VCs, status lists and metadata.
    Issuers,
    /// The root of the document signers of mdocs (IACA).
    Documents,
}

impl CertificateAuthority {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Issuers, Self::Documents];

    /// The last part of the address of its list.
    #[must_use]
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::Issuers => "issuers.crl",
            Self::Documents => "documents.crl",
        }
    }

    /// The authority whose list has this name.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|authority| authority.file_name() == name)
    }
}

/// Who has the revocation lists of an issuer's authorities. They are signed elsewhere: an authority's key may be on another machine.
pub trait RevocationLists: Send + Sync {
    /// The newest list of an authority; `None` where it publishes none. Asked for each request, on a thread that may wait.
    ///
    /// # Errors
    /// [`RevocationListUnavailable`].
    fn newest(
        &self,
        authority: CertificateAuthority,
    ) -> Result<Option<RevocationList>, RevocationListUnavailable>;
}

/// The list cannot be read.
#[derive(Debug, Error)]
#[error("the revocation list cannot be read: {0}")]
pub struct RevocationListUnavailable(#[source] pub Box<dyn StdError + Send + Sync>);
