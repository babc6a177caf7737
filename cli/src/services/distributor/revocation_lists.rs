//! Revocation lists of certificates for packs: those that the anchors of the trust list, and the signers of status lists, say are published.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::{Certificate, SignerChain};
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::distribution::Digest;
use symbolon_trust::pack::{LastSeen, Pack, RevocationSection};
use symbolon_trust::trust_list::TrustList;
use symbolon_trust_server::distributor::{Collected, Collector, NotCollected};
use tokio::time::{Instant, timeout_at};

use super::budget::{self, Found};

/// Places that an anchor names, that signers under it name, and that lists under it were had from; and the chains of authorities under it.
const MAX_PLACES_OF_ANCHOR: usize = 64;
/// Places of one pack.
const MAX_PLACES: usize = 1_024;
/// How many are asked at once.
const FETCHES_AT_ONCE: usize = 8;
/// How long all fetches together take at most. What was not had by then is carried as it was.
pub(super) const FETCHES_LIMIT: Duration = Duration::from_secs(120);

/// What is known of who may have a list: by the certificates of signers that earlier packs had.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownSigners {
    /// By the fingerprint of the anchor: none can crowd out those of another.
    of_anchors: BTreeMap<[u8; 32], SignersUnderAnchor>,
}

#[derive(Debug, Clone, Default)]
struct SignersUnderAnchor {
    /// Where lists are published.
    places: BTreeSet<String>,
    /// Authorities between a signer and its anchor, each with those above it.
    authorities: Vec<Vec<Certificate>>,
    /// What there was no room for.
    left_out: BTreeSet<[u8; 32]>,
}

impl KnownSigners {
    /// Takes up those of the status lists of a pack. Whether anything is news.
    pub(super) fn take_up(&mut self, pack: &Pack<'_>) -> bool {
        let chains = pack
            .status_lists()
            .filter_map(|list| pack.status_signer(list.uri()));
        let mut is_news = false;
        for chain in chains {
            is_news |= self.take_up_chain(&chain);
        }
        is_news
    }

    fn take_up_chain(&mut self, chain: &SignerChain) -> bool {
        let known = self.of_anchors.entry(chain.anchor.sha256()).or_default();
        known.take_up(chain)
    }

    fn places(&self) -> impl Iterator<Item = &String> {
        self.of_anchors.values().flat_map(|known| &known.places)
    }

    fn authorities(&self) -> Vec<Vec<Certificate>> {
        let all = self.of_anchors.values().flat_map(|known| &known.authorities);
        all.cloned().collect()
    }

    fn left_out(&self) -> u64 {
        self.of_anchors
            .values()
            .map(|known| known.left_out.len() as u64)
            .sum()
    }
}

impl SignersUnderAnchor {
    fn take_up(&mut self, chain: &SignerChain) -> bool {
        let mut is_news = false;
        for (position, certificate) in chain.certificates.iter().enumerate() {
            for place in places_of(certificate) {
                if self.places.len() < MAX_PLACES_OF_ANCHOR {
                    is_news |= self.places.insert(place);
                } else if !self.places.contains(&place) {
                    self.note_left_out(certificate);
                }
            }
            let above = chain.certificates.get(position..).unwrap_or_default();
            let is_new = position > 0 && !self.authorities.iter().any(|known| known == above);
            if is_new && self.authorities.len() < MAX_PLACES_OF_ANCHOR {
                self.authorities.push(above.to_vec());
                is_news = true;
            } else if is_new {
                self.note_left_out(certificate);
            }
        }
        is_news
    }

    /// They are counted up to a bound as well.
    fn note_left_out(&mut self, certificate: &Certificate) {
        if self.left_out.len() < MAX_PLACES {
            self.left_out.insert(certificate.sha256());
        }
    }
}

/// The addresses in a certificate that can be asked.
fn places_of(certificate: &Certificate) -> impl Iterator<Item = String> {
    let places = certificate.revocation_list_uris().iter();
    places
        .filter(|place| place.starts_with("http://") || place.starts_with("https://"))
        .cloned()
}

/// What was collected from a place, as it was verified. Whether it can be carried does not change within one collection.
struct Verified {
    body: Digest,
    /// The identity of the anchor above its authority; `None` where nobody who is believed signed it.
    root: Option<String>,
    /// The list with its section, or why it is left out.
    section: Result<Found, String>,
}

impl Verified {
    fn is_of(&self, body: &[u8]) -> bool {
        self.body == Digest::of(body)
    }
}

/// Where lists were had before.
struct KnownPlaces {
    with_room: Vec<String>,
    without_room: Vec<String>,
    /// What is kept of those that may be asked.
    verified: BTreeMap<String, Verified>,
}

/// The places to ask.
struct Places {
    uris: Vec<String>,
    /// How many there is no room for.
    without_room: u64,
    /// What is kept of them, by the place.
    verified: BTreeMap<String, Verified>,
}

/// Collects the lists for one pack.
pub(super) struct RevocationListCollection<'a> {
    /// Where they are kept.
    pub(super) collector: &'a Collector,
    /// Whose lists a reader of the pack accepts.
    pub(super) trust_list: &'a TrustList,
    /// Of whom more is known than the trust list says.
    pub(super) signers: &'a KnownSigners,
    /// Where lists are published that nobody names.
    pub(super) configured: &'a [String],
    /// Verifies signatures.
    pub(super) provider: &'a dyn CryptoProvider,
    /// As of when.
    pub(super) now: UnixTime,
    /// What readers of the packs before remember.
    pub(super) last: Option<&'a LastSeen>,
    /// How long all fetches together may take.
    pub(super) within: Duration,
}

impl RevocationListCollection<'_> {
    /// The newest of every list that can be had, as sections in base64. What fails is left out, and said.
    ///
    /// # Errors
    /// A folder that cannot be used.
    pub(super) async fn collect(&self, counts: &mut Collected) -> anyhow::Result<Vec<String>> {
        let authorities = self.signers.authorities();
        let Places {
            uris: places,
            without_room,
            mut verified,
        } = self.places(&authorities)?;
        let without_room = without_room + self.signers.left_out();
        let deadline = Instant::now() + self.within;
        let fetches: Vec<_> = places
            .iter()
            .map(|uri| self.fetch(uri, verified.remove(uri), &authorities, deadline))
            .collect();
        drop(verified);
        let fetched = stream::iter(fetches)
            .buffered(FETCHES_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut lists = Vec::new();
        for (uri, fetched) in places.iter().zip(fetched) {
            let (section, why_old) = match fetched? {
                Ok(collected) => collected,
                Err(error) => {
                    counts.left_out += 1;
                    tracing::error!(%error, place = %uri, "a revocation list of certificates is in no pack");
                    continue;
                }
            };
            if let Some(error) = why_old {
                counts.old += 1;
                tracing::warn!(%error, place = %uri, "a revocation list of certificates is carried as it was");
            }
            match section {
                Ok(found) => keep_newest(&mut lists, found),
                Err(why) => {
                    counts.left_out += 1;
                    tracing::error!(place = %uri, why, "a revocation list of certificates is left out: no reader would accept it");
                }
            }
        }
        let (lists, too_many) = budget::fitting(lists);
        if without_room + too_many > 0 {
            counts.left_out += without_room + too_many;
            tracing::error!(
                places = without_room,
                lists = too_many,
                "revocation lists of certificates are left out: there is no room for them"
            );
        }
        counts.lists += lists.len() as u64;
        let encoded = lists
            .iter()
            .map(|(section, _)| base64::encode(section.as_bytes()));
        Ok(encoded.collect())
    }

    /// The newest list that can be had at a place, or why it is left out, and why it is not the newest. `known` is what was kept there when the places were
    /// chosen. The outer error is a folder that cannot be used.
    async fn fetch(
        &self,
        uri: &str,
        known: Option<Verified>,
        authorities: &[Vec<Certificate>],
        deadline: Instant,
    ) -> anyhow::Result<Result<(Result<Found, String>, Option<NotCollected>), NotCollected>> {
        let kept = self.collector.kept(uri)?;
        let before = kept.as_ref().map(|kept| {
            // Another process may have collected meanwhile.
            known
                .filter(|known| known.is_of(&kept.body))
                .unwrap_or_else(|| self.verify(uri, &kept.body, authorities))
        });
        let served = OnceLock::new();
        let is_good = |body: &[u8]| {
            if let Some(before) = before.as_ref().filter(|before| before.is_of(body)) {
                return before.section.is_ok();
            }
            let verified = self.verify(uri, body, authorities);
            let before = before.as_ref().and_then(|before| before.section.as_ref().ok());
            // Whoever stands between can hand out an older one, with which every reader would refuse the pack.
            let is_good = verified.section.as_ref().is_ok_and(|(_, list)| {
                before.is_none_or(|(_, before)| {
                    !list.is_about_the_same_as(before) || !list.is_older_than(before)
                })
            });
            // A second one would be verified again where it is carried.
            let _ = served.set(verified);
            is_good
        };
        let collected = timeout_at(deadline, self.collector.collect(uri, self.now, is_good)).await;
        let in_its_place = match kept {
            Some(kept) => Ok((kept, Some(NotCollected::Unreachable))),
            None => Err(NotCollected::Unreachable),
        };
        Ok(collected.unwrap_or(in_its_place).map(|(list, why_old)| {
            let mut verified = before.into_iter().chain(served.into_inner());
            let verified = verified
                .find(|verified| verified.is_of(&list.body))
                .unwrap_or_else(|| self.verify(uri, &list.body, authorities));
            (verified.section, why_old)
        }))
    }

    /// The places to ask. What the operator wrote down comes first, then what was collected before.
    fn places(&self, authorities: &[Vec<Certificate>]) -> anyhow::Result<Places> {
        let anchors = self.trust_list.issuers.iter().flat_map(|issuer| &issuer.anchors);
        let named: Vec<_> = anchors
            .flat_map(|anchor| places_of(anchor).take(MAX_PLACES_OF_ANCHOR))
            .chain(self.signers.places().cloned())
            .collect();
        // Of these no more are asked than of all.
        let mut asked_anyway = BTreeSet::new();
        for place in self.configured.iter().chain(&named) {
            if asked_anyway.len() < MAX_PLACES {
                asked_anyway.insert(place);
            }
        }
        let known = self.known(authorities, &asked_anyway)?;
        let mut seen = BTreeSet::new();
        let configured = self.configured.iter().cloned();
        let mut uris: Vec<_> = configured
            .chain(known.with_room)
            .chain(named)
            .filter(|place| seen.insert(place.clone()))
            .collect();
        let forgotten = known.without_room.iter();
        let forgotten = forgotten.filter(|place| !seen.contains(*place)).count();
        let without_room = forgotten + uris.len().saturating_sub(MAX_PLACES);
        uris.truncate(MAX_PLACES);
        Ok(Places {
            uris,
            without_room: without_room as u64,
            verified: known.verified,
        })
    }

    /// Where lists were had before, and where there is no room for. An authority that publishes at ever new places would otherwise crowd out, by what is
    /// kept of it, those of all others.
    fn known(
        &self,
        authorities: &[Vec<Certificate>],
        asked_anyway: &BTreeSet<&String>,
    ) -> anyhow::Result<KnownPlaces> {
        let mut uris = self.collector.known()?;
        uris.sort_unstable();
        let mut of_anchors: BTreeMap<Option<String>, usize> = BTreeMap::new();
        let mut known = KnownPlaces {
            with_room: Vec::new(),
            without_room: Vec::new(),
            verified: BTreeMap::new(),
        };
        for uri in uris {
            let kept = self.collector.kept(&uri)?;
            let verified = kept.map(|kept| self.verify(&uri, &kept.body, authorities));
            // What nobody believes any more shares one room.
            let anchor = verified.as_ref().and_then(|verified| verified.root.clone());
            let count = of_anchors.entry(anchor).or_default();
            *count += 1;
            let has_room = *count <= MAX_PLACES_OF_ANCHOR;
            // There may be any number of places that are not asked, and what is kept of those is not held in memory.
            let may_be_asked =
                (has_room && known.with_room.len() < MAX_PLACES) || asked_anyway.contains(&uri);
            if let Some(verified) = verified.filter(|_| may_be_asked) {
                known.verified.insert(uri.clone(), verified);
            }
            if has_room {
                known.with_room.push(uri);
            } else {
                known.without_room.push(uri);
            }
        }
        Ok(known)
    }

    fn verify(&self, uri: &str, body: &[u8], authorities: &[Vec<Certificate>]) -> Verified {
        let found = RevocationSection::find(uri, body, authorities, self.trust_list, self.provider, self.now);
        let root = match &found {
            Ok(Some((_, list))) => Some(list.root().to_owned()),
            Ok(None) | Err(_) => None,
        };
        let section = match found {
            Ok(Some((_, list))) if self.last.is_some_and(|last| list.is_rolled_back(last)) => {
                Err("a newer one was published".to_owned())
            }
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err("its authority is not in the trust list".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        Verified {
            body: Digest::of(body),
            root,
            section,
        }
    }
}

/// A list that is published at several places is carried once.
fn keep_newest(lists: &mut Vec<Found>, found: Found) {
    let mut others = lists.iter_mut();
    match others.find(|(_, other)| other.is_about_the_same_as(&found.1)) {
        Some(known) if known.1.is_older_than(&found.1) => *known = found,
        Some(_) => {}
        None => lists.push(found),
    }
}

#[cfg(test)]
mod tests;
