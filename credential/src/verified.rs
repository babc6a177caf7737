//! The proof of a check, as a type.

use core::ops::Deref;

/// A value whose signature was verified. Only the check itself makes one, so code that takes a `Verified` cannot be
/// handed something unchecked.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified<T>(T);

impl<T> Verified<T> {
    /// To be called by checks that succeeded, and by nothing else.
    pub(crate) const fn after_check(value: T) -> Self {
        Self(value)
    }

    /// The value, without the proof.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Verified<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
