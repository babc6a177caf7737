//! What a verifier expects of the holder.

/// What is known of the request that a presentation answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The request is known. The holder's proof must repeat its nonce and name this verifier.
    Bound(Binding),
    /// A stored presentation without its request. A proof that answers nothing known proves nothing, so the holder is
    /// not checked and the verdict is unknown.
    Unchecked,
    /// A credential that no key binds, such as a Claim 169 card: there is no proof to expect.
    NotApplicable,
}

/// What a holder's proof must be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The nonce of the request.
    pub nonce: String,
    /// The audience: the client identifier of the verifier with its prefix.
    pub audience: String,
}
