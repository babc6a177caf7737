//! What wallets tell of their credentials.

use super::{Revision, StatusChange, StoreFuture, Stored, Swap};
use crate::identifiers::NotificationId;
use crate::notification::Notification;

/// Where it stands which response a notification speaks of.
pub trait NotificationStore: Send + Sync {
    /// What is known of a notification identifier.
    fn notification<'a>(&'a self, id: &'a NotificationId) -> StoreFuture<'a, Option<Stored<Notification>>>;
    /// Replaces a notification, and the records of its credentials, if all are still those that were read.
    fn note_notification(&self, noted: NotedNotification) -> StoreFuture<'_, Swap>;
}

/// A response whose wallet will tell what became of it.
#[derive(Debug, Clone)]
pub struct NewNotification {
    /// What the wallet calls it.
    pub id: NotificationId,
    /// What it speaks of.
    pub notification: Notification,
}

/// A notification that came.
#[derive(Debug, Clone)]
pub struct NotedNotification {
    /// What the wallet calls it.
    pub id: NotificationId,
    /// The state in which it was judged.
    pub expected: Revision,
    /// What it is now.
    pub notification: Notification,
    /// The records of its credentials, each with what the audit log says.
    pub changes: Vec<StatusChange>,
}
