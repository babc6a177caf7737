//! What somebody holds up, of whatever kind it is.

use symbolon_credential::pixelpass;
use symbolon_credential::{Input, NotRecognised, Presented};
use symbolon_crypto::encoding::base64url;

use super::{claim169, data_integrity, mdoc, sd_jwt, w3c};
use crate::{Reading, Target};

/// Any file at all.
pub(super) const RECOGNISED: Target = Target {
    name: "recognised",
    run: |input| {
        let opened = match Input::open(input) {
            Ok(opened) => opened,
            Err(error) => return Reading::refused(&error),
        };
        let read: Result<Presented<'_>, NotRecognised> = opened.read();
        Reading::of(&read.map(|_| ()))
    },
    seeds: || {
        let (_, derived) = &*data_integrity::BASE_AND_DERIVED;
        let mut seeds: Vec<Vec<u8>> = vec![
            mdoc::issued().to_vec(),
            mdoc::presented().to_vec(),
            base64url::encode(mdoc::presented()).into_bytes(),
            derived.to_string().into_bytes(),
            pixelpass::encode(&derived.to_string(), "")
                .expect("a document is packed")
                .into_bytes(),
            w3c::message(),
            claim169::signed().qr_text().into_bytes(),
        ];
        let tokens = sd_jwt::tokens().iter().chain(w3c::tokens());
        seeds.extend(tokens.map(|token| token.clone().into_bytes()));
        seeds
    },
};
