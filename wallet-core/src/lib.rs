//! the holder's rules
