//! The proofs that a configuration accepts ([OpenID4VCI §12.2.4, appendices D and F]).
//!
//! [OpenID4VCI §12.2.4, appendices D and F]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F

use serde::{Deserialize, Serialize};

use super::configuration::ConfigurationError;

/// The kinds of key proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProofTypeName {
    /// A signed JWT for each key.
    Jwt,
    /// A key attestation for all keys.
    Attestation,
    /// A presentation with a Data Integrity proof for each key.
    DiVp,
}

impl ProofTypeName {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Jwt, Self::Attestation, Self::DiVp];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Attestation => "attestation",
            Self::DiVp => "di_vp",
        }
    }

    /// The kind of a name on the wire.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The proofs that an issuer accepts; those of kinds that are not known are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofTypes {
    /// The `jwt` proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<ProofType>,
    /// The `attestation` proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<ProofType>,
    /// The `di_vp` proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub di_vp: Option<ProofType>,
}

/// What an issuer wants of a proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofType {
    /// The algorithms, by their JOSE names, or by the names of cryptosuites for `di_vp`; non-empty.
    pub proof_signing_alg_values_supported: Vec<String>,
    /// What must be attested of the keys. Empty requirements: an attestation is wanted, whatever it says. A wallet that cannot attest
    /// leaves this configuration alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_attestations_required: Option<KeyAttestationsRequired>,
}

/// Which attestations suffice: of each list that is there, one value must be attested ([OpenID4VCI §12.2.4]).
///
/// [OpenID4VCI §12.2.4]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.4
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyAttestationsRequired {
    /// How well the key storage resists attacks; any where it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key_storage: Vec<AttackResistance>,
    /// How well the authentication of the user resists attacks; any where it is absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub user_authentication: Vec<AttackResistance>,
}

/// How well something resists attacks, such as `iso_18045_high` ([OpenID4VCI appendix D.2]). Ecosystems may define further values, so it
/// is a text; it is compared as it is.
///
/// [OpenID4VCI appendix D.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D.2
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AttackResistance(String);

impl AttackResistance {
    /// The longest value, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// Takes a value; `None` when it is empty, too long or not printable ASCII without blanks.
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        (fits && text.bytes().all(|byte| byte.is_ascii_graphic())).then_some(Self(text))
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AttackResistance {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(text).ok_or("not a level of resistance to attacks")
    }
}

impl From<AttackResistance> for String {
    fn from(value: AttackResistance) -> Self {
        value.0
    }
}

impl ProofTypes {
    /// Each kind that is there.
    pub fn iter(&self) -> impl Iterator<Item = (ProofTypeName, &ProofType)> {
        [
            (ProofTypeName::Jwt, &self.jwt),
            (ProofTypeName::Attestation, &self.attestation),
            (ProofTypeName::DiVp, &self.di_vp),
        ]
        .into_iter()
        .filter_map(|(name, proof)| Some((name, proof.as_ref()?)))
    }

    pub(super) fn check(&self) -> Result<(), ConfigurationError> {
        if self
            .iter()
            .any(|(_, proof)| proof.proof_signing_alg_values_supported.is_empty())
        {
            return Err(ConfigurationError::NoProofAlgorithm);
        }
        Ok(())
    }
}
