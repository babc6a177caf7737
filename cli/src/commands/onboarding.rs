//! `symbolon pack onboarding-qr` and `join`: how a machine that has nothing learns whom to believe.

use std::fs;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use symbolon_http::fetch::{Fetch, FetchPolicy, GuardedFetcher};
use symbolon_protocol::qr_transport::{Message, Onboarding, Progress};
use symbolon_trust::distribution::{Digest, INDEX_FILE};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_verifier::by_qr::sort_scanned;
use url::Url;

use crate::commands::{frames, neighbour, pull, show};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::{Installation, TRUST};
use crate::services::distributor;
use crate::shop::{SOURCE, Shop, StoredSource};

/// The root of trust, beside the index.
const ROOT_FILE: &str = "root-of-trust.json";
/// The largest root of trust that is fetched, in bytes.
const MAX_ROOT_BYTES: usize = 16 << 20;

/// Prints the code of an installation.
///
/// # Errors
/// No installation, nothing that says where the index is, or a picture that cannot be written.
pub fn print(
    configuration: Option<&Path>,
    index: Option<&Url>,
    scope: Option<&str>,
    out: Option<&Path>,
) -> anyhow::Result<()> {
    let installation = Installation::load(configuration)?;
    let root = installation
        .trust()?
        .to_json()
        .context("the root of trust cannot be published")?;
    let configured = &installation.loaded.configuration;
    let index = match index.or(configured.packs.index_url.as_ref()) {
        Some(index) => index.clone(),
        None => index_below(&distributor::identifier(&installation)?)?,
    };
    let onboarding = Onboarding {
        index: index.to_string(),
        root_of_trust: *Digest::of(&root).as_bytes(),
        scope: scope
            .map(str::to_owned)
            .or_else(|| configured.packs.scope.clone()),
    };
    neighbour::show_one(&Message::Onboarding(onboarding.clone()), out)?;
    show::line(&format!("index        {index}"));
    show::line(&format!("fingerprint  {}", onboarding.fingerprint()));
    show::line(
        "say the fingerprint to the shop on a way that nobody else writes on; it changes with every change of data/trust.json",
    );
    Ok(())
}

/// The index of a distributor at this address.
fn index_below(distributor: &Url) -> anyhow::Result<Url> {
    let text = distributor.as_str().trim_end_matches('/');
    Ok(Url::parse(&format!("{text}/packs/{INDEX_FILE}"))?)
}

/// Makes a shop.
///
/// # Errors
/// A code that does not read, a fingerprint that differs, a root of trust that is not the pinned one, or a folder that is there.
pub async fn join(code: &str, folder: &Path, fingerprint: Option<&str>) -> anyhow::Result<ExitCode> {
    if folder.join(TRUST).exists() {
        bail!(
            "{} is a shop already; to believe somebody else, remove it first",
            folder.display()
        );
    }
    let onboarding = read(code)?;
    compare(&onboarding, fingerprint)?;
    let index = Url::parse(&onboarding.index).context("the code names no address")?;
    let source = StoredSource::new(index.clone(), onboarding.scope.clone());
    let policy = if source.is_for_development() {
        FetchPolicy::Development
    } else {
        FetchPolicy::Public
    };
    let root = fetch_root(&index, &onboarding, policy).await?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    source.write(&folder.join(SOURCE))?;
    // Last, because it is what makes the folder a shop.
    let path = folder.join(TRUST);
    write_atomically(&path, &root, Readers::Everyone)
        .with_context(|| format!("cannot write {}", path.display()))?;
    show::line(&format!("joined: the root of trust is {}", path.display()));
    pull::first(&Shop::load(Some(folder), None)?).await
}

fn read(code: &str) -> anyhow::Result<Onboarding> {
    let path = Path::new(code);
    let texts = if path.exists() {
        frames::read(&[path.to_owned()])?
    } else {
        vec![code.trim().as_bytes().to_vec()]
    };
    match sort_scanned(texts)?.carried {
        Some(Progress::Complete(Message::Onboarding(onboarding))) => Ok(onboarding),
        Some(_) => bail!("it is no onboarding code, or not all of it"),
        None => bail!("there is no onboarding code in it"),
    }
}

/// Compares the fingerprint with what the operator says. Without an answer nobody is believed.
fn compare(onboarding: &Onboarding, said: Option<&str>) -> anyhow::Result<()> {
    let shown = onboarding.fingerprint();
    let said = match said {
        Some(said) => said.to_owned(),
        None if std::io::stdin().is_terminal() => {
            show::line(&format!("index        {}", show::printable(&onboarding.index)));
            show::line(&format!("fingerprint  {shown}"));
            show::line("type the fingerprint as the operator says it:");
            let mut line = String::new();
            std::io::stdin().read_line(&mut line)?;
            line
        }
        None => bail!("give the fingerprint as the operator says it with --fingerprint"),
    };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if digits(&said) == digits(&shown) {
        Ok(())
    } else {
        Err(anyhow!(
            "the fingerprint is {shown}, and not the one that was given: the code is not the operator's"
        ))
    }
}

/// The root of trust, if it is the pinned one.
async fn fetch_root(index: &Url, onboarding: &Onboarding, policy: FetchPolicy) -> anyhow::Result<Vec<u8>> {
    let url = index.join(ROOT_FILE)?;
    let fetched = GuardedFetcher::new(policy)?
        .fetch(Fetch::document(url, MAX_ROOT_BYTES))
        .await
        .context("the root of trust cannot be fetched")?;
    if fetched.status != 200 {
        bail!("the root of trust cannot be fetched: status {}", fetched.status);
    }
    if Digest::of(&fetched.body).as_bytes() != &onboarding.root_of_trust {
        bail!("the distributor serves another root of trust than the code names");
    }
    RootOfTrust::parse(&fetched.body).context("the root of trust does not read")?;
    Ok(fetched.body)
}
