//! Issuers, registries and distributors with keys and certificates that repeat, for tests of this and other crates.
//! Never for real people.

#![expect(clippy::expect_used, reason = "what cannot be made for a test fails the test")]

mod card;
mod vical;

use core::time::Duration;
use std::sync::Arc;

use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, IssuerAuthHeader,
    KeyAuthorizations, MdocToIssue, MdocValidity, NameSpace,
};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::signing::{
    DescribeKeys as _, KeyHandle, Sign as _, SignOutcome, SignatureRequest, SoftwareKey,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::testing::revocation::{RevocationListDraft, distribution_points, extended};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{
    self, CountryCode, DocumentSignerRequest, IacaRequest, KeyPurpose, LeafRequest, Validity,
};
use symbolon_crypto::{PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

use crate::pack::{
    BitstringUris, CompactStatusList, PackBuilder, PackTimes, RevocationSection, StatusSection,
    StatusSectionInput, TrustSection,
};
use crate::status_list::{PreparedStatusListCwt, PreparedStatusListToken, StatusListClaims, TokenStatusList};
use crate::trust_list::{
    CredentialTypeRule, IssuerIdentifier, RelyingParties, RootOfTrust, TRUST_LIST_VERSION, TrustList,
    TrustedIssuer,
};

pub use vical::TestVicalProvider;

/// The moment at which tests live: 2026-11-23T12:00:00Z.
pub const NOW: UnixTime = UnixTime::from_seconds(1_795_435_200);

/// A day.
pub const DAY: Duration = Duration::from_secs(86_400);

/// A key that its test knows by name.
pub struct TestKey(SoftwareKey);

impl TestKey {
    /// The key of this seed.
    #[must_use]
    pub fn new(algorithm: SignatureAlgorithm, seed: u64) -> Self {
        let secret =
            SecretKey::generate(algorithm, &SeededRandomness::new(seed)).expect("seeded randomness fills");
        Self(SoftwareKey::new(
            KeyHandle::new(format!("key-{seed}")),
            secret,
            Arc::new(RustCryptoProvider),
        ))
    }

    /// The key itself.
    #[must_use]
    pub fn software_key(&self) -> &SoftwareKey {
        &self.0
    }

    /// Its handle.
    #[must_use]
    pub fn handle(&self) -> KeyHandle {
        self.0.handle().clone()
    }

    /// Its public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    /// Signs a request.
    #[must_use]
    pub fn sign(&self, request: &SignatureRequest) -> Vec<u8> {
        match self.0.sign(request).expect("the key signs") {
            SignOutcome::Signed(signature) => signature,
            SignOutcome::Locked => Vec::new(),
        }
    }
}

/// A certification authority.
pub struct TestAuthority {
    key: TestKey,
    certificate: Certificate,
    seed: u64,
}

impl TestAuthority {
    /// The authority of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let key = TestKey::new(SignatureAlgorithm::Es256, seed);
        let description = key.0.describe(key.0.handle()).expect("the key describes itself");
        let name = format!("Test authority {seed}");
        let der = issue::root(
            &name,
            validity(),
            &description,
            &key.0,
            &SeededRandomness::new(seed + 1),
        );
        let certificate = Certificate::parse(&der.expect("the root is issued")).expect("the root is read");
        Self {
            key,
            certificate,
            seed,
        }
    }

    /// Its self-signed certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Issues the certificate of an organisation's `key`, naming `uri`.
    #[must_use]
    pub fn issue_to(&self, key: &PublicKey, uri: &str, organization: &str) -> Certificate {
        let request = LeafRequest {
            subject_name: "Test organisation".to_owned(),
            san_uris: vec![uri.to_owned()],
            san_dns: Vec::new(),
            validity: validity(),
            extended_key_usage: None,
            public_key: key.clone(),
        };
        let key = &self.key.0;
        let description = key.describe(key.handle()).expect("the key describes itself");
        let der = issue::organization_leaf(
            &request,
            organization,
            &self.certificate,
            &description,
            key,
            &SeededRandomness::new(self.seed + 3),
        );
        Certificate::parse(&der.expect("the leaf is issued")).expect("the leaf is read")
    }

    /// Issues the certificate of `key`, naming `uri`.
    #[must_use]
    pub fn issue(&self, key: &PublicKey, uri: &str, purpose: Option<KeyPurpose>) -> Certificate {
        let request = LeafRequest {
            subject_name: "Test signer".to_owned(),
            san_uris: vec![uri.to_owned()],
            san_dns: Vec::new(),
            validity: validity(),
            extended_key_usage: purpose,
            public_key: key.clone(),
        };
        let description = self
            .key
            .0
            .describe(self.key.0.handle())
            .expect("the key describes itself");
        let randomness = SeededRandomness::new(self.seed + 2);
        let der = issue::leaf(
            &request,
            &self.certificate,
            &description,
            &self.key.0,
            &randomness,
        );
        Certificate::parse(&der.expect("the leaf is issued")).expect("the leaf is read")
    }
}

/// An issuer with its authority and its separate keys.
pub struct TestIssuer {
    /// Its identifier.
    pub identifier: IssuerIdentifier,
    /// Its authority.
    pub authority: TestAuthority,
    /// Signs credentials.
    pub credential_key: TestKey,
    /// The certificate of the credential key.
    pub credential_certificate: Certificate,
    /// Signs status lists and status sections.
    pub status_key: TestKey,
    /// The certificate of the status key.
    pub status_certificate: Certificate,
    /// Signs Claim 169 codes.
    pub claim169_key: TestKey,
}

impl TestIssuer {
    /// The issuer of this seed.
    #[must_use]
    pub fn new(identifier: &str, seed: u64) -> Self {
        let authority = TestAuthority::new(seed);
        let credential_key = TestKey::new(SignatureAlgorithm::Es256, seed + 10);
        let status_key = TestKey::new(SignatureAlgorithm::Es256, seed + 20);
        Self {
            identifier: IssuerIdentifier::parse(identifier).expect("an identifier"),
            credential_certificate: authority.issue(credential_key.public_key(), identifier, None),
            status_certificate: authority.issue(
                status_key.public_key(),
                identifier,
                Some(KeyPurpose::StatusLists),
            ),
            authority,
            credential_key,
            status_key,
            claim169_key: TestKey::new(SignatureAlgorithm::EdDsa, seed + 30),
        }
    }

    /// Its entry in a trust list.
    #[must_use]
    pub fn entry(&self, credential_types: Vec<CredentialTypeRule>) -> TrustedIssuer {
        TrustedIssuer {
            identifier: self.identifier.clone(),
            name: "Test issuer".to_owned(),
            credential_types,
            anchors: vec![self.authority.certificate.clone()],
            claim169_keys: vec![self.claim169_key.public_key().to_jwk()],
            status_prefix: None,
            dids: Vec::new(),
            formats: Vec::new(),
            source: None,
        }
    }

    /// The URI of one of its status lists.
    #[must_use]
    pub fn status_uri(&self, shard: u32) -> String {
        format!("{}/status/{shard}", self.identifier)
    }

    /// A signed status list token as a CWT, current for a day.
    #[must_use]
    pub fn status_cwt(&self, uri: &str, list: &TokenStatusList, issued_at: UnixTime) -> Vec<u8> {
        let claims = status_claims(uri, issued_at);
        let chain = [self.status_certificate.clone()];
        let prepared = PreparedStatusListCwt::prepare(&claims, list, SignatureAlgorithm::Es256, &chain)
            .expect("the token is prepared");
        let signature = self.status_key.sign(&prepared.request(self.status_key.handle()));
        prepared.finish(&signature).expect("the signature has its length")
    }

    /// A signed status list token, current for a day.
    #[must_use]
    pub fn status_token(&self, uri: &str, list: &TokenStatusList, issued_at: UnixTime) -> String {
        let claims = status_claims(uri, issued_at);
        let chain = [self.status_certificate.clone()];
        let prepared = PreparedStatusListToken::prepare(&claims, list, SignatureAlgorithm::Es256, &chain)
            .expect("the token is prepared");
        let signature = self.status_key.sign(&prepared.request(self.status_key.handle()));
        prepared.finish(&signature)
    }

    /// A signed status section, current for a day and tolerated for another.
    #[must_use]
    pub fn status_section(&self, uri: &str, list: &TokenStatusList, produced_at: UnixTime) -> StatusSection {
        self.status_section_with(uri, None, list, produced_at)
    }

    /// The same, covering Bitstring Status Lists as well.
    #[must_use]
    pub fn status_section_with(
        &self,
        uri: &str,
        bitstring: Option<BitstringUris<'_>>,
        list: &TokenStatusList,
        produced_at: UnixTime,
    ) -> StatusSection {
        let list = CompactStatusList::of_list(uri, list, bitstring).expect("the list is compacted");
        self.status_section_of(vec![list], produced_at)
    }

    /// The signed status section of these lists, current for a day and tolerated for another.
    #[must_use]
    pub fn status_section_of(&self, lists: Vec<CompactStatusList>, produced_at: UnixTime) -> StatusSection {
        let input = StatusSectionInput {
            produced_at,
            valid_until: produced_at.plus(DAY),
            grace: DAY,
            x5chain: core::slice::from_ref(&self.status_certificate),
        };
        let prepared = StatusSection::prepare(&input, lists, SignatureAlgorithm::Es256)
            .expect("the section is prepared");
        let signature = self.status_key.sign(&prepared.request(self.status_key.handle()));
        prepared.finish(&signature).expect("the section is finished")
    }
}

/// A registry operator and a distributor.
pub struct TestRegistry {
    /// Signs trust lists.
    pub registry_key: TestKey,
    /// Signs manifests.
    pub pack_key: TestKey,
}

impl TestRegistry {
    /// The registry of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            registry_key: TestKey::new(SignatureAlgorithm::Es256, seed),
            pack_key: TestKey::new(SignatureAlgorithm::Es256, seed + 1),
        }
    }

    /// A trust list of these issuers, current for a day and tolerated for another.
    #[must_use]
    pub fn trust_list(&self, issuers: Vec<TrustedIssuer>, issued_at: UnixTime) -> TrustList {
        TrustList {
            version: TRUST_LIST_VERSION,
            sequence: 0,
            issued_at,
            valid_until: issued_at.plus(DAY),
            grace: DAY,
            issuers,
            relying_parties: RelyingParties::default(),
            type_metadata: std::collections::BTreeMap::new(),
            did_documents: std::collections::BTreeMap::new(),
            contexts: std::collections::BTreeMap::new(),
            etsi_trusted_lists: Vec::new(),
            pack_keys: Vec::new(),
            scopes: std::collections::BTreeMap::new(),
            sources: std::collections::BTreeMap::new(),
        }
    }

    /// The root of trust that pins this list.
    #[must_use]
    pub fn root_of_trust(&self, trust_list: TrustList) -> RootOfTrust {
        RootOfTrust {
            registry_keys: vec![self.registry_key.public_key().to_jwk()],
            pack_keys: vec![self.pack_key.public_key().to_jwk()],
            trust_list,
        }
    }

    /// A signed trust section.
    #[must_use]
    pub fn trust_section(&self, list: &TrustList) -> TrustSection {
        let prepared =
            TrustSection::prepare(list, self.registry_key.public_key()).expect("the section is prepared");
        let signature = self
            .registry_key
            .sign(&prepared.request(self.registry_key.handle()));
        prepared.finish(&signature).expect("the section is finished")
    }

    /// A signed pack, current for a day and tolerated for another.
    #[must_use]
    pub fn pack(
        &self,
        sequence: u64,
        list: &TrustList,
        sections: Vec<StatusSection>,
        created: UnixTime,
    ) -> Vec<u8> {
        let times = PackTimes {
            created,
            valid_until: created.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, self.trust_section(list));
        self.sign_pack(sections.into_iter().fold(builder, PackBuilder::with_status))
    }

    /// Signs a pack.
    #[must_use]
    pub fn sign_pack(&self, builder: PackBuilder) -> Vec<u8> {
        let prepared = builder
            .prepare(self.pack_key.public_key())
            .expect("the pack is prepared");
        let signature = self.pack_key.sign(&prepared.request(self.pack_key.handle()));
        prepared.finish(&signature).expect("the pack is finished")
    }
}

/// What the revocation list of a pack says of the document signer.
#[derive(Debug, Clone, Copy)]
pub enum PackedList {
    /// Its key was stolen a day ago.
    RevokesTheSigner,
    /// Nothing: it is empty.
    RevokesNobody,
    /// Nothing: the pack has no list.
    LeftOut,
}

/// An issuing authority of mdocs (IACA) with one document signer.
pub struct TestIssuingAuthority {
    key: TestKey,
    root: Certificate,
    signer: TestKey,
    certificate: Vec<u8>,
}

impl TestIssuingAuthority {
    /// The authority of this seed. All have one name: only its key tells one from another.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let key = TestKey::new(SignatureAlgorithm::Es256, seed);
        let description = key.0.describe(key.0.handle()).expect("the key describes itself");
        let randomness = SeededRandomness::new(seed + 1);
        let contact_uri = "https://issuer.example".to_owned();
        let root = IacaRequest {
            subject_name: "Test issuing authority".to_owned(),
            country: CountryCode::parse("SN").expect("a country"),
            contact_uri: contact_uri.clone(),
            validity: days(400),
            revocation_list_uri: None,
        };
        let root = issue::iaca_root(&root, &description, &key.0, &randomness).expect("the root is issued");
        let root = Certificate::parse(&root).expect("the root is read");
        let signer = TestKey::new(SignatureAlgorithm::Es256, seed + 2);
        let request = DocumentSignerRequest {
            subject_name: "Test document signer".to_owned(),
            contact_uri,
            validity: days(100),
            public_key: signer.public_key().clone(),
        };
        let certificate = issue::document_signer(&request, &root, &description, &key.0, &randomness);
        Self {
            key,
            root,
            signer,
            certificate: certificate.expect("the leaf is issued"),
        }
    }

    /// The same authority, whose document signer says where revocation lists are published.
    #[must_use]
    pub fn publishing_at(self, uri: &str) -> Self {
        self.publishing_at_all(&[uri])
    }

    /// The same with several places, of which each has the list.
    ///
    /// # Panics
    /// As [`publishing_at`](Self::publishing_at).
    #[must_use]
    pub fn publishing_at_all(mut self, uris: &[&str]) -> Self {
        let certificate = Certificate::parse(&self.certificate).expect("the leaf is read");
        let (key, extension) = (&self.key.0, distribution_points(uris));
        let description = key.describe(key.handle()).expect("the key describes itself");
        self.certificate = extended(&certificate, &extension, &description, key);
        self
    }

    /// An empty revocation list, made at that time and due again a day later.
    #[must_use]
    pub fn revocation_list(&self, made: UnixTime) -> RevocationListDraft {
        RevocationListDraft::of(&self.root, made, made.plus(DAY))
    }

    /// The signed revocation list.
    #[must_use]
    pub fn sign_revocation_list(&self, list: &RevocationListDraft) -> Vec<u8> {
        let key = &self.key.0;
        let description = key.describe(key.handle()).expect("the key describes itself");
        list.sign(&description, key)
    }

    /// The pack with the revocation list of [`NOW`] at the place that the document signer names.
    ///
    /// # Panics
    /// Where it names none.
    #[must_use]
    pub fn add_list(&self, pack: PackBuilder, list: PackedList) -> PackBuilder {
        let signer = Certificate::parse(&self.certificate).expect("the leaf is read");
        let empty = self.revocation_list(NOW);
        let list = match list {
            PackedList::RevokesTheSigner => empty.revoking(&signer, NOW.minus(DAY), Some(1)),
            PackedList::RevokesNobody => empty,
            PackedList::LeftOut => return pack,
        };
        let place = signer.revocation_list_uris().first();
        let place = place.expect("the signer names a place");
        let section = RevocationSection::new(place, &self.sign_revocation_list(&list), &[], &self.root);
        pack.with_revocation_list(section.expect("the section is made"))
    }

    /// Its self-signed certificate, of Senegal.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        &self.root
    }

    /// The certificate of a signer of status lists, naming these addresses.
    ///
    /// # Panics
    /// Where it cannot be issued.
    #[must_use]
    pub fn issue_status(&self, signer: &PublicKey, uris: &[&str]) -> Certificate {
        self.issue_leaf(signer, uris, Some(KeyPurpose::StatusLists))
    }

    /// The certificate of a signer of credentials other than mdocs, naming its issuer.
    ///
    /// # Panics
    /// Where it cannot be issued.
    #[must_use]
    pub fn issue_credential_signer(&self, signer: &PublicKey, uri: &str) -> Certificate {
        self.issue_leaf(signer, &[uri], None)
    }

    fn issue_leaf(&self, signer: &PublicKey, uris: &[&str], purpose: Option<KeyPurpose>) -> Certificate {
        let request = LeafRequest {
            subject_name: "Test status signer".to_owned(),
            san_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            san_dns: Vec::new(),
            validity: days(100),
            extended_key_usage: purpose,
            public_key: signer.clone(),
        };
        let key = &self.key.0;
        let description = key.describe(key.handle()).expect("the key describes itself");
        let leaf = issue::leaf(
            &request,
            &self.root,
            &description,
            key,
            &SeededRandomness::new(4_712),
        );
        Certificate::parse(&leaf.expect("the leaf is issued")).expect("the leaf is read")
    }

    /// The certificate of the authority's own status signer, which names nobody.
    #[must_use]
    pub fn status_certificate(&self) -> Certificate {
        self.issue_status(status_signer().public_key(), &[])
    }

    /// A status list token that the authority's own status signer signed, current for a day.
    #[must_use]
    pub fn status_token(&self, uri: &str, list: &TokenStatusList, issued_at: UnixTime) -> String {
        let signer = status_signer();
        let chain = [self.status_certificate()];
        let claims = status_claims(uri, issued_at);
        let prepared = PreparedStatusListToken::prepare(&claims, list, SignatureAlgorithm::Es256, &chain)
            .expect("the token is prepared");
        let signature = signer.sign(&prepared.request(signer.handle()));
        prepared.finish(&signature)
    }

    /// The key of the document signer.
    #[must_use]
    pub fn signer(&self) -> &TestKey {
        &self.signer
    }

    /// The certificate of the document signer, DER.
    #[must_use]
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// An mdoc of a given name alone, in a namespace with the name of its type.
    ///
    /// # Panics
    /// Where that is no name of a type.
    #[must_use]
    pub fn issue_given_name(
        &self,
        doc_type: &str,
        status: Option<StatusReference>,
        device_key: &PublicKey,
    ) -> Vec<u8> {
        let name = ElementIdentifier::parse("given_name").expect("a name");
        let elements = vec![(name, ElementValue::Text("Amina".to_owned()))];
        self.issue(&MdocToIssue {
            doc_type: DocType::parse(doc_type).expect("a type"),
            elements: vec![(NameSpace::parse(doc_type).expect("a namespace"), elements)],
            validity: MdocValidity {
                signed: NOW.minus(DAY),
                valid_from: NOW.minus(DAY),
                valid_until: NOW.plus(DAY * 20),
                expected_update: None,
            },
            status,
            device_key: device_key.clone(),
            key_authorizations: KeyAuthorizations::default(),
            digest_algorithm: DigestAlgorithm::Sha256,
            digest_ids: DigestIds::Shuffled,
        })
    }

    /// The mdoc as the issuer hands it over.
    #[must_use]
    pub fn issue(&self, mdoc: &MdocToIssue) -> Vec<u8> {
        self.issue_under(mdoc, &self.certificate)
    }

    /// The same under a certificate that may be another's.
    #[must_use]
    pub fn issue_under(&self, mdoc: &MdocToIssue, certificate: &[u8]) -> Vec<u8> {
        let header = IssuerAuthHeader::new(SignatureAlgorithm::Es256, &[certificate.to_vec()]);
        let header = header.expect("a chain of one certificate");
        let prepared = mdoc.prepare(&header, &SeededRandomness::new(99));
        let prepared = prepared.expect("the mdoc is prepared");
        let signature = self.signer.sign(&prepared.request(self.signer.handle()));
        prepared.finish(&signature).expect("the mdoc is finished")
    }
}

/// From a month ago to so many days from now.
fn days(days: u32) -> Validity {
    Validity {
        not_before: NOW.minus(DAY * 30),
        not_after: NOW.plus(DAY * days),
    }
}

fn validity() -> Validity {
    Validity {
        not_before: NOW.minus(DAY * 365),
        not_after: NOW.plus(DAY * 365),
    }
}

fn status_claims(uri: &str, issued_at: UnixTime) -> StatusListClaims {
    StatusListClaims {
        uri: uri.to_owned(),
        issued_at,
        expires_at: Some(issued_at.plus(DAY)),
        time_to_live: Some(Duration::from_secs(3_600)),
        aggregation_uri: None,
    }
}

/// The key of every issuing authority's status signer.
fn status_signer() -> TestKey {
    TestKey::new(SignatureAlgorithm::Es256, 4_711)
}
