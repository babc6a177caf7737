//! `symbolon backup`

use std::fs;
use std::io::{BufWriter, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use serde_json::json;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64;
use symbolon_issuer_server::administration::{BackupCursor, BackupOrder, BackupPageOrder};
use symbolon_store::files::{create_private, sync_folder_of};

use crate::arguments::BackupArguments;
use crate::commands::records::progress;
use crate::commands::show;
use crate::configuration::{FILE_NAME, identifier_text};
use crate::edge::SystemRandomness;
use crate::installation::backup::container::BackupWriter;
use crate::installation::backup::files::{SavedPath, collect};
use crate::installation::backup::{BACKUP_VERSION, End, Manifest, RecordWriter};
use crate::installation::{Installation, backup_passphrase};
use crate::register::Register;

/// Saves an installation.
///
/// # Errors
/// A file that is there already, a store or server that fails, a disk that is full. Nothing is left behind.
pub async fn run(arguments: &BackupArguments, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    let path = &arguments.file;
    if path.exists() {
        bail!("{} exists already; a backup is never overwritten", path.display());
    }
    let installation = Installation::load(configuration)?;
    if SavedPath::parse(&installation.loaded.configuration.data_directory).is_none() {
        bail!(
            "data_directory leads out of the installation's folder: back up that folder with its own tools"
        );
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let written = write(arguments, &installation, configuration, &partial).await;
    if written.is_err() {
        // The error that matters is the first one.
        let _ = fs::remove_file(&partial);
    }
    let (manifest, end) = written?;
    fs::rename(&partial, path).with_context(|| format!("cannot write {}", path.display()))?;
    sync_folder_of(path)?;
    tell(arguments, &manifest, end)?;
    Ok(ExitCode::SUCCESS)
}

async fn write(
    arguments: &BackupArguments,
    installation: &Installation,
    configuration: Option<&Path>,
    partial: &Path,
) -> anyhow::Result<(Manifest, End)> {
    let passphrase = backup_passphrase(arguments.passphrase_file.clone()).read_new()?;
    let register = Register::of_all(installation).await?;
    let begun = register.begin_backup().await?;
    let outcome = async {
        let collected = collect(installation, configuration.unwrap_or(Path::new(FILE_NAME)))?;
        let manifest = Manifest {
            version: BACKUP_VERSION,
            taken_at: begun.taken_at,
            issuer: identifier_text(&installation.loaded.configuration.issuer.identifier),
            not_included: collected.not_included,
        };
        let context = || format!("cannot write {}", partial.display());
        let output = BufWriter::new(create_private(partial).with_context(context)?);
        let container =
            BackupWriter::begin(output, &passphrase, Box::new(SystemRandomness)).with_context(context)?;
        let mut writer = RecordWriter::begin(container, &manifest).with_context(context)?;
        for file in &collected.files {
            writer.file(file).with_context(context)?;
        }
        let bar = progress(begun.entries, "entries");
        let mut order = BackupPageOrder {
            backup: begun.backup.clone(),
            after: None,
        };
        loop {
            let page = register.backup_page(&order).await?;
            if page.is_empty() {
                break;
            }
            let entries = writer.entries(&page).with_context(context)?;
            bar.inc(entries.len() as u64);
            order.after = entries.last().map(|last| BackupCursor {
                space: last.space.clone(),
                key: base64::encode(&last.key),
            });
        }
        bar.finish_and_clear();
        let (output, end) = writer.finish().with_context(context)?;
        let output = output
            .into_inner()
            .map_err(|error| error.into_error())
            .with_context(context)?;
        output.sync_all().with_context(context)?;
        Ok((manifest, end))
    };
    let written: anyhow::Result<_> = outcome.await;
    let ended = register
        .end_backup(&BackupOrder {
            backup: begun.backup.clone(),
        })
        .await;
    let written = written?;
    ended?;
    Ok(written)
}

fn tell(arguments: &BackupArguments, manifest: &Manifest, end: End) -> anyhow::Result<()> {
    let taken_at = UnixTime::from_seconds(manifest.taken_at).rfc3339();
    let bytes = fs::metadata(&arguments.file)?.len();
    if arguments.json {
        let told = json!({
            "file": arguments.file,
            "bytes": bytes,
            "taken_at": taken_at,
            "files": end.files,
            "entries": end.entries,
            "not_included": manifest.not_included,
        });
        show::line(&serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    show::line(&format!(
        "{}: {bytes} bytes, {} files and {} entries as of {taken_at}",
        arguments.file.display(),
        end.files,
        end.entries
    ));
    for path in &manifest.not_included {
        show::line(&format!("not included: {path}"));
    }
    if std::io::stdout().is_terminal() {
        show::line(
            "keep it and its passphrase in different places; without the passphrase nobody can read it",
        );
    }
    Ok(())
}
