//! What a key is for. One key signs one kind of thing.

use symbolon_crypto::signing::KeyHandle;

/// Every key of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyPurpose {
    /// The root of the credential issuers' certificates.
    IssuersRoot,
    /// The root of the relying parties' certificates.
    RelyingPartiesRoot,
    /// The root of the document signers' certificates (IACA).
    DocumentsRoot,
    /// Signs SD-JWT VCs.
    CredentialSigning,
    /// Signs mdocs.
    DocumentSigning,
    /// Signs W3C credentials with Ed25519.
    AssertionEd25519,
    /// Signs W3C credentials, and their Bitstring Status Lists, with P-256.
    AssertionP256,
    /// Signs status lists and the status sections of packs.
    StatusSigning,
    /// Signs the issuer's metadata.
    MetadataSigning,
    /// Signs Claim 169 cards.
    CardSigning,
    /// Signs presentation requests.
    RequestSigning,
    /// Signs ID tokens.
    IdTokenSigning,
    /// Signs receipts of presentations and verified claims.
    EvidenceSigning,
    /// The registry operator's: signs trust sections.
    Registry,
    /// The distributor's: signs the manifests of packs.
    Pack,
    /// The headless wallet's own: signs presentations where no credential's key does.
    HolderAuthentication,
    /// The root of the development provider of wallets.
    WalletProviderRoot,
    /// Attests, in development, the wallet of the command line and its keys.
    WalletProvider,
}

impl KeyPurpose {
    /// Every purpose.
    pub const ALL: [Self; 18] = [
        Self::IssuersRoot,
        Self::RelyingPartiesRoot,
        Self::DocumentsRoot,
        Self::CredentialSigning,
        Self::DocumentSigning,
        Self::AssertionEd25519,
        Self::AssertionP256,
        Self::StatusSigning,
        Self::MetadataSigning,
        Self::CardSigning,
        Self::RequestSigning,
        Self::IdTokenSigning,
        Self::EvidenceSigning,
        Self::Registry,
        Self::Pack,
        Self::HolderAuthentication,
        Self::WalletProviderRoot,
        Self::WalletProvider,
    ];

    /// The name of its files and of its key handle.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::IssuersRoot => "issuers-root",
            Self::RelyingPartiesRoot => "relying-parties-root",
            Self::DocumentsRoot => "documents-root",
            Self::CredentialSigning => "credential-signing",
            Self::DocumentSigning => "document-signing",
            Self::AssertionEd25519 => "assertion-ed25519",
            Self::AssertionP256 => "assertion-p256",
            Self::StatusSigning => "status-signing",
            Self::MetadataSigning => "metadata-signing",
            Self::CardSigning => "card-signing",
            Self::RequestSigning => "request-signing",
            Self::IdTokenSigning => "id-token-signing",
            Self::EvidenceSigning => "evidence-signing",
            Self::Registry => "registry",
            Self::Pack => "pack",
            Self::HolderAuthentication => "holder-authentication",
            Self::WalletProviderRoot => "wallet-provider-root",
            Self::WalletProvider => "wallet-provider",
        }
    }

    /// The purpose of a name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.name() == name)
    }

    /// Its handle.
    #[must_use]
    pub fn handle(self) -> KeyHandle {
        KeyHandle::new(self.name())
    }
}

/// Which key of a purpose: the one that signs, or one that is to sign once its certificate has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeySlot {
    /// The one that signs.
    Current,
    /// The one that waits for its certificate.
    Next,
}
