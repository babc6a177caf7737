//! What keeps an installation: keys, certificates, backups.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
