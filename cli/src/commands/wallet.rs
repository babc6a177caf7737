//! `symbolon wallet …`

mod at_origin;
mod browser;
mod care;
mod consent;
mod details;
mod history;
mod list;
mod nearby;
mod people;
mod present;
mod receive;
mod refusals;

use std::fs;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_qr_picture::PictureSource;
use symbolon_wallet_core::hold::{CredentialSummary, Validity};
use symbolon_wallet_core::present::PresentOutcome;
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::record::{
    BY_QR, DataRequestKind, HistoryEvent, Knowledge, VerifierEvidence, VerifierRecord,
};
use symbolon_wallet_core::{
    CredentialId, FlowId, Languages, ObserveProgress, Progress, RelyingPartyPolicy, Resumed, WaitsFor,
    Wallet, WalletClient, WalletError,
};

use crate::arguments::{Exported, FolderLocation, HistoryCommand, WalletCommand, WalletLocation};
use crate::commands::{qr, serve, show};
use crate::configuration::{FILE_NAME, WalletSection};
use crate::edge;
use crate::holder::{DevelopmentProvider, WalletFolder, open_wallet};
use crate::installation::passphrase::{PassphraseSource, WALLET_LOCK_PASSPHRASE};
use crate::installation::{Installation, read_trust};
use crate::pictures;

/// The longest link that is read.
const MAX_LINK_BYTES: usize = 64 << 10;

/// Runs a wallet command.
///
/// # Errors
/// Whatever keeps the command from doing what it was asked to; a refusal by a peer is one of them.
pub async fn run(command: &WalletCommand, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    match command {
        WalletCommand::Receive(arguments) => {
            let opened = open(&arguments.wallet, configuration).await?;
            receive::receive(opened, arguments).await?;
        }
        WalletCommand::Renew { id, wallet } => {
            let wallet = open(wallet, configuration).await?.wallet;
            match id {
                Some(id) => drop(receive::renew(&wallet, parse_id(id)?).await?),
                None => list::refill(&wallet).await?,
            }
        }
        WalletCommand::List {
            search,
            sort,
            language,
            json,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            let query = list::query(search.as_deref(), *sort)?;
            list::list(&wallet, &query, &Languages::new(language.iter().cloned()), *json).await?;
        }
        WalletCommand::Refresh { all, wallet } => {
            list::refresh(&open(wallet, configuration).await?.wallet, *all).await?;
        }
        WalletCommand::Reissue(arguments) => {
            receive::reissue(open(&arguments.wallet, configuration).await?, arguments).await?;
        }
        WalletCommand::Backup {
            file,
            passphrase_file,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            care::backup(&wallet, file, passphrase_file.as_deref()).await?;
        }
        WalletCommand::Restore {
            file,
            passphrase_file,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            care::restore(&wallet, file, passphrase_file.as_deref()).await?;
        }
        WalletCommand::Person(command) => people::run(command, configuration)?,
        WalletCommand::Rotate { wrapping_key, wallet } => {
            people::rotate(wallet, *wrapping_key, configuration)?;
        }
        WalletCommand::Show {
            id,
            language,
            json,
            qr,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            show_one(&wallet, id, language.as_deref(), *json).await?;
            if let Some(path) = qr {
                let content = wallet.content(parse_id(id)?).await?;
                qr::draw_credential(&content, path).await?;
            }
        }
        WalletCommand::Present {
            request,
            animate,
            origin,
            answer: answer_file,
            choose,
            yes,
            refuse,
            refuse_always,
            save,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            let answer = present::Answer {
                choose,
                consent: present::Consent::of(*yes, *refuse, *refuse_always),
                save: save.as_deref(),
                animate: animate.as_deref(),
            };
            return match (origin, answer_file) {
                (Some(origin), Some(file)) => {
                    at_origin::present(&wallet, Path::new(request), origin, file, &answer).await
                }
                _ => {
                    let request = present::Request::of_argument(request)?;
                    present::present(&wallet, &request, &answer).await
                }
            };
        }
        WalletCommand::PresentNearby(arguments) => {
            let wallet = open(&arguments.wallet, configuration).await?.wallet;
            return nearby::present(&wallet, arguments).await;
        }
        WalletCommand::Refusals(command) => refusals::run(command, configuration).await?,
        WalletCommand::Delete { id, yes, wallet } => {
            let wallet = open(wallet, configuration).await?.wallet;
            delete(&wallet, id, *yes).await?;
        }
        WalletCommand::Consent(command) => consent::run(command, configuration).await?,
        WalletCommand::Serve => serve::wallet(&Installation::load(configuration)?).await?,
        WalletCommand::History {
            command: Some(command),
            ..
        } => after(command, configuration).await?,
        WalletCommand::History {
            command: None,
            json,
            wallet,
        } => {
            show_history(&open(wallet, configuration).await?.wallet, *json).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows each step of a long call on standard error, on a terminal alone.
struct Steps;

impl ObserveProgress for Steps {
    fn observe(&self, step: Progress) {
        if std::io::stderr().is_terminal() {
            let text = match step {
                Progress::FetchingOffer => "fetching the offer",
                Progress::FetchingMetadata => "fetching what the issuer says about itself",
                Progress::PreparingSignIn => "preparing the page to sign in on",
                Progress::RequestingAccess => "exchanging the code for access",
                Progress::CreatingKey => "making a key",
                Progress::SigningProof => "proving the key",
                Progress::RequestingCredential => "asking for the credential",
                Progress::VerifyingCredential => "checking what came",
                Progress::Storing => "writing it down",
                Progress::FetchingRequest => "fetching the request",
                Progress::VerifyingRequest => "checking who asks",
                Progress::SigningPresentation => "signing",
                Progress::SendingAnswer => "sending the answer",
                _ => "working",
            };
            show::warning(&format!("  … {text}"));
        }
    }
}

/// Who this wallet says it is to issuers. It is one of many copies of a public program, so without an attestation the name proves
/// nothing.
pub(crate) const CLIENT: &str = "symbolon-wallet";
/// Where browsers come back to on this machine, at a port that each sign-in opens for itself.
const REDIRECT: &str = "http://127.0.0.1/callback";

/// An open wallet.
struct Opened {
    wallet: Wallet,
    /// Who it is to issuers.
    client: WalletClient,
}

/// The installation of the folder that the command runs in, where there is one.
fn installation(configuration: Option<&Path>) -> anyhow::Result<Option<Installation>> {
    let is_there = configuration.is_some() || Path::new(FILE_NAME).exists();
    Ok(is_there.then(|| Installation::load(configuration)).transpose()?)
}

/// The wallet's folder.
fn directory(location: &FolderLocation, installation: Option<&Installation>) -> PathBuf {
    match (&location.directory, installation) {
        (Some(folder), _) => folder.clone(),
        (None, Some(installation)) => installation
            .loaded
            .resolve(&installation.loaded.configuration.wallet.directory),
        (None, None) => WalletSection::default().directory,
    }
}

/// The passphrase that a person's wallet is locked with.
fn lock_passphrase(location: &FolderLocation) -> PassphraseSource {
    let file = location.lock_passphrase_file.clone();
    PassphraseSource::new(file, WALLET_LOCK_PASSPHRASE, "person's wallet")
}

/// Opens the wallet, and goes on with whatever an earlier run left unfinished.
async fn open(location: &WalletLocation, configuration: Option<&Path>) -> anyhow::Result<Opened> {
    let installation = installation(configuration)?;
    let trust = match (&location.trust, &installation) {
        (Some(file), _) => read_trust(file)?,
        (None, Some(installation)) => installation.believed()?,
        (None, None) => bail!("no trust file: give --trust FILE, or run in the folder of an installation"),
    };
    let folder = WalletFolder::open(&directory(&location.folder, installation.as_ref()))?;
    let person = folder.person(location.person.as_deref())?;
    let store = folder.unlock(person, &lock_passphrase(&location.folder))?;
    let urls = match &installation {
        Some(installation) if installation.loaded.configuration.development => UrlPolicy::Development,
        _ => UrlPolicy::Public,
    };
    let complete = |parties: &mut RelyingPartyPolicy| match &installation {
        Some(installation) => {
            let loaded = &installation.loaded;
            loaded
                .configuration
                .wallet
                .complete(parties, |path| loaded.resolve(path))
        }
        None => Ok(()),
    };
    let mut client = WalletClient {
        identifier: ClientIdentifier::parse(CLIENT).context("the name of this wallet cannot be used")?,
        redirect_uri: RedirectUri::parse(REDIRECT)?,
        attester: None,
        languages: Languages::default(),
    };
    let mut wallet = open_wallet(store, &trust, urls, complete, Arc::new(Steps))?;
    if let Some(installation) = &installation
        && let Some(provider) =
            DevelopmentProvider::of(installation, &folder.path_of(person), client.identifier.clone())
    {
        let provider = Arc::new(provider);
        wallet = wallet.with_key_attester(Arc::clone(&provider) as _);
        client.attester = Some(provider);
    }
    let signed_metadata = match &installation {
        Some(installation) => installation.loaded.configuration.wallet.signed_metadata,
        None => WalletSection::default().signed_metadata,
    };
    let wallet = wallet
        .with_client(client.clone())
        .with_signed_metadata(signed_metadata);
    let recovered = wallet.recover(edge::system_time()).await?;
    wallet.tell_deletions(edge::system_time()).await?;
    let has_agent = installation
        .as_ref()
        .is_some_and(|installation| installation.loaded.configuration.wallet.consent_policy.is_some());
    for flow in recovered.unfinished {
        // What waits for somebody belongs to the headless wallet: see `wallet consent`.
        let waits = matches!(
            wallet.waits_for(flow).await?,
            Some(
                WaitsFor::ConsentToShow
                    | WaitsFor::ConsentToReceive
                    | WaitsFor::TransactionCode
                    | WaitsFor::SignIn
            )
        );
        if !(has_agent && waits) {
            go_on(&wallet, flow).await?;
        }
    }
    Ok(Opened { wallet, client })
}

/// Resumes a flow that an earlier run did not end. One that waits for a person is given up: the person has come back with a
/// command of their own.
async fn go_on(wallet: &Wallet, flow: FlowId) -> anyhow::Result<()> {
    match wallet.resume(flow, edge::system_time()).await {
        Ok(Resumed::Receiving(ReceiveOutcome::Stored { credentials, .. })) => {
            show::warning(&format!(
                "an interrupted receipt was completed: {} credential(s)",
                credentials.len()
            ));
        }
        Ok(Resumed::Receiving(
            ReceiveOutcome::AwaitingConsent(_)
            | ReceiveOutcome::TransactionCodeNeeded { .. }
            | ReceiveOutcome::SignInNeeded { .. },
        ))
        | Ok(Resumed::Presenting(PresentOutcome::AwaitingConsent(_)))
        // The page that asked has gone.
        | Ok(Resumed::AtOrigin(_)) => wallet.abandon(flow).await?,
        Ok(Resumed::Receiving(outcome @ ReceiveOutcome::Deferred { .. })) => {
            show::warning(&receive::outcome_text(&outcome));
        }
        Ok(Resumed::Receiving(outcome)) => {
            show::warning(&format!(
                "an interrupted receipt ended: {}",
                receive::outcome_text(&outcome)
            ));
        }
        Ok(Resumed::Presenting(PresentOutcome::Presented { .. })) => {
            show::warning("an interrupted presentation was completed");
        }
        Ok(Resumed::Presenting(_)) => {
            show::warning("an interrupted presentation ended; see `symbolon wallet history`")
        }
        // Kept for another time: the peer may be back then.
        Err(WalletError::Network(_) | WalletError::PeerUnavailable { .. }) => {
            show::warning("an interrupted flow waits for its peer, which cannot be reached");
        }
        Err(WalletError::NotFound) => {}
        // Such a flow never gets better: its request has expired, or the trust list no longer names its peer. Kept, it would stop
        // every later command.
        Err(
            WalletError::RequestRefused(_)
            | WalletError::UnknownIssuer
            | WalletError::UnacceptableOffer(_)
            | WalletError::KeyGone,
        ) => {
            wallet.abandon(flow).await?;
            show::warning("an interrupted flow could not go on and was given up");
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

/// A link as it was typed, or as a picture of its QR code holds it.
///
/// # Errors
/// A picture without a readable code, or with several.
pub fn link(text_or_picture: &str) -> anyhow::Result<String> {
    if text_or_picture.contains(':') && !Path::new(text_or_picture).exists() {
        if text_or_picture.len() > MAX_LINK_BYTES {
            bail!("the link is longer than any offer or request");
        }
        return Ok(text_or_picture.to_owned());
    }
    let bytes = fs::read(text_or_picture).with_context(|| format!("cannot read {text_or_picture}"))?;
    if !pictures::is_picture(&bytes) {
        bail!("{text_or_picture} is neither a link nor a picture");
    }
    let mut texts = pictures::texts(&bytes, PictureSource::Rendered)?;
    match (texts.pop(), texts.is_empty()) {
        (Some(text), true) => Ok(text),
        (None, _) => bail!("no QR code can be read in {text_or_picture}"),
        (Some(_), false) => bail!("{text_or_picture} shows several QR codes"),
    }
}

/// Who may answer a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A person at a terminal.
    Person,
    /// Also a program that drives this one.
    AnyInput,
}

/// Asks on the terminal; nobody answers where there is none, unless a program may.
fn ask(question: &str, asked: Asked) -> anyhow::Result<Option<String>> {
    if asked == Asked::Person && !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let mut error = std::io::stderr().lock();
    error.write_all(question.as_bytes())?;
    error.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(Some(answer.trim().to_owned()).filter(|answer| !answer.is_empty()))
}

fn validity_text(credential: &CredentialSummary) -> String {
    match credential.validity {
        Validity::Unlimited => "without expiry".to_owned(),
        Validity::Until(time) => format!("valid until {}", time.rfc3339()),
        Validity::Expired { at } => format!("expired at {}", at.rfc3339()),
    }
}

async fn show_one(wallet: &Wallet, id: &str, language: Option<&str>, as_json: bool) -> anyhow::Result<()> {
    let id = parse_id(id)?;
    let languages = Languages::new([language.unwrap_or("en")]);
    let details = wallet.show(id, &languages, edge::system_time()).await?;
    if as_json {
        show::line(&serde_json::to_string_pretty(&details::as_json(&details))?);
        return Ok(());
    }
    show::line(&format!(
        "{}, {}",
        show::printable(&details.summary.name),
        validity_text(&details.summary)
    ));
    if let Some(description) = &details.summary.description {
        show::line(&format!("  {}", show::printable(description)));
    }
    for claim in &details.claims {
        show::claim(1, &claim.name, &claim.value);
    }
    Ok(())
}

fn parse_id(id: &str) -> anyhow::Result<CredentialId> {
    id.parse()
        .map_err(|_| anyhow!("{id} names no credential; see `symbolon wallet list`"))
}

fn verifier_text(verifier: &VerifierRecord) -> String {
    let name = verifier
        .name
        .as_deref()
        .map_or_else(|| "an unnamed verifier".to_owned(), show::printable);
    let known = match &verifier.evidence {
        VerifierEvidence::CertificateHash { authority }
        | VerifierEvidence::CertificateHost { authority, .. } => {
            let authority = authority.as_deref();
            let authority = authority.map_or_else(|| "a trusted authority".to_owned(), show::printable);
            format!("known by a certificate of {authority}")
        }
        VerifierEvidence::DecentralizedIdentifier { did, known } => {
            let did = show::printable(did);
            match known {
                Knowledge::Listed => format!("known by its identifier {did}"),
                Knowledge::Unlisted => format!("UNVERIFIED: nobody knows who has the identifier {did}"),
            }
        }
        VerifierEvidence::Registered => "on this wallet's list".to_owned(),
        VerifierEvidence::RegisteredUnsigned => {
            "on this wallet's list, and somebody asks in its name without a signature".to_owned()
        }
        VerifierEvidence::Nearby => "UNVERIFIED: a reader face to face, for which nobody vouches".to_owned(),
        VerifierEvidence::Unverified => "UNVERIFIED: nothing says who this is".to_owned(),
        VerifierEvidence::Origin => {
            "UNVERIFIED: the browser knows the page, and nobody says whose it is".to_owned()
        }
        VerifierEvidence::Reader { authority } => {
            let authority = authority.as_deref();
            let authority = authority.map_or_else(|| "a trusted authority".to_owned(), show::printable);
            format!("a reader known by a certificate of {authority}")
        }
    };
    if verifier.response_origin == BY_QR {
        return format!("{name}, who reads the answer from this screen, {known}");
    }
    format!(
        "{name} at {}, {known}",
        show::printable(&verifier.response_origin)
    )
}

/// Deletes a credential, once somebody has agreed.
async fn delete(wallet: &Wallet, id: &str, agreed: bool) -> anyhow::Result<()> {
    let id = parse_id(id)?;
    let question = "delete it? Only its issuer can issue it again [y/N] ";
    if !agreed && !ask(question, Asked::Person)?.is_some_and(|answer| answer.eq_ignore_ascii_case("y")) {
        bail!("nothing was deleted");
    }
    match wallet.delete(id, edge::system_time()).await {
        Err(WalletError::NotFound) => bail!("there is no such credential"),
        deleted => deleted?,
    }
    show::line(&format!("deleted {id}"));
    Ok(())
}

async fn after(command: &HistoryCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    match command {
        HistoryCommand::RequestDeletion(arguments) => {
            let wallet = open(&arguments.wallet, configuration).await?.wallet;
            history::data_request(&wallet, arguments, DataRequestKind::Deletion).await
        }
        HistoryCommand::Report(arguments) => {
            let wallet = open(&arguments.wallet, configuration).await?.wallet;
            history::data_request(&wallet, arguments, DataRequestKind::Report).await
        }
        HistoryCommand::Export {
            receipts,
            out,
            wallet,
        } => {
            let wallet = open(wallet, configuration).await?.wallet;
            let exported = if *receipts {
                Exported::Receipts
            } else {
                Exported::History
            };
            history::export(&wallet, exported, out.as_deref()).await
        }
    }
}

async fn show_history(wallet: &Wallet, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        show::line(&wallet.export_history().await?);
        return Ok(());
    }
    for entry in wallet.history().await? {
        let text = match &entry.event {
            HistoryEvent::Received {
                issuer, credential, ..
            } => {
                format!("received {credential} from {}", show::printable(issuer))
            }
            HistoryEvent::Refused { issuer, reason } => {
                format!(
                    "refused a credential from {}: {}",
                    show::printable(issuer),
                    show::printable(reason)
                )
            }
            HistoryEvent::Presented {
                verifier,
                disclosed,
                transactions,
                delivery,
                receipt,
            } => {
                let claims: Vec<String> = disclosed
                    .iter()
                    .flat_map(|credential| credential.claims.iter())
                    .map(|claim| show::printable(claim))
                    .collect();
                let authorized: Vec<String> = transactions
                    .iter()
                    .map(|transaction| format!(", and authorised {}", transaction.transaction_type))
                    .collect();
                format!(
                    "showed {} to {}{} ({}{})",
                    claims.join(", "),
                    verifier_text(verifier),
                    authorized.concat(),
                    show::words(delivery),
                    history::receipt_text(receipt.as_ref())
                )
            }
            HistoryEvent::Declined { verifier } => {
                format!("declined to show anything to {}", verifier_text(verifier))
            }
            HistoryEvent::Deleted {
                credential, notice, ..
            } => format!("deleted {credential}{}", history::notice_text(*notice)),
        };
        show::line(&format!("{}  {text} [{}]", entry.at.rfc3339(), entry.id));
        for request in &entry.data_requests {
            let what = match request.kind {
                DataRequestKind::Deletion => "erasure was asked for",
                DataRequestKind::Report => "the verifier was reported",
            };
            show::line(&format!("  {what} on {}", request.at.rfc3339()));
        }
    }
    Ok(())
}
