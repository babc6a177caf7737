//! The files of an installation in a backup: by paths that lead nowhere else.

use std::fs;
use std::iter::once;
use std::path::{Component, Path, PathBuf};

use zeroize::Zeroizing;

use crate::configuration::{FILE_NAME, IssuerSection};
use crate::installation::files::Readers;
use crate::installation::revocation::{LOCK, NEWEST};
use crate::installation::{Installation, InstallationError, relying_parties};

/// The largest file that goes into a backup, in bytes. What an installation names is far smaller.
const MAX_FILE_BYTES: u64 = 16 << 20;

/// Where a file belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Beside the configuration.
    Installation,
    /// In the data folder.
    Data,
}

/// A path without a beginning, without `..`, of plain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedPath(PathBuf);

impl SavedPath {
    /// Reads a path; `None` for one that leads somewhere else.
    #[must_use]
    pub fn parse(path: &Path) -> Option<Self> {
        let plain = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        let named = path.components().any(|part| matches!(part, Component::Normal(_)));
        (plain && named).then(|| {
            Self(
                path.components()
                    .filter(|part| *part != Component::CurDir)
                    .collect(),
            )
        })
    }

    /// The path.
    #[must_use]
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

/// A file.
pub struct SavedFile {
    /// Where it belongs.
    pub place: Place,
    /// Under which path there.
    pub path: SavedPath,
    /// Who may read it.
    pub readers: Readers,
    /// What it holds; often a secret.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl SavedFile {
    pub(super) fn encode(&self) -> Zeroizing<Vec<u8>> {
        let path = self.path.0.to_string_lossy().into_owned().into_bytes();
        let mut encoded = Zeroizing::new(Vec::with_capacity(4 + path.len() + self.bytes.len()));
        encoded.push(match self.place {
            Place::Installation => 0,
            Place::Data => 1,
        });
        encoded.push(match self.readers {
            Readers::Owner => 0,
            Readers::Everyone => 1,
        });
        encoded.extend_from_slice(&u16::try_from(path.len()).unwrap_or(u16::MAX).to_be_bytes());
        encoded.extend_from_slice(&path);
        encoded.extend_from_slice(&self.bytes);
        encoded
    }

    pub(super) fn decode(encoded: &[u8]) -> Option<Self> {
        let ([place, readers, high, low], rest) = encoded.split_first_chunk::<4>()?;
        let (path, bytes) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        Some(Self {
            place: match place {
                0 => Place::Installation,
                1 => Place::Data,
                _ => return None,
            },
            readers: match readers {
                0 => Readers::Owner,
                1 => Readers::Everyone,
                _ => return None,
            },
            path: SavedPath::parse(Path::new(std::str::from_utf8(path).ok()?))?,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }
}

/// The files of an installation, and those that its configuration names and that stand elsewhere.
pub struct Collected {
    /// What goes into the backup.
    pub files: Vec<SavedFile>,
    /// What does not.
    pub not_included: Vec<String>,
}

/// Reads the files of an installation.
///
/// # Errors
/// A file that cannot be read.
pub fn collect(installation: &Installation, configuration: &Path) -> Result<Collected, InstallationError> {
    let loaded = &installation.loaded;
    let section = &loaded.configuration;
    let mut collected = Collected {
        files: Vec::new(),
        not_included: Vec::new(),
    };
    collected.add(
        Place::Installation,
        Path::new(FILE_NAME),
        configuration,
        Readers::Everyone,
    )?;
    let issuers: Vec<&IssuerSection> = once(&section.issuer).chain(section.issuers.values()).collect();
    let named = issuers.iter().flat_map(|issuer| readable_files(issuer));
    let named = named
        .chain(section.verifier.queries.values())
        .chain(&section.verifier.transaction_data_types)
        .chain(section.trust.files())
        .map(|path| (path, Readers::Everyone));
    let installation_secrets = [
        &section.verifier.tls_certificate,
        &section.verifier.tls_key,
        &section.card.face_key,
    ];
    let secret = issuers.iter().flat_map(|issuer| secret_files(issuer));
    let secret = secret
        .chain(installation_secrets.into_iter().flatten())
        .map(|path| (path, Readers::Owner));
    let listed = [section.verifier.policies(), section.verifier.relying_parties()];
    let listed: Vec<PathBuf> = listed
        .into_iter()
        .flat_map(|folder| relying_parties::files_below(loaded, folder))
        .collect();
    let parties = relying_parties::relying_parties(installation).unwrap_or_default();
    let registrations = parties
        .into_values()
        .filter_map(|party| party.registration_certificate);
    let listed: Vec<PathBuf> = listed
        .into_iter()
        .chain(registrations.map(PathBuf::from))
        .collect();
    let named = named.chain(listed.iter().map(|path| (path, Readers::Everyone)));
    let data = loaded.data_directory();
    let mut seen = Vec::new();
    for (path, readers) in named.chain(secret) {
        // What is in the data folder comes with it, and may be in the sealed file of the keys.
        if seen.contains(&path) || loaded.resolve(path).starts_with(&data) {
            continue;
        }
        seen.push(path);
        collected.add(Place::Installation, path, &loaded.resolve(path), readers)?;
    }
    let sign_ins = || issuers.iter().filter_map(|issuer| issuer.sign_in.as_ref());
    // Whoever finds the backup must not find the passphrase of the keys in it.
    let translations = sign_ins().filter_map(|section| section.translations.as_ref());
    let folders = section.card.fonts.iter().chain(translations);
    for path in section.key_passphrase_file.iter().chain(folders) {
        let path = path.display().to_string();
        if !collected.not_included.contains(&path) {
            collected.not_included.push(path);
        }
    }
    // Codes that were sent are rights of minutes.
    let sent = sign_ins().filter_map(|section| section.file.as_ref());
    let sent: Vec<PathBuf> = sent.map(|path| loaded.resolve(path)).collect();
    collected.walk(&data, Path::new(""), &sent)?;
    Ok(collected)
}

/// What an issuer's section names that is no secret.
fn readable_files(issuer: &IssuerSection) -> impl Iterator<Item = &PathBuf> {
    let clients = issuer.clients.iter().filter_map(|client| client.jwks.as_ref());
    issuer
        .credential_configurations
        .iter()
        .chain(&issuer.authorization.attester_certificates)
        .chain(&issuer.authorization.attester_keys)
        .chain(clients)
        .chain(&issuer.credentials.key_attester_certificates)
        .chain(&issuer.credentials.proof_certificates)
}

/// What an issuer's section names that its owner alone may read.
fn secret_files(issuer: &IssuerSection) -> impl Iterator<Item = &PathBuf> {
    let sign_in = issuer.sign_in.as_ref();
    let provider = sign_in.and_then(|section| section.provider.as_ref());
    let own = [
        &issuer.tls_certificate,
        &issuer.tls_key,
        &issuer.records.client_secret_file,
    ];
    let of_sign_in = [
        sign_in.and_then(|section| section.webhook_secret.as_ref()),
        provider.and_then(|section| section.client_key.as_ref()),
    ];
    own.into_iter().flatten().chain(of_sign_in.into_iter().flatten())
}

impl Collected {
    fn walk(&mut self, data: &Path, below: &Path, sent: &[PathBuf]) -> Result<(), InstallationError> {
        let folder = data.join(below);
        let failed = |source| InstallationError::File {
            path: folder.clone(),
            source,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name());
        }
        names.sort_unstable();
        for name in names {
            let path = below.join(&name);
            let full = data.join(&path);
            let text = name.to_string_lossy();
            // The stores are read through the issuer, or hold nothing that must come back; a neighbour was never finished, and the number
            // of the newest revocation list must not be set back.
            let is_passing = text.ends_with(".partial") || text.ends_with(NEWEST) || text == LOCK;
            if text.ends_with(".redb") || is_passing || text == VERIFIER_EVIDENCE {
                continue;
            }
            if full.is_dir() {
                self.walk(data, &path, sent)?;
            } else if full.is_file() && !sent.contains(&full) {
                // A pipe would never end.
                let readers = if is_private(&full) {
                    Readers::Owner
                } else {
                    Readers::Everyone
                };
                self.add(Place::Data, &path, &full, readers)?;
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        place: Place,
        path: &Path,
        full: &Path,
        readers: Readers,
    ) -> Result<(), InstallationError> {
        let failed = |source| InstallationError::File {
            path: full.to_owned(),
            source,
        };
        let length = fs::metadata(full).map_err(failed)?.len();
        match SavedPath::parse(path) {
            Some(path) if length <= MAX_FILE_BYTES => self.files.push(SavedFile {
                place,
                path,
                readers,
                bytes: Zeroizing::new(fs::read(full).map_err(failed)?),
            }),
            _ => self.not_included.push(path.display().to_string()),
        }
        Ok(())
    }
}

/// The verifier's cache, which is fetched again.
const VERIFIER_EVIDENCE: &str = "verifier-evidence";

fn is_private(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 == 0)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use symbolon_crypto_aws_lc::AwsLcProvider;

    use super::*;
    use crate::configuration::LoadedConfiguration;

    #[test]
    fn a_path_that_leads_somewhere_else_is_none() {
        for good in ["symbolon.toml", "keys/pack.key.pem", "./credentials/a.toml"] {
            assert!(SavedPath::parse(Path::new(good)).is_some(), "{good}");
        }
        for bad in ["", ".", "..", "/etc/passwd", "../a", "a/../../b", "keys/.."] {
            assert!(SavedPath::parse(Path::new(bad)).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_file_reads_back_and_one_that_leads_out_does_not() {
        let file = |path: &str| SavedFile {
            place: Place::Data,
            path: SavedPath(PathBuf::from(path)),
            readers: Readers::Owner,
            bytes: Zeroizing::new(b"secret".to_vec()),
        };
        let read = SavedFile::decode(&file("keys/a").encode()).unwrap();
        assert_eq!((read.place, read.readers), (Place::Data, Readers::Owner));
        assert_eq!(read.path.as_path(), Path::new("keys/a"));
        assert_eq!(read.bytes.as_slice(), b"secret");
        assert!(SavedFile::decode(&file("../../etc/cron.d/a").encode()).is_none());
        assert!(SavedFile::decode(&file("/etc/cron.d/a").encode()).is_none());
        assert!(SavedFile::decode(&[0, 0, 0]).is_none());
        assert!(SavedFile::decode(&[0, 2, 0, 1, b'a']).is_none());
    }

    #[test]
    fn the_files_of_every_issuer_are_collected_and_codes_that_were_sent_of_none() {
        let folder = tempfile::tempdir().unwrap();
        let text = r#"
            development = true
            data_directory = "data"
            [issuer]
            identifier = "http://127.0.0.1:8080"
            listen = "127.0.0.1:8080"
            name = "Registry"
            credential_configurations = ["a.toml"]
            [issuers.north]
            identifier = "http://127.0.0.1:8080/north"
            name = "North"
            credential_configurations = ["north/a.toml"]
            [issuers.north.sign_in]
            method = "one_time_code"
            sender = "file"
            file = "data/tenants/north/sent"
            translations = "north/translations"
            [trust.sources.abroad]
            kind = "vical"
            file = "trust/abroad.vical"
            signers = "trust/abroad.pem"
            types = ["*"]
            [trust.sources.neighbours]
            kind = "iaca-list"
            file = "trust/neighbours.pem"
            types = ["*"]
            [trust.sources.university]
            kind = "pinned"
            file = "data/university.pem"
            formats = ["mso_mdoc"]
            types = ["*"]
            [issuers.north.credentials]
            proof_certificates = ["north/proof.pem"]
            [issuers.north.records]
            source = "mosip"
            url = "https://mosip.example"
            app_id = "idrepo"
            client_id = "symbolon"
            client_secret_file = "north/secret"
            [verifier]
            identifier = "http://127.0.0.1:8081"
            listen = "127.0.0.1:8081"
            name = "Clinic"
        "#;
        let all = [
            "a.toml",
            "north/a.toml",
            "north/proof.pem",
            "north/secret",
            "trust/abroad.vical",
            "trust/abroad.pem",
            "trust/neighbours.pem",
            "data/university.pem",
            "data/tenants/north/sent",
            "data/tenants/north/administration-token",
            "data/tenants/north/keys/keys.sealed",
        ];
        for path in all {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        let configuration = folder.path().join(FILE_NAME);
        fs::write(&configuration, text).unwrap();
        let loaded = LoadedConfiguration::load(&configuration, &BTreeMap::new()).unwrap();
        let installation = Installation::with(loaded, Arc::new(AwsLcProvider));
        let collected = collect(&installation, &configuration).unwrap();
        let of = |readers, place| -> Vec<&str> {
            let files = collected.files.iter();
            let files = files.filter(|file| file.place == place && file.readers == readers);
            files.map(|file| file.path.as_path().to_str().unwrap()).collect()
        };
        assert_eq!(
            of(Readers::Everyone, Place::Installation),
            [
                FILE_NAME,
                "a.toml",
                "north/a.toml",
                "north/proof.pem",
                "trust/abroad.vical",
                "trust/abroad.pem",
                "trust/neighbours.pem"
            ]
        );
        assert_eq!(of(Readers::Owner, Place::Installation), ["north/secret"]);
        assert_eq!(
            of(Readers::Everyone, Place::Data),
            [
                "tenants/north/administration-token",
                "tenants/north/keys/keys.sealed",
                "university.pem"
            ]
        );
        assert_eq!(collected.not_included, ["north/translations"]);
    }
}
