//! `symbolon openapi`: the descriptions of the HTTP interfaces, without a server.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_http::openapi::{Audience, OpenApi};
use symbolon_protocol::identifier::IssuerIdentifier;
use url::Url;

use crate::arguments::{DescribedRole, OpenapiArguments};
use crate::commands::show;
use crate::configuration::identifier_text;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::{Installation, IssuerChoice};
use crate::services::distributor;

/// Prints or writes a description.
///
/// # Errors
/// No configuration and no URL, a URL that is no identifier, or a file that cannot be written.
pub fn run(arguments: &OpenapiArguments, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => configured(arguments.role, choice)
            .context("say where the interface is with --url, or which installation is meant with --config")?,
    };
    let json = described(arguments, &url)?
        .to_pretty_json()
        .context("the description cannot be written")?;
    match &arguments.out {
        Some(out) => {
            write_atomically(out, json.as_bytes(), Readers::Everyone)
                .with_context(|| format!("cannot write {}", out.display()))?;
            show::line(&format!("described in {}", out.display()));
        }
        None => show::line(&json),
    }
    Ok(ExitCode::SUCCESS)
}

fn configured(role: DescribedRole, choice: IssuerChoice<'_>) -> anyhow::Result<Url> {
    Ok(match role {
        DescribedRole::Issuer => choice.load()?.issuer().identifier.clone(),
        DescribedRole::Verifier => {
            Installation::load(choice.configuration)?
                .loaded
                .configuration
                .verifier
                .identifier
        }
        DescribedRole::Wallet => {
            let wallet = Installation::load(choice.configuration)?
                .loaded
                .configuration
                .wallet;
            let scheme = if wallet.tls_certificate.is_some() {
                "https"
            } else {
                "http"
            };
            Url::parse(&format!("{scheme}://{}", wallet.listen))?
        }
        DescribedRole::Distributor => distributor::identifier(&Installation::load(choice.configuration)?)?,
    })
}

fn described(arguments: &OpenapiArguments, url: &Url) -> anyhow::Result<OpenApi> {
    let audience = if arguments.public {
        Audience::Public
    } else {
        Audience::Operator
    };
    let identifier = || IssuerIdentifier::parse(&identifier_text(url)).context("the URL is no identifier");
    Ok(match arguments.role {
        DescribedRole::Issuer => symbolon_issuer_server::description(&identifier()?, audience),
        DescribedRole::Verifier => symbolon_verifier_server::description(&identifier()?, audience),
        DescribedRole::Wallet if arguments.public => bail!("nothing of the wallet's interface is public"),
        DescribedRole::Wallet => symbolon_wallet_server::description(url),
        DescribedRole::Distributor => symbolon_trust_server::distributor::description(url),
    })
}
