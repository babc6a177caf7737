//! `symbolon records …`

use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use symbolon_issuer::record::{CalendarDate, IdRecord, RecordSchema, Row, RowFormat, RowReader, Uin};
use symbolon_issuer::sample::{People, Portrait, SamplePerson};
use symbolon_issuer_server::administration::{ImportOutcome, RowOutcome};
use symbolon_issuer_server::card::{draw_faces, picture_data_uri};

use crate::arguments::RecordsCommand;
use crate::commands::show;
use crate::edge;
use crate::installation::IssuerChoice;
use crate::installation::files::create_private;
use crate::register::Register;

/// Rows that travel in one request and are stored in one commit: large enough for speed, small enough for memory.
const ROWS_PER_BATCH: usize = 500;
/// Faces that are drawn at once, on all processors: enough to keep them busy, and few enough for the progress bar to move.
const FACES_PER_BATCH: usize = 256;

/// Runs a records command.
///
/// # Errors
/// Whatever keeps the command from doing what it was asked to.
pub async fn run(command: &RecordsCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    match command {
        RecordsCommand::Sample { count, seed, out } => sample(*count, *seed, out)?,
        RecordsCommand::Import { files, json } => {
            let installation = choice.load()?;
            let register = Register::of(&installation).await?;
            let mut counts = Counts::default();
            for file in files {
                counts.add(&import(&register, file).await?);
            }
            if *json {
                show::line(&serde_json::to_string(&counts)?);
            } else {
                show::line(&counts.to_string());
            }
            return Ok(if counts.rejected == 0 {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            });
        }
        RecordsCommand::Show { uin } => {
            let register = Register::of(&choice.load()?).await?;
            let record = register.record(&parse_uin(uin)?).await?;
            show::line(&serde_json::to_string_pretty(&record)?);
        }
        RecordsCommand::Export { out } => {
            let register = Register::of(&choice.load()?).await?;
            export(&register, out.as_deref()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A UIN as it was typed.
///
/// # Errors
/// Not a UIN.
pub fn parse_uin(text: &str) -> anyhow::Result<Uin> {
    Uin::parse(text).map_err(|_| anyhow!("a UIN has ten digits"))
}

/// What an import came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records that are new.
    pub inserted: u64,
    /// Records that replaced another with the same UIN.
    pub updated: u64,
    /// Records that were there already.
    pub unchanged: u64,
    /// Rows that gave none.
    pub rejected: u64,
    /// Credentials that were revoked, because their holders are declared as deceased.
    pub revoked: u64,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
        self.revoked += other.revoked;
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            inserted,
            updated,
            unchanged,
            rejected,
            revoked,
        } = self;
        write!(
            f,
            "{inserted} new, {updated} updated, {unchanged} unchanged, {rejected} rejected"
        )?;
        if *revoked > 0 {
            write!(f, "; {revoked} credentials of the deceased revoked")
        } else {
            Ok(())
        }
    }
}

fn sample(count: u32, seed: u64, out: &Path) -> anyhow::Result<()> {
    let today = CalendarDate::of(edge::system_time())?;
    let progress = progress(u64::from(count), "people");
    let write = |output: &mut dyn Write| -> anyhow::Result<()> {
        let mut people = People::new(seed, today).take(usize::try_from(count)?);
        loop {
            let batch: Vec<SamplePerson> = people.by_ref().take(FACES_PER_BATCH).collect();
            if batch.is_empty() {
                break;
            }
            let portraits: Vec<Portrait> = batch.iter().map(|person| person.portrait().clone()).collect();
            for (person, face) in batch.iter().zip(draw_faces(&portraits)?) {
                serde_json::to_writer(&mut *output, &person.record_with_face(&picture_data_uri(&face)?))?;
                output.write_all(b"\n")?;
                progress.inc(1);
            }
        }
        output.flush()?;
        Ok(())
    };
    if out == Path::new("-") {
        write(&mut BufWriter::new(io::stdout().lock()))?;
    } else {
        let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
        write(&mut BufWriter::new(file))?;
    }
    progress.finish_and_clear();
    Ok(())
}

/// A progress bar on a terminal, and none where standard error is piped.
#[must_use]
pub fn progress(length: u64, unit: &str) -> ProgressBar {
    if !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{bar:40}} {{pos}}/{{len}} {unit}, {{eta}} left");
    let style = ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(length).with_style(style)
}

/// Where the rejected rows of a file go.
fn rejected_path(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".rejected.ndjson");
    PathBuf::from(name)
}

fn row_format(file: &Path) -> RowFormat {
    match file.extension() {
        Some(extension) if extension.eq_ignore_ascii_case("csv") => RowFormat::Csv,
        _ => RowFormat::Ndjson,
    }
}

/// Imports one file. Every row is judged here, good ones are stored batch by batch, and bad ones are written beside the file.
/// An import that was interrupted is simply run again: rows that are stored already stay unchanged.
///
/// # Errors
/// A file that cannot be read or written, or a store that failed; what was reported as stored before that is stored.
pub async fn import(register: &Register, file: &Path) -> anyhow::Result<Counts> {
    let input = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
    let length = input
        .metadata()
        .map(|metadata| metadata.len())
        .unwrap_or_default();
    let progress = progress(length, "bytes");
    let schema = RecordSchema::shipped()?;
    let today = CalendarDate::of(edge::system_time())?;
    let input: BufReader<Box<dyn Read + Send>> = BufReader::new(Box::new(input));
    let mut reader = RowReader::new(row_format(file), input, &schema, today)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let mut rejected = Rejected::new(rejected_path(file));
    let mut counts = Counts::default();
    let mut unreadable = None;
    loop {
        let mut batch: Vec<Row> = Vec::new();
        let mut ended = true;
        for row in reader.by_ref() {
            match row {
                Ok(row) => {
                    progress.inc(row.length());
                    batch.push(row);
                }
                // What was read before stands, and is stored before the error is told.
                Err(error) => unreadable = Some(error),
            }
            if batch.len() == ROWS_PER_BATCH {
                ended = false;
                break;
            }
        }
        store_batch(register, &batch, &mut counts, &mut rejected).await?;
        if ended || unreadable.is_some() {
            break;
        }
    }
    rejected.finish()?;
    progress.finish_and_clear();
    match unreadable {
        Some(error) => {
            Err(anyhow!(error).context(format!("{} cannot be read to its end; {counts}", file.display())))
        }
        None => Ok(counts),
    }
}

async fn store_batch(
    register: &Register,
    batch: &[Row],
    counts: &mut Counts,
    rejected: &mut Rejected,
) -> anyhow::Result<()> {
    for row in batch {
        if let Some(refusal) = row.rejected() {
            rejected.write(&serde_json::to_value(refusal)?)?;
            counts.rejected += 1;
        }
    }
    let good: Vec<(u64, &IdRecord)> = batch
        .iter()
        .filter_map(|row| Some((row.number, row.outcome.as_ref().ok()?)))
        .collect();
    if good.is_empty() {
        return Ok(());
    }
    let mut ndjson = Vec::new();
    for (_, record) in &good {
        serde_json::to_writer(&mut ndjson, record)?;
        ndjson.push(b'\n');
    }
    let report = register.import(ndjson).await?;
    counts.revoked += u64::from(report.revoked);
    if report.rows.len() != good.len() {
        return Err(anyhow!(
            "the server answered for {} rows of {}",
            report.rows.len(),
            good.len()
        ));
    }
    for ((number, record), row) in good.iter().zip(report.rows) {
        match row.outcome {
            ImportOutcome::Stored {
                change: RowOutcome::Inserted,
            } => counts.inserted += 1,
            ImportOutcome::Stored {
                change: RowOutcome::Updated,
            } => counts.updated += 1,
            ImportOutcome::Stored {
                change: RowOutcome::Unchanged,
            } => counts.unchanged += 1,
            // The server may know a stricter schema than this program.
            ImportOutcome::Rejected { reason } => {
                counts.rejected += 1;
                let raw = serde_json::to_string(record)?;
                rejected.write(&serde_json::json!({ "row": number, "reason": reason, "raw": raw }))?;
            }
        }
    }
    Ok(())
}

/// The file of rejected rows: made with the first of them, and removed when an earlier import left one and this one rejects
/// nothing.
struct Rejected {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejected {
    const fn new(path: PathBuf) -> Self {
        Self { path, file: None }
    }

    fn write(&mut self, row: &serde_json::Value) -> anyhow::Result<()> {
        let context = || format!("cannot write {}", self.path.display());
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                // Rows are personal data: the file is the owner's alone.
                let file = create_private(&self.path).with_context(context)?;
                self.file.insert(BufWriter::new(file))
            }
        };
        serde_json::to_writer(&mut *file, row)?;
        file.write_all(b"\n")
            .with_context(|| "cannot write the rejected rows")
    }

    fn finish(mut self) -> anyhow::Result<()> {
        match self.file.take() {
            Some(mut file) => {
                file.flush()?;
                file.get_ref().sync_all()?;
                show::warning(&format!("rejected rows are in {}", self.path.display()));
                Ok(())
            }
            None => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
        }
    }
}

async fn export(register: &Register, out: Option<&Path>) -> anyhow::Result<()> {
    let mut output: Box<dyn Write> = match out {
        Some(path) => Box::new(BufWriter::new(
            create_private(path).with_context(|| format!("cannot write {}", path.display()))?,
        )),
        None => Box::new(BufWriter::new(io::stdout().lock())),
    };
    let mut after = None;
    loop {
        let page = register.records(after.as_ref()).await?;
        for record in &page.records {
            serde_json::to_writer(&mut output, record)?;
            output.write_all(b"\n")?;
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    output.flush()?;
    Ok(())
}
