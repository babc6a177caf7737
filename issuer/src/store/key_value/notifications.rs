//! What wallets tell of their credentials.

use super::books::put_change;
use super::envelope::{read_stored, write};
use super::{KeyValue, KeyValueIssuerStore, Space, WriteBatch};
use crate::identifiers::NotificationId;
use crate::notification::Notification;
use crate::store::{NotedNotification, NotificationStore, StoreError, StoreFuture, Stored, Swap};

const NOTIFICATION: &str = "notification";

impl<K: KeyValue> NotificationStore for KeyValueIssuerStore<K> {
    fn notification<'a>(&'a self, id: &'a NotificationId) -> StoreFuture<'a, Option<Stored<Notification>>> {
        Box::pin(async move {
            let key = id.as_str().as_bytes().to_vec();
            let found = self.entries.get(Space::Notifications, key).await?;
            found.map(|bytes| read_stored(NOTIFICATION, bytes)).transpose()
        })
    }

    fn note_notification(&self, noted: NotedNotification) -> StoreFuture<'_, Swap> {
        Box::pin(async move {
            let id = noted.id.as_str().as_bytes();
            let mut batch = WriteBatch::default()
                .unchanged(Space::Notifications, id, &noted.expected)
                .put(Space::Notifications, id, notification_value(&noted.notification)?);
            for change in &noted.changes {
                batch = put_change(batch, change)?;
            }
            self.swap(batch).await
        })
    }
}

pub(super) fn notification_value(notification: &Notification) -> Result<Vec<u8>, StoreError> {
    write(NOTIFICATION, notification)
}
