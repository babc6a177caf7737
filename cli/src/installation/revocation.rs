//! The revocation lists of an issuer's authorities, as files: made where the authority's key is, and served by the issuer.
//!
//! A list is the book of itself: the next one has everything that the one before had. Whoever writes one has the folder locked, so that a
//! renewal by the server never loses what a command revokes at the same time.

use std::collections::BTreeMap;
use std::fmt;
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

/// What is written behind the name of a list that came out of a backup.
const RESTORED: &str = ".restored";
/// What is written behind the name of a list for the number of the newest one. It is in no backup, so that none sets it back.
pub(super) const NEWEST: &str = ".newest";

/// The longest file with a number.
const MAX_NEWEST_BYTES: u64 = 64;

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
    /// There is no list, or none that may be gone on from.
    #[error(
        "{what}; one that is made now could give back what was revoked: name the newest copy that anybody has with `symbolon keys resume-crl --of {authority} \
         --previous FILE.crl`, or leave --previous away where nothing was revoked since"
    )]
    NotContinued {
        /// What is wrong with the one that lies there.
        what: NotContinued,
        /// Whose list.
        authority: &'static str,
    },
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

/// What keeps a list from being gone on from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotContinued {
    /// It is not there.
    Missing,
    /// It is older than one that was served.
    SetBack,
    /// It came out of a backup: nobody knows what was revoked since.
    Restored,
    /// The file beside it that says which was served last does not read.
    Unknown,
}

impl fmt::Display for NotContinued {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Missing => "the revocation list of the authority is not there",
            Self::SetBack => "the revocation list that lies there is older than one that was served",
            Self::Restored => "the revocation list came out of a backup",
            Self::Unknown => "nothing says any more which revocation list was the newest",
        })
    }
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

/// The name of an authority on the command line.
const fn name_of(authority: CertificateAuthority) -> &'static str {
    match authority {
        CertificateAuthority::Issuers => "issuers",
        CertificateAuthority::Documents => "documents",
    }
}

/// Whether nothing gives a certificate back (RFC 5280, section 5.3.1).
fn is_final(entry: &RevokedCertificate) -> bool {
    entry.reason != Some(RevocationReason::CertificateHold)
}

/// Whether a list gives back what the one before it takes back. What is only on hold may come back, and nothing is put back on hold.
fn forgets(list: &RevocationList, before: &RevocationList) -> bool {
    let entries = list.entries();
    let has = |old: &RevokedCertificate| {
        let mut new = entries.iter();
        let same = new.find(|new| new.serial_number == old.serial_number);
        same.is_some_and(is_final)
    };
    !before.entries().iter().filter(|old| is_final(old)).all(has)
}

/// Where a list is that came out of a backup, the mark that says so.
#[must_use]
pub fn restored_mark(list: &Path) -> Option<PathBuf> {
    let name = list.file_name()?;
    let is_list = CertificateAuthority::ALL
        .into_iter()
        .any(|authority| name == authority.file_name());
    let is_in_folder = list.parent()?.file_name()? == FOLDER;
    (is_list && is_in_folder).then(|| beside(list, RESTORED))
}

fn beside(list: &Path, ending: &str) -> PathBuf {
    let mut name = list.to_owned().into_os_string();
    name.push(ending);
    PathBuf::from(name)
}

/// Makes the list that follows `before`, with further certificates revoked. A certificate keeps the date and reason that it was revoked with first,
/// unless it was only on hold.
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
        let known = revoked
            .iter_mut()
            .find(|known| known.serial_number == added.serial_number);
        match known {
            Some(known) if !is_final(known) && is_final(added) => *known = added.clone(),
            Some(_) => {}
            None => revoked.push(added.clone()),
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

    /// Makes and serves the first list of a new authority, which names nobody. What lies there of another authority, whose place it takes, is replaced,
    /// with what was said of it.
    ///
    /// # Errors
    /// [`RevocationError`], also where there is a list of this authority.
    pub fn begin(
        &self,
        authority: CertificateAuthority,
        signing: &Signing<'_>,
        lifetime: Duration,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<RevocationList, RevocationError> {
        let _alone = self.lock()?;
        if let Some(before) = self.read(authority)?
            && before.verify(signing.certificate, provider).is_ok()
        {
            return Err(RevocationError::NotNewer {
                served: before.number().to_u64(),
            });
        }
        let list = next_list(signing, None, &[], lifetime, provider, now)?;
        self.write(authority, &list)?;
        self.confirm(authority)?;
        Ok(list)
    }

    /// Makes and serves the next list. There must be one before: a first one is [begun](Self::begin), and one that was lost is
    /// [resumed](Self::resume).
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
        let before = self
            .before(authority)?
            .ok_or_else(|| not_continued(NotContinued::Missing, authority))?;
        let list = next_list(signing, Some(&before), added, lifetime, provider, now)?;
        self.write(authority, &list)?;
        Ok(list)
    }

    /// Goes on after a list was lost, set back or restored: with what lies there and what `copy` names, whichever of them there is. Whoever calls it
    /// answers for that nothing else was revoked.
    ///
    /// # Errors
    /// [`RevocationError`].
    pub fn resume(
        &self,
        authority: CertificateAuthority,
        signing: &Signing<'_>,
        copy: Option<&RevocationList>,
        lifetime: Duration,
        provider: &dyn CryptoProvider,
        now: UnixTime,
    ) -> Result<RevocationList, RevocationError> {
        let _alone = self.lock()?;
        let here = self.read(authority)?;
        let number = |list: &&RevocationList| list.number().to_u64();
        let newest = here.iter().chain(copy).max_by_key(number);
        let mut named = Vec::new();
        for list in here.iter().chain(copy) {
            list.verify(signing.certificate, provider)
                .map_err(RevocationError::Foreign)?;
            named.extend(list.entries());
        }
        let list = next_list(signing, newest, &named, lifetime, provider, now)?;
        self.write(authority, &list)?;
        self.confirm(authority)?;
        Ok(list)
    }

    /// The same where the authority's key is elsewhere: the list that lies there is served on, or the copy in its place, which is no older and names
    /// everything that it names. The next one is made where the key is, and taken.
    ///
    /// # Errors
    /// [`RevocationError`], also where there is neither.
    pub fn resume_by_copy(
        &self,
        authority: CertificateAuthority,
        copy: Option<&RevocationList>,
        certificate: &Certificate,
        provider: &dyn CryptoProvider,
    ) -> Result<RevocationList, RevocationError> {
        let _alone = self.lock()?;
        let here = self.read(authority)?;
        let list = copy
            .or(here.as_ref())
            .ok_or_else(|| not_continued(NotContinued::Missing, authority))?;
        list.verify(certificate, provider)
            .map_err(RevocationError::Foreign)?;
        if let Some(here) = &here {
            // Whoever has verified the one that lies there takes no older one.
            if list.number().to_u64() < here.number().to_u64() || list.this_update() < here.this_update() {
                return Err(RevocationError::NotNewer {
                    served: here.number().to_u64(),
                });
            }
            if forgets(list, here) {
                return Err(RevocationError::Forgets);
            }
        }
        self.write(authority, list)?;
        self.confirm(authority)?;
        Ok(list.clone())
    }

    fn confirm(&self, authority: CertificateAuthority) -> Result<(), RevocationError> {
        let mark = beside(&self.path.join(authority.file_name()), RESTORED);
        match fs::remove_file(&mark) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&mark)(error)),
            _ => Ok(()),
        }
    }

    /// The list to go on from; `None` where there never was one.
    fn before(&self, authority: CertificateAuthority) -> Result<Option<RevocationList>, RevocationError> {
        if beside(&self.path.join(authority.file_name()), RESTORED).exists() {
            return Err(not_continued(NotContinued::Restored, authority));
        }
        let list = self.read(authority)?;
        let path = beside(&self.path.join(authority.file_name()), NEWEST);
        let newest = read_if_there(&path, MAX_NEWEST_BYTES).map_err(failed(&path))?;
        let parse = |text: Vec<u8>| {
            let number = str::from_utf8(&text)
                .ok()
                .and_then(|text| text.trim().parse().ok());
            number.ok_or_else(|| not_continued(NotContinued::Unknown, authority))
        };
        let newest: Option<u64> = newest.map(parse).transpose()?;
        match (&list, newest) {
            (None, Some(_)) => Err(not_continued(NotContinued::Missing, authority)),
            (Some(list), Some(newest)) if list.number().to_u64().is_some_and(|number| number < newest) => {
                Err(not_continued(NotContinued::SetBack, authority))
            }
            _ => Ok(list),
        }
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
        if let Some(before) = self.before(authority)? {
            if list.number().to_u64() <= before.number().to_u64() || list.this_update() < before.this_update()
            {
                return Err(RevocationError::NotNewer {
                    served: before.number().to_u64(),
                });
            }
            if forgets(list, &before) {
                return Err(RevocationError::Forgets);
            }
        }
        self.write(authority, list)
    }

    fn write(&self, authority: CertificateAuthority, list: &RevocationList) -> Result<(), RevocationError> {
        let path = self.path.join(authority.file_name());
        write_atomically(&path, list.der(), Readers::Everyone).map_err(failed(&path))?;
        let newest = beside(&path, NEWEST);
        let number = list.number().to_u64().unwrap_or_default().to_string();
        write_atomically(&newest, number.as_bytes(), Readers::Everyone).map_err(failed(&newest))
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

/// Makes new lists where the key of an authority is in the installation and its list is a day old. One that is missing was lost, and none is made
/// in its place.
///
/// # Errors
/// [`RevocationError`], the first of them; the other authority's list is made all the same.
pub fn renew(installation: &Installation, now: UnixTime) -> Result<(), RevocationError> {
    let renewed = CertificateAuthority::ALL.map(|authority| renew_one(installation, authority, now));
    renewed.into_iter().collect()
}

fn renew_one(
    installation: &Installation,
    authority: CertificateAuthority,
    now: UnixTime,
) -> Result<(), RevocationError> {
    let folder = ListFolder::below(&installation.issuer_folder());
    let purpose = root_of(authority);
    if !installation.keys.has_chain(purpose) || !installation.keys.has_key(purpose)? {
        return Ok(());
    }
    let key = installation.keys.read_key(purpose, &installation.provider)?;
    let chain = installation.keys.read_chain_of(purpose, key.public_key())?;
    let Some(certificate) = chain
        .first()
        .filter(|root| !root.revocation_list_uris().is_empty())
    else {
        return Ok(());
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
    Ok(())
}

const fn not_continued(what: NotContinued, authority: CertificateAuthority) -> RevocationError {
    RevocationError::NotContinued {
        what,
        authority: name_of(authority),
    }
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
mod tests;
