//! `symbolon trust …`: whom is believed, and the registry's work with its lists (`docs/trust.md`).

mod export;
mod inspect;
mod listing;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{Sign as _, SignOutcome};
use symbolon_trust::pack::TrustSection;
use symbolon_trust::trust_list::{MAX_TRUST_LIST_BYTES, RootOfTrust, TrustList};
use symbolon_trust::validity::Validity;

use crate::arguments::{ImportArguments, ListArguments, SignListArguments, TrustCommand};
use crate::commands::judge::read_input;
use crate::commands::show;
use crate::configuration::days;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::keys::KeyPurpose;
use crate::installation::{Installation, TRUST, read_trust};
use crate::trust_sources::{SourceMemory, add_sources, read_source};

pub use listing::believed;

/// The longest file that any of the commands reads.
const MAX_FILE_BYTES: u64 = 2 * MAX_TRUST_LIST_BYTES as u64;

/// Runs a command.
///
/// # Errors
/// Files that cannot be read, and what is refused.
pub fn run(command: &TrustCommand, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    match command {
        TrustCommand::List(arguments) => list(arguments, configuration)?,
        TrustCommand::Inspect(arguments) => inspect::run(arguments, configuration)?,
        TrustCommand::Sign(arguments) => sign(arguments, &Installation::load(configuration)?)?,
        TrustCommand::Import(arguments) => import(arguments, &Installation::load(configuration)?)?,
        TrustCommand::Export(arguments) => export::run(arguments, &Installation::load(configuration)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(arguments: &ListArguments, configuration: Option<&Path>) -> anyhow::Result<()> {
    let root = match &arguments.trust {
        Some(path) => read_trust(path)?,
        None => Installation::load(configuration)?.believed()?,
    };
    let now = match &arguments.at {
        Some(text) => UnixTime::parse_rfc3339(text).with_context(|| format!("--at {text}"))?,
        None => edge::system_time(),
    };
    let listing = believed(&root.trust_list, now);
    if arguments.json {
        show::line(&serde_json::to_string_pretty(&listing)?);
    } else {
        listing.print();
    }
    Ok(())
}

fn sign(arguments: &SignListArguments, installation: &Installation) -> anyhow::Result<()> {
    let root = installation.trust()?;
    let current = &root.trust_list;
    let mut list = TrustList::parse(&read(&arguments.file)?)
        .with_context(|| format!("{} is no trust list", arguments.file.display()))?;
    if list.sequence != current.sequence {
        bail!(
            "the list was made of number {}, and number {} is in force: export it again and edit that",
            list.sequence,
            current.sequence
        );
    }
    let now = edge::system_time();
    if now <= current.issued_at {
        bail!(
            "the clock is not behind the time of the list in force, {}",
            current.issued_at.rfc3339()
        );
    }
    list.sequence = current.sequence.saturating_add(1);
    list.issued_at = now;
    list.valid_until = now.plus(days(arguments.days));
    let key = installation
        .keys
        .read_key(KeyPurpose::Registry, &installation.provider)?;
    let prepared = TrustSection::prepare(&list, key.public_key())?;
    let SignOutcome::Signed(signature) = key.sign(&prepared.request(key.handle().clone()))? else {
        bail!("the registry's key is locked");
    };
    let section = prepared.finish(&signature)?;
    // What nobody would accept is not written: the key may not be the one that readers know.
    section
        .verify(&root, installation.provider.as_ref())
        .context("readers would refuse the list")?;
    write(&arguments.out, section.as_bytes())?;
    show::line(&format!(
        "list number {} of {}, valid until {}",
        list.sequence,
        list.issued_at.rfc3339(),
        list.valid_until.rfc3339()
    ));
    Ok(())
}

fn import(arguments: &ImportArguments, installation: &Installation) -> anyhow::Result<()> {
    let bytes = read(&arguments.file)?;
    let now = edge::system_time();
    let Some(name) = &arguments.source else {
        return import_list(bytes, installation, now);
    };
    let sources = &installation.loaded.configuration.trust.sources;
    let section = sources
        .get(name)
        .with_context(|| format!("the configuration has no [trust.sources.{name}]"))?;
    let provider = installation.provider.as_ref();
    let read = read_source(section, Some(bytes.clone()), &installation.loaded, provider)
        .with_context(|| format!("refused; the source {name} is as it was"))?;
    check_in_time(read.source.validity(now))?;
    // As it will be read from now on: what contradicts the trust list would stop every command.
    let mut root = installation.trust()?;
    root.trust_list
        .add_source(name.clone(), read.source.clone(), read.issuers.clone())
        .with_context(|| format!("refused; the source {name} is as it was"))?;
    let memory = SourceMemory::open(&installation.loaded.data_directory())?;
    let next = memory
        .check(name, &read.source, now)
        .with_context(|| format!("refused; the source {name} is as it was"))?;
    // What was remembered and not written would make an older list of the one that lies there.
    write(&installation.loaded.resolve(section.file()), &bytes)?;
    if let Some(next) = next {
        memory.remember(name, next)?;
    }
    for left_out in &read.left_out {
        show::warning(left_out);
    }
    show::line(&format!("{} issuers of the source {name}", read.issuers.len()));
    Ok(())
}

/// A list is taken while it holds or is in its grace.
fn check_in_time(validity: Validity) -> anyhow::Result<()> {
    match validity {
        Validity::NotYetIssued => bail!("refused; the list is from the future, or the clock is far behind"),
        Validity::Expired { expired_at } => {
            bail!(
                "refused; the list and its grace are over, it held until {}",
                expired_at.rfc3339()
            )
        }
        Validity::Current | Validity::InGrace { .. } => Ok(()),
    }
}

/// The trust list of an installation is its own memory of what it has seen: an older one never takes its place.
fn import_list(bytes: Vec<u8>, installation: &Installation, now: UnixTime) -> anyhow::Result<()> {
    let root = installation.trust()?;
    let provider = installation.provider.as_ref();
    let list = TrustSection::from_published(bytes)
        .verify(&root, provider)
        .context("refused; the trust list in force is the one before")?;
    check_in_time(list.validity(now))?;
    let (sequence, issued_at) = (list.sequence, list.issued_at);
    let root = RootOfTrust {
        trust_list: list,
        ..root
    };
    // As it will be read from now on, with the sources that are configured: what contradicts them would stop every command.
    add_sources(&mut root.clone(), &installation.loaded, provider, now)
        .context("refused; the trust list in force is the one before")?;
    write_atomically(
        &installation.data_file(TRUST),
        &root.to_json()?,
        Readers::Everyone,
    )
    .context("cannot write the root of trust")?;
    show::line(&format!(
        "list number {sequence} of {} is in force; servers that run take it up when they are started again",
        issued_at.rfc3339()
    ));
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    read_input(path, MAX_FILE_BYTES).with_context(|| format!("cannot read {}", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_atomically(path, bytes, Readers::Everyone)
        .with_context(|| format!("cannot write {}", path.display()))?;
    show::line(&format!("{} bytes in {}", bytes.len(), path.display()));
    Ok(())
}
