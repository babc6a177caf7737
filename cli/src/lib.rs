//! the one binary, `symbolon`
