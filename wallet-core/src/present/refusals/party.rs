//! Which verifiers are one.

use url::Url;

use crate::record::{VerifierEvidence, VerifierRecord};

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
    pub(super) fn is_same_party(&self, other: &Self) -> bool {
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
        assert!(!nameless("").covers(&nameless("")), "no name is nobody's");
        let (listed, unlisted) = (Knowledge::Listed, Knowledge::Unlisted);
        let of_key = |name, known| did(&format!("did:key:{name}"), "https://a.example", known);
        assert!(of_key("d", listed).is_same_party(&of_key("d", unlisted)));
        assert!(!of_key("d", listed).covers(&of_key("e", listed)));
        assert!(page("https://a.example").is_same_party(&page("https://a.example")));
        assert!(!page("https://a.example").covers(&page("https://b.example")));
        let nearby = record("", None, "", VerifierEvidence::Nearby);
        assert!(!nearby.covers(&nearby), "anybody may stand there");
        let named = record(
            "x509_hash:a",
            Some("Clinic"),
            "https://a.example",
            VerifierEvidence::Nearby,
        );
        assert!(!named.covers(&named), "whatever it says of itself");
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
        // The host that is proven, wherever the answer was to go.
        let elsewhere = did("did:web:a.example", "https://x.example", Knowledge::Listed);
        assert!(elsewhere.covers(&page("https://a.example")) && elsewhere.covers(&page("https://x.example")));
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
}
