//! Revocation lists of certificates for packs: those that the anchors of the trust list, and the signers of status lists, say are published.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::{Certificate, SignerChain};
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::pack::{LastSeen, Pack, PackError, RevocationSection};
use symbolon_trust::trust_list::TrustList;
use symbolon_trust_server::distributor::{Collected, CollectedList, Collector, NotCollected};
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
        let (places, without_room) = self.places(&authorities)?;
        let without_room = without_room + self.signers.left_out();
        let deadline = Instant::now() + self.within;
        let fetches: Vec<_> = places
            .iter()
            .map(|uri| self.fetch(uri, &authorities, deadline))
            .collect();
        let fetched = stream::iter(fetches)
            .buffered(FETCHES_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        let mut lists = Vec::new();
        for (uri, fetched) in places.iter().zip(fetched) {
            let (list, why_old) = match fetched? {
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
            match self.section(uri, &list.body, &authorities) {
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

    /// The outer error is a folder that cannot be used.
    async fn fetch(
        &self,
        uri: &str,
        authorities: &[Vec<Certificate>],
        deadline: Instant,
    ) -> anyhow::Result<Result<(CollectedList, Option<NotCollected>), NotCollected>> {
        let kept = self.collector.kept(uri)?;
        let before = kept
            .as_ref()
            .and_then(|kept| self.section(uri, &kept.body, authorities).ok());
        let is_good = |body: &[u8]| {
            let found = self.section(uri, body, authorities);
            // Whoever stands between can hand out an older one, with which every reader would refuse the pack.
            found.is_ok_and(|(_, list)| {
                before.as_ref().is_none_or(|(_, before)| {
                    !list.is_about_the_same_as(before) || !list.is_older_than(before)
                })
            })
        };
        let collected = timeout_at(deadline, self.collector.collect(uri, self.now, is_good)).await;
        let in_its_place = match kept {
            Some(kept) => Ok((kept, Some(NotCollected::Unreachable))),
            None => Err(NotCollected::Unreachable),
        };
        Ok(collected.unwrap_or(in_its_place))
    }

    /// The places to ask, and how many there is no room for. What the operator wrote down comes first, then what was collected before.
    fn places(&self, authorities: &[Vec<Certificate>]) -> anyhow::Result<(Vec<String>, u64)> {
        let (known, forgotten) = self.known(authorities)?;
        let anchors = self.trust_list.issuers.iter().flat_map(|issuer| &issuer.anchors);
        let configured = self.configured.iter().cloned();
        let named = anchors
            .flat_map(|anchor| places_of(anchor).take(MAX_PLACES_OF_ANCHOR))
            .chain(self.signers.places().cloned());
        let mut seen = BTreeSet::new();
        let mut places: Vec<_> = configured
            .chain(known)
            .chain(named)
            .filter(|place| seen.insert(place.clone()))
            .collect();
        let forgotten = forgotten.iter().filter(|place| !seen.contains(*place)).count();
        let without_room = forgotten + places.len().saturating_sub(MAX_PLACES);
        places.truncate(MAX_PLACES);
        Ok((places, without_room as u64))
    }

    /// Where lists were had before, and where there is no room for. An authority that publishes at ever new places would otherwise crowd out, by what is
    /// kept of it, those of all others.
    fn known(&self, authorities: &[Vec<Certificate>]) -> anyhow::Result<(Vec<String>, Vec<String>)> {
        let mut known = self.collector.known()?;
        known.sort_unstable();
        let mut of_anchors: BTreeMap<Option<String>, usize> = BTreeMap::new();
        let (mut with_room, mut without_room) = (Vec::new(), Vec::new());
        for uri in known {
            let kept = self.collector.kept(&uri)?;
            // What nobody believes any more shares one room.
            let found = kept.and_then(|kept| self.found(&uri, &kept.body, authorities).ok().flatten());
            let anchor = found.map(|(_, list)| list.root().to_owned());
            let count = of_anchors.entry(anchor).or_default();
            *count += 1;
            if *count <= MAX_PLACES_OF_ANCHOR {
                with_room.push(uri);
            } else {
                without_room.push(uri);
            }
        }
        Ok((with_room, without_room))
    }

    fn found(
        &self,
        uri: &str,
        body: &[u8],
        authorities: &[Vec<Certificate>],
    ) -> Result<Option<Found>, PackError> {
        RevocationSection::find(uri, body, authorities, self.trust_list, self.provider, self.now)
    }

    fn section(&self, uri: &str, body: &[u8], authorities: &[Vec<Certificate>]) -> Result<Found, String> {
        match self.found(uri, body, authorities) {
            Ok(Some((_, list))) if self.last.is_some_and(|last| list.is_rolled_back(last)) => {
                Err("a newer one was published".to_owned())
            }
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err("its authority is not in the trust list".to_owned()),
            Err(error) => Err(error.to_string()),
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
