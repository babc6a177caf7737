//! The notification endpoint ([OpenID4VCI §11]): the wallet tells what became of a credential. Answered with 204.
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::error::NotificationErrorCode;
use super::identifiers::NotificationId;
use crate::oauth::error::ErrorDescription;
use crate::wire::parse_json;

/// The largest notification that is read, in bytes.
pub const MAX_NOTIFICATION_BYTES: usize = 8 * 1024;

/// What became of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NotificationEvent {
    /// The wallet holds it.
    CredentialAccepted,
    /// The wallet could not use it.
    CredentialFailure,
    /// The person deleted it, or did not want it.
    CredentialDeleted,
}

impl NotificationEvent {
    /// The event of a name on the wire.
    #[must_use]
    pub fn from_wire(name: &str) -> Option<Self> {
        match name {
            "credential_accepted" => Some(Self::CredentialAccepted),
            "credential_failure" => Some(Self::CredentialFailure),
            "credential_deleted" => Some(Self::CredentialDeleted),
            _ => None,
        }
    }
}

/// A notification. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationRequest {
    /// Of which response.
    pub notification_id: NotificationId,
    /// What happened.
    pub event: NotificationEvent,
    /// Why, for the developer of the issuer: the peer's text, which goes nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_description: Option<ErrorDescription>,
}

impl NotificationRequest {
    /// Reads the body of a notification.
    ///
    /// # Errors
    /// [`NotificationRequestError`]; its [`code`](NotificationRequestError::code) is what the endpoint answers.
    pub fn parse(body: &[u8]) -> Result<Self, NotificationRequestError> {
        let mut members: Map<String, Value> =
            parse_json(body, MAX_NOTIFICATION_BYTES).map_err(|_| NotificationRequestError::Malformed)?;
        let mut text = |name: &str| match members.remove(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(NotificationRequestError::Malformed),
        };
        let id = text("notification_id")?.ok_or(NotificationRequestError::Malformed)?;
        let event = text("event")?.ok_or(NotificationRequestError::Malformed)?;
        let event_description = text("event_description")?
            .map(|text| ErrorDescription::parse(&text).ok_or(NotificationRequestError::Malformed));
        Ok(Self {
            notification_id: NotificationId::parse(id)
                .ok_or(NotificationRequestError::ImpossibleIdentifier)?,
            event: NotificationEvent::from_wire(&event).ok_or(NotificationRequestError::UnknownEvent)?,
            event_description: event_description.transpose()?,
        })
    }
}

/// Why a notification was refused before any credential was looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotificationRequestError {
    /// Over budget, not the JSON of the specification, or a description with characters that it must not have.
    #[error("the notification is malformed")]
    Malformed,
    /// A text that names no response anywhere.
    #[error("no response has this notification identifier")]
    ImpossibleIdentifier,
    /// An event that the specification does not have.
    #[error("the event of the notification is not known")]
    UnknownEvent,
}

impl NotificationRequestError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> NotificationErrorCode {
        match self {
            Self::Malformed | Self::UnknownEvent => NotificationErrorCode::InvalidNotificationRequest,
            Self::ImpossibleIdentifier => NotificationErrorCode::InvalidNotificationId,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_reads_back() {
        use NotificationEvent::{CredentialAccepted, CredentialDeleted, CredentialFailure};
        for event in [CredentialAccepted, CredentialFailure, CredentialDeleted] {
            let request = NotificationRequest {
                notification_id: NotificationId::parse("n").unwrap(),
                event,
                event_description: ErrorDescription::parse("no room"),
            };
            let body = serde_json::to_vec(&request).unwrap();
            assert_eq!(NotificationRequest::parse(&body), Ok(request));
        }
        let body = br#"{"notification_id":"n","event":"credential_accepted","more":[1]}"#;
        assert!(NotificationRequest::parse(body).is_ok());
    }

    #[test]
    fn each_broken_notification_gets_its_code() {
        use NotificationErrorCode::{InvalidNotificationId, InvalidNotificationRequest};
        for (body, code) in [
            ("", InvalidNotificationRequest),
            ("{}", InvalidNotificationRequest),
            (r#"{"notification_id":"n"}"#, InvalidNotificationRequest),
            (r#"{"event":"credential_accepted"}"#, InvalidNotificationRequest),
            (
                r#"{"notification_id":1,"event":"credential_accepted"}"#,
                InvalidNotificationRequest,
            ),
            (
                r#"{"notification_id":"n","event":"credential_lost"}"#,
                InvalidNotificationRequest,
            ),
            (
                r#"{"notification_id":"n","event":"credential_accepted","event_description":"a\"b"}"#,
                InvalidNotificationRequest,
            ),
            (
                r#"{"notification_id":"","event":"credential_accepted"}"#,
                InvalidNotificationId,
            ),
        ] {
            let error = NotificationRequest::parse(body.as_bytes()).unwrap_err();
            assert_eq!(error.code(), code, "{body}");
        }
    }
}
