//! The signature algorithms of the suite: a closed set, named as JOSE and COSE name them. RSA is a set of its own.

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignatureAlgorithm {
    /// ECDSA with P-256 and SHA-256 ([RFC 7518 §3.4](https://www.rfc-editor.org/rfc/rfc7518#section-3.4)).
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// Ed25519 ([RFC 8037 §3.1](https://www.rfc-editor.org/rfc/rfc8037#section-3.1)).
    EdDsa,
}

impl SignatureAlgorithm {
    /// The value of a JWS `alg` header.
    #[must_use]
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
        }
    }

    /// The algorithm of a JWS `alg` header; `None` for `none` and for whatever else is not in the set.
    #[must_use]
    pub fn from_jose_name(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            // RFC 9864 gives the fully specified name, which new wallets send.
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            _ => None,
        }
    }

    /// The COSE algorithm identifier ([RFC 9053](https://www.rfc-editor.org/rfc/rfc9053)).
    #[must_use]
    pub const fn cose_value(self) -> i64 {
        match self {
            Self::Es256 => -7,
            Self::Es384 => -35,
            Self::EdDsa => -8,
        }
    }

    /// The algorithm of a COSE identifier, the fully specified ones of RFC 9864 included.
    #[must_use]
    pub const fn from_cose_value(value: i64) -> Option<Self> {
        match value {
            -7 | -9 => Some(Self::Es256),
            -35 | -51 => Some(Self::Es384),
            -8 | -19 => Some(Self::EdDsa),
            _ => None,
        }
    }

    /// The length of a signature, in bytes.
    #[must_use]
    pub const fn signature_bytes(self) -> usize {
        match self {
            Self::Es256 | Self::EdDsa => 64,
            Self::Es384 => 96,
        }
    }
}

/// An RSA signature algorithm, which is verified and never made.
///
/// None of them is in any list of algorithms of the suite: a caller that reads signatures of somebody who has nothing but
/// RSA names the one that it expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RsaAlgorithm {
    /// RSASSA-PSS with SHA-256, MGF1 with SHA-256, a salt of 32 bytes
    /// ([RFC 7518 §3.5](https://www.rfc-editor.org/rfc/rfc7518#section-3.5)): the proofs of MOSIP's credentials.
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 ([RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)): the ID tokens
    /// of OpenID Providers elsewhere, and nothing else.
    Rs256,
}

impl RsaAlgorithm {
    /// The value of a JWS `alg` header.
    #[must_use]
    pub const fn jose_name(self) -> &'static str {
        match self {
            Self::Ps256 => "PS256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of a JWS `alg` header; `None` for every other one.
    #[must_use]
    pub fn from_jose_name(name: &str) -> Option<Self> {
        [Self::Ps256, Self::Rs256]
            .into_iter()
            .find(|algorithm| algorithm.jose_name() == name)
    }
}
