//! `symbolon wallet present --origin`: what a page asks over the Digital Credentials API, as a platform would hand it over.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, Origin};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_wallet_core::present::{ConsentRequest, Decision, OriginOutcome};
use symbolon_wallet_core::{Languages, Wallet, WalletError};

use super::present::{Answer, chosen, keep, show_choice, show_lacks, show_verifier};
use super::refusals::show_past;
use crate::commands::show;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};

/// Shows who asks for what, asks for consent, and writes the answer for the browser.
///
/// # Errors
/// A refusal by the wallet, or a choice that does not answer the request.
pub(super) async fn present(
    wallet: &Wallet,
    request: &Path,
    origin: &str,
    file: &Path,
    answer: &Answer<'_>,
) -> anyhow::Result<ExitCode> {
    let text = fs::read(request).with_context(|| format!("cannot read {}", request.display()))?;
    let requests = DigitalCredentialMessage::parse_requests(&text)?;
    // Which origins the wallet deals with is its policy's to say; here stands the platform.
    let origin = Origin::parse(origin, UrlPolicy::Development)?;
    let languages = Languages::new(["en"]);
    let consent = wallet
        .present_at_origin(&requests, &origin, &languages, edge::system_time())
        .await;
    let consent = match consent {
        Ok(consent) => consent,
        Err(refused) => {
            if let Some(refusal) = &refused.answer {
                write(refusal, file)?;
            }
            return Err(refused.error.into());
        }
    };
    show_verifier(&consent.verifier);
    show_past(&consent);
    let decision = match decide(&consent, answer) {
        Ok(decision) => decision,
        Err(error) => {
            wallet.abandon(consent.flow).await?;
            return Err(error);
        }
    };
    let outcome = wallet
        .answer_at_origin(consent.flow, decision, edge::system_time())
        .await;
    match outcome {
        Ok(OriginOutcome::Answered {
            answer: shown,
            presentation,
        }) => {
            write(&shown, file)?;
            show::line(&format!("the answer for the browser is in {}", file.display()));
            if let Some(path) = answer.save {
                keep(&presentation, path)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Ok(OriginOutcome::Declined { answer: refusal }) => {
            if let Some(refusal) = &refusal {
                write(refusal, file)?;
            }
            show::line("declined; nothing was shown");
            Ok(ExitCode::from(1))
        }
        Ok(_) => bail!("the wallet is locked"),
        Err(WalletError::InvalidChoice) => {
            wallet.abandon(consent.flow).await?;
            bail!("the choice does not answer the request: see which credential queries belong together")
        }
        Err(error) => Err(error.into()),
    }
}

fn decide(consent: &ConsentRequest, answer: &Answer<'_>) -> anyhow::Result<Decision> {
    let Some(smallest) = consent.smallest_choice() else {
        show_lacks(consent);
        return match answer
            .consent
            .given("tell the page that nothing is shown? [y/N] ")?
        {
            Some(false) => Err(anyhow!(
                "what is asked for is not held; the page was told nothing"
            )),
            _ => Ok(answer.consent.refusal()),
        };
    };
    let choice = chosen(consent, smallest, answer.choose)?;
    show_choice(consent, &choice);
    answer.consent.decision(choice)
}

fn write(answer: &DigitalCredentialMessage, file: &Path) -> anyhow::Result<()> {
    let text = serde_json::to_vec(answer)?;
    write_atomically(file, &text, Readers::Owner).with_context(|| format!("cannot write {}", file.display()))
}
