//! JSON Web Keys, public members only ([RFC 7517](https://www.rfc-editor.org/rfc/rfc7517)).

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A public JSON Web Key. Reading one that holds a private member is an error; other unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Jwk {
    /// Key type: `EC` or `OKP`.
    pub kty: String,
    /// Curve.
    pub crv: String,
    /// The x coordinate, or the whole public key of an `OKP` key; base64url.
    pub x: String,
    /// The y coordinate of an `EC` key; base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub y: Option<String>,
    /// Key identifier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kid: Option<String>,
    /// The algorithm the key is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// What the key is for: `sig` or `enc`.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub use_: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    kty: String,
    #[serde(default)]
    crv: String,
    #[serde(default)]
    x: String,
    y: Option<String>,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    use_: Option<String>,
    // Private members (RFC 7518 §6) and the symmetric key. `null` is a member too.
    #[serde(default, deserialize_with = "present")]
    d: bool,
    #[serde(default, deserialize_with = "present")]
    k: bool,
    #[serde(default, deserialize_with = "present")]
    p: bool,
    #[serde(default, deserialize_with = "present")]
    q: bool,
}

pub(super) fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    serde::de::IgnoredAny::deserialize(deserializer).map(|_| true)
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        if wire.d || wire.k || wire.p || wire.q {
            return Err(D::Error::custom("a public key must not hold private members"));
        }
        Ok(Self {
            kty: wire.kty,
            crv: wire.crv,
            x: wire.x,
            y: wire.y,
            kid: wire.kid,
            alg: wire.alg,
            use_: wire.use_,
        })
    }
}
