//! Whose credential it is: claim `cnf` ([RFC 7800](https://www.rfc-editor.org/rfc/rfc7800)).

use serde_json::{Map, Value};
use symbolon_crypto::{Jwk, PublicKey};
use symbolon_did::{DidUrl, verification_key};

/// What binds a credential to its holder.
#[derive(Debug, Clone, PartialEq)]
pub enum HolderBinding {
    /// No key: whoever shows it has to be compared with what it says.
    None,
    /// The key that must sign presentations.
    Key(PublicKey),
    /// A `cnf` of a kind that is not known here. It is not to be taken for [`HolderBinding::None`].
    Unsupported,
}

/// A `cnf` that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedConfirmation;

impl HolderBinding {
    /// Reads `cnf.jwk`, which is what we write, and `cnf.kid` with a `did:jwk`, which Inji deployments write.
    pub(crate) fn from_json(cnf: Option<&Value>) -> Result<Self, MalformedConfirmation> {
        let Some(cnf) = cnf else { return Ok(Self::None) };
        let cnf = cnf.as_object().ok_or(MalformedConfirmation)?;
        if let Some(jwk) = cnf.get("jwk") {
            let jwk: Jwk = serde_json::from_value(jwk.clone()).map_err(|_| MalformedConfirmation)?;
            // A key type outside the set is somebody's valid key, only not one that we can check.
            return Ok(PublicKey::from_jwk(&jwk).map_or(Self::Unsupported, Self::Key));
        }
        match cnf.get("kid") {
            Some(Value::String(kid)) => Ok(did_key(kid).map_or(Self::Unsupported, Self::Key)),
            Some(_) => Err(MalformedConfirmation),
            None => Ok(Self::Unsupported),
        }
    }

    /// The `cnf` claim for a key.
    pub(crate) fn to_json(key: &PublicKey) -> Result<Value, serde_json::Error> {
        Ok(Value::Object(Map::from_iter([(
            "jwk".to_owned(),
            serde_json::to_value(key.to_jwk())?,
        )])))
    }

    /// The key, if it is known.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::None | Self::Unsupported => None,
        }
    }
}

/// The key of a DID that holds its key itself; one of another method would have to be looked up.
fn did_key(kid: &str) -> Option<PublicKey> {
    verification_key(&DidUrl::parse(kid).ok()?).ok()
}
