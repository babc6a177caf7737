//! The profile of the specification that a verifier or a wallet keeps to, as one value of its configuration.

use serde::{Deserialize, Serialize};

/// Which profile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresentationProfile {
    /// The specification as it is, with every choice the operator's.
    #[default]
    Standard,
    /// The High Assurance Interoperability Profile 1.0 ([HAIP §5]).
    ///
    /// [HAIP §5]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5
    Haip,
}

impl PresentationProfile {
    /// The scheme of its request links ([OpenID4VP §13.1.2], [HAIP §5.1]).
    ///
    /// [OpenID4VP §13.1.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-13.1.2
    /// [HAIP §5.1]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5.1
    #[must_use]
    pub const fn request_scheme(self) -> RequestScheme {
        match self {
            Self::Standard => RequestScheme::OpenId4Vp,
            Self::Haip => RequestScheme::HaipVp,
        }
    }
}

/// The schemes of request links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestScheme {
    /// `openid4vp`.
    OpenId4Vp,
    /// `haip-vp`.
    HaipVp,
}

impl RequestScheme {
    /// Every scheme that is read.
    pub const ALL: [Self; 2] = [Self::OpenId4Vp, Self::HaipVp];

    /// The scheme as it stands before the colon.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenId4Vp => "openid4vp",
            Self::HaipVp => "haip-vp",
        }
    }
}
