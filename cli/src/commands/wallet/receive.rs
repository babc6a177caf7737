//! `symbolon wallet receive`, `symbolon wallet renew` and `symbolon wallet reissue`

use std::num::NonZeroUsize;

use anyhow::{Context as _, anyhow, bail};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::receive::{
    OfferShown, ReceiveOutcome, ShownIssuer, TransactionCodeAttempt, Wanted,
};
use symbolon_wallet_core::record::ReissueReason;
use symbolon_wallet_core::{CredentialId, Languages, Wallet, WalletClient, WalletError};

use super::browser::Browser;
use super::{Asked, Opened, ask, link, parse_id};
use crate::arguments::{ReceiveArguments, ReissueArguments, SigningIn};
use crate::commands::show;
use crate::edge;

/// Receives what is offered, or what an issuer is asked for. The issuer is shown before anything is fetched.
///
/// # Errors
/// A refusal by wallet or issuer.
pub(super) async fn receive(
    opened: Opened,
    arguments: &ReceiveArguments,
) -> anyhow::Result<Vec<CredentialId>> {
    let (wallet, mut browser) = prepare(opened, &arguments.signing_in).await?;
    let offer = begin(&wallet, arguments).await?;
    go_on(&wallet, &offer, &mut browser, arguments.tx_code.as_deref()).await
}

/// Has issued again what waits for it: all of an issuer's, by one sign-in. Without an issuer, lists it.
///
/// # Errors
/// A refusal by wallet or issuer.
pub(super) async fn reissue(opened: Opened, arguments: &ReissueArguments) -> anyhow::Result<()> {
    if let Some(id) = &arguments.forget {
        return Ok(opened.wallet.forget_reissue(parse_id(id)?).await?);
    }
    let Some(issuer) = &arguments.issuer else {
        return list_reissues(&opened.wallet).await;
    };
    let issuer = IssuerIdentifier::parse(issuer).context("the issuer is no URL")?;
    let (wallet, mut browser) = prepare(opened, &arguments.signing_in).await?;
    let offer = match wallet.reissue(&issuer, edge::system_time()).await {
        Err(WalletError::NotFound) => bail!("nothing of this issuer is to be issued again"),
        begun => begun?,
    };
    go_on(&wallet, &offer, &mut browser, None).await?;
    list_reissues(&wallet).await
}

/// Lists what is to be issued again.
///
/// # Errors
/// A wallet that cannot be read.
pub(super) async fn list_reissues(wallet: &Wallet) -> anyhow::Result<()> {
    let waiting = wallet.to_reissue().await?;
    if waiting.is_empty() {
        show::line("nothing is to be issued again");
    }
    for from in waiting {
        let name = from
            .issuer_name
            .as_deref()
            .map(show::printable)
            .unwrap_or_default();
        show::line(&format!(
            "from {name}: symbolon wallet reissue {}",
            show::printable(&from.issuer)
        ));
        for again in &from.credentials {
            let why = match again.reason {
                ReissueReason::Restored => "was on another device",
                ReissueReason::KeyEnded => "its key has ended",
            };
            show::line(&format!(
                "  {}  {}, {why}",
                again.id,
                show::printable(&again.configuration)
            ));
        }
    }
    Ok(())
}

/// The wallet with a browser that comes back to it.
async fn prepare(opened: Opened, signing_in: &SigningIn) -> anyhow::Result<(Wallet, Browser)> {
    let browser = Browser::prepare(signing_in.redirect.as_deref()).await?;
    let copies = NonZeroUsize::new(signing_in.copies.into()).unwrap_or(NonZeroUsize::MIN);
    let wallet = opened
        .wallet
        .with_client(WalletClient {
            redirect_uri: browser.redirect_uri().clone(),
            languages: Languages::new(signing_in.language.iter().cloned()),
            ..opened.client
        })
        .with_copies(copies);
    Ok((wallet, browser))
}

/// Accepts what was shown, and goes on until it is over.
async fn go_on(
    wallet: &Wallet,
    offer: &OfferShown,
    browser: &mut Browser,
    tx_code: Option<&str>,
) -> anyhow::Result<Vec<CredentialId>> {
    for ShownIssuer { identifier, name } in &offer.issuers {
        let name = name.as_deref().map(show::printable).unwrap_or_default();
        show::line(&format!("offered by {name} ({})", identifier.as_str()));
    }
    let code = tx_code.map(parse_code).transpose()?;
    let mut outcome = wallet.accept_offer(offer.flow, code, edge::system_time()).await?;
    loop {
        match outcome {
            ReceiveOutcome::SignInNeeded { url } => {
                show::line(&format!("sign in at {}", show::printable(url.as_str())));
                outcome = match browser.wait().await? {
                    Some(answer) => sign_in(wallet, offer, browser, answer).await?,
                    None => {
                        wallet.decline_offer(offer.flow, edge::system_time()).await?;
                        bail!("nobody signed in");
                    }
                };
            }
            ReceiveOutcome::TransactionCodeNeeded { prompt, attempt } => {
                if let TransactionCodeAttempt::AfterRefusal { refused } = attempt {
                    show::warning(&format!(
                        "the issuer refused the transaction code ({refused} so far)"
                    ));
                }
                let description = prompt
                    .description
                    .as_deref()
                    .map(show::printable)
                    .unwrap_or_default();
                let question = format!("transaction code ({description}): ");
                let Some(code) = ask(&question, Asked::Person)? else {
                    wallet.decline_offer(offer.flow, edge::system_time()).await?;
                    bail!("the issuer asks for a transaction code: give it with --tx-code");
                };
                outcome = wallet
                    .enter_transaction_code(offer.flow, parse_code(&code)?, edge::system_time())
                    .await?;
            }
            other => return received(&other),
        }
    }
}

/// Has a credential issued again.
///
/// # Errors
/// A refusal by the issuer, and a credential whose issuer gave no lasting access.
pub(super) async fn renew(wallet: &Wallet, id: CredentialId) -> anyhow::Result<Vec<CredentialId>> {
    match wallet.renew(id, edge::system_time()).await {
        Ok(outcome) => received(&outcome),
        Err(WalletError::NotFound) => {
            bail!("there is no such credential, or its issuer gave no access to renew it with")
        }
        Err(error) => Err(error.into()),
    }
}

async fn begin(wallet: &Wallet, arguments: &ReceiveArguments) -> anyhow::Result<OfferShown> {
    let now = edge::system_time();
    if let Some(offer) = &arguments.offer {
        return Ok(wallet.receive_offer(&link(offer)?, now).await?);
    }
    let issuer = arguments
        .issuer
        .as_deref()
        .context("give an offer, or --issuer")?;
    let issuer = IssuerIdentifier::parse(issuer).context("the issuer is no URL")?;
    let wanted = match &arguments.scope {
        Some(scope) => Wanted::Scope(scope.clone()),
        None => {
            let parse = |id: &String| {
                ConfigurationId::parse(id.as_str())
                    .with_context(|| format!("{} names no credential", show::printable(id)))
            };
            Wanted::Configurations(arguments.credential.iter().map(parse).collect::<Result<_, _>>()?)
        }
    };
    Ok(wallet.ask_issuer(issuer, wanted, now).await?)
}

/// Hands the answer over. One that somebody else sent here is passed over, and the person's is waited for.
async fn sign_in(
    wallet: &Wallet,
    offer: &OfferShown,
    browser: &mut Browser,
    mut answer: String,
) -> anyhow::Result<ReceiveOutcome> {
    loop {
        match wallet
            .complete_sign_in(offer.flow, &answer, edge::system_time())
            .await
        {
            Err(WalletError::ForeignAnswer(error)) => {
                show::warning(&format!("an answer was passed over: {error}"));
                match browser.wait().await? {
                    Some(another) => answer = another,
                    None => bail!("nobody signed in"),
                }
            }
            other => return Ok(other?),
        }
    }
}

fn received(outcome: &ReceiveOutcome) -> anyhow::Result<Vec<CredentialId>> {
    if let ReceiveOutcome::Deferred { .. } = outcome {
        show::line(&outcome_text(outcome));
        return Ok(Vec::new());
    }
    let ReceiveOutcome::Stored {
        credentials,
        not_supported,
    } = outcome
    else {
        bail!("nothing was received: {}", outcome_text(outcome));
    };
    for id in credentials {
        show::line(&format!("received {id}"));
    }
    for configuration in not_supported {
        show::warning(&format!(
            "not supported by this wallet: {}",
            show::printable(configuration.as_str())
        ));
    }
    Ok(credentials.clone())
}

fn parse_code(text: &str) -> anyhow::Result<TransactionCode> {
    TransactionCode::parse(text.trim()).ok_or_else(|| anyhow!("the transaction code is empty or too long"))
}

pub(super) fn outcome_text(outcome: &ReceiveOutcome) -> String {
    match outcome {
        ReceiveOutcome::NewOfferNeeded(reason) => format!("a new offer is needed ({})", show::words(reason)),
        ReceiveOutcome::Refused { problem, .. } => format!("refused ({})", show::words(problem)),
        ReceiveOutcome::Declined => "declined".to_owned(),
        ReceiveOutcome::KeyLocked => "the key is locked".to_owned(),
        ReceiveOutcome::Deferred { until } => format!(
            "the issuer hands it out later: any `symbolon wallet` command asks again from {} on",
            until.rfc3339()
        ),
        _ => "it waits for a decision".to_owned(),
    }
}
