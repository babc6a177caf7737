//! Verifies an SD-JWT VC without a network: `sd_jwt_vc_offline TRUST PACK PRESENTATION`.
//!
//! The trust file is the pinned root of trust (`data/trust.json` of an installation), the pack what `symbolon pack build` makes. Nobody asked
//! for the presentation here, so the best verdict is `genuine` or `unknown`: `Expected::Bound` is for whoever sent a request.

use std::env;
use std::error::Error;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::pack::{Pack, unverified_revocation_lists};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::{Evidence, Expected, PackAbsence, Policy, Step, Tools, VerificationSession};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own: here clock, files and standard output are handed in"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || {
        arguments
            .next()
            .ok_or("usage: sd_jwt_vc_offline TRUST PACK PRESENTATION")
    };
    let root = RootOfTrust::parse(&fs::read(next()?)?)?;
    let pack = fs::read(next()?)?;
    let presentation = fs::read_to_string(next()?)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = UnixTime::from_seconds(i64::try_from(seconds)?);

    // A reader that is used more than once remembers `pack.last_seen(..)`, and hands it in at both places: an older pack is then refused, and what
    // a refused one lacks is missed.
    let last_seen = None;
    let opened = Pack::open(&pack, &root, &RustCryptoProvider, now, last_seen);
    let revoked = unverified_revocation_lists(&pack);
    let mut evidence = match &opened {
        Ok(pack) => Evidence::offline(pack),
        Err(_) => Evidence::offline_without_pack(PackAbsence::Refused, &root.trust_list, &revoked, last_seen),
    };
    let input = Input::of_text(presentation.trim())?;
    let mut session = VerificationSession::new(&input, Expected::Unchecked, Policy::CHECKPOINT)?;
    let reports = loop {
        match session.step(&evidence, Tools::without_json_ld(&RustCryptoProvider), now) {
            Step::Done(reports) => break reports,
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
        }
    };
    for report in reports {
        println!("{}", serde_json::to_string_pretty(&report)?);
    }
    Ok(())
}
