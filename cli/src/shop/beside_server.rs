//! The pack in force for a verifier that serves: read again when its files have changed, whoever changed them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::RevocationList;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_trust::pack::{HeldBytes, LastSeen, PackError, PackTools, unverified_revocation_lists};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust_store::{HeldPack, form_path};
use symbolon_verifier::{PackCredentials, Tools};
use symbolon_verifier_server::{AcceptedPack, PackInForce, PackUnusable};

use crate::stamp::Stamp;

/// How long a pack that was refused is not looked at again, in seconds, as long as its files stay as they are. It may become
/// usable by time alone: the clock was behind.
const REFUSED_SECONDS: i64 = 10;

/// The pack in force, as a server takes it up.
pub struct BesideServer {
    path: PathBuf,
    memory_folder: PathBuf,
    known: Mutex<Known>,
    /// Held by whoever reads. Others judge by what is known meanwhile.
    reading: Mutex<()>,
}

/// What was found last.
struct Known {
    /// Whom packs are verified against.
    root: Arc<RootOfTrust>,
    stamp: Option<PackStamp>,
    /// There is no pack, and what is remembered of those that were there was read.
    is_gone: bool,
    accepted: Option<Arc<AcceptedPack>>,
    refused: Option<(Refusal, UnixTime)>,
    /// What is remembered of the last accepted pack.
    last_seen: Option<Arc<LastSeen>>,
    /// The revocation lists of the last accepted pack, or of the first that was found, whatever was said of that.
    revocation_lists: Arc<[RevocationList]>,
}

/// Why the files that lie there were not taken up.
enum Refusal {
    Pack(Arc<PackError>),
    /// They, or the memory, could not be read: it may be over in a moment.
    Unreadable(Arc<PackUnusable>),
}

/// What was read of a pack.
struct Read {
    stamp: Option<PackStamp>,
    accepted: Result<AcceptedPack, PackError>,
    /// What is remembered of the last accepted pack: this one, or that before.
    last_seen: Option<LastSeen>,
    revocation_lists: Vec<RevocationList>,
}

/// What changes with the files of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PackStamp {
    pack: Stamp,
    form: Option<Stamp>,
}

impl PackStamp {
    /// Of the files as they are now; `None` where there is no pack.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let Some(pack) = Stamp::of(path)? else {
            return Ok(None);
        };
        let form = Stamp::of(&form_path(path))?;
        Ok(Some(Self { pack, form }))
    }
}

impl BesideServer {
    pub(super) fn new(path: PathBuf, memory_folder: &Path, root: RootOfTrust) -> Self {
        Self {
            path,
            memory_folder: memory_folder.to_owned(),
            known: Mutex::new(Known {
                root: Arc::new(root),
                stamp: None,
                is_gone: false,
                accepted: None,
                refused: None,
                last_seen: None,
                revocation_lists: Arc::default(),
            }),
            reading: Mutex::default(),
        }
    }

    /// Verifies by another root of trust from now on: what was accepted under the one before is looked at again first.
    pub fn believe(&self, root: RootOfTrust) {
        let mut known = self.known();
        *known = known.forgetting(Arc::new(root));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the pack and accepts it, as whoever applied it did. Another process that is just replacing it is waited for.
    fn read(&self, root: &RootOfTrust, now: UnixTime) -> Result<Read, PackUnusable> {
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(&AwsLcProvider, &json_ld);
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(tools.crypto).with_credentials(&credentials);
        let held = HeldPack::at(&self.path, &self.memory_folder).map_err(unreadable)?;
        // With the memory open nobody replaces the files in between.
        let stamp = PackStamp::of(&self.path).map_err(unreadable)?;
        let bytes = held.read().map_err(unreadable)?;
        let before = held.last_seen().map_err(unreadable)?;
        let revocation_lists = unverified_revocation_lists(bytes.pack());
        let resealed = match held.accept(&bytes, root, tools, now).map_err(unreadable)? {
            Ok(pack) if pack.is_sealed() => None,
            Ok(pack) => Some(pack.applied_form(root, before.as_ref())),
            Err(error) => {
                return Ok(Read {
                    stamp,
                    accepted: Err(error),
                    last_seen: before,
                    revocation_lists,
                });
            }
        };
        let (pack, form) = bytes.into_parts();
        let (form, memory) = match resealed {
            Some(resealed) => resealed,
            None => {
                let gone = || unreadable(io::Error::from(io::ErrorKind::NotFound));
                (form, held.last_seen().map_err(unreadable)?.ok_or_else(gone)?)
            }
        };
        let root = root.clone();
        Ok(Read {
            stamp,
            last_seen: Some(memory.clone()),
            revocation_lists,
            accepted: Ok(AcceptedPack {
                bytes: HeldBytes::new(pack, form),
                root,
                memory,
            }),
        })
    }
}

impl PackInForce for BesideServer {
    fn accepted(&self, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        let _reading = match self.reading.try_lock() {
            Ok(reading) => reading,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // Whoever reads a new pack may take a while, and the one before is in force until it is done.
            Err(TryLockError::WouldBlock) => {
                let accepted = self.known().accepted.clone();
                if accepted.is_some() {
                    return Ok(accepted);
                }
                self.reading.lock().unwrap_or_else(PoisonError::into_inner)
            }
        };
        loop {
            if let Some(found) = self.look(now) {
                return found;
            }
        }
    }

    fn newest_trust_list(&self) -> Option<UnixTime> {
        let known = self.known();
        let newest = known.last_seen.as_ref().map(|seen| seen.trust_list_issued_at);
        newest.or(match &known.refused {
            // What the memory would say may be newer than anything that is known.
            Some((Refusal::Unreadable(_), at)) => Some(*at),
            _ => None,
        })
    }

    fn root_of_trust(&self) -> Arc<RootOfTrust> {
        Arc::clone(&self.known().root)
    }

    fn revocation_lists(&self) -> Arc<[RevocationList]> {
        Arc::clone(&self.known().revocation_lists)
    }

    fn last_seen(&self) -> Option<Arc<LastSeen>> {
        self.known().last_seen.clone()
    }
}

impl BesideServer {
    /// Takes the pack that is gone out of force, and learns what is remembered of those before it; as [`look`](Self::look) answers.
    fn forget(
        &self,
        root: &Arc<RootOfTrust>,
        now: UnixTime,
    ) -> Option<Result<Option<Arc<AcceptedPack>>, PackUnusable>> {
        let remembered = HeldPack::remembered(&self.memory_folder);
        let mut known = self.known();
        if !Arc::ptr_eq(root, &known.root) {
            return None;
        }
        *known = known.forgetting(Arc::clone(root));
        Some(match remembered {
            Ok(seen) => {
                known.is_gone = true;
                known.learn(seen);
                Ok(None)
            }
            Err(error) => {
                tracing::warn!(%error, "what is remembered of packs cannot be read now");
                known.refuse(Refusal::unreadable(unreadable(error)), now)
            }
        })
    }

    /// Takes up what lies there; for whoever has the right to read it. `None` where the root of trust became another one meanwhile.
    fn look(&self, now: UnixTime) -> Option<Result<Option<Arc<AcceptedPack>>, PackUnusable>> {
        let stamp = match PackStamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => {
                let refusal = Refusal::unreadable(unreadable(error));
                return Some(self.known().refuse(refusal, now));
            }
        };
        let root = {
            let known = self.known();
            if stamp.is_none() && known.is_gone {
                return Some(Ok(None));
            }
            let is_known = known.stamp == stamp;
            match (&known.accepted, &known.refused) {
                (Some(accepted), None) if is_known => return Some(Ok(Some(Arc::clone(accepted)))),
                (accepted, Some((refusal, at))) if is_known && is_recent(*at, now) => {
                    return Some(in_place_of(accepted.as_ref(), refusal));
                }
                _ => Arc::clone(&known.root),
            }
        };
        if stamp.is_none() {
            return self.forget(&root, now);
        }
        let read = self.read(&root, now);
        let mut known = self.known();
        if !Arc::ptr_eq(&root, &known.root) {
            return None;
        }
        let read = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "the pack that lies here cannot be taken up now");
                known.stamp = stamp;
                return Some(known.refuse(Refusal::unreadable(error), now));
            }
        };
        known.stamp = read.stamp;
        known.is_gone = false;
        known.learn(read.last_seen);
        // Whatever lies there and is refused takes nothing away that is known.
        if read.accepted.is_ok() || known.revocation_lists.is_empty() {
            known.revocation_lists = read.revocation_lists.into();
        }
        Some(match read.accepted {
            Ok(accepted) => {
                tracing::info!(
                    sequence = accepted.memory.sequence,
                    "judges by this pack from now on"
                );
                let accepted = Arc::new(accepted);
                known.accepted = Some(Arc::clone(&accepted));
                known.refused = None;
                Ok(Some(accepted))
            }
            Err(error) => {
                tracing::warn!(%error, "the pack that lies here is refused");
                known.refuse(Refusal::Pack(Arc::new(error)), now)
            }
        })
    }
}

impl Known {
    /// Nothing of the pack but what stays in force without it.
    fn forgetting(&self, root: Arc<RootOfTrust>) -> Self {
        Self {
            root,
            stamp: None,
            is_gone: false,
            accepted: None,
            refused: None,
            last_seen: self.last_seen.clone(),
            revocation_lists: Arc::clone(&self.revocation_lists),
        }
    }

    /// Remembers the last accepted pack. One that was taken up here and is older than that is in force no more: another process has accepted a newer one,
    /// which was taken away before it was looked at.
    fn learn(&mut self, seen: Option<LastSeen>) {
        let before = self.last_seen.as_ref();
        let is_newest = |seen: &LastSeen| {
            before.is_none_or(|before| before.trust_list_issued_at <= seen.trust_list_issued_at)
        };
        let Some(seen) = seen.filter(is_newest) else {
            return;
        };
        let is_older = |accepted: &Arc<AcceptedPack>| accepted.memory.sequence < seen.sequence;
        if self.accepted.as_ref().is_some_and(is_older) {
            self.accepted = None;
        }
        self.last_seen = Some(Arc::new(seen));
    }

    /// Remembers a refusal. The pack that was accepted before stays in force.
    fn refuse(&mut self, refusal: Refusal, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        let answer = in_place_of(self.accepted.as_ref(), &refusal);
        self.refused = Some((refusal, now));
        answer
    }
}

impl Refusal {
    fn unreadable(error: PackUnusable) -> Self {
        Self::Unreadable(Arc::new(error))
    }

    fn to_error(&self) -> PackUnusable {
        match self {
            Self::Pack(error) => PackUnusable::Refused(Arc::clone(error)),
            Self::Unreadable(error) => PackUnusable::Unreadable(Box::new(Arc::clone(error))),
        }
    }
}

/// What is refused takes nothing out of force.
fn in_place_of(
    accepted: Option<&Arc<AcceptedPack>>,
    refusal: &Refusal,
) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
    accepted.map_or_else(
        || Err(refusal.to_error()),
        |accepted| Ok(Some(Arc::clone(accepted))),
    )
}

fn is_recent(at: UnixTime, now: UnixTime) -> bool {
    (0..REFUSED_SECONDS).contains(&(now.seconds() - at.seconds()))
}

fn unreadable(error: impl std::error::Error + Send + Sync + 'static) -> PackUnusable {
    PackUnusable::Unreadable(Box::new(error))
}

#[cfg(test)]
mod tests {
    use core::time::Duration;
    use std::fs;

    use symbolon_trust::pack::{PackBuilder, PackTimes, RevocationSection};
    use symbolon_trust::testing::{TestIssuer, TestIssuingAuthority, TestRegistry};
    use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};
    use symbolon_trust_server::pull::PackKeeper as _;
    use symbolon_trust_store::MEMORY_FILE;

    use super::*;
    use crate::edge;
    use crate::shop::InForce;

    const DAY: Duration = Duration::from_secs(86_400);

    /// A shop that holds a pack with a revocation list, and the registry behind it.
    struct Listed {
        registry: TestRegistry,
        list: TrustList,
        root: RootOfTrust,
        shop: InForce,
        folder: tempfile::TempDir,
    }

    impl Listed {
        fn new(now: UnixTime) -> Self {
            let folder = tempfile::tempdir().unwrap();
            let place = "https://lists.example/iaca.crl";
            let registry = TestRegistry::new(1);
            let authority = TestIssuingAuthority::new(700).publishing_at(place);
            let issuer = TestIssuer::new("https://issuer.example", 100);
            let mut entry = issuer.entry(vec![CredentialTypeRule::Any]);
            entry.anchors.push(authority.root().clone());
            let list = registry.trust_list(vec![entry], now);
            let root = registry.root_of_trust(list.clone());
            let crl = authority.sign_revocation_list(&authority.revocation_list(now));
            let section = RevocationSection::new(place, &crl, &[], authority.root()).unwrap();
            let times = PackTimes {
                created: now,
                valid_until: now.plus(DAY),
                grace: DAY,
            };
            let pack = PackBuilder::new(1, times, registry.trust_section(&list));
            let pack = registry.sign_pack(pack.with_revocation_list(section));
            let provider = Arc::new(AwsLcProvider);
            let shop = InForce::new(folder.path(), folder.path(), root.clone(), provider);
            shop.keep(&pack).unwrap();
            Self {
                registry,
                list,
                root,
                shop,
                folder,
            }
        }

        fn server(&self) -> BesideServer {
            BesideServer::new(self.shop.path(), self.folder.path(), self.root.clone())
        }
    }

    #[test]
    fn what_a_pack_took_back_is_known_after_a_new_start_when_it_is_over() {
        let now = edge::system_time();
        let setting = Listed::new(now);
        let (server, registry) = (setting.server(), &setting.registry);
        let judged = setting.server();
        assert!(judged.accepted(now).unwrap().is_some());
        assert!(server.accepted(now.plus(DAY * 3)).is_err());
        assert_eq!(server.revocation_lists().len(), 1);
        assert_eq!(server.last_seen().unwrap().revocation_lists.len(), 1);
        // What is no pack, and lies in its place.
        fs::write(setting.shop.path(), b"no pack").unwrap();
        assert!(judged.accepted(now).unwrap().is_some());
        assert!(server.accepted(now).is_err());
        for server in [&judged, &server] {
            assert_eq!(server.revocation_lists().len(), 1);
            assert_eq!(server.last_seen().unwrap().revocation_lists.len(), 1);
        }
        // Neither another root of trust nor a pack that is taken away gives it back, also after a new start.
        server.believe(registry.root_of_trust(registry.trust_list(Vec::new(), now)));
        assert!(server.root_of_trust().trust_list.issuers.is_empty());
        fs::remove_file(setting.shop.path()).unwrap();
        assert!(server.accepted(now).unwrap().is_none());
        assert_eq!(server.revocation_lists().len(), 1);
        let started = setting.server();
        assert!(started.accepted(now).unwrap().is_none());
        for server in [&server, &started] {
            assert_eq!(server.last_seen().unwrap().revocation_lists.len(), 1);
            assert_eq!(server.newest_trust_list(), Some(setting.list.issued_at));
        }
        // What is remembered cannot be read: nobody knows how new it is.
        let memory = setting.folder.path().join(MEMORY_FILE);
        fs::write(&memory, b"no memory").unwrap();
        let started = setting.server();
        assert!(matches!(started.accepted(now), Err(PackUnusable::Unreadable(_))));
        assert_eq!(started.newest_trust_list(), Some(now));
        fs::remove_file(&memory).unwrap();
        let never = setting.server();
        assert!(never.accepted(now).unwrap().is_none() && never.last_seen().is_none());
        assert!(!memory.exists(), "nothing is made by looking");
    }

    #[test]
    fn a_pack_that_is_refused_takes_away_no_list_and_one_that_is_accepted_brings_its_own() {
        let now = edge::system_time();
        let setting = Listed::new(now);
        let server = setting.server();
        let sequence = || server.accepted(now).unwrap().unwrap().memory.sequence;
        assert_eq!((sequence(), server.revocation_lists().len()), (1, 1));
        let by = |registry: &TestRegistry| registry.pack(2, &setting.list, Vec::new(), now);
        fs::write(setting.shop.path(), by(&TestRegistry::new(7))).unwrap();
        assert_eq!((sequence(), server.revocation_lists().len()), (1, 1));
        fs::write(setting.shop.path(), by(&setting.registry)).unwrap();
        assert_eq!((sequence(), server.revocation_lists().len()), (2, 0));
    }

    #[test]
    fn a_server_takes_up_what_is_applied_beside_it_and_never_an_older_pack() {
        let folder = tempfile::tempdir().unwrap();
        let now = edge::system_time();
        let registry = TestRegistry::new(1);
        let issuer = TestIssuer::new("https://issuer.example", 100);
        let list = registry.trust_list(vec![issuer.entry(vec![CredentialTypeRule::Any])], now);
        let root = registry.root_of_trust(list.clone());
        let pack = |sequence| registry.pack(sequence, &list, Vec::new(), now);
        let shop = InForce::new(
            folder.path(),
            folder.path(),
            root.clone(),
            Arc::new(AwsLcProvider),
        );
        let beside = || BesideServer::new(shop.path(), folder.path(), root.clone());
        let server = beside();
        assert!(server.accepted(now).unwrap().is_none());

        shop.keep(&pack(4)).unwrap();
        let first = server.accepted(now).unwrap().unwrap();
        assert_eq!(first.memory.sequence, 4);
        assert!(
            Arc::ptr_eq(&first, &server.accepted(now).unwrap().unwrap()),
            "read once"
        );
        shop.keep(&pack(5)).unwrap();
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 5);

        // Somebody puts the older one back: it is refused, and the newer one stays.
        fs::write(shop.path(), pack(4)).unwrap();
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 5);
        let refused = beside().accepted(now);
        assert!(
            matches!(refused, Err(PackUnusable::Refused(_))),
            "after a new start, too"
        );
        // Also where nobody was judged while the newer one lay there.
        let asleep = beside();
        shop.keep(&pack(6)).unwrap();
        assert_eq!(asleep.accepted(now).unwrap().unwrap().memory.sequence, 6);
        shop.keep(&pack(7)).unwrap();
        fs::write(shop.path(), pack(6)).unwrap();
        assert!(matches!(asleep.accepted(now), Err(PackUnusable::Refused(_))));
        assert_eq!(asleep.last_seen().unwrap().sequence, 7);

        // Without its applied form a pack is verified anew, and opened by a form that is made of it.
        fs::write(shop.path(), pack(8)).unwrap();
        fs::remove_file(form_path(&shop.path())).unwrap();
        let eighth = server.accepted(now).unwrap().unwrap();
        assert!(eighth.memory.sequence == 8 && !eighth.bytes.form().is_empty());

        // What cannot be read for a moment takes nothing out of force, and is looked at again.
        let aside = folder.path().join("aside");
        fs::rename(shop.path(), &aside).unwrap();
        fs::create_dir(shop.path()).unwrap();
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 8);
        let started = beside();
        assert!(matches!(started.accepted(now), Err(PackUnusable::Unreadable(_))));
        assert_eq!(started.newest_trust_list(), Some(now), "it may be newer than any");
        fs::remove_dir(shop.path()).unwrap();
        fs::rename(&aside, shop.path()).unwrap();
        let later = now.plus(Duration::from_secs(60));
        assert_eq!(server.accepted(later).unwrap().unwrap().memory.sequence, 8);

        // A pack that is over says still which trust list was the last.
        let after = now.plus(Duration::from_secs(400 * 86_400));
        let restarted = beside();
        assert!(matches!(restarted.accepted(after), Err(PackUnusable::Refused(_))));
        assert_eq!(restarted.newest_trust_list(), Some(list.issued_at));

        // The registry is believed by a newer list: what was accepted under the one before is looked at again, and is older than that.
        assert!(server.accepted(now).unwrap().is_some());
        let newer = registry.trust_list(Vec::new(), now.plus(Duration::from_secs(10)));
        server.believe(registry.root_of_trust(newer));
        assert!(matches!(server.accepted(now), Err(PackUnusable::Refused(_))));
        assert_eq!(server.newest_trust_list(), Some(list.issued_at));
        server.believe(root.clone());
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 8);

        // Whoever reads a pack holds up nobody who has one to judge by.
        let reading = server.reading.lock().unwrap();
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 8);
        drop(reading);

        fs::remove_file(shop.path()).unwrap();
        assert!(server.accepted(now).unwrap().is_none());
    }
}
