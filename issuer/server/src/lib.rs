//! the issuer over HTTP, its stores, its printer
