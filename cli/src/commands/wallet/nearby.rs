//! `symbolon wallet present-nearby`: a session of ISO/IEC 18013-5, in which the line to the reader is one on this machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_crypto::random_bytes;
use symbolon_protocol::proximity::ble::StateSignal;
use symbolon_protocol::proximity::{BleOptions, MAX_REQUEST_MESSAGE_BYTES, RetrievalMethod};
use symbolon_wallet_core::present::{
    AfterAnswer, ConsentRequest, Decision, DeviceProof, ProximityEvent, ProximityOutcome, SendFarewell,
    WaitingHolder,
};
use symbolon_wallet_core::{Languages, Wallet};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::present::{Consent, chosen, keep, show_choice, show_lacks, show_verifier};
use super::refusals::show_past;
use crate::arguments::PresentNearbyArguments;
use crate::commands::{issuing, show};
use crate::edge::{self, SystemRandomness};
use crate::nearby::{Line, Received, SILENCE};

/// Shows the engagement, waits for a reader, and answers what it asks until one side ends.
///
/// # Errors
/// No reader that comes, one that breaks a rule or that the policy refuses, a wallet that cannot be read or written.
pub(super) async fn present(wallet: &Wallet, arguments: &PresentNearbyArguments) -> anyhow::Result<ExitCode> {
    if !arguments.listen.ip().is_loopback() {
        bail!("--listen takes an address of this machine alone: the line stands for Bluetooth");
    }
    let consent = Consent::of(arguments.yes, arguments.refuse, arguments.refuse_always);
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let service = RetrievalMethod::Ble(BleOptions {
        peripheral_server: Some(random_bytes(&SystemRandomness)?),
        ..BleOptions::default()
    });
    let holder = wallet.engage(vec![service])?;
    let engagement = holder.engagement().to_qr_text();
    if let Some(path) = &arguments.qr {
        issuing::write_qr(&engagement, path)?;
    }
    show::line(&format!("listening on {}", listener.local_addr()?));
    show::line(&engagement);
    let Ok(accepted) = timeout(SILENCE, listener.accept()).await else {
        bail!("no reader came");
    };
    let (stream, _) = accepted.context("no reader can come")?;
    let mut line = Line::new(stream, MAX_REQUEST_MESSAGE_BYTES);
    line.wait_for_start().await?;
    let session = Session {
        wallet,
        consent,
        choose: &arguments.choose,
        save: arguments.save.as_deref(),
        line,
    };
    session.run(WaitingHolder::Engaged(Box::new(holder))).await
}

struct Session<'a> {
    wallet: &'a Wallet,
    consent: Consent,
    choose: &'a [String],
    save: Option<&'a Path>,
    line: Line<TcpStream>,
}

impl Session<'_> {
    async fn run(mut self, mut waiting: WaitingHolder) -> anyhow::Result<ExitCode> {
        let languages = Languages::new(["en"]);
        let mut shown = 0_usize;
        loop {
            let Received::Message(message) = self.line.receive().await? else {
                break;
            };
            let event = self
                .wallet
                .receive_from_reader(waiting, &message, &languages, edge::system_time())
                .await;
            let ask = match event {
                Ok(ProximityEvent::AwaitingConsent(ask)) => ask,
                Ok(ProximityEvent::Ended(_)) => break,
                Err(ended) => {
                    if ended.send == SendFarewell::WhenThePersonLeaves {
                        show::warning("this reader was refused for always, and is not told so");
                        self.consent.given("end the session now? [y/N] ")?;
                    }
                    self.line.end(&ended.farewell).await;
                    return Err(ended.error.into());
                }
            };
            let decision = match self.decide(ask.consent()) {
                Ok(decision) => decision,
                Err(error) => {
                    self.line.end(&ask.terminate()).await;
                    return Err(error);
                }
            };
            let now = edge::system_time();
            // A yes on the command line is for one answer: the reader could ask for something else in the next request.
            let then = match self.consent {
                Consent::Given => AfterAnswer::End,
                _ => AfterAnswer::Continue,
            };
            let answered = self
                .wallet
                .answer_reader(ask, decision, DeviceProof::Signature, then, now);
            match answered.await {
                Ok(ProximityOutcome::Answered {
                    message,
                    presentation,
                    holder,
                    ..
                }) => {
                    let sent = self.line.send(&message).await;
                    shown = shown.saturating_add(1);
                    // Also what arrived in part. A reader is not kept waiting for a disk, and a full one must not keep it without an answer that
                    // the history has.
                    let kept = match self.save {
                        Some(path) => keep(&presentation, &numbered(path, shown)),
                        None => Ok(()),
                    };
                    sent?;
                    if let Err(error) = kept {
                        let _ = self.line.signal(StateSignal::End).await;
                        return Err(error.context("it was shown, and is not kept"));
                    }
                    show::line("shown; whether it arrived is not known");
                    match holder {
                        Some(holder) => waiting = WaitingHolder::Answered(holder),
                        None => break,
                    }
                }
                Ok(ProximityOutcome::Declined { message, holder }) => {
                    self.line.send(&message).await?;
                    show::line("declined; nothing was shown");
                    waiting = WaitingHolder::Answered(holder);
                }
                Ok(ProximityOutcome::InvalidChoice(ask)) => {
                    self.line.end(&ask.terminate()).await;
                    bail!("the choice does not answer the request");
                }
                Ok(_) => bail!("the wallet is locked"),
                Err(ended) => {
                    self.line.end(&ended.farewell).await;
                    return Err(ended.error.into());
                }
            }
        }
        // The reader may be gone already.
        let _ = self.line.signal(StateSignal::End).await;
        Ok(if shown > 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }

    fn decide(&self, request: &ConsentRequest) -> anyhow::Result<Decision> {
        show_verifier(&request.verifier);
        show_past(request);
        match request.smallest_choice() {
            None => {
                show_lacks(request);
                Ok(self.consent.refusal())
            }
            Some(smallest) => {
                let choice = chosen(request, smallest, self.choose)?;
                show_choice(request, &choice);
                self.consent.decision(choice)
            }
        }
    }
}

/// Where the answer of this number is kept: the first one at `path` itself, the second of `a.json` at `a-2.json`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_of_a_session_has_files_of_its_own() {
        for (number, expected, request) in [
            (1, "kept/a.b.json", "kept/a.b.request.jwt"),
            (2, "kept/a.b-2.json", "kept/a.b-2.request.jwt"),
            (13, "kept/a.b-13.json", "kept/a.b-13.request.jwt"),
        ] {
            let path = numbered(Path::new("kept/a.b.json"), number);
            assert_eq!(path, Path::new(expected));
            assert_eq!(path.with_extension("request.jwt"), Path::new(request));
        }
        assert_eq!(numbered(Path::new("answer"), 2), Path::new("answer-2"));
    }
}
