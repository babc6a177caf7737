//! What every credential format costs, beside what it cannot cost less than.
//!
//! A [`Row`] is one piece of work (issue, present, verify) and its *limit*: the bare signatures of the same keys and the
//! hashes of the same bytes, without parsing and without allocation. Both are measured in turns within one run, so that
//! their ratio holds on any machine, also on a busy one.
//!
//! ```sh
//! cargo bench -p symbolon-benches --bench report               # the table, some minutes
//! cargo bench -p symbolon-benches --bench report -- --quick    # the same, less exact
//! cargo bench -p symbolon-benches --bench report -- --quick mdoc   # rows with this in their name
//! cargo bench -p symbolon-benches --bench criterion -- mdoc    # criterion's statistics of the same rows
//! cargo bench -p symbolon-benches --bench status_lists         # the status lists of 100 million credentials
//! cargo bench -p symbolon-benches --bench packs                # offline packs of up to 1.4 billion credentials
//! ```

pub mod formats;
pub mod measure;
pub mod memory;
pub mod packs;
mod provider;
mod row;
pub mod served;
pub mod status;

pub use provider::{Provider, Signer, SystemRandomness, Verifier};
pub use row::{Row, Target, Work};
