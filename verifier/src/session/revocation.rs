//! Whether a certificate of the issuer's signer was taken back (RFC 5280, section 6.3).

use symbolon_crypto::x509::{
    Certificate, Revocation, RevocationGap, RevocationList, SignerChain, VerifiedRevocationList,
    check_revocation,
};
use symbolon_trust::trust_list::TrustedIssuer;

use super::Want;
use super::context::Context;
use super::found::Found;
use super::judged::Judged;
use crate::policy::RevocationPolicy;
use crate::report::{Check, CheckName, Reason, Trusted, Warning};

/// How many of a certificate's places are asked. They are alternatives, and the authority's to choose.
const MAX_PLACES: usize = 2;

pub(super) enum RevocationAnswer {
    /// Nothing is known yet about these, and they can be asked for.
    Wanted(Vec<Want>),
    Judged,
}

impl Context<'_> {
    /// Takes the trust back from a signer of whom a certificate is revoked. Only a chain that leads to an anchor gets here, so that every address is
    /// that of a trusted authority.
    pub(super) fn judge_revocation(&self, judged: &mut Judged<'_>, found: &mut Found) -> RevocationAnswer {
        let Some(chain) = judged.signer.clone() else {
            return RevocationAnswer::Judged;
        };
        let policy = judged
            .issuer
            .as_ref()
            .map_or(RevocationPolicy::IfAvailable, |issuer| {
                self.policy.revocation.of_issuer(&issuer.identifier, &issuer.name)
            });
        if policy == RevocationPolicy::Off {
            return RevocationAnswer::Judged;
        }
        let wants = self.missing_lists(&chain, found);
        if !wants.is_empty() {
            return RevocationAnswer::Wanted(wants);
        }
        let lists = self.known_lists(&chain, found);
        let revocation = self.revocation_by(&chain, &lists);
        let is_left_out = self.is_left_out(&chain, &lists);
        let name = CheckName::CertificateRevocation;
        match (revocation, policy) {
            (Revocation::Revoked { revoked, as_of, .. }, _) => {
                judged.trusted.state = Trusted::NotTrusted;
                let check = Check::failed(name, Reason::CertificateRevoked);
                judged.trusted.checks.push(check.from(as_of));
                judged.warnings.push(Warning::CertificateRevoked {
                    revoked_at: revoked.at,
                    reason: revoked.reason,
                });
            }
            // Whoever takes a list out of a pack that was in it before must gain nothing by that.
            (Revocation::NotRevoked { .. }, _) if is_left_out => {
                judged.trusted.state = Trusted::Unknown;
                judged
                    .trusted
                    .checks
                    .push(Check::absent(name, Reason::EvidenceAbsent));
            }
            (Revocation::NotRevoked { as_of }, _) => {
                judged.trusted.checks.push(Check::passed(name).from(as_of));
            }
            (Revocation::NotKnown { gap, .. }, policy) => {
                // Without a list that nobody has seen yet nothing changes, unless lists are required.
                if is_left_out || policy == RevocationPolicy::Required {
                    judged.trusted.state = Trusted::Unknown;
                    judged.trusted.checks.push(Check::absent(name, reason_of(gap)));
                }
            }
        }
        RevocationAnswer::Judged
    }

    /// Why whoever signed status lists of an issuer is not believed: a list that is known takes back a certificate, or the one that could was left out of
    /// the pack. None is asked for: it stands under the same anchors as the signers of credentials.
    pub(super) fn doubt_about_status_signer(
        &self,
        signer: &SignerChain,
        issuer: &TrustedIssuer,
        found: &mut Found,
    ) -> Option<Reason> {
        let policy = &self.policy.revocation;
        if policy.of_issuer(issuer.identifier.as_str(), &issuer.name) == RevocationPolicy::Off {
            return None;
        }
        let lists = self.known_lists(signer, found);
        match self.revocation_by(signer, &lists) {
            Revocation::Revoked { .. } => Some(Reason::StatusSignerRevoked),
            _ if self.is_left_out(signer, &lists) => Some(Reason::EvidenceAbsent),
            _ => None,
        }
    }

    /// The lists at hand, those of the pack among them, that an authority of this chain signed.
    fn known_lists(&self, chain: &SignerChain, found: &mut Found) -> Vec<VerifiedRevocationList> {
        let mut lists = self.lists_of(chain, found);
        let packed = self.evidence.packed_revocation_lists();
        lists.extend(packed.filter_map(|list| self.verify(list, chain, found)));
        lists
    }

    fn revocation_by(&self, chain: &SignerChain, lists: &[VerifiedRevocationList]) -> Revocation {
        check_revocation(
            &chain.certificates,
            &chain.anchor,
            lists,
            self.now,
            self.policy.clock_tolerance,
        )
    }

    /// Whether the pack, or the last one where none opens any more, lacks a list that an earlier one had of an authority of the chain, and no list in force
    /// that is as new as that one speaks of the certificate.
    fn is_left_out(&self, chain: &SignerChain, lists: &[VerifiedRevocationList]) -> bool {
        let anchor = &chain.anchor;
        let left_out_of = |issuer: &Certificate| match self.evidence.accepted_pack() {
            Some(pack) => pack.left_out_revocation_list_of(issuer, anchor),
            None => self.evidence.seen_in_packs().and_then(|seen| {
                let at_hand = lists.iter().map(VerifiedRevocationList::list);
                seen.left_out_revocation_list_of(issuer, anchor, at_hand)
            }),
        };
        chain.links().any(|(certificate, issuer)| {
            left_out_of(issuer).is_some_and(|made| {
                let takes_its_place = |list: &VerifiedRevocationList| {
                    let made = made..=self.now.plus(self.policy.clock_tolerance);
                    made.contains(&list.list().this_update())
                        && self.now <= list.list().next_update()
                        && list.covers(certificate, issuer)
                };
                !lists.iter().any(takes_its_place)
            })
        })
    }

    /// The lists that are still to be asked for: of each certificate those at its places, until one was had. What the pack has does not count: an
    /// authority publishes one early when a certificate is revoked, and there is a network.
    fn missing_lists(&self, chain: &SignerChain, found: &mut Found) -> Vec<Want> {
        if !self.may_ask() {
            return Vec::new();
        }
        let given = self.lists_of(chain, found);
        let mut wants = Vec::new();
        for (certificate, issuer) in chain.links() {
            let in_force = |list: &VerifiedRevocationList| self.now <= list.list().next_update();
            if given
                .iter()
                .any(|list| in_force(list) && list.covers(certificate, issuer))
            {
                continue;
            }
            let next = places(certificate).find(|url| self.evidence.revocation_list(url).is_none());
            wants.extend(next.map(|url| Want::RevocationList { url: url.clone() }));
        }
        wants
    }

    /// The lists at hand beside the pack's that an authority of this chain signed. Each signature is checked once.
    fn lists_of(&self, chain: &SignerChain, found: &mut Found) -> Vec<VerifiedRevocationList> {
        let given = self.evidence.given_revocation_lists();
        let at_hand = given.chain(self.evidence.fetched_revocation_lists());
        at_hand
            .filter_map(|list| self.verify(list, chain, found))
            .collect()
    }

    fn verify(
        &self,
        list: &RevocationList,
        chain: &SignerChain,
        found: &mut Found,
    ) -> Option<VerifiedRevocationList> {
        let (_, issuer) = chain.links().find(|(_, issuer)| list.names_issuer(issuer))?;
        let digest = (list.sha256(), issuer.sha256());
        let verified = found
            .revocation_lists
            .entry(digest)
            .or_insert_with(|| list.verify(issuer, self.tools.crypto).ok());
        verified.clone()
    }
}

/// The places of a certificate's list that can be asked.
fn places(certificate: &Certificate) -> impl Iterator<Item = &String> {
    let places = certificate.revocation_list_uris().iter();
    places
        .filter(|url| url.starts_with("http://") || url.starts_with("https://"))
        .take(MAX_PLACES)
}

const fn reason_of(gap: RevocationGap) -> Reason {
    match gap {
        RevocationGap::Absent => Reason::EvidenceAbsent,
        RevocationGap::Outdated => Reason::EvidenceTooOld,
        RevocationGap::NotYetIssued => Reason::NotYetValid,
    }
}
