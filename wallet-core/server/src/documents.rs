//! What the holder keeps: derived credentials and presentations, encrypted at rest.
//!
//! A document is stored under a random name. Where it has an `id` of its own, a second entry, named by a keyed hash of
//! that `id`, leads to the latest document that has it; so the file tells nobody what is kept.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{SealError, SymmetricKey};
use symbolon_crypto::{Randomness, RandomnessUnavailable, UnixTime, random_bytes};
use symbolon_protocol::vcalm::reference::CredentialReference;
use symbolon_store::{Batch, CommitError, Key, ReadError, Space, Store, Tenant, TenantError};
use thiserror::Error;
use tokio::sync::oneshot;

/// A wallet has one owner; the tenant exists because every key of the store begins with one.
const TENANT: &str = "wallet";
const DOCUMENTS: Space = Space::new("vcalm-documents");
const NAMES: Space = Space::new("vcalm-names");

/// The version of the stored form.
const VERSION: u32 = 1;

/// The most documents that a list shows.
const LISTED_DOCUMENTS: usize = 1_000;

/// The name under which a document is kept: 128 random bits, `u` and base64url as VCALM has it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ObjectId(String);

/// A text that is no name of a kept document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the name of a kept document")]
pub struct NotAnObjectId;

impl ObjectId {
    fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
        let bytes = random_bytes::<16>(randomness)?;
        Ok(Self(format!("u{}", base64url::encode(&bytes))))
    }

    /// The name as it stands in a path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ObjectId {
    type Err = NotAnObjectId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = text
            .strip_prefix('u')
            .and_then(|text| base64url::decode(text).ok());
        match bytes {
            Some(bytes) if bytes.len() == 16 => Ok(Self(text.to_owned())),
            _ => Err(NotAnObjectId),
        }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// What kind of document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// A credential.
    Credential,
    /// A presentation.
    Presentation,
}

impl Kept {
    const fn prefix(self) -> u8 {
        match self {
            Self::Credential => b'c',
            Self::Presentation => b'p',
        }
    }
}

/// The documents. Clones share them.
#[derive(Clone)]
pub struct HeldDocuments {
    store: Store,
    tenant: Tenant,
    names: Arc<SymmetricKey>,
    values: Arc<SymmetricKey>,
    randomness: Arc<dyn Randomness>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    version: u32,
    kept_at: UnixTime,
    document: Value,
}

impl HeldDocuments {
    /// The documents in `store`, sealed with keys derived from `key`, which the owner of the wallet keeps.
    ///
    /// # Errors
    /// [`TenantError`], which the constant name does not make happen.
    pub fn new(
        store: Store,
        key: &SymmetricKey,
        randomness: Arc<dyn Randomness>,
    ) -> Result<Self, TenantError> {
        Ok(Self {
            store,
            tenant: Tenant::parse(TENANT)?,
            names: Arc::new(key.derive(b"symbolon wallet documents: names")),
            values: Arc::new(key.derive(b"symbolon wallet documents: values")),
            randomness,
        })
    }

    /// Keeps a document; it is durable when this answers.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn keep(&self, kind: Kept, document: &Value, now: UnixTime) -> Result<ObjectId, DocumentError> {
        let id = ObjectId::make(&*self.randomness)?;
        let written = Written {
            version: VERSION,
            kept_at: now,
            document: document.clone(),
        };
        let written = serde_json::to_vec(&written).map_err(|_| DocumentError::Unreadable)?;
        let key = self.document_key(kind, &id);
        let mut batch = Batch::new()
            .require_absent(key.clone())
            .put(key.clone(), self.seal(&key, &written)?);
        if let Some(name) = own_name(document) {
            let key = self.name_key(kind, &name);
            batch = batch.put(key.clone(), self.seal(&key, id.as_str().as_bytes())?);
        }
        self.commit(batch).await?;
        Ok(id)
    }

    /// The document of a name: the one it was kept under, or its own `id`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn find(&self, kind: Kept, name: &str) -> Result<Option<Value>, DocumentError> {
        match self.resolve(kind, name)? {
            Some(id) => self.read(kind, &id),
            None => Ok(None),
        }
    }

    /// The documents of a kind, in no particular order and not more than a thousand.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn list(&self, kind: Kept) -> Result<Vec<Value>, DocumentError> {
        let found = self
            .store
            .scan(&self.tenant, DOCUMENTS, &[kind.prefix()], None, LISTED_DOCUMENTS)?;
        found
            .iter()
            .map(|entry| self.open(&self.tenant.key(DOCUMENTS, &entry.suffix), &entry.value))
            .collect()
    }

    /// Deletes a document completely, as the specification calls it: nothing of it stays.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn forget(&self, kind: Kept, name: &str) -> Result<Forgotten, DocumentError> {
        let Some(id) = self.resolve(kind, name)? else {
            return Ok(Forgotten::Unknown);
        };
        let Some(document) = self.read(kind, &id)? else {
            return Ok(Forgotten::Unknown);
        };
        let mut batch = Batch::new().delete(self.document_key(kind, &id));
        if let Some(name) = own_name(&document) {
            let key = self.name_key(kind, &name);
            if let Some(sealed) = self.store.get(&key)?
                && self.open_name(&key, &sealed)? == id
            {
                batch = batch.require_equals(key.clone(), sealed).delete(key);
            }
        }
        self.commit(batch).await?;
        Ok(Forgotten::Deleted)
    }

    fn resolve(&self, kind: Kept, name: &str) -> Result<Option<ObjectId>, DocumentError> {
        if let Ok(id) = name.parse() {
            return Ok(Some(id));
        }
        let Ok(name) = CredentialReference::parse(name) else {
            return Ok(None);
        };
        let key = self.name_key(kind, &name);
        match self.store.get(&key)? {
            Some(sealed) => self.open_name(&key, &sealed).map(Some),
            None => Ok(None),
        }
    }

    fn read(&self, kind: Kept, id: &ObjectId) -> Result<Option<Value>, DocumentError> {
        let key = self.document_key(kind, id);
        self.store
            .get(&key)?
            .map(|sealed| self.open(&key, &sealed))
            .transpose()
    }

    fn document_key(&self, kind: Kept, id: &ObjectId) -> Key {
        let mut suffix = vec![kind.prefix()];
        suffix.extend_from_slice(id.as_str().as_bytes());
        self.tenant.key(DOCUMENTS, suffix)
    }

    fn name_key(&self, kind: Kept, name: &CredentialReference) -> Key {
        let mut message = vec![kind.prefix()];
        message.extend_from_slice(name.as_str().as_bytes());
        self.tenant.key(NAMES, self.names.authenticate(&message))
    }

    /// Sealed values are bound to their keys: one moved to another place does not open.
    fn seal(&self, key: &Key, plaintext: &[u8]) -> Result<Vec<u8>, DocumentError> {
        Ok(self.values.seal(plaintext, key.bytes(), &*self.randomness)?)
    }

    fn open(&self, key: &Key, sealed: &[u8]) -> Result<Value, DocumentError> {
        let opened = self
            .values
            .open(sealed, key.bytes())
            .map_err(|_| DocumentError::Unreadable)?;
        let written: Written = serde_json::from_slice(&opened).map_err(|_| DocumentError::Unreadable)?;
        if written.version == VERSION {
            Ok(written.document)
        } else {
            Err(DocumentError::Unreadable)
        }
    }

    fn open_name(&self, key: &Key, sealed: &[u8]) -> Result<ObjectId, DocumentError> {
        let opened = self
            .values
            .open(sealed, key.bytes())
            .map_err(|_| DocumentError::Unreadable)?;
        core::str::from_utf8(&opened)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or(DocumentError::Unreadable)
    }

    async fn commit(&self, batch: Batch) -> Result<(), DocumentError> {
        let (done, answer) = oneshot::channel();
        self.store.submit(batch, move |result| {
            // Whoever asked may have gone away; what is committed is committed.
            let _ = done.send(result);
        });
        match answer.await {
            Ok(result) => Ok(result?),
            Err(_) => Err(CommitError::Closed.into()),
        }
    }
}

/// What became of a document that was to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgotten {
    /// It is gone.
    Deleted,
    /// There was none.
    Unknown,
}

/// The document's own `id`, as a reference.
fn own_name(document: &Value) -> Option<CredentialReference> {
    CredentialReference::parse(document.get("id")?.as_str()?).ok()
}

/// Why documents could not be kept or found.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DocumentError {
    /// The store does not take them.
    #[error("the wallet's documents cannot be written")]
    Commit(#[from] CommitError),
    /// The store does not give them.
    #[error("the wallet's documents cannot be read")]
    Read(#[from] ReadError),
    /// What is stored was changed, or sealed with another key, or written by another version.
    #[error("a document of the wallet is damaged")]
    Unreadable,
    /// A document cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// There is no randomness.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

    fn documents(store: &Store, key: u8) -> HeldDocuments {
        let randomness = Arc::new(SeededRandomness::new(u64::from(key)));
        HeldDocuments::new(store.clone(), &SymmetricKey::new([key; 32]), randomness).unwrap()
    }

    #[tokio::test]
    async fn a_document_is_found_by_the_name_it_was_given_and_by_its_own() {
        let documents = documents(&Store::open_in_memory().unwrap(), 1);
        let document = json!({"id": "urn:uuid:1", "number": 1});
        let id = documents.keep(Kept::Credential, &document, NOW).await.unwrap();
        for name in [id.as_str(), "urn:uuid:1"] {
            assert_eq!(
                documents.find(Kept::Credential, name).unwrap(),
                Some(document.clone())
            );
            assert_eq!(documents.find(Kept::Presentation, name).unwrap(), None);
        }
        assert_eq!(documents.find(Kept::Credential, "urn:uuid:2").unwrap(), None);
        assert_eq!(documents.find(Kept::Credential, "").unwrap(), None);
    }

    #[tokio::test]
    async fn of_several_documents_with_one_id_the_latest_is_found_and_each_is_deleted_alone() {
        let documents = documents(&Store::open_in_memory().unwrap(), 1);
        let number = |number: u8| json!({"id": "urn:uuid:1", "number": number});
        let first = documents.keep(Kept::Credential, &number(1), NOW).await.unwrap();
        let second = documents.keep(Kept::Credential, &number(2), NOW).await.unwrap();
        let find = |name: &str| documents.find(Kept::Credential, name).unwrap();
        assert_eq!(find("urn:uuid:1"), Some(number(2)));

        let forgotten = documents.forget(Kept::Credential, first.as_str()).await.unwrap();
        assert_eq!(forgotten, Forgotten::Deleted);
        assert_eq!(
            (find(first.as_str()), find("urn:uuid:1")),
            (None, Some(number(2)))
        );

        let forgotten = documents.forget(Kept::Credential, "urn:uuid:1").await.unwrap();
        assert_eq!(forgotten, Forgotten::Deleted);
        assert_eq!((find(second.as_str()), find("urn:uuid:1")), (None, None));
        let forgotten = documents.forget(Kept::Credential, "urn:uuid:1").await.unwrap();
        assert_eq!(forgotten, Forgotten::Unknown);
    }

    #[tokio::test]
    async fn what_is_stored_tells_nothing_and_opens_with_its_own_key_alone() {
        let store = Store::open_in_memory().unwrap();
        let mine = documents(&store, 1);
        let document = json!({"id": "urn:uuid:alice", "name": "Alice"});
        let id = mine.keep(Kept::Presentation, &document, NOW).await.unwrap();
        let tenant = Tenant::parse(TENANT).unwrap();
        for space in [DOCUMENTS, NAMES] {
            for entry in store.scan(&tenant, space, &[], None, 10).unwrap() {
                let bytes = [entry.suffix, entry.value].concat();
                let text = String::from_utf8_lossy(&bytes).to_lowercase();
                assert!(!text.contains("alice"), "{text}");
            }
        }
        let theirs = documents(&store, 2);
        assert!(matches!(
            theirs.find(Kept::Presentation, id.as_str()),
            Err(DocumentError::Unreadable)
        ));
        assert_eq!(mine.list(Kept::Presentation).unwrap(), [document]);
        assert_eq!(mine.list(Kept::Credential).unwrap(), Vec::<Value>::new());
    }
}
