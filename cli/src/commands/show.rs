//! What a person reads in the terminal.

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::Value;
use symbolon_protocol::foreign_text::steers;
use symbolon_verifier::report::{Check, CheckOutcome, Holder, Report, Trusted, Verdict, Warning};

/// Prints a line to standard output.
///
/// A reader that has gone away, as `head` does, is no reason to stop: the exit status is what a script looks at.
pub fn line(text: &str) {
    let _ = writeln!(io::stdout().lock(), "{text}");
}

/// Prints a line to standard error.
pub fn warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The rows of a list: printed as they come, or gathered into one JSON array for a program.
pub struct Rows(Option<Vec<Value>>);

impl Rows {
    /// A list without rows.
    #[must_use]
    pub fn new(as_json: bool) -> Self {
        Self(as_json.then(Vec::new))
    }

    /// A row, which a person reads as `text`.
    ///
    /// # Errors
    /// A row that JSON does not hold.
    pub fn add<T: Serialize>(&mut self, row: &T, text: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        match &mut self.0 {
            Some(rows) => rows.push(serde_json::to_value(row)?),
            None => line(&text(row)),
        }
        Ok(())
    }

    /// Prints what was gathered.
    ///
    /// # Errors
    /// As [`Self::add`].
    pub fn end(self) -> anyhow::Result<()> {
        if let Some(rows) = self.0 {
            line(&serde_json::to_string_pretty(&rows)?);
        }
        Ok(())
    }
}

/// Text in a colour where the terminal shows colours.
fn coloured(text: &str, code: u8) -> String {
    if io::stdout().is_terminal() {
        format!("\u{1b}[1;{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

/// The word of a verdict, as a person sees it from a metre away.
#[must_use]
pub fn verdict(verdict: Verdict) -> String {
    let (text, colour) = match verdict {
        Verdict::Valid => ("VALID", 32),
        Verdict::Genuine => ("GENUINE", 32),
        Verdict::Invalid => ("INVALID", 31),
        Verdict::Unknown => ("UNKNOWN", 33),
    };
    coloured(text, colour)
}

/// Prints a report.
pub fn report(report: &Report) {
    let as_of = report.as_of.map_or_else(
        || "the status is not known".to_owned(),
        |time| format!("status as of {}", time.rfc3339()),
    );
    line(&format!("{}  {as_of}", verdict(report.verdict)));
    if let Some(issuer) = &report.issuer {
        line(&format!(
            "  issuer   {} ({})",
            printable(&issuer.name),
            printable(&issuer.identifier)
        ));
    }
    line(&format!("  format   {}", report.format.name()));
    if let Some(credential_type) = &report.credential_type {
        line(&format!("  type     {}", printable(credential_type)));
    }
    let standing = report.standing();
    line(&format!("  status   {}", standing.description()));
    // Of whom nothing is believed, nothing was asked.
    if let (Some(advice), true) = (standing.advice(), report.trusted.state == Trusted::Trusted) {
        line(&format!("  advice   {advice}"));
    }
    line(&format!("  holder   {}", holder(report.holder.state)));
    for (name, value) in &report.claims {
        claim(1, name, value);
    }
    if let Some(photo) = &report.photo {
        line(&format!(
            "  photo    {} ({} bytes in base64)",
            photo.media_type.as_str(),
            photo.base64.len()
        ));
    }
    for status in &report.status_messages {
        line(&format!("  message  {}", printable(&status.message)));
    }
    for warning in &report.warnings {
        line(&format!("  warning  {}", warning_text(*warning)));
    }
    for check in report.checks() {
        line(&format!("  {}", check_text(check)));
    }
}

const fn holder(state: Holder) -> &'static str {
    match state {
        Holder::ProvenByKey => "proven by key, for this request",
        Holder::CompareByEye => "compare the person with the photo",
        Holder::NotBound => "not bound to a person",
        Holder::NotAsked => "not proven: the request asked for no proof",
        Holder::NotChecked => "not checked: the request is not known",
        Holder::Refuted => "the proof is missing or wrong",
    }
}

fn warning_text(warning: Warning) -> String {
    match warning {
        Warning::TrustListInGrace { expired_at } => {
            format!("the trust list expired at {}", expired_at.rfc3339())
        }
        Warning::PackInGrace { expired_at } => format!("the pack expired at {}", expired_at.rfc3339()),
        Warning::StatusInGrace { expired_at } => {
            format!("the status list expired at {}", expired_at.rfc3339())
        }
        Warning::StatusOld { fresh_until } => format!(
            "what is known of the status is older than allowed for this type since {}",
            fresh_until.rfc3339()
        ),
        Warning::CertificateRevoked { revoked_at, reason } => {
            let reason = reason.map_or_else(String::new, |reason| format!(": {}", words(&reason)));
            format!(
                "the authority of the issuer revoked a certificate of its signer at {}{reason}",
                revoked_at.rfc3339()
            )
        }
        Warning::PackRefused => "the pack was refused, and nothing of it used".to_owned(),
    }
}

fn check_text(check: &Check) -> String {
    let name = words(&check.name);
    let from = check
        .evidence_from
        .map_or_else(String::new, |time| format!(", evidence of {}", time.rfc3339()));
    match &check.outcome {
        CheckOutcome::Passed => format!("ok       {name} [{}{from}]", check.section),
        CheckOutcome::Failed { reason } => {
            format!("FAILED   {name}: {} [{}{from}]", words(reason), check.section)
        }
        CheckOutcome::Absent { reason } => {
            format!("not done {name}: {} [{}{from}]", words(reason), check.section)
        }
    }
}

/// The name of a variant as words: `IssuerSignature` becomes `issuer signature`. A variant with content shows its content.
pub fn words(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => text.replace('_', " "),
        Ok(value) => value.to_string().replace('_', " "),
        Err(_) => String::new(),
    }
}

/// Prints an error with its causes.
pub fn error(error: &anyhow::Error) {
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    warning(&format!("symbolon: {}", causes.join(": ")));
}

/// Prints a claim, with members indented below it. Long values (pictures) are cut.
pub fn claim(depth: usize, name: &str, value: &Value) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            line(&format!("{indent}{}", printable(name)));
            for (name, value) in members {
                claim(depth + 1, name, value);
            }
        }
        Value::Array(elements) => {
            line(&format!("{indent}{}", printable(name)));
            for element in elements {
                claim(depth + 1, "-", element);
            }
        }
        Value::String(text) => line(&format!("{indent}{}: {}", printable(name), shortened(text))),
        other => line(&format!("{indent}{}: {other}", printable(name))),
    }
}

/// The most characters of a value that are printed.
const MAX_SHOWN: usize = 120;

fn shortened(text: &str) -> String {
    let text = printable(text);
    if text.chars().count() <= MAX_SHOWN {
        return text;
    }
    let start: String = text.chars().take(MAX_SHOWN / 2).collect();
    format!("{start}… ({} characters)", text.chars().count())
}

/// Text without control characters and overrides of the writing direction: what a credential holds must neither steer the
/// terminal nor make one line look like another.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars()
        .map(|character| if steers(character) { '\u{fffd}' } else { character })
        .collect()
}
