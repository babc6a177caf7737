//! the verifier over HTTP, its caches
