//! The issuer of [`World`] as an issuing authority of mdocs, and a device that holds one.

use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, EMacKey, ElementIdentifier, ElementValue, FullDate, IssuerSigned,
    KeyAuthorizations, MdocBudget, MdocToIssue, MdocValidity, NameSpace, SessionTranscript,
};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::{SecretKey, UnixTime};
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::world::{AUDIENCE, INDEX, NONCE, Network, Question, RESPONSE_URI, World, bound};
use crate::report::Report;
use crate::{Evidence, Expected, Policy, StatusEvidence, Tools};

pub(crate) const DOC_TYPE: &str = "org.symbolon.national-id.1";
pub(crate) const SPACE: &str = "org.symbolon.national-id.1";
pub(crate) const LICENCE: &str = "org.iso.18013.5.1.mDL";
pub(crate) const LICENCE_SPACE: &str = "org.iso.18013.5.1";

pub(crate) struct MdocWorld {
    pub(crate) world: World,
    pub(crate) authority: TestIssuingAuthority,
}

fn element(name: &str, value: ElementValue) -> (ElementIdentifier, ElementValue) {
    (ElementIdentifier::parse(name).unwrap(), value)
}

pub(crate) fn text(value: &str) -> ElementValue {
    ElementValue::Text(value.to_owned())
}

impl MdocWorld {
    pub(crate) fn new() -> Self {
        Self {
            world: World::new(),
            authority: TestIssuingAuthority::new(700),
        }
    }

    pub(crate) fn trust_list(&self) -> TrustList {
        let rules = [DOC_TYPE, LICENCE].map(|name| CredentialTypeRule::Exactly(name.to_owned()));
        let mut entry = self.world.issuer.entry(rules.to_vec());
        entry.anchors.push(self.authority.root().clone());
        self.world.registry.trust_list(vec![entry], NOW)
    }

    pub(crate) fn template(&self) -> MdocToIssue {
        MdocToIssue {
            doc_type: DocType::parse(DOC_TYPE).unwrap(),
            elements: vec![(
                NameSpace::parse(SPACE).unwrap(),
                vec![
                    element("family_name", text("Diallo")),
                    element("given_name", text("Amina")),
                    element(
                        "birth_date",
                        ElementValue::FullDate(FullDate::parse("1990-02-03").unwrap()),
                    ),
                    element("age_over_18", ElementValue::Bool(true)),
                    element(
                        "portrait",
                        ElementValue::Bytes(vec![0xff, 0xd8, 0xff, 0xe0, 0, 16]),
                    ),
                ],
            )],
            validity: MdocValidity {
                signed: NOW.minus(DAY),
                valid_from: NOW.minus(DAY),
                valid_until: NOW.plus(DAY * 30),
                expected_update: None,
            },
            status: Some(StatusReference::new(self.world.uri(), INDEX).unwrap()),
            device_key: self.world.holder.public_key().clone(),
            key_authorizations: KeyAuthorizations::default(),
            digest_algorithm: DigestAlgorithm::Sha256,
            digest_ids: DigestIds::Shuffled,
        }
    }

    /// A licence with this issuing country.
    pub(crate) fn licence(&self, country: &str) -> MdocToIssue {
        MdocToIssue {
            doc_type: DocType::parse(LICENCE).unwrap(),
            elements: vec![(
                NameSpace::parse(LICENCE_SPACE).unwrap(),
                vec![
                    element("family_name", text("Diallo")),
                    element("issuing_country", text(country)),
                ],
            )],
            ..self.template()
        }
    }

    /// A presentation of given and family name, for the verifier's request.
    pub(crate) fn present(&self, issued: &[u8]) -> Vec<u8> {
        self.present_for(
            issued,
            &["family_name", "given_name"],
            &transcript(AUDIENCE, NONCE),
        )
    }

    pub(crate) fn present_for(
        &self,
        issued: &[u8],
        names: &[&str],
        transcript: &SessionTranscript,
    ) -> Vec<u8> {
        let held = IssuerSigned::parse(issued, MdocBudget::DEFAULT).unwrap();
        let selection: Vec<(&str, &str)> = held
            .elements()
            .filter(|element| names.contains(&element.identifier()))
            .map(|element| (element.name_space(), element.identifier()))
            .collect();
        let prepared = held.present(&selection).unwrap().prepare(transcript);
        let holder = &self.world.holder;
        let signature = holder.sign(&prepared.request(holder.handle()));
        prepared.finish(&signature).unwrap()
    }

    /// The same, authenticated with a MAC between the holder's secret key and the reader's.
    pub(crate) fn present_with_mac(&self, issued: &[u8], holder: &SecretKey, reader: &SecretKey) -> Vec<u8> {
        let held = IssuerSigned::parse(issued, MdocBudget::DEFAULT).unwrap();
        let transcript = transcript(AUDIENCE, NONCE);
        let key = EMacKey::derive(&self.world.provider, holder, &reader.public_key(), &transcript).unwrap();
        held.present(&[(SPACE, "given_name")])
            .unwrap()
            .with_mac(&key, &transcript)
    }

    pub(crate) fn verify(&self, response: &[u8]) -> Report {
        self.verify_with(response, bound(), Policy::RELYING_PARTY, NOW)
    }

    pub(crate) fn verify_with(
        &self,
        input: &[u8],
        expected: Expected,
        policy: Policy,
        now: UnixTime,
    ) -> Report {
        self.verify_against(input, expected, policy, now, &self.trust_list())
    }

    pub(crate) fn verify_against(
        &self,
        input: &[u8],
        expected: Expected,
        policy: Policy,
        now: UnixTime,
        trust_list: &TrustList,
    ) -> Report {
        let (mut reports, _) = self
            .question(input, expected, policy, now)
            .ask(Evidence::online(trust_list), &self.network(Status::Valid));
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }

    pub(crate) fn question<'q>(
        &'q self,
        input: &'q [u8],
        expected: Expected,
        policy: Policy,
        now: UnixTime,
    ) -> Question<'q> {
        Question {
            input,
            expected,
            policy,
            tools: Tools::without_json_ld(&self.world.provider),
            now,
        }
    }

    pub(crate) fn network(&self, status: Status) -> Network {
        let token = StatusEvidence::Token(self.world.token(status));
        Network {
            status_lists: [(self.world.uri(), token)].into(),
            ..Network::default()
        }
    }
}

pub(crate) fn transcript(audience: &str, nonce: &str) -> SessionTranscript {
    SessionTranscript::openid4vp(audience, nonce, None, RESPONSE_URI)
}

/// The jurisdiction of a licence (ISO 3166-2).
pub(crate) fn jurisdiction_element(jurisdiction: &str) -> (ElementIdentifier, ElementValue) {
    element("issuing_jurisdiction", text(jurisdiction))
}
