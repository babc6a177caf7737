//! Why the store could not answer.

use thiserror::Error;

/// A failure of the store itself. A comparison that does not hold is an outcome, not an error.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The disk or the database refused. A write that was under way may or may not have happened.
    #[error("the store is not available")]
    Unavailable(#[source] std::sync::Arc<dyn std::error::Error + Send + Sync>),
    /// More work waits than the store takes; nothing was written.
    #[error("the store is overloaded")]
    Overloaded,
    /// A stored value is not what this version writes.
    #[error("a stored {what} cannot be read by this version")]
    Unreadable {
        /// The kind of value.
        what: &'static str,
    },
    /// Something that must be unique is there already; nothing was written.
    #[error("a {what} of this name exists already")]
    Exists {
        /// The kind of value.
        what: &'static str,
    },
    /// Others changed the same value again and again.
    #[error("too many concurrent changes of one {what}")]
    Contended {
        /// The kind of value.
        what: &'static str,
    },
}
