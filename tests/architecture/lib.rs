//! The layer table of `ARCHITECTURE.md`, section 2, enforced on what `cargo metadata` reports and on the
//! sources of the pure crates. The table stands in [`LAYERS`]; an edge that it does not list fails.

#![cfg_attr(not(test), no_std)]

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod conformance;
#[cfg(test)]
mod floats;
#[cfg(test)]
mod layers;
#[cfg(test)]
mod mentions;
#[cfg(test)]
mod sources;

/// What a crate of the workspace may depend on.
pub struct Layer {
    /// The package.
    pub package: &'static str,
    /// Whether its rules run without any input or output of their own.
    pub purity: Purity,
    /// The packages of the workspace it may depend on, directly.
    pub may_use: &'static [&'static str],
}

/// Whether a crate may touch the machine it runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purity {
    /// No file, socket, clock, randomness or environment of its own.
    Pure,
    /// Runs on a machine.
    Runtime,
}

use Purity::{Pure, Runtime};

const CRYPTO: &str = "symbolon-crypto";
const AWS_LC: &str = "symbolon-crypto-aws-lc";
const JOSEKIT: &str = "symbolon-crypto-josekit";
const DID: &str = "symbolon-did";
const SCHEMAS: &str = "symbolon-schemas";
const CREDENTIAL: &str = "symbolon-credential";
const DATA_INTEGRITY: &str = "symbolon-data-integrity";
const TRUST: &str = "symbolon-trust";
const TRUST_STORE: &str = "symbolon-trust-store";
const PROTOCOL: &str = "symbolon-protocol";
const HTTP: &str = "symbolon-http";
const PAGES: &str = "symbolon-pages";
const QR_PICTURE: &str = "symbolon-qr-picture";
const QR_READER: &str = "symbolon-qr-reader";
const STORE: &str = "symbolon-store";
const ISSUER: &str = "symbolon-issuer";
const WALLET: &str = "symbolon-wallet-core";
const WALLET_STORE: &str = "symbolon-wallet-store";
const VERIFIER: &str = "symbolon-verifier";
const VERDICT_PAGE: &str = "symbolon-verdict-page";

/// Implementations of ports of pure crates, which the tests of pure crates may use.
pub const PORT_IMPLEMENTATIONS: &[&str] = &[DATA_INTEGRITY, AWS_LC];

/// The table.
pub const LAYERS: &[Layer] = &[
    Layer {
        package: CRYPTO,
        purity: Pure,
        may_use: &[],
    },
    Layer {
        package: AWS_LC,
        purity: Runtime,
        may_use: &[CRYPTO],
    },
    Layer {
        package: JOSEKIT,
        purity: Runtime,
        may_use: &[CRYPTO],
    },
    Layer {
        package: SCHEMAS,
        purity: Pure,
        may_use: &[],
    },
    Layer {
        package: STORE,
        purity: Runtime,
        may_use: &[],
    },
    Layer {
        package: DID,
        purity: Pure,
        may_use: &[CRYPTO],
    },
    Layer {
        package: CREDENTIAL,
        purity: Pure,
        may_use: &[CRYPTO, DID, SCHEMAS],
    },
    Layer {
        package: DATA_INTEGRITY,
        purity: Pure,
        may_use: &[CRYPTO, DID, SCHEMAS, CREDENTIAL],
    },
    Layer {
        package: TRUST,
        purity: Pure,
        may_use: &[CRYPTO, DID, CREDENTIAL],
    },
    Layer {
        package: PROTOCOL,
        purity: Pure,
        may_use: &[CRYPTO, DID, CREDENTIAL],
    },
    Layer {
        package: HTTP,
        purity: Runtime,
        may_use: &[CRYPTO, PROTOCOL],
    },
    Layer {
        package: PAGES,
        purity: Runtime,
        may_use: &[],
    },
    Layer {
        package: QR_READER,
        purity: Pure,
        may_use: &[],
    },
    Layer {
        package: QR_PICTURE,
        purity: Pure,
        may_use: &[QR_READER],
    },
    Layer {
        package: ISSUER,
        purity: Pure,
        may_use: &[CRYPTO, DID, SCHEMAS, CREDENTIAL, TRUST, PROTOCOL],
    },
    Layer {
        package: WALLET,
        purity: Pure,
        may_use: &[CRYPTO, DID, SCHEMAS, CREDENTIAL, TRUST, PROTOCOL],
    },
    Layer {
        package: VERIFIER,
        purity: Pure,
        may_use: &[CRYPTO, DID, SCHEMAS, CREDENTIAL, TRUST, PROTOCOL],
    },
    Layer {
        package: "symbolon-trust-server",
        purity: Runtime,
        may_use: &[CRYPTO, TRUST, HTTP, STORE],
    },
    Layer {
        package: TRUST_STORE,
        purity: Runtime,
        may_use: &[CRYPTO, TRUST, STORE],
    },
    Layer {
        package: "symbolon-issuer-server",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            AWS_LC,
            JOSEKIT,
            DID,
            SCHEMAS,
            CREDENTIAL,
            DATA_INTEGRITY,
            TRUST,
            PROTOCOL,
            HTTP,
            PAGES,
            QR_PICTURE,
            STORE,
            ISSUER,
        ],
    },
    Layer {
        package: "symbolon-wallet-store",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            DID,
            SCHEMAS,
            CREDENTIAL,
            DATA_INTEGRITY,
            TRUST,
            PROTOCOL,
            STORE,
            WALLET,
        ],
    },
    Layer {
        package: "symbolon-mobile",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            DID,
            SCHEMAS,
            CREDENTIAL,
            TRUST,
            PROTOCOL,
            TRUST_STORE,
            STORE,
            WALLET,
            WALLET_STORE,
            VERIFIER,
        ],
    },
    Layer {
        package: "symbolon-wallet-server",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            AWS_LC,
            JOSEKIT,
            DID,
            SCHEMAS,
            CREDENTIAL,
            DATA_INTEGRITY,
            TRUST,
            PROTOCOL,
            HTTP,
            PAGES,
            STORE,
            WALLET,
        ],
    },
    Layer {
        package: VERDICT_PAGE,
        purity: Runtime,
        may_use: &[CRYPTO, PROTOCOL, PAGES, VERIFIER],
    },
    Layer {
        package: "symbolon-offline-page",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            DID,
            CREDENTIAL,
            TRUST,
            PROTOCOL,
            PAGES,
            QR_READER,
            VERIFIER,
            VERDICT_PAGE,
        ],
    },
    Layer {
        package: "symbolon-verifier-server",
        purity: Runtime,
        may_use: &[
            CRYPTO,
            AWS_LC,
            JOSEKIT,
            DID,
            SCHEMAS,
            CREDENTIAL,
            DATA_INTEGRITY,
            TRUST,
            PROTOCOL,
            HTTP,
            PAGES,
            QR_PICTURE,
            STORE,
            VERIFIER,
            VERDICT_PAGE,
        ],
    },
];

/// Packages that may depend on everything: what assembles the suite, what tests it and what measures it.
pub const ASSEMBLERS: &[&str] = &[
    "symbolon-cli",
    "symbolon-architecture-tests",
    "symbolon-benches",
    "symbolon-fuzz",
];

/// Crates that read or write files, sockets or processes. None of them may stand anywhere below a pure crate.
pub const INPUT_OUTPUT_CRATES: &[&str] = &[
    "tokio",
    "reqwest",
    "hyper",
    "axum",
    "axum-server",
    "sqlx",
    "redb",
    "sled",
    "mio",
    "socket2",
    "openssl",
    "aws-lc-rs",
    "aws-lc-sys",
    "rustls",
    "async-std",
    "smol",
];
