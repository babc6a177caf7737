//! What a caller wants to happen, whole or not at all.

use crate::key::Key;

/// What must hold at the moment the batch is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// Nothing is stored at the key.
    Absent(Key),
    /// Something is stored at the key.
    Present(Key),
    /// Exactly these bytes are stored at the key.
    Equals(Key, Vec<u8>),
}

/// Requirements and writes that are applied together or not at all.
///
/// Requirements see what earlier batches left, never the writes of their own batch. Writes are applied in the order they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    pub(crate) requirements: Vec<Requirement>,
    pub(crate) writes: Vec<Write>,
}

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rejects the batch unless `requirement` holds.
    pub fn require(mut self, requirement: Requirement) -> Self {
        self.requirements.push(requirement);
        self
    }

    /// Rejects the batch when anything is stored at `key`.
    pub fn require_absent(self, key: Key) -> Self {
        self.require(Requirement::Absent(key))
    }

    /// Rejects the batch when nothing is stored at `key`.
    pub fn require_present(self, key: Key) -> Self {
        self.require(Requirement::Present(key))
    }

    /// Rejects the batch unless exactly `value` is stored at `key`.
    pub fn require_equals(self, key: Key, value: Vec<u8>) -> Self {
        self.require(Requirement::Equals(key, value))
    }

    /// Stores `value` at `key`, replacing what is there.
    pub fn put(mut self, key: Key, value: Vec<u8>) -> Self {
        self.writes.push(Write::Put(key, value));
        self
    }

    /// Removes what is stored at `key`; nothing happens when nothing is there.
    pub fn delete(mut self, key: Key) -> Self {
        self.writes.push(Write::Delete(key));
        self
    }

    /// Whether the batch requires and writes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty() && self.writes.is_empty()
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    Put(Key, Vec<u8>),
    Delete(Key),
}
