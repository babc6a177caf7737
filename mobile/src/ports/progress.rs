//! What the wallet is doing, for a progress display.

use std::sync::Arc;

use symbolon_wallet_core::{ObserveProgress, Progress};

/// Is told of every step. Must return at once: it runs between the steps.
#[uniffi::export(with_foreign)]
pub trait ProgressObserver: Send + Sync {
    /// `step` is about to be taken.
    fn observe(&self, step: ProgressStep);
}

/// A step that is about to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum ProgressStep {
    /// Fetching the offer behind a link by reference.
    FetchingOffer,
    /// Fetching what the issuer says about itself.
    FetchingMetadata,
    /// Preparing the page on which the person signs in at the issuer.
    PreparingSignIn,
    /// Exchanging the code of the offer, or of the sign-in, for access.
    RequestingAccess,
    /// Creating a key.
    CreatingKey,
    /// Proving the possession of the key.
    SigningProof,
    /// Asking for a credential.
    RequestingCredential,
    /// Checking what came.
    VerifyingCredential,
    /// Writing it down.
    Storing,
    /// Fetching a request for a presentation.
    FetchingRequest,
    /// Checking who asks.
    VerifyingRequest,
    /// Signing a presentation.
    SigningPresentation,
    /// Sending it, or the refusal.
    SendingAnswer,
}

/// The app's observer as the wallet's port.
pub(crate) struct Observer(pub(crate) Arc<dyn ProgressObserver>);

impl ObserveProgress for Observer {
    fn observe(&self, step: Progress) {
        let step = match step {
            Progress::FetchingOffer => ProgressStep::FetchingOffer,
            Progress::FetchingMetadata => ProgressStep::FetchingMetadata,
            Progress::PreparingSignIn => ProgressStep::PreparingSignIn,
            Progress::RequestingAccess => ProgressStep::RequestingAccess,
            Progress::CreatingKey => ProgressStep::CreatingKey,
            Progress::SigningProof => ProgressStep::SigningProof,
            Progress::RequestingCredential => ProgressStep::RequestingCredential,
            Progress::VerifyingCredential => ProgressStep::VerifyingCredential,
            Progress::Storing => ProgressStep::Storing,
            Progress::FetchingRequest => ProgressStep::FetchingRequest,
            Progress::VerifyingRequest => ProgressStep::VerifyingRequest,
            Progress::SigningPresentation => ProgressStep::SigningPresentation,
            Progress::SendingAnswer => ProgressStep::SendingAnswer,
            // A step of a later version that apps do not know yet.
            _ => return,
        };
        self.0.observe(step);
    }
}
