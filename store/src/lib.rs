//! embedded store: atomic batch, durable group commit (redb)
