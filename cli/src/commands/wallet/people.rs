//! `symbolon wallet person` and `symbolon wallet rotate`

use std::path::Path;

use anyhow::anyhow;
use serde_json::json;
use symbolon_wallet_core::{Person, PersonId, PersonName};

use super::{directory, installation, lock_passphrase};
use crate::arguments::{FolderLocation, PersonCommand, WalletLocation};
use crate::commands::show;
use crate::holder::WalletFolder;
use crate::installation::passphrase::{PassphraseSource, WALLET_NEW_LOCK_PASSPHRASE};

/// Runs a command about people.
///
/// # Errors
/// A name that is taken or nobody's, a passphrase that is missing, a wallet that cannot be read or written.
pub(super) fn run(command: &PersonCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    match command {
        PersonCommand::Add { name, wallet } => {
            let folder = open(wallet, configuration)?;
            let id = folder.add(parse_name(name)?, &lock_passphrase(wallet))?;
            show::line(&format!("added {id}"));
        }
        PersonCommand::List { json, wallet } => list(&open(wallet, configuration)?.people()?, *json)?,
        PersonCommand::Rename { person, name, wallet } => {
            let folder = open(wallet, configuration)?;
            folder.rename(folder.person(Some(person))?, parse_name(name)?)?;
        }
        PersonCommand::Lock {
            person,
            new_passphrase_file,
            wallet,
        } => {
            let folder = open(wallet, configuration)?;
            let id = folder.person(Some(person))?;
            let new = PassphraseSource::new(
                new_passphrase_file.clone(),
                WALLET_NEW_LOCK_PASSPHRASE,
                "person's wallet from now on",
            );
            folder.change_passphrase(id, &lock_passphrase(wallet), &new)?;
            show::line("locked with the new passphrase");
        }
        PersonCommand::Remove {
            person,
            passphrase_forgotten,
            wallet,
        } => {
            let folder = open(wallet, configuration)?;
            let id = folder.person(Some(person))?;
            if !passphrase_forgotten {
                drop(folder.unlock(id, &lock_passphrase(wallet))?);
            }
            folder.remove(id)?;
            show::line(&format!("removed {id}"));
        }
    }
    Ok(())
}

/// Seals what is held under new keys.
///
/// # Errors
/// A passphrase that is missing or wrong, a wallet that cannot be read or written.
pub(super) fn rotate(
    location: &WalletLocation,
    wrapping_key: bool,
    configuration: Option<&Path>,
) -> anyhow::Result<()> {
    let mut folder = open(&location.folder, configuration)?;
    let person = folder.person(location.person.as_deref())?;
    // The lock first: a data key that was read with the old one is then good for nothing.
    if wrapping_key {
        folder = folder.replace_key()?;
        show::line("the key of the wallet's folder was replaced");
    }
    folder.rotate(person, &lock_passphrase(&location.folder))?;
    show::line("sealed under a new data key");
    Ok(())
}

fn open(location: &FolderLocation, configuration: Option<&Path>) -> anyhow::Result<WalletFolder> {
    let installation = installation(configuration)?;
    WalletFolder::open(&directory(location, installation.as_ref()))
}

fn parse_name(name: &str) -> anyhow::Result<PersonName> {
    name.parse().map_err(|error| anyhow!("{error}"))
}

fn list(people: &[Person], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let rows: Vec<_> = people
            .iter()
            .map(|person| {
                json!({
                    "id": person.id.to_string(),
                    "name": person.name,
                    "added": person.added.map(|added| added.rfc3339()),
                })
            })
            .collect();
        show::line(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    for person in people {
        let name = match &person.name {
            Some(name) => show::printable(name.as_str()),
            None => "(whoever this wallet belongs to)".to_owned(),
        };
        let lock = if person.id == PersonId::FIRST {
            "opens with the key of the folder"
        } else {
            "opens with a passphrase"
        };
        show::line(&format!("{}  {name}, {lock}", person.id));
    }
    Ok(())
}
