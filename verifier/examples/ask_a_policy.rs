//! Has a policy decide about a presentation: `ask_a_policy TRUST POLICY PRESENTATION`, the policy as JSON. Prints what a wallet would be asked, and how
//! the policy decides.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;

use symbolon_credential::Input;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::policy::{Assurances, PolicyDocument, PolicySurroundings, PresentationPolicy};
use symbolon_verifier::{Evidence, Expected, Policy, Step, Tools, VerificationSession};

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
            .ok_or("usage: ask_a_policy TRUST POLICY PRESENTATION")
    };
    let root = RootOfTrust::parse(&fs::read(next()?)?)?;
    let document: PolicyDocument = serde_json::from_slice(&fs::read(next()?)?)?;
    let presentation = fs::read_to_string(next()?)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let now = UnixTime::from_seconds(i64::try_from(seconds)?);

    // A policy that does not fit the trust list is refused here, with the offending key, and not when somebody stands at the counter.
    let surroundings = PolicySurroundings {
        trust_list: &root.trust_list,
        assurances: &Assurances::default(),
        queries: &BTreeMap::new(),
        transaction_types: TransactionTypes::NONE,
    };
    let policy = PresentationPolicy::compile(PolicyName::parse("example")?, &document, surroundings)?;
    println!("asks {}", serde_json::to_string_pretty(&policy.query())?);

    let mut evidence = Evidence::online(&root.trust_list);
    let input = Input::of_text(presentation.trim())?;
    let demanded = policy.verification_of_posted(Policy::CHECKPOINT);
    let mut session = VerificationSession::new(&input, Expected::Unchecked, demanded)?;
    let reports = loop {
        match session.step(&evidence, Tools::without_json_ld(&RustCryptoProvider), now) {
            Step::Done(reports) => break reports,
            Step::Wants(wants) => wants.into_iter().for_each(|want| evidence.add_absent(want)),
        }
    };
    let decision = policy.decide_sorted(&policy.sort(reports), now);
    println!("decides {}", serde_json::to_string_pretty(&decision)?);
    Ok(())
}
