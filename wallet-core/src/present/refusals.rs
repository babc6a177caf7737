//! Refusals that are remembered, for the person and for nobody else: a verifier that asks again hears what every verifier hears that is
//! refused, and where nothing proves its address, nothing.

use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::DcqlQuery;
use url::Url;

use super::consent::{AskedThen, PastRefusal};
use super::matching::{type_alternatives, types_of};
use crate::error::WalletError;
use crate::identifiers::RefusalId;
use crate::ports::Change;
use crate::record::{Refusal, RefusalRule, RefusedCredential, VerifierEvidence, VerifierRecord};
use crate::wallet::Wallet;

/// The most that are remembered for one time; the oldest make room. A person answers each by hand.
const MAX_REMEMBERED: usize = 256;

impl Wallet {
    /// What the person refused to whom and has not forgotten, the latest first.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn refusals(&self, now: UnixTime) -> Result<Vec<Refusal>, WalletError> {
        let mut refusals = self.ports.store.refusals().await?;
        refusals.retain(|refusal| !refusal.is_over(now));
        refusals.sort_by_key(|refusal| std::cmp::Reverse((refusal.at, refusal.id)));
        Ok(refusals)
    }

    /// Forgets a refusal: the verifier is dealt with as one that was never refused. The history keeps that it was.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when nothing of this name is remembered.
    pub async fn forget_refusal(&self, id: RefusalId) -> Result<(), WalletError> {
        let refusals = self.ports.store.refusals().await?;
        if !refusals.iter().any(|refusal| refusal.id == id) {
            return Err(WalletError::NotFound);
        }
        Ok(self.ports.store.commit(vec![Change::DeleteRefusal(id)]).await?)
    }

    /// What the person has to know of a verifier that asks again.
    pub(super) async fn past_refusals(
        &self,
        verifier: &VerifierRecord,
        query: &DcqlQuery,
        now: UnixTime,
    ) -> Result<Vec<PastRefusal>, WalletError> {
        let asked = asked_by(query);
        let refusals = self.refusals(now).await?;
        let of_verifier = refusals
            .into_iter()
            .filter(|refusal| refusal.verifier.covers(verifier));
        Ok(of_verifier
            .map(|refusal| PastRefusal {
                at: refusal.at,
                asked: if refusal.asked == asked {
                    AskedThen::TheSame
                } else {
                    AskedThen::SomethingElse
                },
            })
            .collect())
    }

    /// Whether the person wants this verifier refused, whatever it asks for. The history then says that it was, but for
    /// wallets that strangers reach.
    pub(super) async fn refuses_always(
        &self,
        verifier: &VerifierRecord,
        now: UnixTime,
    ) -> Result<bool, WalletError> {
        let refusals = self.ports.store.refusals().await?;
        let is_refused = refusals
            .iter()
            .any(|refusal| refusal.rule == RefusalRule::Always && refusal.verifier.covers(verifier));
        // Whoever reaches a wallet that can be looked up could fill its history with requests of a verifier that was refused once.
        let is_noted = self.policy.relying_parties.wallet_issuer.is_none();
        if is_refused && is_noted {
            let declined = self.declined(verifier.clone(), now)?;
            self.ports.store.commit(vec![declined]).await?;
        }
        Ok(is_refused)
    }

    /// What is stored when the person refuses: that it was, in the history, and what is remembered of it.
    pub(super) async fn refusal(
        &self,
        verifier: &VerifierRecord,
        query: &DcqlQuery,
        rule: RefusalRule,
        now: UnixTime,
    ) -> Result<Vec<Change>, WalletError> {
        // A reader for whom nobody vouches is known again by nothing, so there is nothing to remember it by.
        if !verifier.covers(verifier) {
            return Ok(Vec::new());
        }
        let refused = Refusal {
            id: RefusalId::make(self.ports.randomness.as_ref())?,
            verifier: verifier.clone(),
            asked: asked_by(query),
            at: now,
            rule,
        };
        Ok(remembered(self.ports.store.refusals().await?, vec![refused]))
    }
}

/// What changes when `fresh` refusals are remembered beside those that are `known`. The same one is remembered once, under its first
/// name and as it was refused last; one that was for always stays so. Of those for one time the oldest make room.
pub(crate) fn remembered(known: Vec<Refusal>, fresh: Vec<Refusal>) -> Vec<Change> {
    let mut refusals: Vec<(Refusal, Origin)> = known
        .into_iter()
        .map(|refusal| (refusal, Origin::Stored))
        .collect();
    for refusal in fresh {
        let same = refusals
            .iter_mut()
            .find(|(known, _)| known.id == refusal.id || known.is_of_same(&refusal));
        match same {
            None => refusals.push((refusal, Origin::Fresh)),
            Some((known, origin)) => {
                let merged = known.merged_with(refusal);
                if merged != *known {
                    *known = merged;
                    *origin = match origin {
                        Origin::Fresh => Origin::Fresh,
                        Origin::Stored | Origin::Changed => Origin::Changed,
                    };
                }
            }
        }
    }
    refusals.sort_by_key(|(refusal, _)| (refusal.at, refusal.id));
    let for_once = refusals
        .iter()
        .filter(|(refusal, _)| refusal.rule == RefusalRule::AskAgain);
    let mut too_many = for_once.count().saturating_sub(MAX_REMEMBERED);
    let mut changes = Vec::new();
    for (refusal, origin) in refusals {
        let goes = too_many > 0 && refusal.rule == RefusalRule::AskAgain;
        if goes {
            too_many -= 1;
        }
        match (origin, goes) {
            (Origin::Stored | Origin::Changed, true) => changes.push(Change::DeleteRefusal(refusal.id)),
            (Origin::Changed | Origin::Fresh, false) => changes.push(Change::PutRefusal(Box::new(refusal))),
            (Origin::Stored, false) | (Origin::Fresh, true) => {}
        }
    }
    changes
}

/// Where a refusal that is remembered comes from.
#[derive(Clone, Copy)]
enum Origin {
    /// It is stored as it is.
    Stored,
    /// It is stored otherwise.
    Changed,
    /// It is not stored.
    Fresh,
}

impl Refusal {
    /// Whether both are of one request of one verifier.
    fn is_of_same(&self, other: &Self) -> bool {
        self.asked == other.asked && self.verifier.is_same_party(&other.verifier)
    }

    fn merged_with(&self, other: Self) -> Self {
        let rule = match (self.rule, other.rule) {
            (RefusalRule::AskAgain, RefusalRule::AskAgain) => RefusalRule::AskAgain,
            _ => RefusalRule::Always,
        };
        // The certificate of the last time is the one to show.
        let (last, at) = if other.at >= self.at {
            (other.verifier, other.at)
        } else {
            (self.verifier.clone(), self.at)
        };
        Self {
            id: self.id,
            verifier: last,
            asked: self.asked.clone(),
            at,
            rule,
        }
    }
}

fn asked_by(query: &DcqlQuery) -> Vec<RefusedCredential> {
    let of_query = |credential: &symbolon_protocol::dcql::CredentialQuery| {
        let claims = credential.claims.iter().flatten();
        let mut claims: Vec<String> = claims.map(|claim| claim.path.to_string()).collect();
        claims.sort();
        RefusedCredential {
            credential_types: types_of(&type_alternatives(&credential.meta)),
            claims,
        }
    };
    query.credentials().iter().map(of_query).collect()
}

/// How well it is known who asks, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// Somebody face to face, for whom nobody vouches.
    Nobody,
    /// Anybody can have written the request: nothing is known but where the answer goes.
    Written,
    /// The platform vouches for the origin of the page that asks.
    Page,
    /// Whoever asks has signed.
    Signed,
}

impl VerifierRecord {
    /// Whether what was refused to this verifier is refused to the one that asks now.
    ///
    /// Of two that have signed, one is the other where both have one client identifier, one name under one authority, since certificates
    /// are renewed, or one host that both have proven. A refusal also holds against whoever asks with less proof and has the answer sent to
    /// the same host: a verifier would otherwise get around it by leaving its signature out. It never holds against whoever asks with
    /// more proof: anybody could otherwise have a verifier refused, by a request that nobody signed and that names its address.
    #[must_use]
    pub fn covers(&self, asking: &Self) -> bool {
        let (own, others) = (self.standing(), asking.standing());
        if own.min(others) == Standing::Nobody || others > own {
            return false;
        }
        let same_host = match others {
            Standing::Signed => is_some_and_same(self.proven_host(), asking.proven_host()),
            _ => {
                let host = asking.response_host();
                is_some_and_same(self.response_host(), host.clone())
                    || is_some_and_same(self.proven_host(), host)
            }
        };
        same_host || (self.has_client_id() && self.client_id == asking.client_id) || {
            let certified = self.certified();
            certified.is_some() && certified == asking.certified()
        }
    }

    /// Whether each is the other.
    fn is_same_party(&self, other: &Self) -> bool {
        self.covers(other) && other.covers(self)
    }

    const fn standing(&self) -> Standing {
        match self.evidence {
            VerifierEvidence::Nearby => Standing::Nobody,
            VerifierEvidence::Unverified | VerifierEvidence::RegisteredUnsigned => Standing::Written,
            VerifierEvidence::Origin => Standing::Page,
            VerifierEvidence::CertificateHash { .. }
            | VerifierEvidence::CertificateHost { .. }
            | VerifierEvidence::DecentralizedIdentifier { .. }
            | VerifierEvidence::Registered
            | VerifierEvidence::Reader { .. } => Standing::Signed,
        }
    }

    /// Whether the client identifier is one that says who asks. That of an unsigned request is its address, of which the host counts.
    const fn has_client_id(&self) -> bool {
        !self.client_id.is_empty()
            && !matches!(
                self.evidence,
                VerifierEvidence::Unverified | VerifierEvidence::Origin
            )
    }

    /// The host that whoever signed has proven to be theirs.
    fn proven_host(&self) -> Option<String> {
        match &self.evidence {
            VerifierEvidence::CertificateHost { host, .. } => Some(host.to_ascii_lowercase()),
            VerifierEvidence::DecentralizedIdentifier { did, .. } => host_of_did(did),
            _ => None,
        }
    }

    /// The host that answers go to; `None` where they go over no network.
    fn response_host(&self) -> Option<String> {
        let origin = Url::parse(&self.response_origin).ok()?;
        origin.host_str().map(str::to_ascii_lowercase)
    }

    /// The name that a trusted authority has certified, with that authority.
    fn certified(&self) -> Option<(&str, &str)> {
        match &self.evidence {
            VerifierEvidence::CertificateHash { authority }
            | VerifierEvidence::CertificateHost { authority, .. }
            | VerifierEvidence::Reader { authority } => Some((self.name.as_deref()?, authority.as_deref()?)),
            _ => None,
        }
    }
}

fn is_some_and_same(one: Option<String>, other: Option<String>) -> bool {
    one.is_some() && one == other
}

/// The host whose server has the document of a `did:web`. A port stands behind it, encoded.
fn host_of_did(did: &str) -> Option<String> {
    let host = did
        .strip_prefix("did:web:")?
        .split(['%', ':', '#', '/', '?'])
        .next()?;
    (!host.is_empty()).then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Knowledge;

    fn record(
        client_id: &str,
        name: Option<&str>,
        origin: &str,
        evidence: VerifierEvidence,
    ) -> VerifierRecord {
        VerifierRecord {
            client_id: client_id.to_owned(),
            name: name.map(str::to_owned),
            response_origin: origin.to_owned(),
            evidence,
            contact: None,
        }
    }

    fn hash(client_id: &str, name: &str, authority: Option<&str>) -> VerifierRecord {
        let authority = authority.map(str::to_owned);
        let evidence = VerifierEvidence::CertificateHash { authority };
        record(client_id, Some(name), "https://a.example", evidence)
    }

    fn san(host: &str, authority: &str) -> VerifierRecord {
        let evidence = VerifierEvidence::CertificateHost {
            host: host.to_owned(),
            authority: Some(authority.to_owned()),
        };
        let client_id = format!("x509_san_dns:{host}");
        record(&client_id, None, &format!("https://{host}"), evidence)
    }

    fn unsigned(origin: &str) -> VerifierRecord {
        let client_id = format!("redirect_uri:{origin}/answer");
        record(&client_id, None, origin, VerifierEvidence::Unverified)
    }

    fn page(origin: &str) -> VerifierRecord {
        record("", None, origin, VerifierEvidence::Origin)
    }

    fn did(did: &str, origin: &str, known: Knowledge) -> VerifierRecord {
        let evidence = VerifierEvidence::DecentralizedIdentifier {
            did: did.to_owned(),
            known,
        };
        let client_id = format!("decentralized_identifier:{did}");
        record(&client_id, None, origin, evidence)
    }

    #[test]
    fn a_verifier_is_known_again_by_what_was_proven_and_by_nothing_else() {
        let clinic = hash("x509_hash:a", "Clinic", Some("Root"));
        let reader = VerifierEvidence::Reader {
            authority: Some("Root".to_owned()),
        };
        for same in [
            clinic.clone(),
            // Its certificate was renewed.
            hash("x509_hash:b", "Clinic", Some("Root")),
            record("x509_hash:c", Some("Clinic"), "", reader),
        ] {
            assert!(clinic.is_same_party(&same), "{same:?}");
        }
        for other in [
            hash("x509_hash:b", "Clinic", Some("Other root")),
            hash("x509_hash:b", "Clinic", None),
            hash("x509_hash:b", "Bank", Some("Root")),
            record("", None, "", VerifierEvidence::Nearby),
        ] {
            assert!(!clinic.covers(&other) && !other.covers(&clinic), "{other:?}");
        }
        let nameless = |client_id| {
            let evidence = VerifierEvidence::CertificateHash { authority: None };
            record(client_id, None, "", evidence)
        };
        assert!(!nameless("x509_hash:a").covers(&nameless("x509_hash:b")));
        let (listed, unlisted) = (Knowledge::Listed, Knowledge::Unlisted);
        let of_key = |name, known| did(&format!("did:key:{name}"), "https://a.example", known);
        assert!(of_key("d", listed).is_same_party(&of_key("d", unlisted)));
        assert!(!of_key("d", listed).covers(&of_key("e", listed)));
        assert!(page("https://a.example").is_same_party(&page("https://a.example")));
        assert!(!page("https://a.example").covers(&page("https://b.example")));
        let nearby = record("", None, "", VerifierEvidence::Nearby);
        assert!(!nearby.covers(&nearby), "anybody may stand there");
        assert!(
            !page("symbolon-qr:").covers(&page("symbolon-qr:")),
            "no host is nobody's"
        );
    }

    #[test]
    fn a_refusal_holds_against_the_same_host_with_less_proof_and_never_with_more() {
        let clinic = san("clinic.example", "Root");
        let with_less = [
            unsigned("https://clinic.example"),
            unsigned("https://CLINIC.example:8443"),
            page("https://clinic.example"),
            record(
                "clinic",
                None,
                "https://clinic.example",
                VerifierEvidence::RegisteredUnsigned,
            ),
        ];
        for less in &with_less {
            assert!(clinic.covers(less), "{less:?}");
            assert!(!less.covers(&clinic), "{less:?}");
        }
        for signed in [
            hash("x509_hash:a", "Clinic", Some("Root")),
            did("did:web:a.example", "https://a.example", Knowledge::Listed),
            record("shop", None, "https://a.example", VerifierEvidence::Registered),
        ] {
            for less in [unsigned("https://a.example"), page("https://a.example")] {
                assert!(
                    signed.covers(&less) && !less.covers(&signed),
                    "{signed:?} {less:?}"
                );
            }
            for other in [unsigned("https://b.example"), page("https://sub.a.example")] {
                assert!(!signed.covers(&other), "{signed:?} {other:?}");
            }
        }
        // The platform vouches for a page, and nobody for who wrote an unsigned request.
        let (written, page) = (unsigned("https://a.example"), page("https://a.example"));
        assert!(page.covers(&written) && !written.covers(&page));
        // Whoever asks in somebody's name does not have that one refused.
        let registered = |evidence| record("clinic", None, "https://clinic.example", evidence);
        let (signed, in_its_name) = (
            registered(VerifierEvidence::Registered),
            registered(VerifierEvidence::RegisteredUnsigned),
        );
        assert!(signed.covers(&in_its_name) && !in_its_name.covers(&signed));
        assert!(in_its_name.is_same_party(&in_its_name));
    }

    #[test]
    fn a_host_is_one_verifiers_whoever_certified_it() {
        let clinic = san("clinic.example", "Root");
        for same in [
            san("clinic.example", "Other root"),
            did("did:web:clinic.example", "https://x.example", Knowledge::Unlisted),
            did(
                "did:web:Clinic.example%3A8443:v1",
                "https://x.example",
                Knowledge::Unlisted,
            ),
        ] {
            assert!(clinic.is_same_party(&same), "{same:?}");
        }
        // An address that was signed for is no host that was proven.
        let elsewhere = did("did:web:a.example", "https://clinic.example", Knowledge::Listed);
        for other in [
            san("sub.clinic.example", "Root"),
            did(
                "did:web:clinic.example.evil.example",
                "https://x.example",
                Knowledge::Listed,
            ),
            elsewhere,
        ] {
            assert!(!clinic.covers(&other) && !other.covers(&clinic), "{other:?}");
        }
    }

    fn refusal(number: u8, verifier: VerifierRecord, at: i64, rule: RefusalRule) -> Refusal {
        Refusal {
            id: RefusalId::from_bytes([number; 16]),
            verifier,
            asked: Vec::new(),
            at: UnixTime::from_seconds(at),
            rule,
        }
    }

    fn put(changes: &[Change]) -> Vec<&Refusal> {
        let put = changes.iter().map(|change| match change {
            Change::PutRefusal(refusal) => &**refusal,
            _ => panic!("something else"),
        });
        put.collect()
    }

    #[test]
    fn the_same_is_remembered_once_and_what_is_for_always_stays_so() {
        let (again, always) = (RefusalRule::AskAgain, RefusalRule::Always);
        let clinic = || san("clinic.example", "Root");
        let changes = remembered(
            vec![refusal(1, clinic(), 10, always)],
            vec![refusal(2, clinic(), 20, again)],
        );
        assert_eq!(put(&changes), [&refusal(1, clinic(), 20, always)]);
        let changes = remembered(
            vec![refusal(1, clinic(), 20, again)],
            vec![refusal(2, clinic(), 10, always)],
        );
        assert_eq!(
            put(&changes),
            [&refusal(1, clinic(), 20, always)],
            "the later date stays"
        );
        let known = || vec![refusal(1, clinic(), 20, always)];
        assert!(
            remembered(known(), known()).is_empty(),
            "nothing is written that is known"
        );
        assert!(remembered(known(), vec![refusal(1, clinic(), 10, again)]).is_empty());
        // One that asks with less proof is another: it would otherwise take the place of the one that has signed.
        let written = unsigned("https://clinic.example");
        let changes = remembered(known(), vec![refusal(2, written.clone(), 30, again)]);
        assert_eq!(put(&changes), [&refusal(2, written, 30, again)]);
    }
}
