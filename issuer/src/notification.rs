//! What wallets tell of the credentials they got ([OpenID4VCI §11]).
//!
//! [OpenID4VCI §11]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use thiserror::Error;

use crate::grant::GrantHolder;
use crate::identifiers::CredentialId;
use crate::secret::SecretDigest;

/// What is stored under the notification identifier of one response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notification {
    /// The credentials of the response.
    pub credentials: Vec<CredentialId>,
    /// Who may tell of them.
    pub holder: GrantHolder,
    /// What was last told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<NotificationEvent>,
    /// How often something new was told.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub told: u8,
    /// From here on it is forgotten.
    pub expires_at: UnixTime,
}

/// How often a wallet tells something new of one response. Each time is an entry of the audit log for good, so there is an end to it.
pub const MAX_NOTIFIED_CHANGES: u8 = 8;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(told: &u8) -> bool {
    *told == 0
}

impl Notification {
    /// The notification after `event`; `None` when this was told already, which is no error: a wallet repeats what it does not know to
    /// have arrived. Nor is it noted when something new was told [`MAX_NOTIFIED_CHANGES`] times.
    ///
    /// # Errors
    /// [`NotificationRefused`].
    pub fn after(
        &self,
        event: NotificationEvent,
        grant: &SecretDigest,
        now: UnixTime,
    ) -> Result<Option<Self>, NotificationRefused> {
        if self.holder.grant != *grant || now >= self.expires_at {
            return Err(NotificationRefused);
        }
        if self.event == Some(event) || self.told >= MAX_NOTIFIED_CHANGES {
            return Ok(None);
        }
        Ok(Some(Self {
            event: Some(event),
            told: self.told.saturating_add(1),
            ..self.clone()
        }))
    }
}

/// Never made, another grant's, or forgotten: `invalid_notification_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("no response has this notification identifier")]
pub struct NotificationRefused;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_once_and_for_its_own_grant() {
        let now = UnixTime::from_seconds(100);
        let mine = SecretDigest::of("token");
        let notification = Notification {
            credentials: vec!["00000000000000000000000000000001".parse().unwrap()],
            holder: GrantHolder {
                grant: mine,
                dpop: None,
            },
            event: None,
            told: 0,
            expires_at: UnixTime::from_seconds(200),
        };
        let accepted = notification
            .after(NotificationEvent::CredentialAccepted, &mine, now)
            .unwrap()
            .unwrap();
        assert_eq!(
            accepted.after(NotificationEvent::CredentialAccepted, &mine, now),
            Ok(None)
        );
        let deleted = accepted.after(NotificationEvent::CredentialDeleted, &mine, now);
        assert!(deleted.unwrap().is_some());
        for (grant, at) in [(SecretDigest::of("other"), now), (mine, notification.expires_at)] {
            assert_eq!(
                notification.after(NotificationEvent::CredentialAccepted, &grant, at),
                Err(NotificationRefused)
            );
        }
    }
}
