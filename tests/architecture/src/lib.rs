//! the layer table of ARCHITECTURE.md, enforced
