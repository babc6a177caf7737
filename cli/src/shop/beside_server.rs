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
    refused: Option<(Arc<PackError>, UnixTime)>,
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
    fn read(&self, now: UnixTime) -> Result<(Option<Stamp>, Result<AcceptedPack, PackError>), PackUnusable> {
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
            Err(error) => return Ok((stamp, Err(error))),
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
        Ok((
            stamp,
            Ok(AcceptedPack {
                pack,
                form,
                root,
                memory,
            }),
        ))
    }
}

impl PackInForce for BesideServer {
    fn accepted(&self, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&self.path).map_err(unreadable)?;
        if stamp.is_none() {
            *known = Known::default();
            return Ok(None);
        }
        let is_known = known.stamp == stamp;
        match (&known.accepted, &known.refused) {
            (Some(accepted), None) if is_known => return Ok(Some(Arc::clone(accepted))),
            (accepted, Some((error, at))) if is_known && is_recent(*at, now) => {
                return in_place_of(accepted.as_ref(), error);
            }
            _ => {}
        }
        let (stamp, read) = self.read(now)?;
        known.stamp = stamp;
        match read {
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
                let error = Arc::new(error);
                let answer = in_place_of(known.accepted.as_ref(), &error);
                known.refused = Some((error, now));
                answer
            }
        }
    }
}

/// What is refused takes nothing out of force.
fn in_place_of(
    accepted: Option<&Arc<AcceptedPack>>,
    error: &Arc<PackError>,
) -> Result<Option<Arc<AcceptedPack>>, PackUnusable> {
    accepted.map_or_else(
        || Err(PackUnusable::Refused(Arc::clone(error))),
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

        fs::remove_file(shop.path()).unwrap();
        assert!(server.accepted(now).unwrap().is_none());
    }
}
