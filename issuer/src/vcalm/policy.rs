//! What a credential configuration says of documents that are handed in.

use serde::Deserialize;

/// Which documents a coordinator may hand in to be issued by a configuration: the key `vcalm` of its file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VcalmPolicy {
    /// None. Whoever has the administration token cannot make the issuer say what is in no register.
    #[default]
    Refuse,
    /// Those that have every type of the configuration.
    OwnTypes,
    /// Every one that conforms.
    AnyTypes,
}
