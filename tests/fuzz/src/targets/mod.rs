//! The targets, by the crate whose parsers they call.

mod armour;
mod claim169;
mod credential_endpoint;
mod data_integrity;
mod dids;
mod encodings;
mod issuance;
mod keys;
mod mdoc;
mod messages;
mod oauth;
mod pack;
mod pictures;
mod presentation;
mod proximity;
mod qr_transport;
mod recognised;
mod sd_jwt;
mod status_lists;
mod trust_sources;
mod vcalm;
mod w3c;

use crate::{Reading, Target};

/// All of them.
pub const TARGETS: &[Target] = &[
    encodings::CBOR,
    encodings::JSON,
    encodings::TEXTS,
    encodings::COMPRESSED,
    messages::JOSE,
    messages::COSE,
    keys::KEYS,
    keys::REVOCATION_LIST,
    keys::X509,
    sd_jwt::SD_JWT,
    sd_jwt::SD_JWT_VC,
    sd_jwt::TYPE_METADATA,
    mdoc::ISSUER_SIGNED,
    mdoc::DEVICE_RESPONSE,
    w3c::DOCUMENTS,
    w3c::TOKENS,
    data_integrity::PROOFS,
    data_integrity::ECDSA_SD,
    data_integrity::JSON_LD,
    data_integrity::N_QUADS,
    claim169::CLAIM_169,
    claim169::PIXEL_PASS,
    recognised::RECOGNISED,
    dids::DIDS,
    status_lists::STATUS_LISTS,
    pack::TRUST_LIST,
    trust_sources::TRUST_SOURCES,
    pack::PACK,
    issuance::ISSUANCE,
    credential_endpoint::CREDENTIAL_ENDPOINT,
    oauth::OAUTH,
    vcalm::VCALM,
    presentation::DCQL,
    presentation::PRESENTATION,
    pictures::PICTURES,
    qr_transport::QR_TRANSPORT,
    proximity::ENGAGEMENT,
    proximity::SESSION,
    proximity::FRAMES,
];

/// A parser among several of one target.
type Part = fn(&[u8]) -> Reading;

/// The first byte of an input says which part reads the rest.
fn one_of(parts: &[Part], input: &[u8]) -> Reading {
    let Some((choice, rest)) = input.split_first() else {
        return Reading::NOT_FOR_THE_TARGET;
    };
    let count = u8::try_from(parts.len()).unwrap_or(u8::MAX).max(1);
    let choice = choice % count;
    parts
        .get(usize::from(choice))
        .map_or(Reading::NOT_FOR_THE_TARGET, |part| {
            part(rest).of_part(u64::from(choice))
        })
}

/// A seed for the part of this number.
fn for_part(part: u8, seed: impl AsRef<[u8]>) -> Vec<u8> {
    [&[part], seed.as_ref()].concat()
}

/// Text, or the reading of what is none.
fn text(input: &[u8]) -> Result<&str, Reading> {
    core::str::from_utf8(input).map_err(|_| Reading::NOT_FOR_THE_TARGET)
}

/// Gives a text to a parser.
fn with_text(input: &[u8], parse: impl FnOnce(&str) -> Reading) -> Reading {
    match text(input) {
        Ok(text) => parse(text),
        Err(reading) => reading,
    }
}
