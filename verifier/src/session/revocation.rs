//! Whether a certificate of the issuer's signer was taken back (RFC 5280, section 6.3).

use symbolon_crypto::x509::{
    Certificate, Revocation, RevocationGap, RevocationList, VerifiedRevocationList, check_revocation,
};

use super::Want;
use super::context::Context;
use super::found::Found;
use super::judged::Judged;
use crate::evidence::RevocationListEvidence;
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
        let lists = self.lists_of(&chain, found);
        let revocation = check_revocation(
            &chain.certificates,
            &chain.anchor,
            &lists,
            self.now,
            self.policy.clock_tolerance,
        );
        let name = CheckName::CertificateRevocation;
        match (revocation, policy) {
            (Revocation::NotRevoked { as_of }, _) => {
                judged.trusted.checks.push(Check::passed(name).from(as_of));
            }
            (Revocation::Revoked { revoked, as_of, .. }, _) => {
                judged.trusted.state = Trusted::NotTrusted;
                let check = Check::failed(name, Reason::CertificateRevoked);
                judged.trusted.checks.push(check.from(as_of));
                judged.warnings.push(Warning::CertificateRevoked {
                    revoked_at: revoked.at,
                    reason: revoked.reason,
                });
            }
            (Revocation::NotKnown { gap, .. }, RevocationPolicy::Required) => {
                judged.trusted.state = Trusted::Unknown;
                judged.trusted.checks.push(Check::absent(name, reason_of(gap)));
            }
            (Revocation::NotKnown { .. }, RevocationPolicy::IfAvailable | RevocationPolicy::Off) => {}
        }
        RevocationAnswer::Judged
    }

    /// The lists that are still to be asked for: of each certificate those at its places, until one was had.
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

    /// The lists at hand that an authority of this chain signed. Each signature is checked once.
    fn lists_of(&self, chain: &SignerChain, found: &mut Found) -> Vec<VerifiedRevocationList> {
        let mut lists: Vec<_> = self
            .evidence
            .given_revocation_lists()
            .filter_map(|list| self.verify(list, chain, found))
            .collect();
        for (certificate, _) in chain.links() {
            for url in places(certificate) {
                let Some(RevocationListEvidence::List(list)) = self.evidence.revocation_list(url) else {
                    continue;
                };
                lists.extend(self.verify(list, chain, found));
            }
        }
        lists
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
