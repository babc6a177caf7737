//! guarded fetcher and the listener that every server shares
