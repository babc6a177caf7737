//! The offline pack that lies beside the server: whoever pulls it replaces it, and the next judgement is made with the new one.
//!
//! A pack is opened once ([`OpenPacks`]), however many judgements are made by it. What is current, in its grace and past it is a question of the
//! moment all the same: an opened pack says until when it is judged alike, and is opened again after that. Files are looked at, and packs
//! opened, on threads that may wait.

use core::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::RevocationList;
use symbolon_trust::pack::{HeldBytes, LastSeen, Pack, PackError};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_trust::validity::Validity;
use symbolon_verifier::{Evidence, PackAbsence};
use thiserror::Error;

use crate::believed::BelievedNow;
use crate::state::State;

/// Where the verifier learns what has become of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusSource {
    /// Of the lists of its issuer, which are fetched.
    #[default]
    Online,
    /// Of these, and where they cannot be had, of the pack.
    OnlineThenPack,
    /// Of the pack alone: nothing is fetched.
    Pack,
}

/// A pack that was accepted, and what it takes to open it again.
pub struct AcceptedPack {
    /// The pack, byte for byte as its distributor signed it, and its applied form.
    pub bytes: Arc<HeldBytes>,
    /// Whom it was verified against.
    pub root: RootOfTrust,
    /// What is remembered of it and of those before.
    pub memory: LastSeen,
}

/// Who has the pack in force.
///
/// An implementation hands out a pack only once it was accepted against what was remembered, and remembers it: a server that took an older
/// one would take back what was revoked.
pub trait PackInForce: Send + Sync {
    /// The pack in force; `None` where there is none. Asked before each judgement, on a thread that may wait, and for a long time always answered
    /// with the same one: an implementation looks whether anything has changed, and reads only then. A pack is opened once for each `Arc`.
    ///
    /// # Errors
    /// [`PackUnusable`].
    fn accepted(&self, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable>;

    /// When the trust list of the last accepted pack was issued, as far as it is known without asking for long: of a pack that lies there and is
    /// refused, or that is gone, too. Asked after [`accepted`](Self::accepted) and where no pack can be opened: a pinned list that is older is not judged by.
    fn newest_trust_list(&self) -> Option<UnixTime>;

    /// Whom packs are verified against at this moment. A trust list that was accepted by the keys of another registry is not judged by any more.
    fn root_of_trust(&self) -> Arc<RootOfTrust>;

    /// The revocation lists of certificates in the last pack, also of one that is over: what they take back stays taken back. They need not be
    /// verified.
    fn revocation_lists(&self) -> Arc<[RevocationList]>;

    /// What is remembered of the packs that were accepted, as far as it is known without asking for long. Asked after [`accepted`](Self::accepted) where no pack is
    /// in force: of whose revocation list the last one left out nothing is known on.
    fn last_seen(&self) -> Option<Arc<LastSeen>>;
}

/// Why the pack that lies there is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PackUnusable {
    /// It is refused: by its signatures, its age, or what was seen before.
    #[error("the pack is refused: {0}")]
    Refused(#[source] Arc<PackError>),
    /// It cannot be read, or what was seen of earlier ones cannot.
    #[error("the pack cannot be read: {0}")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
}

/// The pack as it is for one judgement, and whom to believe at that moment.
pub(crate) struct OpenedPack {
    pack: Result<Arc<Pack<'static>>, PackAbsence>,
    remembered: Remembered,
    trust_list: Arc<TrustList>,
    /// Those of a pack that cannot be opened any more, or that is gone.
    revocation_lists: Arc<[RevocationList]>,
}

/// What is remembered of packs.
enum Remembered {
    /// Of the pack in force and of those before it, also where it cannot be opened any more.
    InForce(Arc<AcceptedPack>),
    /// Of those before, where none is in force; `None` where there were none.
    Before(Option<Arc<LastSeen>>),
}

impl Remembered {
    fn seen(&self) -> Option<&LastSeen> {
        match self {
            Self::InForce(accepted) => Some(&accepted.memory),
            Self::Before(seen) => seen.as_deref(),
        }
    }
}

impl OpenedPack {
    /// Whom to believe.
    pub(crate) fn trust_list(&self) -> &TrustList {
        &self.trust_list
    }
}

impl State {
    /// The pack that lies beside the server now, opened.
    pub(crate) async fn pack(&self) -> OpenedPack {
        self.pack_believing(&self.believed.now()).await
    }

    /// The same for a judgement by what was believed when it began.
    pub(crate) async fn pack_believing(&self, believed: &Arc<BelievedNow>) -> OpenedPack {
        let believed = Arc::clone(believed);
        let asked = self.configuration.status != StatusSource::Online;
        let Some(source) = self.dependencies.pack.as_ref().filter(|_| asked) else {
            return OpenedPack {
                pack: Err(PackAbsence::NotGiven),
                remembered: Remembered::Before(None),
                trust_list: Arc::clone(believed.trust_list()),
                revocation_lists: Arc::default(),
            };
        };
        let (source, packs, now) = (Arc::clone(source), Arc::clone(&self.packs), self.now());
        let (crypto, json_ld) = (
            Arc::clone(&self.dependencies.crypto),
            Arc::clone(&self.dependencies.json_ld),
        );
        let looked = tokio::task::spawn_blocking(move || {
            let (accepted, absence) = match source.accepted(now) {
                Ok(Some(accepted)) => (Some(accepted), PackAbsence::Refused),
                Ok(None) => (None, PackAbsence::NotGiven),
                Err(error) => {
                    tracing::info!(%error, "the pack is not used");
                    (None, PackAbsence::Refused)
                }
            };
            let pack = match &accepted {
                Some(accepted) => packs.open(accepted, &*crypto, &*json_ld, now),
                None => Err(absence),
            };
            let newest = match &accepted {
                Some(accepted) => Some(accepted.memory.trust_list_issued_at),
                None => source.newest_trust_list(),
            };
            let current;
            let root = match &accepted {
                Some(accepted) => &accepted.root,
                None => {
                    current = source.root_of_trust();
                    &*current
                }
            };
            let trust_list = packs.list(
                pack.as_deref().ok(),
                believed.trust_list(),
                newest,
                &root.registry_keys,
            );
            let revocation_lists = match &pack {
                Ok(_) => Arc::default(),
                Err(_) => source.revocation_lists(),
            };
            let remembered = match accepted {
                Some(accepted) => Remembered::InForce(accepted),
                None => Remembered::Before(source.last_seen()),
            };
            OpenedPack {
                pack,
                remembered,
                trust_list,
                revocation_lists,
            }
        });
        match looked.await {
            Ok(opened) => opened,
            // The server is ending.
            Err(_) => OpenedPack {
                pack: Err(PackAbsence::Refused),
                remembered: Remembered::Before(None),
                trust_list: Arc::new(self.believed.now().trust_list().superseded()),
                revocation_lists: Arc::default(),
            },
        }
    }

    /// What is known before anything is asked for.
    pub(crate) fn evidence<'e>(&self, opened: &'e OpenedPack) -> Evidence<'e> {
        let trust_list: &TrustList = &opened.trust_list;
        let (revocation_lists, seen) = (&opened.revocation_lists, opened.remembered.seen());
        let pack = opened.pack.as_ref().map(|pack| &**pack);
        match (self.configuration.status, pack) {
            (StatusSource::Online, _) => Evidence::online(trust_list),
            (StatusSource::OnlineThenPack, Ok(pack)) => Evidence::online_then_pack(trust_list, pack),
            (StatusSource::OnlineThenPack, Err(absence)) => {
                Evidence::online_without_pack(*absence, trust_list, revocation_lists, seen)
            }
            (StatusSource::Pack, Ok(pack)) => Evidence::offline(pack),
            (StatusSource::Pack, Err(absence)) => {
                Evidence::offline_without_pack(*absence, trust_list, revocation_lists, seen)
            }
        }
    }

    /// The figures of the pack, in the text format of Prometheus. They name nobody.
    pub(crate) async fn pack_metrics(&self) -> String {
        let found = self.pack().await;
        let opened = found.pack.as_ref().map(|pack| &**pack);
        let state = match opened {
            Err(PackAbsence::NotGiven) => "none",
            Err(PackAbsence::Refused) => "refused",
            Ok(pack) => match pack.validity() {
                Validity::InGrace { .. } => "grace",
                _ => "current",
            },
        };
        let mut text = String::new();
        let states = ["none", "current", "grace", "refused"].map(|name| {
            let labels = format!("{{state=\"{name}\"}}");
            (labels, u64::from(state == name))
        });
        gauge(
            &mut text,
            "state",
            "Whether a pack can be used, and how well",
            &states,
        );
        // A pack past its grace still says which one it is.
        let known = match (opened, &found.remembered) {
            (Ok(pack), _) => Some((pack.sequence(), pack.created())),
            (Err(_), Remembered::InForce(accepted)) => {
                Some((accepted.memory.sequence, accepted.memory.created))
            }
            (Err(_), Remembered::Before(_)) => None,
        };
        if let Some((sequence, created)) = known {
            let age = self.now().since(created).as_secs();
            gauge(
                &mut text,
                "sequence",
                "The sequence of the pack in force",
                &of(sequence),
            );
            gauge(
                &mut text,
                "age_seconds",
                "Seconds since the pack in force was made",
                &of(age),
            );
        }
        if let Ok(pack) = opened {
            let until = pack.valid_until().plus(pack.grace());
            let left = until.since(self.now()).as_secs();
            let help = "Seconds until the pack in force can be used no more, its grace included";
            gauge(&mut text, "usable_seconds", help, &of(left));
            let lists = u64::try_from(pack.status_lists().count()).unwrap_or(u64::MAX);
            gauge(
                &mut text,
                "status_lists",
                "Status lists in the pack in force",
                &of(lists),
            );
        }
        let openings = "How often a pack was opened: once for each pack, and once for each change of what is current in it";
        write_metric(
            &mut text,
            "pack_openings_total",
            "counter",
            openings,
            &of(self.packs.openings()),
        );
        self.believed.write_metrics(&mut text);
        text
    }
}

/// One value without labels.
pub(crate) fn of(value: u64) -> [(String, u64); 1] {
    [(String::new(), value)]
}

fn gauge(text: &mut String, name: &str, help: &str, values: &[(String, u64)]) {
    write_metric(text, &format!("pack_{name}"), "gauge", help, values);
}

/// Writes a figure in the text format of Prometheus.
pub(crate) fn write_metric(text: &mut String, name: &str, kind: &str, help: &str, values: &[(String, u64)]) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP symbolon_verifier_{name} {help}.");
    let _ = writeln!(text, "# TYPE symbolon_verifier_{name} {kind}");
    for (labels, value) in values {
        let _ = writeln!(text, "symbolon_verifier_{name}{labels} {value}");
    }
}
