//! The offline pack that lies beside the server: whoever pulls it replaces it, and the next judgement is made with the new one.
//!
//! A pack is opened for each judgement and not once: what is current, in its grace and past it is a question of the moment. Opening one
//! that was applied compares seals and copies none of its sets (`docs/pack-format.md`, section 9).

use core::error::Error as StdError;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

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

    /// When the trust list of the last accepted pack was issued, as far as it is known without asking for long: of a pack that lies there and is
    /// refused, too. Asked after [`accepted`](Self::accepted) and where no pack can be opened: a pinned list that is older is not judged by.
    fn newest_trust_list(&self) -> Option<UnixTime>;
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

/// The same, opened at a moment, and whom to believe at that moment.
pub(crate) struct OpenedPack<'p> {
    pack: Result<Pack<'p>, PackAbsence>,
    trust_list: Arc<TrustList>,
}

/// The trust list of the last pack that was opened, with the sources of this verifier: made once for each pack, and judged by its own times
/// when the pack is over.
#[derive(Default)]
pub(crate) struct ListOfPack(Mutex<Option<([u8; 32], Arc<TrustList>)>>);

impl ListOfPack {
    /// The list for the pack of this root, made where it is another one than before.
    fn of(&self, root: [u8; 32], make: impl FnOnce() -> TrustList) -> Arc<TrustList> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, list)) if *of == root => Arc::clone(list),
            _ => {
                let list = Arc::new(make());
                *kept = Some((root, Arc::clone(&list)));
                list
            }
        }
    }

    fn last(&self) -> Option<Arc<TrustList>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|(_, list)| Arc::clone(list))
    }
}

/// The list of a pack with those beside whom this verifier believes: what the registry has changed since is in force for its own issuers.
fn with_sources(list: &TrustList, believed: &TrustList) -> TrustList {
    let mut list = list.clone();
    for (name, source) in &believed.sources {
        let issuers = believed.issuers.iter();
        let issuers = issuers.filter(|issuer| issuer.source.as_ref() == Some(name));
        let issuers = issuers.cloned().collect();
        if let Err(error) = list.add_source(name.clone(), source.clone(), issuers) {
            tracing::warn!(%error, source = %name, "a trust source contradicts the trust list of the pack and is left out");
        }
    }
    list
}

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
        let pack = match found {
            FoundPack::None => Err(PackAbsence::NotGiven),
            FoundPack::Unusable => Err(PackAbsence::Refused),
            FoundPack::Accepted(accepted) => self.open_accepted(accepted).map_err(|error| {
                tracing::info!(%error, "the pack is not used");
                PackAbsence::Refused
            }),
        };
        let trust_list = match (&pack, found) {
            (Ok(pack), FoundPack::Accepted(accepted)) => self.list_of_pack.of(accepted.memory.root, || {
                with_sources(pack.trust_list(), &self.dependencies.trust_list)
            }),
            _ => self.list_without_pack(found),
        };
        OpenedPack { pack, trust_list }
    }

    /// Whom to believe where no pack can be opened: never an older list than that of a pack that was accepted.
    fn list_without_pack(&self, found: &FoundPack) -> Arc<TrustList> {
        let pinned = &self.dependencies.trust_list;
        let source = self.dependencies.pack.as_ref();
        let Some(source) = source.filter(|_| self.configuration.status != StatusSource::Online) else {
            return Arc::clone(pinned);
        };
        let newest = match found {
            FoundPack::Accepted(accepted) => Some(accepted.memory.trust_list_issued_at),
            FoundPack::None | FoundPack::Unusable => source.newest_trust_list(),
        };
        let of_pack = self.list_of_pack.last();
        let newer =
            of_pack.filter(|list| list.issued_at >= newest.unwrap_or(pinned.issued_at).max(pinned.issued_at));
        newer.unwrap_or_else(|| match pinned.unless_superseded(newest) {
            Cow::Borrowed(_) => Arc::clone(pinned),
            Cow::Owned(superseded) => Arc::new(superseded),
        })
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
    pub(crate) fn evidence<'e>(&self, opened: &'e OpenedPack<'e>) -> Evidence<'e> {
        let trust_list: &TrustList = &opened.trust_list;
        match (self.configuration.status, &opened.pack) {
            (StatusSource::Online, _) => Evidence::online(trust_list),
            (StatusSource::OnlineThenPack, Ok(pack)) => Evidence::online_then_pack(trust_list, pack),
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
        let opened = self.open(&found).pack;
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

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
    use symbolon_trust::trust_list::{
        AnchorSource, AnchoredFormat, CredentialTypeRule, SourceKind, SourceName, TrustedIssuer,
    };

    use super::*;

    #[test]
    fn the_registrys_changes_are_in_force_beside_what_the_verifier_believes_itself() {
        let registry = TestRegistry::new(1);
        let entry = |address, seed| TestIssuer::new(address, seed).entry(vec![CredentialTypeRule::Any]);
        let own = entry("https://own.example", 300);
        let mut pinned = registry.trust_list(vec![entry("https://gone.example", 100)], NOW);
        let source = AnchorSource {
            kind: SourceKind::Pinned,
            provider: "Own".to_owned(),
            issue: None,
            issued_at: None,
            valid_until: None,
            grace: Duration::ZERO,
        };
        let issuer = TrustedIssuer {
            formats: vec![AnchoredFormat::SdJwtVc],
            claim169_keys: Vec::new(),
            dids: Vec::new(),
            ..own
        };
        let name = SourceName::parse("own").unwrap();
        pinned.add_source(name, source, vec![issuer]).unwrap();
        let of_pack = registry.trust_list(vec![entry("https://new.example", 200)], NOW);

        let lists = ListOfPack::default();
        let list = lists.of([1; 32], || with_sources(&of_pack, &pinned));
        let names: Vec<_> = list
            .issuers
            .iter()
            .map(|issuer| issuer.identifier.to_string())
            .collect();
        assert_eq!(names, ["https://new.example", "https://own.example"]);
        let again = lists.of([1; 32], || with_sources(&pinned, &pinned));
        assert!(Arc::ptr_eq(&list, &again), "made once for each pack");
    }
}
