//! Revocation lists of certificates for packs: those that the anchors of the trust list, and the signers of status lists, say are published.

use std::collections::BTreeSet;

use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::{Certificate, RevocationList, SignerChain};
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::pack::{Pack, PackedRevocationList, RevocationSection};
use symbolon_trust::trust_list::TrustList;
use symbolon_trust_server::distributor::{Collected, Collector};

/// What is known of who may have a list: by the certificates of signers that earlier packs had.
#[derive(Debug, Clone, Default)]
pub(super) struct KnownSigners {
    /// Where lists are published.
    places: BTreeSet<String>,
    /// Authorities between a signer and its anchor, each with those above it.
    authorities: Vec<Vec<Certificate>>,
}

impl KnownSigners {
    /// Takes up those of the status lists of a pack. Whether anything is news.
    pub(super) fn take_up(&mut self, pack: &Pack<'_>) -> bool {
        let before = (self.places.len(), self.authorities.len());
        let chains = pack
            .status_lists()
            .filter_map(|list| pack.status_signer(list.uri()));
        chains.for_each(|chain| self.take_up_chain(&chain));
        before != (self.places.len(), self.authorities.len())
    }

    fn take_up_chain(&mut self, chain: &SignerChain) {
        for (position, certificate) in chain.certificates.iter().enumerate() {
            self.places.extend(places_of(certificate));
            let above = chain.certificates.get(position..).unwrap_or_default();
            let is_new = position > 0 && !self.authorities.iter().any(|known| known == above);
            if is_new {
                self.authorities.push(above.to_vec());
            }
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
}

impl RevocationListCollection<'_> {
    /// The newest of every list that can be had, as sections in base64. What fails is left out, and said.
    ///
    /// # Errors
    /// A folder that cannot be used.
    pub(super) async fn collect(&self, counts: &mut Collected) -> anyhow::Result<Vec<String>> {
        let mut sections = Vec::new();
        for uri in self.places()? {
            let kept = self.collector.kept(&uri)?;
            let before = kept.and_then(|kept| RevocationList::parse(&kept.body).ok());
            let is_good = |body: &[u8]| self.is_good(&uri, body, before.as_ref());
            let (list, why_old) = match self.collector.collect(&uri, self.now, is_good).await {
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
            match self.section(&uri, &list.body) {
                Ok(found) => keep_newest(&mut sections, found),
                Err(why) => {
                    counts.left_out += 1;
                    tracing::error!(place = %uri, why, "a revocation list of certificates is left out: no reader would accept it");
                }
            }
        }
        counts.lists += sections.len() as u64;
        let encoded = sections
            .iter()
            .map(|(section, _)| base64::encode(section.as_bytes()));
        Ok(encoded.collect())
    }

    fn places(&self) -> anyhow::Result<BTreeSet<String>> {
        let mut places: BTreeSet<String> = self.collector.known()?.into_iter().collect();
        places.extend(self.configured.iter().cloned());
        places.extend(self.signers.places.iter().cloned());
        let anchors = self.trust_list.issuers.iter().flat_map(|issuer| &issuer.anchors);
        places.extend(anchors.flat_map(places_of));
        Ok(places)
    }

    /// Whether what was served takes the place of what was had before. Whoever stands between can hand out an older one, with which every reader would
    /// refuse the pack.
    fn is_good(&self, uri: &str, body: &[u8], before: Option<&RevocationList>) -> bool {
        let Ok(list) = RevocationList::parse(body) else {
            return false;
        };
        let is_older = before.is_some_and(|before| list.this_update() < before.this_update());
        !is_older && self.section(uri, body).is_ok()
    }

    fn section(&self, uri: &str, body: &[u8]) -> Result<(RevocationSection, PackedRevocationList), String> {
        let authorities = &self.signers.authorities;
        let found = RevocationSection::find(uri, body, authorities, self.trust_list, self.provider, self.now);
        match found {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err("its authority is not in the trust list".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// A list that is published at several places is carried once.
fn keep_newest(
    lists: &mut Vec<(RevocationSection, PackedRevocationList)>,
    found: (RevocationSection, PackedRevocationList),
) {
    let mut others = lists.iter_mut();
    match others.find(|(_, other)| other.is_about_the_same_as(&found.1)) {
        Some(known) if known.1.list().this_update() < found.1.list().this_update() => *known = found,
        Some(_) => {}
        None => lists.push(found),
    }
}
