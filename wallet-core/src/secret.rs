//! How the record of a flow writes codes and tokens.
//!
//! The secrets of `symbolon_protocol` do not serialise, so that none reaches a log or an answer by accident. The record of a
//! flow must hold them, because a killed app continues with them; it is sealed before it is stored.

use serde::Serializer;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::secret::{
    AccessToken, AuthorizationCode, PreAuthorizedCode, RefreshToken, TransactionCode,
};

/// A secret whose text may be written into a record.
pub(crate) trait Stored {
    fn text(&self) -> &str;
}

macro_rules! stored {
    ($($secret:ty),+) => {
        $(impl Stored for $secret {
            fn text(&self) -> &str {
                self.expose()
            }
        })+
    };
}

stored!(
    AccessToken,
    AuthorizationCode,
    CodeVerifier,
    PreAuthorizedCode,
    RefreshToken,
    TransactionCode
);

/// For `#[serde(serialize_with = "…")]`.
pub(crate) fn write<T: Stored, S: Serializer>(secret: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.text())
}

/// The same for a secret that may be absent.
pub(crate) fn write_option<T: Stored, S: Serializer>(
    secret: &Option<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match secret {
        Some(secret) => serializer.serialize_some(secret.text()),
        None => serializer.serialize_none(),
    }
}
