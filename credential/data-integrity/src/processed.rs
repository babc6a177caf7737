//! Processed contexts, kept for the next document.
//!
//! Documents choose their contexts, so whoever sends documents chooses what is kept. Two rules keep the work of others out of
//! reach: what is kept for lists of contexts that only an odd document has is given up before anything else, and when room is
//! still short, the family that takes most of it goes, which is the one that somebody blew up.

use std::collections::HashMap;
use std::sync::Arc;

use crate::active::{Allowance, Family};

/// How a list of contexts compares with those of honest documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A shipped context, or a base context with one of the table behind it: there are as many as the table has.
    Usual,
    /// Any other list of known contexts. There is no end of them, by order and repetition.
    Odd,
}

/// Families by their outermost context and the table, both hashed: the text may be long, and many may be kept.
#[derive(Default)]
pub(crate) struct Processed {
    usual: HashMap<[u8; 32], Arc<Family>>,
    odd: HashMap<[u8; 32], Arc<Family>>,
    allowance: Arc<Allowance>,
}

impl Processed {
    /// What is kept under a key.
    pub(crate) fn find(&self, key: &[u8; 32]) -> Option<Arc<Family>> {
        self.usual.get(key).or_else(|| self.odd.get(key)).cloned()
    }

    /// The allowance for a new family, after room was made for it.
    pub(crate) fn make_room(&mut self) -> Arc<Allowance> {
        if self.allowance.is_spent() {
            self.odd.clear();
            if self.allowance.is_short() {
                let largest = self.usual.iter().max_by_key(|(_, family)| family.size());
                if let Some(key) = largest.map(|(key, _)| *key) {
                    self.usual.remove(&key);
                }
            }
        }
        Arc::clone(&self.allowance)
    }

    /// Keeps a family.
    pub(crate) fn keep(&mut self, key: [u8; 32], shape: Shape, family: Arc<Family>) {
        match shape {
            Shape::Usual => self.usual.insert(key, family),
            Shape::Odd => self.odd.insert(key, family),
        };
    }
}
