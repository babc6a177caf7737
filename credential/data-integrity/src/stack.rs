//! A stack of its own for work that recurses deeply.

use std::thread;

use symbolon_credential::data_integrity::JsonLdError;

/// The stack of the thread, in bytes. The expansion of `json-ld` recurses with large frames, and so does telling blank nodes
/// apart; a caller's thread may have two megabytes.
const STACK_BYTES: usize = 8 << 20;

/// Runs on a thread with a stack of its own. A panic of the processor below is an error here.
pub(crate) fn on_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, JsonLdError> + Send,
) -> Result<T, JsonLdError> {
    thread::scope(|scope| {
        thread::Builder::new()
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|_| JsonLdError::Processor)?
            .join()
            .unwrap_or(Err(JsonLdError::Processor))
    })
}
