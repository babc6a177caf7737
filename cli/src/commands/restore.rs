//! `symbolon restore`

use std::fs;
use std::process::ExitCode;

use serde_json::json;
use symbolon_crypto::UnixTime;

use crate::arguments::RestoreArguments;
use crate::commands::records::progress;
use crate::commands::show;
use crate::edge::{self, SystemRandomness};
use crate::installation::backup::restore::{RestoreReport, restore};
use crate::installation::backup_passphrase;

/// Makes an installation of a backup, and says what is not in it.
///
/// # Errors
/// A backup that is refused, or a folder that is not empty; nothing is changed.
pub async fn run(arguments: &RestoreArguments) -> anyhow::Result<ExitCode> {
    let passphrase = backup_passphrase(arguments.passphrase_file.clone()).read()?;
    let length = fs::metadata(&arguments.file).map_or(0, |metadata| metadata.len());
    let bar = progress(length, "bytes");
    let now = edge::system_time();
    let report = restore(
        &arguments.file,
        &arguments.dir,
        &passphrase,
        &SystemRandomness,
        now,
        &|read| bar.set_position(read),
    )
    .await;
    bar.finish_and_clear();
    tell(arguments, &report?, now)?;
    Ok(ExitCode::SUCCESS)
}

fn tell(arguments: &RestoreArguments, report: &RestoreReport, now: UnixTime) -> anyhow::Result<()> {
    let taken_at = UnixTime::from_seconds(report.manifest.taken_at);
    let lost = now.since(taken_at).as_secs();
    if arguments.json {
        let tenants: Vec<_> = report
            .tenants
            .iter()
            .map(|(tenant, restored)| {
                json!({
                    "tenant": tenant,
                    "status_list": restored.shard.number(),
                    "closed_status_lists": restored.closed,
                })
            })
            .collect();
        let told = json!({
            "issuer": report.manifest.issuer,
            "backup_of": taken_at.rfc3339(),
            "lost_seconds": lost,
            "files": report.end.files,
            "entries": report.end.entries,
            "tenants": tenants,
            "not_included": report.manifest.not_included,
        });
        show::line(&serde_json::to_string_pretty(&told)?);
        return Ok(());
    }
    show::line(&format!(
        "restored {} as of {}, in {}",
        show::printable(&report.manifest.issuer),
        taken_at.rfc3339(),
        arguments.dir.display()
    ));
    show::line(&format!(
        "what happened in the {lost} seconds since is not in it:"
    ));
    show::line("  records that were imported since: import them again");
    show::line("  revocations and suspensions since: order them again, or those credentials count as good");
    show::line("  credentials issued since are not in the books, and cannot be revoked: issue them again");
    show::line("  offers, codes and tokens of before work no more, on purpose: make new offers");
    show::line(
        "  revocation lists of certificates are served as they were and not made anew until symbolon keys resume-crl says that nothing is missing",
    );
    for (_, restored) in &report.tenants {
        show::line(&format!(
            "new credentials are entered in status list {}; the {} of before are closed, and served as before",
            restored.shard, restored.closed
        ));
    }
    for path in &report.manifest.not_included {
        show::line(&format!(
            "not in the backup, to be put back by hand: {}",
            show::printable(path)
        ));
    }
    show::line("next: symbolon audit verify, then symbolon issuer serve");
    Ok(())
}
