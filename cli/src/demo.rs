//! `symbolon demo`: the whole story on loopback, from ID records to an offline verdict.
//!
//! Every step uses what the other commands use: the same servers over real HTTP, the same wallet, the same pictures. Offer
//! and request reach the wallet through a [`Camera`] that is given a picture file and nothing else.

mod camera;
mod formats;
mod offline;
mod online;

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_http::serve::listen;
use symbolon_issuer::haip::Profile;
use symbolon_issuer::record::Uin;
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::report::{Report, Verdict};
use url::Url;

pub use self::camera::{Camera, FileCamera, Scan};
use crate::arguments::DemoArguments;
use crate::commands::{serve, show};
use crate::configuration::{FILE_NAME, identifier_text};
use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::installation::init::{NewInstallation, init};
use crate::services::issuer::Opening;
use crate::services::verifier::scan_link;
use crate::services::{issuer, verifier};

/// The seed of the demo's people: the same story every time.
const SEED: u64 = 7;
/// Runs the demo as the command line gives it.
///
/// # Errors
/// A step that did not go as it must.
pub async fn run(arguments: &DemoArguments) -> anyhow::Result<ExitCode> {
    play(arguments, &FileCamera).await.map(|()| ExitCode::SUCCESS)
}

/// Plays the story with a camera of the caller's.
///
/// # Errors
/// A step that did not go as it must; nothing after it is done.
pub async fn play(arguments: &DemoArguments, camera: &dyn Camera) -> anyhow::Result<()> {
    let temporary = match &arguments.dir {
        Some(_) => None,
        None => Some(tempfile::tempdir().context("cannot make a temporary folder")?),
    };
    let folder = match (&arguments.dir, &temporary) {
        (Some(folder), _) => folder.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => bail!("no folder"),
    };
    let started = stopwatch();
    let mut stage = Stage::set(folder, arguments.records)?;
    let servers = stage.start_servers().await?;
    stage.import_records().await?;
    let resident = stage.choose_resident()?;
    let wallet = stage.open_wallet().await?;
    stage.issue(&wallet, &resident, camera).await?;
    let presentation = stage.present(&wallet, camera).await?;
    stage.receive_other_formats(&wallet, &resident, camera).await?;
    stage.present_other_formats(&wallet, camera).await?;
    let card = stage.print_card(&resident).await?;
    let old_pack = stage.build_pack("monday.pack").await?;
    servers.shut_down().await;
    stage.tell("both servers stopped; from here on nothing opens a socket", None);
    stage.verify_offline(&old_pack, &presentation, &card, Standing::InForce)?;
    stage.revoke(&resident).await?;
    stage.verify_offline(&old_pack, &presentation, &card, Standing::InForce)?;
    let new_pack = stage.build_pack("tuesday.pack").await?;
    stage.verify_offline(&new_pack, &presentation, &card, Standing::Revoked)?;
    stage.refuse_rollback(&old_pack, &presentation)?;
    show::line(&format!(
        "\n{} steps in {:.1} s: record, credential, QR, verdict online, verdict offline, revocation. All as it must be.",
        stage.steps,
        started.elapsed().as_secs_f64()
    ));
    if arguments.serve {
        stage.keep_serving().await?;
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the demo tells how long each step took")]
fn stopwatch() -> Instant {
    Instant::now()
}

/// What the credentials of the resident should be found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    InForce,
    Revoked,
}

struct Servers {
    issuer: symbolon_issuer_server::Running,
    verifier: symbolon_verifier_server::Running,
}

impl Servers {
    async fn shut_down(self) {
        self.issuer.shutdown().await;
        self.verifier.shutdown().await;
    }
}

/// Everything the story needs.
struct Stage {
    folder: PathBuf,
    records: u32,
    installation: Installation,
    root: RootOfTrust,
    provider: Arc<dyn CryptoProvider>,
    listeners: Option<(TcpListener, TcpListener)>,
    steps: u32,
    last: Instant,
}

impl Stage {
    fn set(folder: PathBuf, records: u32) -> anyhow::Result<Self> {
        let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
        let free = || listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let last = stopwatch();
        // The ports are taken first, because identifiers and certificates name them.
        let (issuer, verifier) = (free()?, free()?);
        let url = |listener: &TcpListener| -> anyhow::Result<Url> {
            Ok(Url::parse(&format!("http://{}", listener.local_addr()?))?)
        };
        let new = NewInstallation {
            folder: folder.clone(),
            issuer: url(&issuer)?,
            verifier: url(&verifier)?,
            profile: Profile::Standard,
        };
        init(&new, &provider, &SystemRandomness, edge::system_time())?;
        let installation = Installation::load(Some(&folder.join(FILE_NAME)))?;
        let root = installation.trust()?;
        let mut stage = Self {
            folder,
            records,
            installation,
            root,
            provider,
            listeners: Some((issuer, verifier)),
            steps: 0,
            last,
        };
        show::line("Symbolon, from an ID record to an offline verdict\n");
        let keys = fs::read_dir(stage.installation.keys.path())?.count();
        stage.tell(
            &format!("a new installation in {}", stage.folder.display()),
            Some(&format!(
                "{keys} key and certificate files, three roots: for issuers, for their mdocs, for relying parties"
            )),
        );
        Ok(stage)
    }

    /// Prints a step with what travelled and how long it took.
    fn tell(&mut self, what: &str, detail: Option<&str>) {
        self.steps += 1;
        let took = self.last.elapsed();
        show::line(&format!(
            "{:>2}. {what}  [{:.0} ms]",
            self.steps,
            took.as_secs_f64() * 1000.0
        ));
        if let Some(detail) = detail {
            for line in detail.lines() {
                show::line(&format!("      {line}"));
            }
        }
        self.last = stopwatch();
    }

    async fn start_servers(&mut self) -> anyhow::Result<Servers> {
        let (issuer_listener, verifier_listener) = self
            .listeners
            .take()
            .ok_or_else(|| anyhow!("the servers were started before"))?;
        let Opening::Opened(opened) = issuer::open(&self.installation).await? else {
            bail!("another process has the demo's store open");
        };
        let issuer = issuer::start(&self.installation, opened, issuer_listener).await?;
        let verifier = verifier::start(&self.installation, verifier_listener).await?;
        self.tell(
            "issuer and verifier listen on loopback",
            Some(&format!(
                "issuer http://{}, verifier http://{}",
                issuer.address(),
                verifier.address()
            )),
        );
        Ok(Servers { issuer, verifier })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    async fn keep_serving(&mut self) -> anyhow::Result<()> {
        let section = &self.installation.loaded.configuration;
        let (issuer, verifier) = (section.issuer.listen, section.verifier.listen);
        self.listeners = Some((listen(issuer)?, listen(verifier)?));
        let servers = self.start_servers().await?;
        let section = &self.installation.loaded.configuration;
        show::line("\nopen, or fetch:");
        let issuer = identifier_text(&section.issuer.identifier);
        show::line(&format!("  {issuer}/.well-known/openid-credential-issuer"));
        show::line(&format!("  {issuer}/.well-known/oauth-authorization-server"));
        if let Some(link) = scan_link(&self.installation)? {
            show::line(&format!("  {} (show it card.png)", *link));
        }
        show::line(&format!("in {} try:", self.folder.display()));
        show::line("  symbolon offer create --record UIN --credential NationalIdentity --qr offer.png");
        show::line("  symbolon wallet receive offer.png");
        show::line("  symbolon request create --query age-over-18 --qr request.png");
        show::line("  symbolon wallet present request.png");
        show::line("stop with Ctrl-C");
        serve::interrupted().await;
        servers.shut_down().await;
        Ok(())
    }
}

struct Resident {
    uin: Uin,
}

fn as_of(report: &Report) -> String {
    match report.as_of {
        Some(time) => format!("status as of {}", time.rfc3339()),
        None => "the status is not known".to_owned(),
    }
}

fn expect(report: &Report, verdict: Verdict) -> anyhow::Result<()> {
    if report.verdict != verdict {
        show::report(report);
        bail!(
            "the verdict must be {}, and is {}",
            verdict.as_str(),
            report.verdict.as_str()
        );
    }
    Ok(())
}
