//! The offline pack that lies beside the server: whoever pulls it replaces it, and the next judgement is made with the new one.
//!
//! A pack is opened for each judgement and not once: what is current, in its grace and past it is a question of the moment. Opening one
//! that was applied compares seals and copies none of its sets (`docs/pack-format.md`, section 9).

use core::error::Error as StdError;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{LastSeen, Pack, PackError, PackTools};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};
use symbolon_trust::validity::Validity;
use symbolon_verifier::{Evidence, PackAbsence, PackCredentials, Tools};
use thiserror::Error;

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
    /// The pack, byte for byte as its distributor signed it.
    pub pack: Vec<u8>,
    /// Its applied form; without it every opening verifies every signature.
    pub form: Vec<u8>,
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
    /// The pack in force; `None` where there is none. Asked before each judgement, and for a long time always answered with the same
    /// one: an implementation looks whether anything has changed, and reads only then. It may block.
    ///
    /// # Errors
    /// [`PackUnusable`].
    fn accepted(&self, now: UnixTime) -> Result<Option<Arc<AcceptedPack>>, PackUnusable>;
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

/// The pack as it was found for one judgement.
pub(crate) enum FoundPack {
    None,
    Accepted(Arc<AcceptedPack>),
    Unusable,
}

/// The same, opened at a moment.
pub(crate) type OpenedPack<'p> = Result<Pack<'p>, PackAbsence>;

impl State {
    /// The pack that lies beside the server now.
    pub(crate) async fn pack(&self) -> FoundPack {
        let asked = self.configuration.status != StatusSource::Online;
        let Some(source) = self.dependencies.pack.as_ref().filter(|_| asked) else {
            return FoundPack::None;
        };
        let (source, now) = (Arc::clone(source), self.now());
        let found = tokio::task::spawn_blocking(move || source.accepted(now)).await;
        match found {
            Ok(Ok(Some(pack))) => FoundPack::Accepted(pack),
            Ok(Ok(None)) => FoundPack::None,
            Ok(Err(error)) => {
                tracing::info!(%error, "the pack is not used");
                FoundPack::Unusable
            }
            // The server is ending.
            Err(_) => FoundPack::Unusable,
        }
    }

    /// Opens it at this moment.
    pub(crate) fn open<'p>(&self, found: &'p FoundPack) -> OpenedPack<'p> {
        match found {
            FoundPack::None => Err(PackAbsence::NotGiven),
            FoundPack::Unusable => Err(PackAbsence::Refused),
            FoundPack::Accepted(accepted) => self.open_accepted(accepted).map_err(|error| {
                tracing::info!(%error, "the pack is not used");
                PackAbsence::Refused
            }),
        }
    }

    fn open_accepted<'p>(&self, accepted: &'p AcceptedPack) -> Result<Pack<'p>, PackError> {
        let deps = &self.dependencies;
        let tools = Tools::with_json_ld(&*deps.crypto, &*deps.json_ld);
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(tools.crypto).with_credentials(&credentials);
        let (pack, form, root) = (&accepted.pack, &accepted.form, &accepted.root);
        Pack::open_applied(pack, form, root, tools, self.now(), &accepted.memory)
    }

    /// What is known before anything is asked for.
    pub(crate) fn evidence<'e>(&'e self, opened: &'e OpenedPack<'e>) -> Evidence<'e> {
        let trust_list: &TrustList = &self.dependencies.trust_list;
        match (self.configuration.status, opened) {
            (StatusSource::Online, _) => Evidence::online(trust_list),
            (StatusSource::OnlineThenPack, Ok(pack)) => {
                // Whoever is believed beside the registry is not in its packs.
                let is_registrys = trust_list.sources.is_empty();
                let trust_list = if is_registrys {
                    pack.trust_list()
                } else {
                    trust_list
                };
                Evidence::online_then_pack(trust_list, pack)
            }
            (StatusSource::OnlineThenPack, Err(absence)) => {
                Evidence::online_without_pack(trust_list, *absence)
            }
            (StatusSource::Pack, Ok(pack)) => Evidence::offline(pack),
            (StatusSource::Pack, Err(absence)) => Evidence::offline_without_pack(trust_list, *absence),
        }
    }

    /// The figures of the pack, in the text format of Prometheus. They name nobody.
    pub(crate) async fn pack_metrics(&self) -> String {
        let found = self.pack().await;
        let opened = self.open(&found);
        let state = match &opened {
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
        let known = match (&opened, &found) {
            (Ok(pack), _) => Some((pack.sequence(), pack.created())),
            (_, FoundPack::Accepted(accepted)) => Some((accepted.memory.sequence, accepted.memory.created)),
            _ => None,
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
        if let Ok(pack) = &opened {
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
        text
    }
}

/// One value without labels.
fn of(value: u64) -> [(String, u64); 1] {
    [(String::new(), value)]
}

fn gauge(text: &mut String, name: &str, help: &str, values: &[(String, u64)]) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "# HELP symbolon_verifier_pack_{name} {help}.");
    let _ = writeln!(text, "# TYPE symbolon_verifier_pack_{name} gauge");
    for (labels, value) in values {
        let _ = writeln!(text, "symbolon_verifier_pack_{name}{labels} {value}");
    }
}
