//! The revocation lists of an issuer's authorities, as files: made where the authority's key is, and served by the issuer.
//!
//! A list is the book of itself: the next one has everything that the one before had. Whoever writes one has the folder locked, so that a
//! renewal by the server never loses what a command revokes at the same time.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use symbolon_crypto::signing::{DescribeKeys as _, SoftwareKey};
use symbolon_crypto::x509::issue::{self, IssueError, RevocationListRequest};
use symbolon_crypto::x509::{
    Certificate, MAX_REVOCATION_LIST_BYTES, RevocationList, RevocationListError, RevocationListRejected,
    RevocationReason, RevokedCertificate,
};
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_issuer_server::{CertificateAuthority, RevocationListUnavailable, RevocationLists};
use thiserror::Error;

use crate::installation::Installation;
use crate::installation::files::{Readers, read_if_there, write_atomically};
use crate::installation::keys::{KeyFileError, KeyPurpose};
use crate::stamp::Stamp;

/// The folder of the lists, beside the keys of an issuer.
pub const FOLDER: &str = "certificates";

/// How long a list holds whose authority's key is in the installation, which makes a new one every day.
pub const RENEWED_LIST_LIFETIME: Duration = Duration::from_secs(7 * 86_400);
/// How long a list holds that is made on another machine, unless it is said: as long as Annex B of ISO/IEC 18013-5 allows from one to the next.
pub const CARRIED_LIST_DAYS: u16 = 90;
/// The longest that a list may be made to hold, in days.
pub const MAX_LIST_DAYS: u32 = 366;
/// How old a list is that is renewed.
const RENEWAL_AGE: Duration = Duration::from_secs(86_400);

/// Held by whoever writes a list.
pub(super) const LOCK: &str = ".lock";

/// Why a list was not made, taken or read. The one before is served on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RevocationError {
    /// A file cannot be used.
    #[error("cannot use {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no list.
    #[error("{path} is no revocation list that can be used: {source}")]
    NotAList {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: RevocationListError,
    },
    /// It is not the authority's.
    #[error("the revocation list is not that of this authority: {0}")]
    Foreign(#[source] RevocationListRejected),
    /// The list cannot be made.
    #[error("the revocation list cannot be made")]
    Issue(#[from] IssueError),
    /// The authority's certificate names no place of a list.
    #[error(
        "the certificate of the authority says nowhere that there is a revocation list, so nobody would ask for it: it is of an earlier version; rotate to keys under a new root"
    )]
    NoPlace,
    /// A list that is brought is older than the one that is served.
    #[error("the list is not newer than the one that is served, which has the number {served:?}")]
    NotNewer {
        /// The number of the list that is served.
        served: Option<u64>,
    },
    /// A list that is brought gives back what was revoked.
    #[error(
        "the list does not name every certificate that the one before it names: give it to `keys crl` as --previous"
    )]
    Forgets,
    /// Keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
}

/// An authority and its key.
pub struct Signing<'a> {
    /// Its key.
    pub key: &'a SoftwareKey,
    /// Its certificate.
    pub certificate: &'a Certificate,
}

/// The root of an authority.
#[must_use]
pub const fn root_of(authority: CertificateAuthority) -> KeyPurpose {
    match authority {
        CertificateAuthority::Issuers => KeyPurpose::IssuersRoot,
        CertificateAuthority::Documents => KeyPurpose::DocumentsRoot,
    }
}

/// Where the list of an authority is, of the issuer with this identifier.
#[must_use]
pub fn list_uri(identifier: &str, authority: CertificateAuthority) -> String {
    let place = symbolon_issuer::metadata::paths::CERTIFICATES;
    format!(
        "{}{place}/{}",
        identifier.trim_end_matches('/'),
        authority.file_name()
    )
}

/// Makes the list that follows `before`, with further certificates revoked. A certificate keeps the date and reason that it was revoked with first.
///
/// # Errors
/// [`RevocationError`].
pub fn next_list(
    signing: &Signing<'_>,
    before: Option<&RevocationList>,
    added: &[RevokedCertificate],
    lifetime: Duration,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<RevocationList, RevocationError> {
    let certificate = signing.certificate;
    if certificate.revocation_list_uris().is_empty() {
        return Err(RevocationError::NoPlace);
    }
    let mut revoked = Vec::new();
    if let Some(before) = before {
        before
            .verify(certificate, provider)
            .map_err(RevocationError::Foreign)?;
        revoked = before.entries();
    }
    for added in added {
        if !revoked
            .iter()
            .any(|known| known.serial_number == added.serial_number)
        {
            revoked.push(added.clone());
        }
    }
    // The clock tells lists apart also where the ones before are lost.
    let clock = u64::try_from(now.seconds()).unwrap_or_default();
    let after = before
        .and_then(|before| before.number().to_u64())
        .map_or(0, |number| number.saturating_add(1));
    let request = RevocationListRequest {
        number: clock.max(after),
        this_update: now,
        next_update: now.plus(lifetime),
        revoked,
    };
    let description = signing
        .key
        .describe(signing.key.handle())
        .map_err(IssueError::Key)?;
    let der = issue::revocation_list(&request, certificate, &description, signing.key)?;
    let list = RevocationList::parse(&der).map_err(|_| IssueError::Encoding)?;
    list.verify(certificate, provider)
        .map_err(RevocationError::Foreign)?;
    Ok(list)
}

/// The lists of an issuer, in its folder.
pub struct ListFolder {
    path: PathBuf,
    known: Mutex<BTreeMap<CertificateAuthority, (Stamp, RevocationList)>>,
}

impl ListFolder {
    /// The folder below that of an issuer's data.
    #[must_use]
    pub fn below(data: &Path) -> Self {
        Self {
            path: data.join(FOLDER),
            known: Mutex::default(),
        }
    }

    /// The list of an authority that is served; `None` where there is none.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn read(&self, authority: CertificateAuthority) -> Result<Option<RevocationList>, RevocationError> {
        read_list(&self.path.join(authority.file_name()))
    }

    /// Makes and serves the next list.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn publish(
        &self,
        authority: CertificateAuthority,
        signing: &Signing<'_>,
        added: &[RevokedCertificate],
        lifetime: Duration,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<RevocationList, RevocationError> {
        let _alone = self.lock()?;
        let before = self.read(authority)?;
        let list = next_list(signing, before.as_ref(), added, lifetime, provider, now)?;
        self.write(authority, &list)?;
        Ok(list)
    }

    /// Serves a list that was made elsewhere: newer than the one before, and with everything that it has.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn take(
        &self,
        authority: CertificateAuthority,
        list: &RevocationList,
        certificate: &Certificate,
        provider: &dyn CryptoProvider,
    ) -> Result<(), RevocationError> {
        list.verify(certificate, provider)
            .map_err(RevocationError::Foreign)?;
        let _alone = self.lock()?;
        if let Some(before) = self.read(authority)? {
            if list.number().to_u64() <= before.number().to_u64() || list.this_update() < before.this_update()
            {
                return Err(RevocationError::NotNewer {
                    served: before.number().to_u64(),
                });
            }
            let entries = list.entries();
            let has =
                |old: &RevokedCertificate| entries.iter().any(|new| new.serial_number == old.serial_number);
            // What is only on hold may come back (RFC 5280, section 5.3.1).
            let is_final = |old: &&RevokedCertificate| old.reason != Some(RevocationReason::CertificateHold);
            if !before.entries().iter().filter(is_final).all(has) {
                return Err(RevocationError::Forgets);
            }
        }
        self.write(authority, list)
    }

    fn write(&self, authority: CertificateAuthority, list: &RevocationList) -> Result<(), RevocationError> {
        let path = self.path.join(authority.file_name());
        write_atomically(&path, list.der(), Readers::Everyone).map_err(failed(&path))
    }

    /// Lets in one writer at a time, of all processes.
    fn lock(&self) -> Result<File, RevocationError> {
        fs::create_dir_all(&self.path).map_err(failed(&self.path))?;
        let path = self.path.join(LOCK);
        let lock = File::create(&path).map_err(failed(&path))?;
        lock.lock().map_err(failed(&path))?;
        Ok(lock)
    }
}

impl RevocationLists for ListFolder {
    fn newest(
        &self,
        authority: CertificateAuthority,
    ) -> Result<Option<RevocationList>, RevocationListUnavailable> {
        let path = self.path.join(authority.file_name());
        let found = Stamp::of(&path).map_err(failed(&path));
        let Some(stamp) = found.map_err(|error| RevocationListUnavailable(Box::new(error)))? else {
            return Ok(None);
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((of, list)) = known.get(&authority)
            && *of == stamp
        {
            return Ok(Some(list.clone()));
        }
        let list = self
            .read(authority)
            .map_err(|error| RevocationListUnavailable(Box::new(error)))?;
        if let Some(list) = &list {
            known.insert(authority, (stamp, list.clone()));
        }
        Ok(list)
    }
}

/// Makes new lists where the key of an authority is in the installation and its list is a day old, or missing.
///
/// # Errors
/// [`RevocationError`].
pub fn renew(installation: &Installation, now: UnixTime) -> Result<(), RevocationError> {
    let folder = ListFolder::below(&installation.issuer_folder());
    for authority in CertificateAuthority::ALL {
        let purpose = root_of(authority);
        if !installation.keys.has_chain(purpose) || !installation.keys.has_key(purpose)? {
            continue;
        }
        let key = installation.keys.read_key(purpose, &installation.provider)?;
        let chain = installation.keys.read_chain_of(purpose, key.public_key())?;
        let Some(certificate) = chain
            .first()
            .filter(|root| !root.revocation_list_uris().is_empty())
        else {
            continue;
        };
        let is_due = folder
            .read(authority)?
            .is_none_or(|list| list.this_update().plus(RENEWAL_AGE) <= now);
        if is_due {
            let signing = Signing {
                key: &key,
                certificate,
            };
            let provider = installation.provider.as_ref();
            folder.publish(authority, &signing, &[], RENEWED_LIST_LIFETIME, provider, now)?;
        }
    }
    Ok(())
}

/// Reads a list from a file; `None` where there is none.
///
/// # Errors
/// [`RevocationError`].
pub fn read_list(path: &Path) -> Result<Option<RevocationList>, RevocationError> {
    let limit = u64::try_from(MAX_REVOCATION_LIST_BYTES).unwrap_or(u64::MAX);
    let bytes = read_if_there(path, limit).map_err(failed(path))?;
    let parsed = bytes.map(|bytes| RevocationList::parse(&bytes)).transpose();
    parsed.map_err(|source| RevocationError::NotAList {
        path: path.to_owned(),
        source,
    })
}

fn failed(path: &Path) -> impl Fn(io::Error) -> RevocationError {
    let path = path.to_owned();
    move |source| RevocationError::File {
        path: path.clone(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use symbolon_crypto::RustCryptoProvider;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;
    use crate::installation::authority::{Authority, Certified};

    const NOW: UnixTime = UnixTime::from_seconds(1_790_000_000);
    const DOCUMENTS: CertificateAuthority = CertificateAuthority::Documents;

    struct Office {
        root: Certified,
        signers: Vec<Certificate>,
        folder: tempfile::TempDir,
    }

    impl Office {
        fn new() -> Self {
            Self::new_of(5)
        }

        fn new_of(seed: u64) -> Self {
            let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
            let randomness = SeededRandomness::new(seed);
            let authority = Authority {
                provider: &provider,
                randomness: &randomness,
                now: NOW,
            };
            let contact = "https://issuer.example";
            let root = authority.documents_root(contact).unwrap();
            let signer = || authority.document_signer(&root, contact).unwrap().certificate;
            Self {
                signers: vec![signer(), signer()],
                root,
                folder: tempfile::tempdir().unwrap(),
            }
        }

        fn signing(&self) -> Signing<'_> {
            Signing {
                key: &self.root.key,
                certificate: &self.root.certificate,
            }
        }

        fn revoking(&self, signer: usize) -> RevokedCertificate {
            RevokedCertificate::new(&self.signers[signer], NOW, RevocationReason::KeyCompromise)
        }

        fn publish(&self, added: &[RevokedCertificate], now: UnixTime) -> RevocationList {
            let folder = ListFolder::below(self.folder.path());
            let lifetime = RENEWED_LIST_LIFETIME;
            folder
                .publish(
                    DOCUMENTS,
                    &self.signing(),
                    added,
                    lifetime,
                    &RustCryptoProvider,
                    now,
                )
                .unwrap()
        }
    }

    #[test]
    fn a_list_goes_on_from_the_one_before_and_its_number_rises_in_any_second() {
        let office = Office::new();
        let first = office.publish(&[], NOW);
        let second = office.publish(&[office.revoking(0)], NOW);
        // The clock is set back.
        let earlier = NOW.minus(Duration::from_secs(1_000));
        let third = office.publish(&[office.revoking(1), office.revoking(0)], earlier);
        assert_eq!((first.count(), second.count(), third.count()), (0, 1, 2));
        assert!(
            first.number().to_u64() < second.number().to_u64()
                && second.number().to_u64() < third.number().to_u64()
        );
        let served = ListFolder::below(office.folder.path());
        let newest = served.newest(DOCUMENTS).unwrap().unwrap();
        assert_eq!(newest.sha256(), third.sha256());
        let fourth = office.publish(&[], NOW);
        assert_eq!(
            served.newest(DOCUMENTS).unwrap().unwrap().sha256(),
            fourth.sha256()
        );
        assert!(served.newest(CertificateAuthority::Issuers).unwrap().is_none());
        // Whatever lies there and is another's is not gone on from.
        let other = Office::new_of(6);
        let folder = ListFolder::below(office.folder.path());
        let refused = folder.publish(
            DOCUMENTS,
            &other.signing(),
            &[],
            RENEWED_LIST_LIFETIME,
            &RustCryptoProvider,
            NOW,
        );
        assert!(matches!(refused, Err(RevocationError::Foreign(_))));
    }

    #[test]
    fn writers_at_once_lose_nothing() {
        let office = Office::new();
        office.publish(&[], NOW);
        std::thread::scope(|scope| {
            for signer in 0..2 {
                let office = &office;
                scope.spawn(move || {
                    for _ in 0..5 {
                        office.publish(&[], NOW);
                    }
                    office.publish(&[office.revoking(signer)], NOW);
                    for _ in 0..5 {
                        office.publish(&[], NOW);
                    }
                });
            }
        });
        assert_eq!(office.publish(&[], NOW).count(), 2);
    }
}
