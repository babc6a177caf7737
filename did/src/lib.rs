//! DID syntax, documents, methods
