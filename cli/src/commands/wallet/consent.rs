//! `symbolon wallet consent`: what the headless wallet leaves to somebody, asked of the server that runs, or of the wallet itself where
//! none does.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use symbolon_wallet_core::FlowId;
use symbolon_wallet_core::consent_policy::{BroughtBy, PersonAddress};
use symbolon_wallet_server::{
    Agent, Answered, Brought, BroughtLink, DecisionOrder, Ended, Ordered, Outcome, OutcomeBody, WaitingEntry,
    WaitingKind, WaitingList,
};

use crate::arguments::ConsentCommand;
use crate::commands::show;
use crate::holder::WalletFolder;
use crate::installation::Installation;
use crate::register::AdministrationClient;
use crate::services::wallet::{agent, running};

/// The wallet, wherever it is open.
enum Desk {
    /// In this process.
    Opened(Box<Agent>),
    /// In a server, which is asked.
    Running(AdministrationClient),
}

/// Runs a command.
///
/// # Errors
/// No consent policy, or whatever keeps the decision from being carried out.
pub(super) async fn run(command: &ConsentCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    let installation = Installation::load(configuration)?;
    let desk = Desk::of(&installation).await?;
    match command {
        ConsentCommand::List { json } => {
            let entries = desk.waiting().await?;
            if *json {
                show::line(&serde_json::to_string_pretty(&entries)?);
            } else if entries.is_empty() {
                show::line("nothing waits");
            } else {
                entries.iter().for_each(show_entry);
            }
            Ok(())
        }
        ConsentCommand::Allow { flow, tx_code, code } => {
            desk.decide(DecisionOrder {
                flow: flow.clone(),
                decision: Ordered::Allow,
                transaction_code: tx_code.clone(),
                comparison_code: code.clone(),
            })
            .await
        }
        ConsentCommand::Refuse { flow } => {
            desk.decide(DecisionOrder {
                flow: flow.clone(),
                decision: Ordered::Refuse,
                transaction_code: None,
                comparison_code: None,
            })
            .await
        }
        ConsentCommand::Bring { link, person } => desk.bring(link, person.clone()).await,
    }
}

impl Desk {
    async fn of(installation: &Installation) -> anyhow::Result<Self> {
        let loaded = &installation.loaded;
        let folder = loaded.resolve(&loaded.configuration.wallet.directory);
        // The store lets in one process: whoever cannot open it asks the server that has it.
        let Ok(opened) = WalletFolder::open(&folder) else {
            return running(installation).map(Self::Running);
        };
        let first = opened.first()?;
        let agent = agent::open(installation, &opened, first)?.context(
            "the configuration has no wallet.consent_policy, so nothing waits (docs/headless-wallet.md)",
        )?;
        Ok(Self::Opened(Box::new(agent)))
    }

    async fn waiting(&self) -> anyhow::Result<Vec<WaitingEntry>> {
        match self {
            Self::Opened(agent) => Ok(agent.waiting().await?),
            Self::Running(client) => Ok(client.get::<WaitingList>("waiting").await?.entries),
        }
    }

    async fn decide(&self, order: DecisionOrder) -> anyhow::Result<()> {
        let (outcome, at) = match self {
            Self::Running(client) => {
                let body = serde_json::to_vec(&order)?;
                let told: OutcomeBody = client.post("waiting/decide", "application/json", body).await?;
                (told.outcome, told.continue_at)
            }
            Self::Opened(agent) => {
                let name: FlowId = order
                    .flow
                    .parse()
                    .map_err(|_| anyhow!("{} names nothing that waits", show::printable(&order.flow)))?;
                let decision = order
                    .decision()
                    .context("the transaction code is empty or too long")?;
                // Where the answer is told belongs to the browser that brought the request.
                match agent.decide(name, decision).await? {
                    Answered::GoOn(mut at) => {
                        at.set_fragment(None);
                        told(Answered::GoOn(at))
                    }
                    answered => told(answered),
                }
            }
        };
        show_outcome(outcome, at);
        Ok(())
    }

    async fn bring(&self, link: &str, person: Option<String>) -> anyhow::Result<()> {
        let (_, parameters) = link
            .split_once('?')
            .context("this is no link of a presentation request or a credential offer")?;
        let is_offer = url::form_urlencoded::parse(parameters.as_bytes())
            .any(|(name, _)| name == "credential_offer" || name == "credential_offer_uri");
        let (outcome, at) = match self {
            Self::Running(client) => {
                let path = if is_offer { "offers" } else { "requests" };
                let brought = BroughtLink {
                    link: link.to_owned(),
                    person,
                };
                let body = serde_json::to_vec(&brought)?;
                let told: OutcomeBody = client.post(path, "application/json", body).await?;
                (told.outcome, told.continue_at)
            }
            Self::Opened(agent) => {
                let person: Option<PersonAddress> = person.map(|person| person.parse()).transpose()?;
                let Brought { person, parameters } = agent
                    .brought(link, person)?
                    .context("the link leads to another person's wallet, or to no endpoint of this one")?;
                let person = person.as_ref();
                told(if is_offer {
                    agent.receive(person, &parameters, BroughtBy::Owner).await?
                } else {
                    agent.authorize(person, &parameters, BroughtBy::Owner).await?
                })
            }
        };
        show_outcome(outcome, at);
        Ok(())
    }
}

fn show_outcome(outcome: Outcome, at: Option<String>) {
    show::line(outcome_text(outcome));
    if let Some(at) = at {
        show::line(&format!("go on at {}", show::printable(&at)));
    }
}

fn told(answered: Answered) -> (Outcome, Option<String>) {
    match answered {
        Answered::GoOn(at) => (Outcome::Answered, Some(at.into())),
        Answered::SignIn { at, .. } => (Outcome::SignIn, Some(at.into())),
        Answered::Waiting(_) | Answered::Held { .. } => (Outcome::Waiting, None),
        Answered::Ended(ended) => {
            let outcome = match ended {
                Ended::Answered => Outcome::Answered,
                Ended::Shown => Outcome::Shown,
                Ended::Unconfirmed => Outcome::Unconfirmed,
                Ended::Rejected => Outcome::Rejected,
                Ended::Declined => Outcome::Declined,
                Ended::Received => Outcome::Received,
                Ended::Refused(_) | Ended::NotReceived(_) | Ended::OfferSpent => Outcome::Refused,
            };
            (outcome, None)
        }
    }
}

const fn outcome_text(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Answered => "answered; the browser that has the session at the verifier is led on",
        Outcome::Shown => "shown, and accepted by the verifier",
        Outcome::Unconfirmed => "sent, and not confirmed",
        Outcome::Rejected => "the verifier did not accept what was shown",
        Outcome::Received => "received",
        Outcome::SignIn => "somebody has to sign in at the issuer",
        Outcome::Waiting => "it waits: for a decision, for a transaction code, or for its issuer",
        Outcome::Declined => "declined; nothing was shown or received",
        Outcome::Refused => "refused",
    }
}

fn show_entry(entry: &WaitingEntry) {
    let kind = match entry.kind {
        WaitingKind::Presentation => "asks",
        WaitingKind::Offer => "offers",
        WaitingKind::TransactionCode => "waits for a transaction code",
        WaitingKind::SignIn => "waits for a sign-in",
        WaitingKind::Peer => "waits for its peer",
    };
    let party = printable(&entry.party, ", ");
    let whose = entry
        .person
        .as_deref()
        .map_or_else(String::new, |person| format!(" [{person}]"));
    show::line(&format!(
        "{}{whose}  {} {kind}, until {}",
        entry.flow,
        if entry.names.is_empty() {
            party
        } else {
            format!("{} ({party})", printable(&entry.names, ", "))
        },
        entry.until
    ));
    show::line(&format!("  since {}", entry.since));
    if entry.comparison_code_needed {
        show::warning(
            "  a browser brought it, which may be somebody else's: allow it with the code that its page shows (--code)",
        );
    }
    if !entry.vouched {
        show::warning("  nobody vouches for this verifier");
    }
    if entry.over_asking {
        show::warning(
            "  it asks for more than it is registered for, or its registration is not to be believed",
        );
    }
    for purpose in &entry.purposes {
        show::line(&format!("  registered for: {}", show::printable(purpose)));
    }
    for credential in &entry.credentials {
        show::line(&format!(
            "  of {}: {}",
            show::printable(&credential.credential_type),
            printable(&credential.claims, ", ")
        ));
    }
    for transaction in &entry.transactions {
        show::line(&format!(
            "  to authorise {}: {}",
            show::printable(&transaction.transaction_type),
            printable(&transaction.details, "; ")
        ));
    }
    if !entry.answerable {
        show::line("  what is held does not suffice");
    }
}

fn printable(texts: &[String], between: &str) -> String {
    let texts: Vec<String> = texts.iter().map(|text| show::printable(text)).collect();
    texts.join(between)
}
