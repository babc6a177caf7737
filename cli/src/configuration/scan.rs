//! `[verifier.scan]`: the page on which a shop checks what people show.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `[verifier.scan]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScanSection {
    /// Who may use the page.
    pub access: ScanAccessChoice,
    /// Which code lets devices in. A higher number makes another code and shuts out every device that came in with an earlier one.
    pub code_generation: u32,
    /// The keys that open encrypted faces of cards; `symbolon card face-key` makes one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub face_keys: Vec<PathBuf>,
    /// What people can be asked for by QR codes: the words for it, and the name of a query in `verifier.queries` or of a policy.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub ask: BTreeMap<String, String>,
}

impl ScanSection {
    /// What counts where nothing is said.
    pub const USUAL: Self = Self {
        access: ScanAccessChoice::Code,
        code_generation: 1,
        face_keys: Vec::new(),
        ask: BTreeMap::new(),
    };
}

impl Default for ScanSection {
    fn default() -> Self {
        Self::USUAL
    }
}

/// Who may use the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanAccessChoice {
    /// Whoever has entered the code that `symbolon verifier scan-link` prints.
    Code,
    /// Whoever reaches the verifier.
    Open,
    /// Nobody: the page is not served.
    Off,
}
