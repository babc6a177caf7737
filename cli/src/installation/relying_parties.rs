//! The relying parties and policies of an installation: a folder of each, in which every file is one, called by its name.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::openid_provider::OpenIdClientDocument;
use symbolon_verifier::policy::PolicyDocument;
use symbolon_verifier::relying_party::RelyingParty;
use thiserror::Error;

use crate::configuration::LoadedConfiguration;
use crate::installation::Installation;
use crate::installation::files::{Readers, write_atomically};

/// The largest file of a policy or a relying party, in bytes.
const MAX_FILE_BYTES: u64 = 256 << 10;

/// Why a folder of policies or relying parties cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListedFileError {
    /// A file or a folder cannot be read or written.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The name of the file is not one that a policy or a relying party can have.
    #[error("{path}: {source}")]
    Name {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: symbolon_verifier::name::InvalidName,
    },
    /// Two files of one name.
    #[error("{path} describes what another file of its name describes")]
    Twice {
        /// The second.
        path: PathBuf,
    },
    /// The file is too large.
    #[error("{path} is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A key is unknown, missing or of the wrong type.
    #[error("{path}: {reason}")]
    Key {
        /// The file.
        path: PathBuf,
        /// Which key and why.
        reason: String,
    },
    /// There is one of that name.
    #[error("there is a relying party {0} already")]
    Known(RelyingPartyName),
    /// There is none of that name.
    #[error("there is no relying party {0}")]
    Unknown(RelyingPartyName),
}

/// The policies.
///
/// # Errors
/// [`ListedFileError`].
pub fn policies(
    installation: &Installation,
) -> Result<BTreeMap<PolicyName, PolicyDocument>, ListedFileError> {
    let loaded = &installation.loaded;
    read_all(loaded, loaded.configuration.verifier.policies())
}

/// The relying parties.
///
/// # Errors
/// [`ListedFileError`].
pub fn relying_parties(
    installation: &Installation,
) -> Result<BTreeMap<RelyingPartyName, RelyingParty>, ListedFileError> {
    let loaded = &installation.loaded;
    read_all(loaded, loaded.configuration.verifier.relying_parties())
}

/// Writes the file of a new relying party.
///
/// # Errors
/// [`ListedFileError`]; nothing is written over.
pub fn add(
    installation: &Installation,
    name: &RelyingPartyName,
    document: &RelyingParty,
) -> Result<PathBuf, ListedFileError> {
    let folder = folder(installation);
    fs::create_dir_all(&folder).map_err(|source| failed(&folder, source))?;
    let path = folder.join(format!("{name}.toml"));
    let text = toml::to_string(document).map_err(|error| ListedFileError::Key {
        path: path.clone(),
        reason: error.to_string(),
    })?;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => ListedFileError::Known(name.clone()),
            _ => failed(&path, source),
        })?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|source| failed(&path, source))?;
    Ok(path)
}

/// Writes a client of OpenID Connect behind what stands in the file of a relying party, which keeps its comments. `check` looks at the
/// installation with it; where that refuses it, the file is as before.
///
/// # Errors
/// [`ListedFileError`], or what `check` says.
pub fn add_openid_client(
    installation: &Installation,
    name: &RelyingPartyName,
    client: &OpenIdClientDocument,
    check: impl FnOnce() -> anyhow::Result<()>,
) -> anyhow::Result<PathBuf> {
    #[derive(serde::Serialize)]
    struct Section<'a> {
        openid_client: &'a OpenIdClientDocument,
    }
    let path = folder(installation).join(format!("{name}.toml"));
    let before = fs::read_to_string(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ListedFileError::Unknown(name.clone()),
        _ => failed(&path, source),
    })?;
    let section = toml::to_string(&Section {
        openid_client: client,
    })?;
    let write = |text: &str| {
        write_atomically(&path, text.as_bytes(), Readers::Everyone).map_err(|source| failed(&path, source))
    };
    write(&format!("{}\n\n{section}", before.trim_end()))?;
    if let Err(refused) = check() {
        write(&before)?;
        return Err(refused);
    }
    Ok(path)
}

/// Removes the file of a relying party.
///
/// # Errors
/// [`ListedFileError`].
pub fn remove(installation: &Installation, name: &RelyingPartyName) -> Result<(), ListedFileError> {
    let path = folder(installation).join(format!("{name}.toml"));
    fs::remove_file(&path).map_err(|source| match source.kind() {
        std::io::ErrorKind::NotFound => ListedFileError::Unknown(name.clone()),
        _ => failed(&path, source),
    })
}

fn folder(installation: &Installation) -> PathBuf {
    let loaded = &installation.loaded;
    loaded.resolve(loaded.configuration.verifier.relying_parties())
}

/// The files of a folder that describe something, as the configuration would name them.
#[must_use]
pub fn files_below(loaded: &LoadedConfiguration, folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(loaded.resolve(folder))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(folder.join(entry.ok()?.file_name())))
        .filter(|path| form(path).is_some())
        .collect();
    files.sort();
    files
}

#[derive(Clone, Copy)]
enum Form {
    Toml,
    Json,
}

fn form(path: &Path) -> Option<Form> {
    match path.extension()?.to_str()? {
        "toml" => Some(Form::Toml),
        "json" => Some(Form::Json),
        _ => None,
    }
}

fn read_all<N, T>(loaded: &LoadedConfiguration, folder: &Path) -> Result<BTreeMap<N, T>, ListedFileError>
where
    N: std::str::FromStr<Err = symbolon_verifier::name::InvalidName> + Ord,
    T: DeserializeOwned,
{
    let mut found = BTreeMap::new();
    for file in files_below(loaded, folder) {
        let path = loaded.resolve(&file);
        let stem = path
            .file_stem()
            .and_then(|stem| stem.to_str())
            .unwrap_or_default();
        let name = N::from_str(stem).map_err(|source| ListedFileError::Name {
            path: path.clone(),
            source,
        })?;
        if found.insert(name, read(&path)?).is_some() {
            return Err(ListedFileError::Twice { path });
        }
    }
    Ok(found)
}

/// Reads a file that describes something: TOML, or JSON where it is called so.
///
/// # Errors
/// [`ListedFileError`].
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, ListedFileError> {
    let length = fs::metadata(path).map_err(|source| failed(path, source))?.len();
    if length > MAX_FILE_BYTES {
        return Err(ListedFileError::TooLarge {
            path: path.to_owned(),
        });
    }
    let text = fs::read_to_string(path).map_err(|source| failed(path, source))?;
    let parsed = match form(path) {
        Some(Form::Json) => serde_json::from_str(&text).map_err(|error| error.to_string()),
        Some(Form::Toml) | None => toml::from_str(&text).map_err(|error| error.to_string()),
    };
    parsed.map_err(|reason| ListedFileError::Key {
        path: path.to_owned(),
        reason,
    })
}

fn failed(path: &Path, source: std::io::Error) -> ListedFileError {
    ListedFileError::File {
        path: path.to_owned(),
        source,
    }
}
