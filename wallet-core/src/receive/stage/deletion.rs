//! A deletion that an issuer is still to be told of.

use serde::{Deserialize, Serialize};
use symbolon_protocol::openid4vci::identifiers::NotificationId;

use crate::identifiers::HistoryId;

/// A credential that was deleted, and whose issuer is to hear of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredDeletion", into = "StoredDeletion")]
pub struct Deletion {
    /// The issuer's name for it.
    pub notification: NotificationId,
    /// The entry of the history that says what came of it; nothing for what was deleted while it was being issued again.
    pub history: Option<HistoryId>,
}

impl From<NotificationId> for Deletion {
    fn from(notification: NotificationId) -> Self {
        Self {
            notification,
            history: None,
        }
    }
}

/// As it is stored: the name alone, as before there was an entry to name.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoredDeletion {
    Name(NotificationId),
    Entry {
        notification: NotificationId,
        history: HistoryId,
    },
}

impl From<StoredDeletion> for Deletion {
    fn from(stored: StoredDeletion) -> Self {
        match stored {
            StoredDeletion::Name(notification) => notification.into(),
            StoredDeletion::Entry {
                notification,
                history,
            } => Self {
                notification,
                history: Some(history),
            },
        }
    }
}

impl From<Deletion> for StoredDeletion {
    fn from(deletion: Deletion) -> Self {
        let Deletion {
            notification,
            history,
        } = deletion;
        match history {
            None => Self::Name(notification),
            Some(history) => Self::Entry {
                notification,
                history,
            },
        }
    }
}
