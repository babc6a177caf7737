//! Codes that are written to a file, for a gateway that reads one.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use symbolon_issuer::sign_in::{Channel, CodeMessage, SendCode, SendFuture, SendRefused};
use zeroize::Zeroizing;

/// Appends each message as one line of JSON to a file that its owner alone may read.
pub struct FileSender(PathBuf);

/// A message as files and webhooks carry it (`docs/sign-in.md`).
#[derive(Serialize)]
pub(super) struct WireMessage<'a> {
    channel: Channel,
    to: &'a str,
    language: &'a str,
    text: &'a str,
    code: &'a str,
    request: &'a str,
    expires_at: i64,
}

impl<'a> WireMessage<'a> {
    pub(super) fn of(message: &'a CodeMessage) -> Self {
        Self {
            channel: message.destination.channel(),
            to: message.destination.expose(),
            language: &message.language,
            text: &message.text,
            code: &message.code,
            request: &message.request,
            expires_at: message.expires_at.seconds(),
        }
    }

    pub(super) fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, serde_json::Error> {
        serde_json::to_vec(self).map(Zeroizing::new)
    }
}

impl FileSender {
    /// Writes to `path`, which is made now if it is not there, so that a folder that cannot be written is found at start.
    ///
    /// # Errors
    /// What the system reports.
    pub fn open(path: &Path) -> io::Result<Self> {
        append(path, &[])?;
        Ok(Self(path.to_owned()))
    }
}

impl SendCode for FileSender {
    fn send<'a>(&'a self, message: &'a CodeMessage) -> SendFuture<'a> {
        Box::pin(async move {
            let mut line = WireMessage::of(message)
                .to_json()
                .map_err(|_| SendRefused::File)?;
            line.push(b'\n');
            let path = self.0.clone();
            let written = tokio::task::spawn_blocking(move || append(&path, &line)).await;
            written
                .map_err(|_| SendRefused::File)?
                .map_err(|_| SendRefused::File)
        })
    }
}

/// Appends in one write, so that lines of two processes do not mix, and has it on disk.
fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // The mode above is for a new file alone; a pipe to a gateway keeps what it has.
        if file.metadata()?.is_file() {
            file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        }
    }
    if !bytes.is_empty() {
        file.write_all(bytes)?;
        // A pipe cannot be synced, and need not be.
        let _ = file.sync_all();
    }
    Ok(())
}
