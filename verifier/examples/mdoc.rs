//! Verifies an ISO mdoc: `mdoc TRUST DEVICE_RESPONSE`, the response in base64url as a `vp_token` holds it.
//!
//! Evidence that is wanted would be fetched here by whoever has a network: each `Want` says what, and its answer is added. This program has none.

use std::env;
use std::error::Error;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::report::CheckOutcome;
use symbolon_verifier::{Evidence, Expected, Policy, Step, Tools, VerificationSession};

#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a program of its own: here clock, files and standard output are handed in"
)]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let mut next = || arguments.next().ok_or("usage: mdoc TRUST DEVICE_RESPONSE");
    let root = RootOfTrust::parse(&fs::read(next()?)?)?;
    let response = fs::read_to_string(next()?)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = UnixTime::from_seconds(i64::try_from(seconds)?);

    let mut evidence = Evidence::online(&root.trust_list);
    let input = Input::of_text(response.trim())?;
    let mut session = VerificationSession::new(&input, Expected::Unchecked, Policy::CHECKPOINT)?;
    let reports = loop {
        match session.step(&evidence, Tools::without_json_ld(&RustCryptoProvider), now) {
            Step::Done(reports) => break reports,
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
        }
    };
    for report in reports {
        println!("{}: {}", report.format.name(), report.verdict);
        for check in report.checks() {
            if check.outcome != CheckOutcome::Passed {
                println!("  {:?}: {:?} ({})", check.name, check.outcome, check.section);
            }
        }
    }
    Ok(())
}
