//! Packs that are open, and the trust list that goes with each: made once, and shared by all judgements.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::{CryptoProvider, Jwk, UnixTime};
use symbolon_trust::pack::{Pack, PackTools};
use symbolon_trust::trust_list::{AnchorSource, SourceName, TrustList, TrustedIssuer};
use symbolon_verifier::{PackAbsence, PackCredentials, Tools};

use crate::pack_in_force::AcceptedPack;

/// The pack that was opened last, and whom it says to believe.
#[derive(Default)]
pub(crate) struct OpenPacks {
    open: Mutex<Option<Open>>,
    lists: Mutex<Lists>,
    openings: AtomicU64,
}

struct Open {
    accepted: Arc<AcceptedPack>,
    pack: Result<Arc<Pack<'static>>, PackAbsence>,
    /// The seconds in which opening it again would give the same: from the first to the last, or to the end of time.
    from: UnixTime,
    until: Option<UnixTime>,
}

impl Open {
    fn is_of(&self, accepted: &Arc<AcceptedPack>, now: UnixTime) -> bool {
        let is_alike = self.from <= now && self.until.is_none_or(|until| now <= until);
        is_alike && Arc::ptr_eq(&self.accepted, accepted)
    }
}

/// Lists that were made of others, each with those that it was made of.
#[derive(Default)]
struct Lists {
    /// The last one of a pack.
    of_pack: Option<ListOfPack>,
    superseded: Option<(Arc<TrustList>, Arc<TrustList>)>,
}

struct ListOfPack {
    root: [u8; 32],
    /// The keys of the registry by which it was accepted.
    registry_keys: Vec<Jwk>,
    believed: Arc<TrustList>,
    plain: Arc<TrustList>,
    with_sources: Arc<TrustList>,
}

impl OpenPacks {
    /// The pack as it is at this moment. It is opened where it is another one than before, or where something of it is judged otherwise than
    /// when it was opened. May take as long as opening a pack does.
    pub(crate) fn open(
        &self,
        accepted: &Arc<AcceptedPack>,
        crypto: &dyn CryptoProvider,
        json_ld: &dyn JsonLdProcessor,
        now: UnixTime,
    ) -> Result<Arc<Pack<'static>>, PackAbsence> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = open.as_ref().filter(|open| open.is_of(accepted, now)) {
            return open.pack.clone();
        }
        self.openings.fetch_add(1, Ordering::Relaxed);
        let tools = Tools::with_json_ld(crypto, json_ld);
        let credentials = PackCredentials::new(tools);
        let tools = PackTools::new(tools.crypto).with_credentials(&credentials);
        let AcceptedPack { bytes, root, memory } = &**accepted;
        let (pack, until) = match Pack::open_held(bytes, root, tools, now, memory) {
            Ok(pack) => {
                let until = pack.judged_alike_until(now);
                (Ok(Arc::new(pack)), until)
            }
            Err(error) => {
                tracing::info!(%error, "the pack is not used");
                // A clock that was behind makes it usable in any second.
                (Err(PackAbsence::Refused), Some(now))
            }
        };
        *open = Some(Open {
            accepted: Arc::clone(accepted),
            pack: pack.clone(),
            from: now,
            until,
        });
        pack
    }

    /// Whom to believe: by the pack that is open, with the sources of this verifier beside it. Where none can be opened it is never an older list
    /// than that of a pack that was accepted; `newest_seen` is when that was issued. `registry_keys` are those that are believed now: a list that was accepted by others is forgotten.
    pub(crate) fn list(
        &self,
        pack: Option<&Pack<'static>>,
        believed: &Arc<TrustList>,
        newest_seen: Option<UnixTime>,
        registry_keys: &[Jwk],
    ) -> Arc<TrustList> {
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        match pack {
            Some(pack) => lists.of_pack(pack.root(), || pack.trust_list().clone(), believed, registry_keys),
            None => lists.without_pack(believed, newest_seen, registry_keys),
        }
    }

    /// How often a pack was opened.
    pub(crate) fn openings(&self) -> u64 {
        self.openings.load(Ordering::Relaxed)
    }
}

impl Lists {
    fn of_pack(
        &mut self,
        root: [u8; 32],
        plain: impl FnOnce() -> TrustList,
        believed: &Arc<TrustList>,
        registry_keys: &[Jwk],
    ) -> Arc<TrustList> {
        let is_same = |known: &ListOfPack| known.root == root && known.registry_keys == registry_keys;
        let known = self.of_pack.take().filter(is_same);
        let known = match known {
            Some(known) if Arc::ptr_eq(&known.believed, believed) => known,
            Some(known) => ListOfPack::new(root, known.registry_keys, known.plain, believed),
            None => ListOfPack::new(root, registry_keys.to_vec(), Arc::new(plain()), believed),
        };
        let list = Arc::clone(&known.with_sources);
        self.of_pack = Some(known);
        list
    }

    fn without_pack(
        &mut self,
        believed: &Arc<TrustList>,
        newest_seen: Option<UnixTime>,
        registry_keys: &[Jwk],
    ) -> Arc<TrustList> {
        // Of a pack that is over, or gone, the list is used on. Of one that another registry signed it is not.
        self.of_pack = self
            .of_pack
            .take()
            .filter(|known| known.registry_keys == registry_keys);
        let least = newest_seen.map_or(believed.issued_at, |seen| seen.max(believed.issued_at));
        let newer = self
            .of_pack
            .as_ref()
            .filter(|of_pack| of_pack.plain.issued_at >= least);
        if let Some((root, plain)) = newer.map(|newer| (newer.root, Arc::clone(&newer.plain))) {
            return self.of_pack(root, || TrustList::clone(&plain), believed, registry_keys);
        }
        if newest_seen.is_none_or(|seen| seen <= believed.issued_at) {
            return Arc::clone(believed);
        }
        match &self.superseded {
            Some((of, list)) if Arc::ptr_eq(of, believed) => Arc::clone(list),
            _ => {
                let list = Arc::new(believed.superseded());
                self.superseded = Some((Arc::clone(believed), Arc::clone(&list)));
                list
            }
        }
    }
}

impl ListOfPack {
    fn new(
        root: [u8; 32],
        registry_keys: Vec<Jwk>,
        plain: Arc<TrustList>,
        believed: &Arc<TrustList>,
    ) -> Self {
        Self {
            root,
            registry_keys,
            believed: Arc::clone(believed),
            with_sources: Arc::new(with_sources(&plain, believed)),
            plain,
        }
    }
}

/// The list of a pack with those beside whom this verifier believes: what the registry has changed since is in force for its own issuers. Of two
/// issues of one source, in the pack and here, the later is in force.
fn with_sources(list: &TrustList, believed: &TrustList) -> TrustList {
    let mut list = list.clone();
    for (name, source) in &believed.sources {
        if is_judged_by(believed, name, &list) {
            continue;
        }
        let issuers = issuers_of(believed, name).cloned().collect();
        let before = match list.sources.get(name) {
            Some(other) if is_later(source, other) => Some(list.clone()),
            _ => None,
        };
        if before.is_some() {
            list.sources.remove(name);
            list.issuers.retain(|issuer| issuer.source.as_ref() != Some(name));
        }
        if let Err(error) = list.add_source(name.clone(), source.clone(), issuers) {
            list = before.unwrap_or(list);
            tracing::warn!(%error, source = %name, "a trust source contradicts the trust list of the pack and is left out");
        }
    }
    list
}

/// The issuers that a source brings to a list.
pub(crate) fn issuers_of<'l>(
    list: &'l TrustList,
    name: &'l SourceName,
) -> impl Iterator<Item = &'l TrustedIssuer> {
    let issuers = list.issuers.iter();
    issuers.filter(move |issuer| issuer.source.as_ref() == Some(name))
}

/// Whether a source of one list is in another as it is there.
pub(crate) fn is_judged_by(list: &TrustList, name: &SourceName, other: &TrustList) -> bool {
    list.sources.get(name) == other.sources.get(name) && issuers_of(list, name).eq(issuers_of(other, name))
}

/// Whether a source is a later issue of the other, of the same publisher. One that says nowhere when it was issued is not.
fn is_later(source: &AnchorSource, other: &AnchorSource) -> bool {
    let is_same = source.kind == other.kind && source.provider == other.provider;
    is_same && other.issued_at.is_some() && source.issued_at > other.issued_at
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
    use symbolon_trust::trust_list::{AnchoredFormat, CredentialTypeRule, SourceKind};

    use super::*;

    #[test]
    fn lists_are_made_once_for_what_they_are_made_of() {
        let registry = TestRegistry::new(1);
        let list = |issued_at: UnixTime| Arc::new(registry.trust_list(Vec::new(), issued_at));
        let later = |seconds| NOW.plus(Duration::from_secs(seconds));
        let (first, second) = (list(NOW), list(later(10)));
        let of_pack = || TrustList::clone(&list(later(20)));
        let keys = registry.root_of_trust(TrustList::clone(&first)).registry_keys;
        let mut lists = Lists::default();
        assert!(Arc::ptr_eq(&lists.without_pack(&first, None, &keys), &first));

        let over = lists.without_pack(&first, Some(later(20)), &keys);
        assert_eq!(over.valid_until, first.issued_at, "superseded by what was seen");
        assert!(Arc::ptr_eq(
            &over,
            &lists.without_pack(&first, Some(later(30)), &keys)
        ));
        let other = lists.without_pack(&second, Some(later(20)), &keys);
        assert_eq!(other.valid_until, second.issued_at, "made anew of another list");

        let made = lists.of_pack([1; 32], of_pack, &first, &keys);
        assert!(Arc::ptr_eq(
            &made,
            &lists.of_pack([1; 32], of_pack, &first, &keys)
        ));
        assert!(
            Arc::ptr_eq(&made, &lists.without_pack(&first, Some(later(20)), &keys)),
            "it is not over"
        );
        let reloaded = lists.of_pack([1; 32], of_pack, &second, &keys);
        assert!(!Arc::ptr_eq(&made, &reloaded), "the sources may be others");
        let of_next = lists.of_pack([2; 32], || TrustList::clone(&list(later(21))), &second, &keys);
        assert_eq!(of_next.issued_at, later(21), "another pack has its own");
        lists.of_pack([1; 32], of_pack, &second, &keys);
        assert_eq!(
            lists.without_pack(&second, Some(later(21)), &keys).valid_until,
            second.issued_at
        );
    }

    #[test]
    fn a_list_that_another_registry_signed_is_not_judged_by_when_its_pack_is_gone() {
        let (before, now) = (TestRegistry::new(1), TestRegistry::new(2));
        let later = NOW.plus(Duration::from_secs(20));
        let (believed, of_pack) = (
            now.trust_list(Vec::new(), NOW),
            before.trust_list(Vec::new(), later),
        );
        let keys = |registry: &TestRegistry| registry.root_of_trust(believed.clone()).registry_keys;
        let (keys_before, keys_now) = (keys(&before), keys(&now));
        let believed = Arc::new(believed);
        let mut lists = Lists::default();
        let made = lists.of_pack([1; 32], || of_pack.clone(), &believed, &keys_before);
        assert!(Arc::ptr_eq(
            &made,
            &lists.without_pack(&believed, Some(later), &keys_before)
        ));
        let left = lists.without_pack(&believed, Some(later), &keys_now);
        assert_eq!(
            (left.issued_at, left.valid_until),
            (NOW, NOW),
            "only what is believed now, and as superseded"
        );
        // A pack that both have accepted is known by whom it was accepted last.
        lists.of_pack([1; 32], || of_pack.clone(), &believed, &keys_before);
        let again = lists.of_pack([1; 32], || of_pack.clone(), &believed, &keys_now);
        assert!(Arc::ptr_eq(
            &again,
            &lists.without_pack(&believed, Some(later), &keys_now)
        ));
        let left = lists.without_pack(&believed, Some(later), &keys_before);
        assert_eq!(left.valid_until, NOW);
    }

    #[test]
    fn of_two_issues_of_one_source_the_later_is_in_force() {
        let registry = TestRegistry::new(1);
        let issue = |seed, issued_at: UnixTime, provider: &str| {
            let mut list = registry.trust_list(Vec::new(), NOW);
            let source = AnchorSource {
                kind: SourceKind::Pinned,
                provider: provider.to_owned(),
                issue: None,
                issued_at: Some(issued_at),
                valid_until: Some(NOW.plus(Duration::from_secs(1_000))),
                grace: Duration::ZERO,
            };
            let issuer = TrustedIssuer {
                formats: vec![AnchoredFormat::SdJwtVc],
                claim169_keys: Vec::new(),
                dids: Vec::new(),
                ..TestIssuer::new(&format!("https://of-{seed}.example"), seed)
                    .entry(vec![CredentialTypeRule::Any])
            };
            let name = SourceName::parse("states").unwrap();
            list.add_source(name, source, vec![issuer]).unwrap();
            list
        };
        let (earlier, later) = (NOW.minus(Duration::from_secs(100)), NOW);
        let believed = |packed: &TrustList, own: &TrustList| {
            let list = with_sources(packed, own);
            assert_eq!((list.sources.len(), list.issuers.len()), (1, 1));
            let name = SourceName::parse("states").unwrap();
            (
                list.issuers[0].identifier.to_string(),
                is_judged_by(own, &name, &list),
            )
        };
        let (old, new) = (issue(100, earlier, "States"), issue(200, later, "States"));
        assert_eq!(believed(&old, &new), ("https://of-200.example".to_owned(), true));
        assert_eq!(believed(&new, &old), ("https://of-200.example".to_owned(), false));
        assert_eq!(believed(&new, &new), ("https://of-200.example".to_owned(), true));
        let name = SourceName::parse("states").unwrap();
        let mut of_another_kind = issue(300, earlier, "States");
        of_another_kind.sources.get_mut(&name).unwrap().kind = SourceKind::IacaList;
        let mut undated = issue(300, later, "States");
        undated.sources.get_mut(&name).unwrap().issued_at = None;
        for other in [
            &issue(300, later, "Others"),
            &undated,
            &issue(300, earlier, "States"),
        ] {
            let stays = ("https://of-100.example".to_owned(), false);
            assert_eq!(believed(&old, other), stays, "no later issue of the same");
        }
        // Of which issue of two the later is cannot be told either where that in the pack says nothing.
        assert_eq!(believed(&undated, &new).0, "https://of-300.example");
        assert_eq!(believed(&of_another_kind, &new).0, "https://of-300.example");

        // A later issue that cannot be taken takes nothing away.
        let own = TestIssuer::new("https://of-200.example", 500).entry(vec![CredentialTypeRule::Any]);
        let mut contradicted = registry.trust_list(vec![own], NOW);
        let issuers = issuers_of(&old, &name).cloned().collect();
        let source = old.sources[&name].clone();
        contradicted.add_source(name, source, issuers).unwrap();
        assert_eq!(with_sources(&contradicted, &new), contradicted);
    }

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

        let list = with_sources(&of_pack, &pinned);
        let names: Vec<_> = list
            .issuers
            .iter()
            .map(|issuer| issuer.identifier.to_string())
            .collect();
        assert_eq!(names, ["https://new.example", "https://own.example"]);
    }
}
