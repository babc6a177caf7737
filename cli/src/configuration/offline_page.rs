//! `[verifier.offline_page]`: the page that works without a network.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

/// Where pages take their root of trust from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageRoot {
    /// From this verifier, when they are opened first.
    Served,
    /// From an onboarding code alone, which a person confirms.
    Onboarding,
}

/// `[verifier.offline_page]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OfflinePageSection {
    /// Whether the page is served where it was built.
    pub serve: bool,
    /// The folder that `verifier/offline-page/build` filled; without it `offline-page` beside the program, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
    /// The pack that pages fetch; read again whenever another program replaces it. Without it the one that the installation pulls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<PathBuf>,
    /// Where pages take their root of trust from.
    pub root_of_trust: PageRoot,
    /// The distributor that pages may ask where an onboarding code names its index; without it that of `packs.index_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distributor_url: Option<Url>,
}

impl OfflinePageSection {
    /// What counts where nothing is said.
    pub const USUAL: Self = Self {
        serve: true,
        folder: None,
        pack: None,
        root_of_trust: PageRoot::Served,
        distributor_url: None,
    };
}

impl Default for OfflinePageSection {
    fn default() -> Self {
        Self::USUAL
    }
}
