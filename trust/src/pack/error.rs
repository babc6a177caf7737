//! Why a pack is refused, and why one cannot be built.

use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::{ChainError, RevocationListError, RevocationListRejected};

use crate::compact_set::{BuildSetError, OpenSetError};
use crate::status_list::StatusListError;
use crate::trust_list::ParseTrustListError;

/// Why a pack is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackError {
    /// The first bytes are not those of a pack.
    #[error("the file is not an offline pack")]
    NotAPack,
    /// A pack of another version.
    #[error("the pack has version {found}, this reader knows versions 1 to 3")]
    Version {
        /// The version found.
        found: u16,
    },
    /// The file ends before the pack does.
    #[error("the pack is cut short")]
    Truncated,
    /// The file or a section goes on behind its end.
    #[error("the pack is followed by further bytes")]
    TrailingBytes,
    /// A bound of the format is exceeded.
    #[error("the pack exceeds a bound of its format")]
    OverBudget,
    /// The container is not in order: an unknown kind, a section out of place, a reserved byte that is not zero.
    #[error("the container of the pack is not in order")]
    Container,
    /// A signed structure is not a COSE_Sign1 of this format.
    #[error("a signed structure of the pack is malformed")]
    SignedStructure,
    /// A signed payload is not the map that its place demands.
    #[error("a signed payload of the pack is malformed")]
    Payload,
    /// The manifest names a key that is not a pack key of the root of trust.
    #[error("the pack is signed by a distributor that the root of trust does not name")]
    UnknownPackSigner,
    /// The manifest's signature is wrong.
    #[error("the signature of the manifest is wrong")]
    ManifestSignature,
    /// The section table is not the one that the manifest's root stands for.
    #[error("the section table is not the signed one")]
    SectionTable,
    /// A section is not the one that the table names.
    #[error("a section is not the signed one")]
    SectionHash,
    /// An older pack than the last one accepted.
    #[error("the pack has sequence {found}, but {last_seen} was seen before")]
    LowerSequence {
        /// The sequence accepted before.
        last_seen: u64,
        /// The sequence of this pack.
        found: u64,
    },
    /// Another pack under a sequence already accepted.
    #[error("another pack with sequence {sequence} was seen before")]
    SequenceReused {
        /// The sequence.
        sequence: u64,
    },
    /// The clock stands before something that exists already.
    #[error("the clock stands before the making of what it reads ({})", created.rfc3339())]
    ClockBeforeCreation {
        /// The time of making.
        created: UnixTime,
    },
    /// Expired, grace period included.
    #[error("the pack expired at {}", expired_at.rfc3339())]
    Expired {
        /// When it expired, without the grace period.
        expired_at: UnixTime,
    },
    /// The trust section names a key that is not a registry key of the root of trust.
    #[error("the trust section is signed by a registry that the root of trust does not name")]
    UnknownTrustSigner,
    /// The trust section's signature is wrong.
    #[error("the signature of the trust section is wrong")]
    TrustSignature,
    /// The trust section holds no usable trust list.
    #[error("the trust section holds no usable trust list")]
    TrustList(#[source] ParseTrustListError),
    /// The trust list is older than one accepted before, or than the pinned one.
    #[error("the trust list is older than one seen before")]
    TrustListRolledBack,
    /// The trust list expired, grace period included.
    #[error("the trust list expired at {}", expired_at.rfc3339())]
    TrustListExpired {
        /// When it expired, without the grace period.
        expired_at: UnixTime,
    },
    /// No issuer of the trust list may sign a list with this URI.
    #[error("a status section is about a list that no trusted issuer owns")]
    StatusListOfNobody,
    /// The status signer's certificates lead to no anchor of the issuer.
    #[error("the chain of a status signer does not hold")]
    StatusSignerChain(#[source] ChainError),
    /// The status signer's certificate names somebody else.
    #[error("the certificate of a status signer does not name the issuer of its list")]
    StatusSignerIsNotTheIssuer,
    /// The status section's signature is wrong.
    #[error("the signature of a status section is wrong")]
    StatusSignature,
    /// A set is not the one that the issuer signed.
    #[error("a status set is not the signed one")]
    StatusSetHash,
    /// A set cannot be opened.
    #[error("a status set cannot be read")]
    StatusSet(#[source] OpenSetError),
    /// A set has another universe than its signed header.
    #[error("a status set has another size than its header")]
    StatusSetUniverse,
    /// Two sections about one list.
    #[error("the pack holds a status list twice")]
    StatusListTwice,
    /// The directory of a status section is malformed, or not the signed one.
    #[error("the directory of a status section is not in order")]
    Directory,
    /// A verbatim section is malformed.
    #[error("a verbatim section is not in order")]
    Verbatim,
    /// A verbatim status list token is none, or not signed by who may sign it.
    #[error("a verbatim status list token is refused")]
    StatusListToken(#[source] StatusListError),
    /// A verbatim status list credential is none that can be packed, or not signed by who may sign it.
    #[error("a verbatim status list credential is refused")]
    StatusListCredential,
    /// There is a verbatim status list credential, and the caller brought nothing that verifies credentials.
    #[error("a verbatim status list credential cannot be verified here")]
    NoCredentialVerifier,
    /// A section of a revocation list is malformed.
    #[error("a section with a revocation list is not in order")]
    RevocationSection,
    /// A revocation list cannot be used.
    #[error("a revocation list of the pack cannot be used")]
    RevocationList(#[source] RevocationListError),
    /// The trust section does not have the anchor that a revocation list is to stand under.
    #[error("a revocation list is of an authority that the trust section does not name")]
    RevocationListOfNobody,
    /// The certificates of the authority that signed a revocation list lead to no anchor.
    #[error("the chain of the authority of a revocation list does not hold")]
    RevocationListAuthority(#[source] ChainError),
    /// A revocation list is not that of the authority that its section names.
    #[error("a revocation list of the pack is refused")]
    RevocationListRejected(#[source] RevocationListRejected),
    /// A revocation list names the places at which it is published, and not the one that its section names.
    #[error("a revocation list is said to be published where it is not")]
    RevocationListElsewhere,
    /// Two revocation lists of one authority about the same certificates.
    #[error("the pack holds a revocation list twice")]
    RevocationListTwice,
    /// A revocation list is older than one accepted before.
    #[error("a revocation list is older than one seen before")]
    RevocationListRolledBack,
    /// The pack says that it covers a scope which the trust list does not have.
    #[error("the pack covers the scope {name}, which the trust list does not define")]
    UnknownScope {
        /// The name of the scope.
        name: String,
    },
    /// A status list is older than one accepted before.
    #[error("a status list is older than one seen before")]
    StatusListRolledBack,
}

/// Why a pack or a section of one cannot be built. Each is a mistake of the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PackBuildError {
    /// A section without lists, with a list twice, or with a URI that is too long.
    #[error("the lists do not make a section")]
    Lists,
    /// The trust list does not define a scope that the pack is to cover.
    #[error("the trust list does not define the scope {name}")]
    UnknownScope {
        /// The name of the scope.
        name: String,
    },
    /// A section that was handed in is none.
    #[error("a section cannot be read")]
    Section(#[source] PackError),
    /// A revocation list with an address or a certificate that is too long, or too many authorities.
    #[error("the revocation list does not make a section")]
    RevocationList,
    /// The list holds a state that a pack has no set for.
    #[error("the status list holds a state that a pack cannot hold")]
    StatusCannotBePacked,
    /// A set cannot be built.
    #[error("a status set cannot be built")]
    Set(#[from] BuildSetError),
    /// The trust list contradicts itself.
    #[error("the trust list cannot be written")]
    TrustList(#[from] ParseTrustListError),
    /// There is no certificate to name the signer by.
    #[error("the certificate chain of the signer is empty")]
    EmptyChain,
    /// A bound of the format is exceeded.
    #[error("the pack would exceed a bound of its format")]
    TooLarge,
    /// The signature does not fit its structure.
    #[error("the signature does not fit its algorithm")]
    Signature,
}
