//! Ordered keys in memory.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::StoreFuture;
use super::key_value::{Applied, KeyValue, Keyed, Requirement, Space, Write, WriteBatch};

/// A [`KeyValue`] that forgets everything with the process.
#[derive(Default)]
pub struct MemoryKeyValue {
    entries: Mutex<Entries>,
}

/// Ordered as a store on disk is: by space, then by key.
type Entries = BTreeMap<(Space, Vec<u8>), Vec<u8>>;

impl MemoryKeyValue {
    fn lock(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn apply_now(&self, batch: WriteBatch) -> Applied {
        let mut entries = self.lock();
        for (position, requirement) in batch.requirements.iter().enumerate() {
            let holds = match requirement {
                Requirement::Absent(space, key) => !entries.contains_key(&(*space, key.clone())),
                Requirement::Equals(space, key, value) => entries.get(&(*space, key.clone())) == Some(value),
            };
            if !holds {
                return Applied::Rejected { position };
            }
        }
        for write in batch.writes {
            match write {
                Write::Put(space, key, value) => {
                    entries.insert((space, key), value);
                }
                Write::Delete(space, key) => {
                    entries.remove(&(space, key));
                }
            }
        }
        Applied::Done
    }
}

impl KeyValue for MemoryKeyValue {
    fn get(&self, space: Space, key: Vec<u8>) -> StoreFuture<'_, Option<Vec<u8>>> {
        let found = self.lock().get(&(space, key)).cloned();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn scan(
        &self,
        space: Space,
        prefix: Vec<u8>,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Keyed>> {
        let entries = self.lock();
        let found = entries
            .range((space, prefix.clone())..)
            .take_while(|((of, key), _)| *of == space && key.starts_with(&prefix))
            .filter(|((_, key), _)| after.as_ref().is_none_or(|after| key > after))
            .take(limit)
            .map(|((_, key), value)| Keyed {
                key: key.clone(),
                value: value.clone(),
            })
            .collect();
        Box::pin(std::future::ready(Ok(found)))
    }

    fn last(&self, space: Space) -> StoreFuture<'_, Option<Keyed>> {
        let entries = self.lock();
        let found = entries
            .iter()
            .rev()
            .find(|((of, _), _)| *of == space)
            .map(|((_, key), value)| Keyed {
                key: key.clone(),
                value: value.clone(),
            });
        Box::pin(std::future::ready(Ok(found)))
    }

    fn apply(&self, batch: WriteBatch) -> StoreFuture<'_, Applied> {
        Box::pin(std::future::ready(Ok(self.apply_now(batch))))
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::task::{Context, Poll, Waker};

    use super::*;
    use crate::store::{KeyValueIssuerStore, conformance};

    #[test]
    fn the_in_memory_store_conforms() {
        let suite = conformance::run(|| Arc::new(KeyValueIssuerStore::new(MemoryKeyValue::default())));
        // Nothing in memory ever waits, so one poll is enough.
        let outcome = pin!(suite).poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(outcome, Poll::Ready(()));
    }
}
