//! The pack in force for a verifier that serves: read again when its files have changed, whoever changed them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use symbolon_crypto::UnixTime;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_trust::pack::{PackError, PackTools};
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_trust_store::{HeldPack, form_path};
use symbolon_verifier::{PackCredentials, Tools};
use symbolon_verifier_server::{AcceptedPack, PackInForce, PackUnusable};

/// How long a pack that was refused is not looked at again, in seconds, as long as its files stay as they are. It may become
/// usable by time alone: the clock was behind.
const REFUSED_SECONDS: i64 = 10;

/// The pack in force, as a server takes it up.
pub struct BesideServer {
    path: PathBuf,
    memory_folder: PathBuf,
    root: RootOfTrust,
    known: Mutex<Known>,
}

/// What was found last.
#[derive(Default)]
struct Known {
    stamp: Option<Stamp>,
    accepted: Option<Arc<AcceptedPack>>,
    refused: Option<(Refusal, UnixTime)>,
    /// When the trust list of the last accepted pack was issued.
    newest_trust_list: Option<UnixTime>,
}

/// Why the files that lie there were not taken up.
enum Refusal {
    Pack(Arc<PackError>),
    /// They, or the memory, could not be read: it may be over in a moment.
    Unreadable(Arc<PackUnusable>),
}

/// What was read of a pack.
struct Read {
    stamp: Option<Stamp>,
    accepted: Result<AcceptedPack, PackError>,
    /// When the trust list of the last accepted pack was issued: this one, or that before.
    newest_trust_list: Option<UnixTime>,
}

/// What changes with the files of a pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    pack: (Option<SystemTime>, u64),
    form: Option<(Option<SystemTime>, u64)>,
}

impl Stamp {
    /// Of the files as they are now; `None` where there is no pack.
    fn of(path: &Path) -> io::Result<Option<Self>> {
        let about = |path: &Path| match std::fs::metadata(path) {
            Ok(about) => Ok(Some((about.modified().ok(), about.len()))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        };
        let Some(pack) = about(path)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            pack,
            form: about(&form_path(path))?,
        }))
    }
}

impl BesideServer {
    pub(super) fn new(path: PathBuf, memory_folder: &Path, root: RootOfTrust) -> Self {
        Self {
            path,
            memory_folder: memory_folder.to_owned(),
            root,
            known: Mutex::default(),
        }
    }

    /// Reads the pack and accepts it, as whoever applied it did. Another process that is just replacing it is waited for.
    fn read(&self, now: UnixTime) -> Result<Read, PackUnusable> {
        let json_ld = SsiJsonLd::new();
        let tools = Tools::with_json_ld(&AwsLcProvider, &json_ld);
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(tools.crypto).with_credentials(&credentials);
        let held = HeldPack::at(&self.path, &self.memory_folder).map_err(unreadable)?;
        // With the memory open nobody replaces the files in between.
        let stamp = Stamp::of(&self.path).map_err(unreadable)?;
        let bytes = held.read().map_err(unreadable)?;
        let before = held.last_seen().map_err(unreadable)?;
        let resealed = match held.accept(&bytes, &self.root, tools, now).map_err(unreadable)? {
            Ok(pack) if pack.is_sealed() => None,
            Ok(pack) => Some(pack.applied_form(&self.root, before.as_ref())),
            Err(error) => {
                return Ok(Read {
                    stamp,
                    accepted: Err(error),
                    newest_trust_list: before.map(|before| before.trust_list_issued_at),
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
        let root = self.root.clone();
        Ok(Read {
            stamp,
            newest_trust_list: Some(memory.trust_list_issued_at),
            accepted: Ok(AcceptedPack {
                pack,
                form,
                root,
                memory,
            }),
        })
    }
}

impl PackInForce for BesideServer {
    fn accepted(&self, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = match Stamp::of(&self.path) {
            Ok(stamp) => stamp,
            Err(error) => return known.refuse(Refusal::unreadable(unreadable(error)), now),
        };
        if stamp.is_none() {
            *known = Known {
                newest_trust_list: known.newest_trust_list,
                ..Known::default()
            };
            return Ok(None);
        }
        let is_known = known.stamp == stamp;
        match (&known.accepted, &known.refused) {
            (Some(accepted), None) if is_known => return Ok(Some(Arc::clone(accepted))),
            (accepted, Some((refusal, at))) if is_known && is_recent(*at, now) => {
                return in_place_of(accepted.as_ref(), refusal);
            }
            _ => {}
        }
        let read = match self.read(now) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "the pack that lies here cannot be taken up now");
                known.stamp = stamp;
                return known.refuse(Refusal::unreadable(error), now);
            }
        };
        known.stamp = read.stamp;
        known.newest_trust_list = known.newest_trust_list.max(read.newest_trust_list);
        match read.accepted {
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
        }
    }

    fn newest_trust_list(&self) -> Option<UnixTime> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.newest_trust_list.or(match &known.refused {
            // What the memory would say may be newer than anything that is known.
            Some((Refusal::Unreadable(_), at)) => Some(*at),
            _ => None,
        })
    }
}

impl Known {
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

    use symbolon_trust::testing::{TestIssuer, TestRegistry};
    use symbolon_trust::trust_list::CredentialTypeRule;
    use symbolon_trust_server::pull::PackKeeper as _;

    use super::*;
    use crate::edge;
    use crate::shop::InForce;

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

        // Without its applied form a pack is verified anew, and opened by a form that is made of it.
        fs::write(shop.path(), pack(6)).unwrap();
        fs::remove_file(form_path(&shop.path())).unwrap();
        let sixth = server.accepted(now).unwrap().unwrap();
        assert!(sixth.memory.sequence == 6 && !sixth.form.is_empty());

        // What cannot be read for a moment takes nothing out of force, and is looked at again.
        let aside = folder.path().join("aside");
        fs::rename(shop.path(), &aside).unwrap();
        fs::create_dir(shop.path()).unwrap();
        assert_eq!(server.accepted(now).unwrap().unwrap().memory.sequence, 6);
        let started = beside();
        assert!(matches!(started.accepted(now), Err(PackUnusable::Unreadable(_))));
        assert_eq!(started.newest_trust_list(), Some(now), "it may be newer than any");
        fs::remove_dir(shop.path()).unwrap();
        fs::rename(&aside, shop.path()).unwrap();
        let later = now.plus(Duration::from_secs(60));
        assert_eq!(server.accepted(later).unwrap().unwrap().memory.sequence, 6);

        // A pack that is over says still which trust list was the last.
        let after = now.plus(Duration::from_secs(400 * 86_400));
        let restarted = beside();
        assert!(matches!(restarted.accepted(after), Err(PackUnusable::Refused(_))));
        assert_eq!(restarted.newest_trust_list(), Some(list.issued_at));

        fs::remove_file(shop.path()).unwrap();
        assert!(server.accepted(now).unwrap().is_none());
    }
}
