//! `authorization_details` of the type `openid_credential` ([OpenID4VCI §5.1.1 and §6.2], [RFC 9396]).
//!
//! [OpenID4VCI §5.1.1 and §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1.1
//! [RFC 9396]: https://www.rfc-editor.org/rfc/rfc9396

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

use super::claims_description::{WantedClaim, are_consistent};
use super::identifiers::{ConfigurationId, CredentialIdentifier};
use crate::identifier::IssuerIdentifier;

/// The one type of entries.
pub const OPENID_CREDENTIAL: &str = "openid_credential";

/// The largest number of entries in `authorization_details`, of credential identifiers and of locations in each.
pub const MAX_AUTHORIZATION_DETAILS: usize = 64;

/// The longest parameter that is read, in bytes.
pub const MAX_AUTHORIZATION_DETAILS_BYTES: usize = 16 * 1024;

/// A credential that a wallet asks for. An issuer of this suite issues credentials as they are configured, whatever `claims` says; but
/// `claims` that contradict themselves are refused ([OpenID4VCI appendix B.3]).
///
/// [OpenID4VCI appendix B.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-B.3
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestedCredential {
    #[serde(rename = "type")]
    kind: Kind,
    /// The configuration.
    pub credential_configuration_id: ConfigurationId,
    /// The issuer, where its metadata names authorization servers: one of those may serve several issuers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<IssuerIdentifier>,
}

impl RequestedCredential {
    /// Asks for a configuration, at `locations`.
    #[must_use]
    pub fn new(configuration: ConfigurationId, locations: Vec<IssuerIdentifier>) -> Self {
        Self {
            kind: Kind::OpenIdCredential,
            credential_configuration_id: configuration,
            locations,
        }
    }

    /// Reads the parameter of a request.
    ///
    /// # Errors
    /// [`InvalidAuthorizationDetails`]: an entry of another type is refused, because the server could not say what it
    /// grants ([RFC 9396 §5]).
    ///
    /// [RFC 9396 §5]: https://www.rfc-editor.org/rfc/rfc9396#section-5
    pub fn parse_all(text: &str) -> Result<Vec<Self>, InvalidAuthorizationDetails> {
        let budget = JsonBudget {
            bytes: MAX_AUTHORIZATION_DETAILS_BYTES,
            ..JsonBudget::DEFAULT
        };
        let value = json::parse_value(text.as_bytes(), budget).map_err(|_| InvalidAuthorizationDetails)?;
        let Value::Array(entries) = value else {
            return Err(InvalidAuthorizationDetails);
        };
        if entries.is_empty() || entries.len() > MAX_AUTHORIZATION_DETAILS {
            return Err(InvalidAuthorizationDetails);
        }
        let mut read: Vec<Self> = Vec::with_capacity(entries.len());
        for entry in entries {
            // Read straight into a type, an array of the members' values would pass as well.
            if !entry.is_object() {
                return Err(InvalidAuthorizationDetails);
            }
            read.push(Self::read(entry)?);
        }
        Ok(read)
    }

    fn read(mut entry: Value) -> Result<Self, InvalidAuthorizationDetails> {
        if let Some(claims) = entry.as_object_mut().and_then(|members| members.remove("claims")) {
            let claims: Vec<WantedClaim> =
                serde_json::from_value(claims).map_err(|_| InvalidAuthorizationDetails)?;
            if !are_consistent(&claims) {
                return Err(InvalidAuthorizationDetails);
            }
        }
        let entry: Self = serde_json::from_value(entry).map_err(|_| InvalidAuthorizationDetails)?;
        if entry.locations.len() > MAX_AUTHORIZATION_DETAILS {
            return Err(InvalidAuthorizationDetails);
        }
        Ok(entry)
    }
}

/// The parameter is not what the specification describes: `invalid_authorization_details`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("authorization_details is malformed or asks for something else than credentials")]
pub struct InvalidAuthorizationDetails;

/// One entry of `authorization_details` in a token response ([OpenID4VCI §6.2]).
///
/// [OpenID4VCI §6.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-6.2
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialAuthorization {
    #[serde(rename = "type")]
    kind: Kind,
    /// The configuration that is authorized.
    pub credential_configuration_id: ConfigurationId,
    /// The datasets; never empty.
    pub credential_identifiers: Vec<CredentialIdentifier>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "openid_credential")]
    OpenIdCredential,
}

impl CredentialAuthorization {
    /// Authorizes `identifiers` of a configuration.
    #[must_use]
    pub fn new(configuration: ConfigurationId, identifiers: Vec<CredentialIdentifier>) -> Self {
        Self {
            kind: Kind::OpenIdCredential,
            credential_configuration_id: configuration,
            credential_identifiers: identifiers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_reads_back_and_unknown_members_are_ignored() {
        let text = r#"[{"type":"openid_credential","credential_configuration_id":"a","locations":["https://a.example"],
            "claims":[{"path":["name"]}],"something_new":1}]"#;
        let read = RequestedCredential::parse_all(text).unwrap();
        let expected = RequestedCredential::new(
            ConfigurationId::parse("a").unwrap(),
            vec![IssuerIdentifier::parse("https://a.example").unwrap()],
        );
        assert_eq!(read, [expected]);
        let written = serde_json::to_string(&read).unwrap();
        assert_eq!(RequestedCredential::parse_all(&written), Ok(read));
    }

    #[test]
    fn refuses_other_types_and_other_shapes() {
        let entry = r#"{"type":"openid_credential","credential_configuration_id":"a"}"#;
        let many = format!("[{}]", vec![entry; MAX_AUTHORIZATION_DETAILS + 1].join(","));
        for text in [
            "",
            "{}",
            "[]",
            entry,
            r#"[{"type":"payment","credential_configuration_id":"a"}]"#,
            r#"[{"credential_configuration_id":"a"}]"#,
            r#"[{"type":"openid_credential"}]"#,
            r#"[{"type":"openid_credential","format":"dc+sd-jwt","vct":"v"}]"#,
            r#"[{"type":"openid_credential","credential_configuration_id":""}]"#,
            r#"[{"type":"openid_credential","type":"openid_credential","credential_configuration_id":"a"}]"#,
            r#"[["openid_credential","a",[]]]"#,
            r#"[{"type":"openid_credential","credential_configuration_id":"a","claims":{}}]"#,
            r#"[{"type":"openid_credential","credential_configuration_id":"a","claims":[{"path":["x"]},{"path":["x"]}]}]"#,
            &many,
        ] {
            assert_eq!(
                RequestedCredential::parse_all(text),
                Err(InvalidAuthorizationDetails),
                "{text}"
            );
        }
    }
}
