//! What keeps an installation: keys, certificates, backups.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use symbolon_crypto::x509::RevocationReason;
use symbolon_issuer_server::CertificateAuthority;

use crate::installation::keys::KeyPurpose;

/// `symbolon keys …`
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Lists the keys with their certificates; no secret is shown
    #[command(after_help = "Example:\n  symbolon keys list --json")]
    List {
        /// Print as JSON
        #[arg(long)]
        json: bool,
    },
    /// Moves the keys of an installation into one file, encrypted under a passphrase
    #[command(
        after_help = "The passphrase is in the file that key_passphrase_file names, in SYMBOLON_KEY_PASSPHRASE, or asked for.\n\nExample:\n  symbolon keys encrypt"
    )]
    Encrypt,
    /// Replaces a key by a new one; what the old one signed stays verifiable until it expires
    #[command(after_help = "The issuer must be stopped.\n\nExample:\n  symbolon keys rotate card-signing")]
    Rotate {
        /// Which key
        purpose: RotatedKey,
    },
    /// Writes a certificate signing request (PKCS#10) for a key
    #[command(
        after_help = "Example:\n  symbolon keys request credential-signing --new-key --out credential.csr"
    )]
    Request {
        /// Which key
        purpose: CertifiedKey,
        /// The file to write, PEM
        #[arg(long, value_name = "FILE.csr")]
        out: PathBuf,
        /// For a new key, which signs once its certificate is imported
        #[arg(long)]
        new_key: bool,
    },
    /// Signs a certificate signing request, on the machine that has the roots; no installation is needed there
    #[command(
        after_help = "The passphrase of the roots is in --passphrase-file, in SYMBOLON_ROOT_PASSPHRASE, or asked for.\n\nExample:\n  symbolon keys sign credential.csr --as credential-signing --root /media/roots --out credential.pem"
    )]
    Sign(SignArguments),
    /// Revokes the certificate of a key: its authority says so in its revocation list
    #[command(
        after_help = "Example:\n  symbolon keys revoke document-signing --reason key-compromise\n  symbolon keys revoke document-signing --reason superseded --certificate old.pem --root /media/roots"
    )]
    Revoke(RevokeArguments),
    /// Makes a revocation list, on the machine that has the roots; no installation is needed there
    #[command(
        after_help = "The passphrase of the roots is in --passphrase-file, in SYMBOLON_ROOT_PASSPHRASE, or asked for.\n\nExample:\n  symbolon keys crl --of documents --root /media/roots --previous documents.crl --revoke signer.pem --reason key-compromise --out next.crl"
    )]
    Crl(CrlArguments),
    /// Takes in a revocation list that was made on another machine; the issuer serves it
    #[command(after_help = "Example:\n  symbolon keys import-crl next.crl")]
    ImportCrl {
        /// The list, DER
        file: PathBuf,
    },
    /// Goes on with the revocation list of an authority after it was lost, set back or restored from a backup
    #[command(
        after_help = "Until then the issuer makes no new list: one that names nobody would give back what was revoked. Verifiers, packs and caches have copies of the last one.\n\nExample:\n  symbolon keys resume-crl --of documents --previous copy.crl"
    )]
    ResumeCrl {
        /// Whose list
        #[arg(long = "of", value_name = "AUTHORITY")]
        authority: ListedAuthority,
        /// The newest copy that anybody has, DER; without it with the list that lies there, or with one that names nobody where there is none
        #[arg(long, value_name = "FILE.crl")]
        previous: Option<PathBuf>,
    },
    /// Takes in a signed certificate, after checking it as verifiers will
    #[command(
        after_help = "Example:\n  symbolon keys import credential-signing credential.pem\n  symbolon keys import document-signing signer.pem --root national-iaca.pem"
    )]
    Import {
        /// Which key
        purpose: CertifiedKey,
        /// The certificate, with any between it and the root behind it; PEM
        file: PathBuf,
        /// A root that the trust list does not have yet, to be trusted from now on; PEM
        #[arg(long, value_name = "FILE.pem")]
        root: Option<PathBuf>,
    },
}

/// `symbolon keys revoke`
#[derive(Debug, Args)]
pub struct RevokeArguments {
    /// Whose certificate
    pub purpose: CertifiedKey,
    /// Why, as the list says it
    #[arg(long)]
    pub reason: RevocationReasonChoice,
    /// The certificate, where it is not the one that the key has now; PEM
    #[arg(long, value_name = "FILE.pem")]
    pub certificate: Option<PathBuf>,
    /// The folder of the roots, where they are not in the installation
    #[arg(long, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// For how many days the list holds that offline roots make
    #[arg(long, value_name = "N", default_value_t = 90)]
    pub days: u16,
    /// The file with the passphrase of the roots
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// `symbolon keys crl`
#[derive(Debug, Args)]
pub struct CrlArguments {
    /// Whose list
    #[arg(long = "of", value_name = "AUTHORITY")]
    pub authority: ListedAuthority,
    /// The folder of the roots
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,
    /// The list that is served now: whatever it names the new one names too
    #[arg(long, value_name = "FILE.crl")]
    pub previous: Option<PathBuf>,
    /// A certificate to revoke, PEM; may be given several times
    #[arg(long, value_name = "FILE.pem")]
    pub revoke: Vec<PathBuf>,
    /// Why they are revoked
    #[arg(long, default_value = "unspecified")]
    pub reason: RevocationReasonChoice,
    /// For how many days the list holds
    #[arg(long, value_name = "N", default_value_t = 90)]
    pub days: u16,
    /// The list to write, DER
    #[arg(long, value_name = "FILE.crl")]
    pub out: PathBuf,
    /// The file with the passphrase of the roots
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Authorities that publish a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListedAuthority {
    /// The root of the signers of SD-JWT VCs, status lists and metadata
    Issuers,
    /// The root of the signers of mdocs
    Documents,
}

/// Why a certificate is revoked (RFC 5280, section 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RevocationReasonChoice {
    /// Nobody says
    Unspecified,
    /// Its key is in other hands
    KeyCompromise,
    /// What it says of its subject has changed
    AffiliationChanged,
    /// Another one has taken its place
    Superseded,
    /// It is not needed any more
    CessationOfOperation,
    /// Its subject may not do any more what it was made for
    PrivilegeWithdrawn,
}

impl ListedAuthority {
    /// The authority.
    #[must_use]
    pub const fn authority(self) -> CertificateAuthority {
        match self {
            Self::Issuers => CertificateAuthority::Issuers,
            Self::Documents => CertificateAuthority::Documents,
        }
    }
}

impl RevocationReasonChoice {
    /// The reason.
    #[must_use]
    pub const fn reason(self) -> RevocationReason {
        match self {
            Self::Unspecified => RevocationReason::Unspecified,
            Self::KeyCompromise => RevocationReason::KeyCompromise,
            Self::AffiliationChanged => RevocationReason::AffiliationChanged,
            Self::Superseded => RevocationReason::Superseded,
            Self::CessationOfOperation => RevocationReason::CessationOfOperation,
            Self::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        }
    }
}

/// `symbolon keys sign`
#[derive(Debug, Args)]
pub struct SignArguments {
    /// The certificate signing request, PEM
    pub file: PathBuf,
    /// What the key may do from now on: whoever signs decides, not whoever asks
    #[arg(long = "as", value_name = "PURPOSE")]
    pub purpose: CertifiedKey,
    /// The folder of the roots
    #[arg(long, value_name = "DIR")]
    pub root: PathBuf,
    /// The certificate to write, PEM
    #[arg(long, value_name = "FILE.pem")]
    pub out: PathBuf,
    /// For how many days it is valid; as long as its kind may be unless given
    #[arg(long, value_name = "N")]
    pub days: Option<u64>,
    /// The file with the passphrase of the roots
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// Keys that have a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CertifiedKey {
    /// Signs SD-JWT VCs
    CredentialSigning,
    /// Signs mdocs
    DocumentSigning,
    /// Signs status lists
    StatusSigning,
    /// Signs the issuer's metadata
    MetadataSigning,
    /// Signs presentation requests
    RequestSigning,
}

/// Keys that can be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RotatedKey {
    /// Signs SD-JWT VCs
    CredentialSigning,
    /// Signs mdocs
    DocumentSigning,
    /// Signs status lists
    StatusSigning,
    /// Signs the issuer's metadata
    MetadataSigning,
    /// Signs presentation requests
    RequestSigning,
    /// Signs W3C credentials with Ed25519
    AssertionEd25519,
    /// Signs W3C credentials with P-256
    AssertionP256,
    /// Signs printed cards
    CardSigning,
    /// Signs ID tokens for clients of OpenID Connect
    IdTokenSigning,
    /// Signs receipts of presentations and verified claims
    EvidenceSigning,
    /// Signs trust sections; pinned by verifiers
    Registry,
    /// Signs packs; pinned by verifiers
    Pack,
}

impl CertifiedKey {
    /// The key.
    #[must_use]
    pub const fn purpose(self) -> KeyPurpose {
        match self {
            Self::CredentialSigning => KeyPurpose::CredentialSigning,
            Self::DocumentSigning => KeyPurpose::DocumentSigning,
            Self::StatusSigning => KeyPurpose::StatusSigning,
            Self::MetadataSigning => KeyPurpose::MetadataSigning,
            Self::RequestSigning => KeyPurpose::RequestSigning,
        }
    }
}

impl RotatedKey {
    /// The key.
    #[must_use]
    pub const fn purpose(self) -> KeyPurpose {
        match self {
            Self::CredentialSigning => KeyPurpose::CredentialSigning,
            Self::DocumentSigning => KeyPurpose::DocumentSigning,
            Self::StatusSigning => KeyPurpose::StatusSigning,
            Self::MetadataSigning => KeyPurpose::MetadataSigning,
            Self::RequestSigning => KeyPurpose::RequestSigning,
            Self::AssertionEd25519 => KeyPurpose::AssertionEd25519,
            Self::AssertionP256 => KeyPurpose::AssertionP256,
            Self::CardSigning => KeyPurpose::CardSigning,
            Self::IdTokenSigning => KeyPurpose::IdTokenSigning,
            Self::EvidenceSigning => KeyPurpose::EvidenceSigning,
            Self::Registry => KeyPurpose::Registry,
            Self::Pack => KeyPurpose::Pack,
        }
    }
}

/// `symbolon backup`
#[derive(Debug, Args)]
#[command(
    after_help = "The passphrase is in --passphrase-file, in SYMBOLON_BACKUP_PASSPHRASE, or asked for.\n\nExample:\n  symbolon backup /media/backup/monday.backup"
)]
pub struct BackupArguments {
    /// The file to write; never overwritten
    pub file: PathBuf,
    /// The file with the passphrase of the backup, which is not that of the keys
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}

/// `symbolon restore`
#[derive(Debug, Args)]
#[command(
    after_help = "The passphrase is in --passphrase-file, in SYMBOLON_BACKUP_PASSPHRASE, or asked for.\n\nExample:\n  symbolon restore /media/backup/monday.backup --dir national-id"
)]
pub struct RestoreArguments {
    /// The backup
    pub file: PathBuf,
    /// The folder of the installation: empty, or not there yet
    #[arg(long, default_value = ".", value_name = "DIR")]
    pub dir: PathBuf,
    /// The file with the passphrase of the backup
    #[arg(long, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Print as JSON
    #[arg(long)]
    pub json: bool,
}
