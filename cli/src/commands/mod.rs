//! What each command does.

pub mod answer_by_qr;
pub mod ask_nearby;
pub mod ask_qr;
pub mod backup;
pub mod card;
pub mod check;
pub mod distribution;
pub mod evidence;
pub mod frames;
pub mod init;
pub mod issuing;
pub mod judge;
pub mod keys;
pub mod neighbour;
pub mod offer;
pub mod onboarding;
pub mod openapi;
pub mod pack;
pub mod pull;
pub mod qr;
pub mod records;
pub mod relying_party;
pub mod request;
pub mod requests;
pub mod restore;
pub mod scan;
pub mod serve;
pub mod show;
pub mod tenant;
pub mod trust;
pub mod verify;
pub mod wallet;

use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::arguments::{Arguments, Command, DescribedRole, IssuerCommand, OpenapiArguments, VerifierCommand};
use crate::demo;
use crate::installation::{Installation, IssuerChoice};

/// The exit status of a command that did not do what it was asked to.
pub const FAILED: u8 = 1;
/// The exit status of `symbolon verify` for usage and unreadable input, where 1 means invalid.
const UNREADABLE: u8 = 2;

/// Runs the command.
///
/// # Errors
/// Whatever kept it from doing what it was asked to.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    // Operators raise this with SYMBOLON_LOG; what a person needs to see is printed by the commands.
    let filter = tracing_subscriber::EnvFilter::try_from_env("SYMBOLON_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")?;
    runtime.block_on(run_in_runtime(arguments))
}

async fn run_in_runtime(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let configuration = arguments.config.as_deref();
    let choice = IssuerChoice {
        configuration,
        tenant: arguments.tenant.as_ref(),
    };
    if choice.tenant.is_some() && !is_of_one_issuer(&arguments.command) {
        bail!("--tenant means nothing to this command: it is not about one issuer");
    }
    match &arguments.command {
        Command::Demo(demo) => demo::run(demo).await,
        Command::Init(arguments) => init::run(arguments).await.map(|()| ExitCode::SUCCESS),
        Command::Issuer(IssuerCommand::Check { json }) => {
            check::run(&choice.load()?, *json).map(|()| ExitCode::SUCCESS)
        }
        Command::Issuer(IssuerCommand::Serve) => serve::issuer(&Installation::load(configuration)?)
            .await
            .map(|()| ExitCode::SUCCESS),
        Command::Verifier(VerifierCommand::Serve) => serve::verifier(&Installation::load(configuration)?)
            .await
            .map(|()| ExitCode::SUCCESS),
        Command::Verifier(VerifierCommand::ScanLink { qr }) => {
            scan::link(&Installation::load(configuration)?, qr.as_deref()).map(|()| ExitCode::SUCCESS)
        }
        Command::Verifier(VerifierCommand::AskQr(arguments)) => {
            ask_qr::run(&Installation::load(configuration)?, arguments)
                .await
                .map(|()| ExitCode::SUCCESS)
        }
        Command::Verifier(VerifierCommand::AskNearby(arguments)) => {
            ask_nearby::run(arguments, configuration).await
        }
        Command::Records(command) => records::run(command, choice).await,
        Command::Offer(command) => offer::run(command, choice).await,
        Command::Card(command) => card::run(command, choice).await,
        Command::Qr(command) => qr::run(command).await,
        Command::Credential(command) => issuing::credential(command, choice).await,
        Command::Request(command) => request::run(command, configuration).await,
        Command::RelyingParty(command) => relying_party::run(command, configuration)
            .await
            .map(|()| ExitCode::SUCCESS),
        Command::Policy(command) => relying_party::policy(command, configuration).map(|()| ExitCode::SUCCESS),
        Command::Wallet(command) => wallet::run(command, configuration).await,
        Command::Verify(arguments) => {
            Ok(verify::run(arguments, configuration)
                .await
                .unwrap_or_else(|error| {
                    show::error(&error);
                    ExitCode::from(UNREADABLE)
                }))
        }
        Command::Trust(command) => trust::run(command, configuration),
        Command::Pack(command) => pack::run(command, configuration).await,
        Command::Distributor(command) => distribution::distributor(command, configuration).await,
        Command::Audit(command) => issuing::audit(command, choice).await,
        Command::Keys(command) => keys::run(command, choice).await,
        Command::Tenant(command) => tenant::run(command, configuration).map(|()| ExitCode::SUCCESS),
        Command::Openapi(arguments) => openapi::run(arguments, choice),
        Command::Backup(arguments) => backup::run(arguments, configuration).await,
        Command::Restore(arguments) => restore::run(arguments).await,
    }
}

/// Whether a command acts on one issuer, which `--tenant` then names.
const fn is_of_one_issuer(command: &Command) -> bool {
    matches!(
        command,
        Command::Issuer(IssuerCommand::Check { .. })
            | Command::Records(_)
            | Command::Offer(_)
            | Command::Card(_)
            | Command::Credential(_)
            | Command::Audit(_)
            | Command::Keys(_)
            | Command::Openapi(OpenapiArguments {
                role: DescribedRole::Issuer,
                ..
            })
    )
}
