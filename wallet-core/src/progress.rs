//! What the wallet is doing, for a progress display.

/// A step that is about to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
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

/// Is told of every step. Must return at once; it runs between the steps.
pub trait ObserveProgress: Send + Sync {
    /// `step` is about to be taken.
    fn observe(&self, step: Progress);
}

/// Tells nobody.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl ObserveProgress for Silent {
    fn observe(&self, _: Progress) {}
}
