//! What somebody holds up, of whatever kind it is.

use symbolon_credential::recognise;

use super::{claim169, sd_jwt, with_text};
use crate::{Reading, Target};

/// Any text at all.
pub(super) const RECOGNISED: Target = Target {
    name: "recognised",
    run: |input| with_text(input, |text| Reading::of(&recognise(text).map(|_| ()))),
    seeds: || {
        let mut seeds: Vec<String> = sd_jwt::tokens().to_vec();
        seeds.push(claim169::signed().qr_text());
        seeds.into_iter().map(String::into_bytes).collect()
    },
};
