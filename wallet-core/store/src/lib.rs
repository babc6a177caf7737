//! the holder's encrypted store
