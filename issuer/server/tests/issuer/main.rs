//! The issuer over real loopback HTTP, with a fixed clock and seed.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod administration;
mod asked_for;
mod attestation_status;
mod audit;
mod authorize;
mod batch;
mod cards;
mod client_authentication;
mod code_tokens;
mod concurrency;
mod consent_destination;
mod credential_answers;
mod credential_refusals;
mod deferred;
mod description;
mod did_web;
mod dpop;
mod encryption;
mod endpoint;
mod flow;
mod formats;
mod haip;
mod haip_wallet;
mod harness;
mod issuer_metadata;
mod mosip;
mod mosip_down;
mod mosip_on_loopback;
mod mosip_sign_in;
mod nonce;
mod notification;
mod oauth_requests;
mod offer_book;
mod offers;
mod offers_cancelled;
mod packs;
mod pages;
mod pages_shown;
mod par;
mod power_cut;
mod proofs;
mod properties;
mod provider;
mod provider_on_loopback;
mod records;
mod refresh;
mod registry;
mod replays;
mod resident;
mod server_metadata;
mod sign_in_answers;
mod signed_by_clients;
mod status;
mod status_history;
mod status_lists;
mod status_retirement;
mod stores;
mod tenants;
mod tls;
mod token_refusals;
mod upkeep;
mod vcalm;
mod wallet;
