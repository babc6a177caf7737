//! `symbolon verifier scan-link`

use std::path::Path;

use anyhow::anyhow;

use crate::commands::{issuing, show};
use crate::installation::Installation;
use crate::services::verifier::scan_link;

/// Prints the address that lets a device use the page that scans, and draws it.
///
/// # Errors
/// A page that is not served, keys that cannot be read, a file that cannot be written.
pub fn link(installation: &Installation, qr: Option<&Path>) -> anyhow::Result<()> {
    let link = scan_link(installation)?
        .ok_or_else(|| anyhow!("the page is not served: verifier.scan.access is \"off\""))?;
    if let Some(path) = qr {
        issuing::write_qr(&link, path)?;
    }
    show::line(&link);
    Ok(())
}
