//! The rows of every format. The shapes are always the same: a person of 12 claims, one issuer's key, one holder's key.

mod claim169;
mod data_integrity;
mod ecdsa_sd;
mod mdoc;
mod sd_jwt_vc;
mod status;
mod w3c_jwt;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::UnixTime;

use crate::provider::Provider;
use crate::row::Row;

/// When everything is issued, presented and verified.
const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
/// When it ends.
const UNTIL: UnixTime = UnixTime::from_seconds(1_830_000_000);
/// The seed of the issuer's key.
const ISSUER: u64 = 1;
/// The seed of the holder's key.
const HOLDER: u64 = 2;
/// The verifier, by its client identifier.
const VERIFIER: &str = "x509_hash:verifier";
/// What it asks to be repeated.
const NONCE: &str = "n-0S6_WzA2Mj";

/// Claims that the holder may withhold.
const SELECTABLE: [&str; 10] = [
    "given_name",
    "family_name",
    "birthdate",
    "gender",
    "street_address",
    "locality",
    "region",
    "postal_code",
    "phone_number",
    "email",
];

/// The rows whose names `is_wanted`.
#[must_use]
pub fn rows(provider: Provider, is_wanted: impl Fn(&str) -> bool) -> Vec<Row> {
    let mut rows = Vec::new();
    rows.extend(sd_jwt_vc::rows(provider));
    rows.extend(mdoc::rows(provider));
    rows.extend(w3c_jwt::rows(provider));
    rows.extend(data_integrity::rows(provider));
    rows.extend(ecdsa_sd::rows(provider));
    rows.extend(claim169::rows(provider));
    rows.extend(status::rows());
    rows.retain(|row| is_wanted(&row.name));
    rows
}

/// The 12 claims.
fn claims() -> Map<String, Value> {
    let mut claims: Map<String, Value> = SELECTABLE
        .iter()
        .map(|name| ((*name).to_owned(), Value::from(format!("the value of {name}"))))
        .collect();
    claims.insert("issuing_country".to_owned(), Value::from("IN"));
    claims.insert("issuing_authority".to_owned(), Value::from("the authority"));
    claims
}

/// Hashes each of these, and nothing more.
fn hash_each(parts: &[Vec<u8>]) {
    for part in parts {
        core::hint::black_box(Sha256::digest(core::hint::black_box(part)));
    }
}
