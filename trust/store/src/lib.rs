//! The offline pack that a verifier holds.
//!
//! - [`StoredMemory`] keeps what was accepted in a store that survives a power cut, for a [`PackMemory`](symbolon_trust::pack::PackMemory);
//! - [`HeldPack`] is a pack as files: the pack in force, the form in which it was applied, and that memory.
//!
//! Command line and apps open and apply packs by these, so that one set of rules guards all of them against an older pack.

mod held;
mod memory;

pub use held::{HeldPack, HeldPackError, MEMORY_FILE, MemoryFault, PackBytes, form_path, open_patiently};
pub use memory::{StoredMemory, StoredMemoryError};
