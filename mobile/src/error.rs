//! The one error of the wallet's calls.

use symbolon_crypto::passphrase::InvalidPassphrase;
use symbolon_store::OpenError;
use symbolon_wallet_core as core;
use symbolon_wallet_core::backup::{BackupError, RestoreError};
use symbolon_wallet_store::{OpenWalletError, WrapError};
use thiserror::Error;

/// Why a call did not do what it was asked to. Every case is something that an app can act on; nothing in it comes from a peer's text or
/// from a credential. What a person or a peer decided is an outcome, not an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error, uniffi::Error)]
pub enum WalletError {
    /// The link is neither an offer nor a request that this wallet reads: scan again, or another code.
    #[error("this is not a link that the wallet can read")]
    UnreadableLink,
    /// The offer is not accepted. Nothing was fetched: ask the issuer for another one.
    #[error("the offer was refused")]
    OfferRefused {
        /// Why.
        problem: OfferProblem,
    },
    /// Who asks for a presentation could not be established, or asks in a way that is not allowed. Nothing was sent: tell the person.
    #[error("the request for a presentation was refused")]
    RequestRefused {
        /// Why.
        problem: RequestProblem,
    },
    /// The network failed; the flow is kept. Resume it later; where there was no flow yet, call again.
    #[error("the network failed")]
    Network {
        /// How.
        fault: NetworkFault,
    },
    /// The peer is overloaded or fails; the flow is kept. Resume it later.
    #[error("the peer answered with HTTP status {status}")]
    PeerUnavailable {
        /// The HTTP status.
        status: u16,
    },
    /// The address that the browser came back with is not the answer that the flow waits for. The flow still waits for its own.
    #[error("this is not the answer that the wallet waits for")]
    ForeignAnswer,
    /// There is no such flow, credential or person (any more): read the list again.
    #[error("there is no such flow, credential or person")]
    NotFound,
    /// The flow is at another point, or another call changed it at the same time: resume it to learn where it is.
    #[error("the flow is at another point")]
    WrongStage,
    /// What the app or the person gave cannot be used: ask for it again.
    #[error("an argument cannot be used")]
    InvalidArgument {
        /// Which.
        argument: Argument,
    },
    /// The wallet waits for the person (screen lock, biometry): ask, and call again.
    #[error("the wallet is locked")]
    Locked,
    /// The passphrase or the platform's key is not the one that the wallet, or the backup, was locked with.
    #[error("the lock does not open this wallet")]
    WrongLock,
    /// The key of the credential, or that of the lock, is gone: have the credential issued again.
    #[error("the key is gone")]
    KeyGone,
    /// The wallet's file was changed or cut by something else. Tell the person; nothing was deleted.
    #[error("the wallet's store is damaged")]
    StoreDamaged,
    /// The wallet's file was written by a newer version: update the app.
    #[error("the wallet's store was written by a newer version")]
    UpdateNeeded,
    /// Storage, key store, clock or randomness of the device failed: try again, then tell the person.
    #[error("the device failed")]
    DeviceFailed {
        /// Which part.
        fault: DeviceFault,
    },
}

/// Why an offer is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OfferProblem {
    /// It breaks a rule of the specification.
    Malformed,
    /// It comes from an issuer that the wallet's trust list does not name.
    UnknownIssuer,
}

/// How the network failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum NetworkFault {
    /// The peer cannot be reached; it never saw the request.
    Unreachable,
    /// The connection broke before the answer arrived; the peer may have acted on the request.
    Interrupted,
    /// The answer is larger than allowed.
    TooLarge,
    /// The app's own policy, or the wallet's, refused the address.
    Refused,
}

/// Why a request for a presentation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum RequestProblem {
    /// The link breaks a rule.
    Link,
    /// There is no request at the address (any more).
    Gone,
    /// What is at the address is no signed request.
    NotARequest,
    /// The wallet does not deal with this kind of client identifier, or with this client.
    ClientIdentifier,
    /// The client must sign its requests and did not, or cannot and did.
    SigningRule,
    /// The request is for another client than the link.
    AnotherClient,
    /// The signature is wrong.
    Signature,
    /// Nobody that the wallet trusts vouches for the verifier.
    UntrustedVerifier,
    /// The answer would go to an address that does not belong to the verifier.
    ResponseAddress,
    /// The request was made for another origin.
    AnotherOrigin,
    /// The request is not meant for this wallet.
    NotForThisWallet,
    /// The request has expired or is from the future: scan a fresh one.
    Expired,
    /// The request is malformed or breaks a rule.
    Malformed,
    /// The request is about a transaction that this wallet does not know, or that what it holds cannot authorise.
    Transaction,
    /// The verifier asks for more than it is registered for, and the rules of the wallet refuse that.
    OverAsking,
    /// The person refused this verifier for always.
    RefusedAlways,
    /// The request wants something that this wallet does not do.
    Unsupported,
    /// The verifier gives no key to encrypt the answer with.
    EncryptionKey,
}

/// What of the arguments cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum Argument {
    /// The root of trust.
    RootOfTrust,
    /// The identifier of a flow, a credential or a person: 32 lower-case hexadecimal digits.
    Identifier,
    /// The name of a person: one line of 1 to 64 characters.
    PersonName,
    /// Another person in the wallet has this name.
    NameTaken,
    /// The wallet keeps the credentials of as many people as it can.
    TooManyPeople,
    /// The passphrase is too short or too long.
    Passphrase,
    /// The key of a software lock has another length than 32 bytes.
    LockKey,
    /// The client identifier or the redirect URI of the app.
    Client,
    /// The number of copies is 0.
    Copies,
    /// The identifier of an issuer, or of its credential configurations.
    Issuer,
    /// The transaction code is empty, too long or not printable ASCII.
    TransactionCode,
    /// The choice does not answer the request.
    Choice,
    /// The rules about verifiers cannot be read, or contradict their profile.
    VerifierRules,
    /// The text to search for is longer than anything a person looks for.
    Search,
    /// This is no backup, or one that was changed, cut short or is too large.
    Backup,
    /// What a page asks is no request of the Digital Credentials API, or the origin is none.
    OriginRequest,
    /// The ways in which the phone can be reached cannot be written into an engagement.
    Engagement,
}

/// What of the device failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum DeviceFault {
    /// The wallet's file cannot be read or written.
    Store,
    /// The wallet's file is open already, in this process or another.
    StoreInUse,
    /// The key store cannot be used.
    Keys,
    /// The provider of the wallet does not attest it.
    Attestation,
    /// The source of randomness.
    Randomness,
    /// The clock.
    Clock,
    /// There is not the memory to derive a key of a passphrase.
    Memory,
    /// The wallet could not build a message, which is a defect.
    Internal,
}

impl WalletError {
    pub(crate) const fn argument(argument: Argument) -> Self {
        Self::InvalidArgument { argument }
    }

    pub(crate) const fn device(fault: DeviceFault) -> Self {
        Self::DeviceFailed { fault }
    }
}

impl From<core::WalletError> for WalletError {
    fn from(error: core::WalletError) -> Self {
        use core::WalletError as Core;
        match error {
            Core::UnreadableLink => Self::UnreadableLink,
            Core::UnacceptableOffer(_) => Self::OfferRefused {
                problem: OfferProblem::Malformed,
            },
            Core::UnknownIssuer => Self::OfferRefused {
                problem: OfferProblem::UnknownIssuer,
            },
            Core::RequestRefused(problem) => Self::RequestRefused {
                problem: problem.into(),
            },
            Core::Network(error) => Self::Network { fault: error.into() },
            Core::PeerUnavailable { status } => Self::PeerUnavailable { status },
            Core::ForeignAnswer(_) => Self::ForeignAnswer,
            Core::NotFound => Self::NotFound,
            Core::WrongStage | Core::Conflict => Self::WrongStage,
            Core::InvalidChoice => Self::argument(Argument::Choice),
            Core::Locked => Self::Locked,
            Core::KeyGone => Self::KeyGone,
            Core::StoreDamaged => Self::StoreDamaged,
            Core::UpdateNeeded => Self::UpdateNeeded,
            Core::DeviceFailed(fault) => Self::device(fault.into()),
            _ => Self::device(DeviceFault::Internal),
        }
    }
}

impl From<core::DeviceFault> for DeviceFault {
    fn from(fault: core::DeviceFault) -> Self {
        use core::DeviceFault as Core;
        match fault {
            Core::Store => Self::Store,
            Core::Keys => Self::Keys,
            Core::Attestation => Self::Attestation,
            Core::Randomness => Self::Randomness,
            _ => Self::Internal,
        }
    }
}

impl From<core::TransportError> for NetworkFault {
    fn from(error: core::TransportError) -> Self {
        use core::TransportError as Core;
        match error {
            Core::Unreachable => Self::Unreachable,
            Core::TooLarge => Self::TooLarge,
            Core::Refused => Self::Refused,
            // In doubt the peer may have seen the request.
            _ => Self::Interrupted,
        }
    }
}

impl From<core::present::RequestProblem> for RequestProblem {
    fn from(problem: core::present::RequestProblem) -> Self {
        use core::present::RequestProblem as Core;
        match problem {
            Core::Link => Self::Link,
            Core::Gone => Self::Gone,
            Core::NotARequestObject => Self::NotARequest,
            Core::ClientIdentifier => Self::ClientIdentifier,
            Core::SigningRule => Self::SigningRule,
            Core::AnotherClient => Self::AnotherClient,
            Core::Signature => Self::Signature,
            Core::UntrustedVerifier => Self::UntrustedVerifier,
            Core::ResponseAddress => Self::ResponseAddress,
            Core::AnotherOrigin => Self::AnotherOrigin,
            Core::NotForThisWallet => Self::NotForThisWallet,
            Core::Expired => Self::Expired,
            Core::TransactionData => Self::Transaction,
            Core::OverAsking => Self::OverAsking,
            Core::RefusedAlways => Self::RefusedAlways,
            Core::Unsupported => Self::Unsupported,
            Core::EncryptionKey => Self::EncryptionKey,
            _ => Self::Malformed,
        }
    }
}

impl From<OpenWalletError> for WalletError {
    fn from(error: OpenWalletError) -> Self {
        match error {
            OpenWalletError::Open(OpenError::AlreadyOpen) => Self::device(DeviceFault::StoreInUse),
            OpenWalletError::InUse => Self::device(DeviceFault::StoreInUse),
            OpenWalletError::Open(OpenError::Database(_)) | OpenWalletError::Damaged => Self::StoreDamaged,
            OpenWalletError::Locked => Self::Locked,
            OpenWalletError::Wrap(WrapError::NotOurs) | OpenWalletError::WrongKey => Self::WrongLock,
            OpenWalletError::Wrap(WrapError::Gone) => Self::KeyGone,
            OpenWalletError::Wrap(_) => Self::device(DeviceFault::Keys),
            OpenWalletError::NewerVersion { .. } => Self::UpdateNeeded,
            OpenWalletError::Seal(error) => core::WalletError::from(error).into(),
            OpenWalletError::NoSuchPerson => Self::NotFound,
            OpenWalletError::NameTaken => Self::argument(Argument::NameTaken),
            OpenWalletError::TooManyPeople => Self::argument(Argument::TooManyPeople),
            _ => Self::device(DeviceFault::Store),
        }
    }
}

impl From<BackupError> for WalletError {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Wallet(error) => error.into(),
            BackupError::Derivation => Self::device(DeviceFault::Memory),
            _ => Self::argument(Argument::Backup),
        }
    }
}

impl From<RestoreError> for WalletError {
    fn from(error: RestoreError) -> Self {
        match error {
            RestoreError::Wallet(error) => error.into(),
            RestoreError::NewerVersion { .. } => Self::UpdateNeeded,
            RestoreError::Derivation => Self::device(DeviceFault::Memory),
            RestoreError::WrongPassphrase => Self::WrongLock,
            _ => Self::argument(Argument::Backup),
        }
    }
}

impl From<InvalidPassphrase> for WalletError {
    fn from(_: InvalidPassphrase) -> Self {
        Self::argument(Argument::Passphrase)
    }
}

impl From<core::NotAnIdentifier> for WalletError {
    fn from(_: core::NotAnIdentifier) -> Self {
        Self::argument(Argument::Identifier)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_does_not_open_is_told_from_one_that_waits() {
        assert_eq!(WalletError::from(OpenWalletError::Locked), WalletError::Locked);
        for wrong in [
            OpenWalletError::Wrap(WrapError::NotOurs),
            OpenWalletError::WrongKey,
        ] {
            assert_eq!(WalletError::from(wrong), WalletError::WrongLock);
        }
        assert_eq!(
            WalletError::from(OpenWalletError::Open(OpenError::AlreadyOpen)),
            WalletError::DeviceFailed {
                fault: DeviceFault::StoreInUse
            }
        );
    }

    #[test]
    fn doubt_about_the_network_is_never_told_as_nothing_was_sent() {
        assert_eq!(
            NetworkFault::from(core::TransportError::Interrupted),
            NetworkFault::Interrupted
        );
        assert_eq!(
            NetworkFault::from(core::TransportError::Unreachable),
            NetworkFault::Unreachable
        );
    }
}
