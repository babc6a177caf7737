//! Flows through the real binary, over real HTTP on loopback and real pictures on disk.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait for processes and read their environment"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::panic,
    reason = "a flow that is not as expected ends its test, also in what the tests share"
)]

mod api;
mod approval;
mod backup;
mod bad_input;
mod by_qr;
mod card_codes;
mod card_pictures;
mod care;
mod crash;
mod dcql;
mod demo;
mod digital_credentials;
mod distribution;
mod e_kyc;
mod every_format;
mod formats;
mod haip;
mod haip_flow;
mod harness;
mod headless_wallet;
mod installation;
mod keys;
mod legacy;
mod liars;
mod matrix;
mod mosip;
mod nearby;
mod offers;
mod offline;
mod openid_provider;
mod outlasting;
mod packs;
mod past;
mod pixelpass;
mod plain_http;
mod presentations;
mod relying_parties;
mod revocation;
mod shown;
mod sign_in;
mod story;
mod tenants;
mod tls;
mod trust;
mod trust_reload;

mod vcalm;
mod wallet_holding;
mod wallets;
