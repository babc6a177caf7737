//! The one writer: takes every batch that waits and makes them durable together.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use redb::{Database, ReadableTable as _, Table, WriteTransaction};

use crate::batch::{Batch, Requirement, Write};
use crate::error::CommitError;
use crate::key::{Key, Space};
use crate::snapshot::definition;

/// A batch and whom to tell.
pub(crate) struct Waiting {
    batch: Batch,
    done: Box<dyn FnOnce(Result<(), CommitError>) + Send>,
}

impl Waiting {
    pub(crate) fn new(batch: Batch, done: impl FnOnce(Result<(), CommitError>) + Send + 'static) -> Self {
        Self {
            batch,
            done: Box::new(done),
        }
    }

    pub(crate) fn answer(self, result: Result<(), CommitError>) {
        (self.done)(result);
    }
}

/// Runs until every sender is gone and nothing waits any more.
pub(crate) fn run(database: &Database, waiting: &Receiver<Waiting>) {
    while let Ok(first) = waiting.recv() {
        let mut group = vec![first];
        // Whatever arrived during the last sync shares the next one. No timer: a lone batch is never delayed.
        while group.len() < MAX_BATCHES_PER_GROUP
            && let Ok(next) = waiting.try_recv()
        {
            group.push(next);
        }
        let results = match commit_group(database, &group) {
            Ok(results) => results,
            Err(error) => {
                let error = Arc::new(*error);
                vec![Err(CommitError::NotDurable(error)); group.len()]
            }
        };
        for (waiting, result) in group.into_iter().zip(results) {
            // A callback that panics loses its own answer, not the writer.
            drop(catch_unwind(AssertUnwindSafe(|| waiting.answer(result))));
        }
    }
}

/// The outcome of each batch, after the group is durable.
fn commit_group(
    database: &Database,
    group: &[Waiting],
) -> Result<Vec<Result<(), CommitError>>, Box<redb::Error>> {
    let transaction = database.begin_write().map_err(failed)?;
    let mut results = Vec::with_capacity(group.len());
    let mut changed = Changed::Nothing;
    {
        let mut tables = Tables {
            transaction: &transaction,
            open: HashMap::new(),
        };
        for waiting in group {
            let result = match tables.first_failed_requirement(&waiting.batch)? {
                Some(position) => Err(CommitError::RequirementFailed { position }),
                None => {
                    tables.apply(&waiting.batch)?;
                    if !waiting.batch.writes.is_empty() {
                        changed = Changed::Something;
                    }
                    Ok(())
                }
            };
            results.push(result);
        }
    }
    match changed {
        Changed::Something => transaction.commit().map_err(failed)?,
        // Reads are of committed state only, so there is nothing to sync.
        Changed::Nothing => transaction.abort().map_err(failed)?,
    }
    Ok(results)
}

#[derive(Clone, Copy)]
enum Changed {
    Nothing,
    Something,
}

/// The tables a group touches, opened once each.
struct Tables<'t> {
    transaction: &'t WriteTransaction,
    open: HashMap<Space, Table<'t, &'static [u8], &'static [u8]>>,
}

impl<'t> Tables<'t> {
    fn first_failed_requirement(&mut self, batch: &Batch) -> Result<Option<usize>, Box<redb::Error>> {
        for (position, requirement) in batch.requirements.iter().enumerate() {
            let holds = match requirement {
                Requirement::Absent(key) => self.read(key, |found| found.is_none())?,
                Requirement::Present(key) => self.read(key, |found| found.is_some())?,
                Requirement::Equals(key, value) => self.read(key, |found| found == Some(value.as_slice()))?,
            };
            if !holds {
                return Ok(Some(position));
            }
        }
        Ok(None)
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Box<redb::Error>> {
        for write in &batch.writes {
            match write {
                Write::Put(key, value) => {
                    self.table(key.space())?
                        .insert(key.bytes(), value.as_slice())
                        .map_err(failed)?;
                }
                Write::Delete(key) => {
                    self.table(key.space())?.remove(key.bytes()).map_err(failed)?;
                }
            }
        }
        Ok(())
    }

    fn read<T>(&mut self, key: &Key, judge: impl FnOnce(Option<&[u8]>) -> T) -> Result<T, Box<redb::Error>> {
        let found = self.table(key.space())?.get(key.bytes()).map_err(failed)?;
        Ok(judge(found.as_ref().map(|guard| guard.value())))
    }

    fn table(
        &mut self,
        space: Space,
    ) -> Result<&mut Table<'t, &'static [u8], &'static [u8]>, Box<redb::Error>> {
        use std::collections::hash_map::Entry;
        match self.open.entry(space) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                Ok(entry.insert(self.transaction.open_table(definition(space)).map_err(failed)?))
            }
        }
    }
}

fn failed(error: impl Into<redb::Error>) -> Box<redb::Error> {
    Box::new(error.into())
}

/// Bounds the memory and the latency of one transaction; past it more batches per sync gain little.
const MAX_BATCHES_PER_GROUP: usize = 1_024;
