//! What a verifier knows when it judges: the trust list, a pack, DID documents, issuers' keys, status lists, type
//! metadata. Handed in, never fetched.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use symbolon_credential::data_integrity::ContextTable;
use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::x509::RevocationList;
use symbolon_did::Did;
use symbolon_trust::pack::{LastSeen, Pack};
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_trust::trust_list::TrustList;

use crate::session::{VerifiedBitstringList, Want};

/// What is known so far. A driver adds to it what [`Step::Wants`](crate::Step::Wants) asks for.
#[derive(Debug)]
pub struct Evidence<'e> {
    trust_list: Cow<'e, TrustList>,
    pack: PackEvidence<'e>,
    turn: PackTurn,
    reach: Reach,
    era: Era,
    status_lists: BTreeMap<String, StatusEvidence>,
    status_list_credentials: BTreeMap<String, StatusListCredentialEvidence>,
    did_documents: BTreeMap<Did, DidDocumentEvidence>,
    did_witness_proofs: BTreeMap<Did, DocumentEvidence>,
    documents: BTreeMap<String, DocumentEvidence>,
    type_metadata: BTreeMap<String, TypeMetadataEvidence>,
    revocation_lists: BTreeMap<String, RevocationListEvidence>,
    given_revocation_lists: &'e [RevocationList],
    known_revocation_lists: Vec<RevocationList>,
    revocation_lists_of_pack: &'e [RevocationList],
    seen_in_packs: Option<&'e LastSeen>,
    contexts: OnceLock<ContextTable>,
    content_keys: ContentKeys<'e>,
}

impl<'e> Evidence<'e> {
    /// A verifier with a network and its pinned trust list: what is missing is asked for.
    #[must_use]
    pub fn online(trust_list: &'e TrustList) -> Self {
        Self::new(Cow::Borrowed(trust_list), PackEvidence::NotGiven, Reach::Network)
    }

    /// A verifier with a network and a verified pack beside it: whatever is missing is asked for, and the pack answers for the
    /// status lists that cannot be had. Of revocation lists of certificates the newest counts, wherever it is from. Whom to believe says `trust_list`: the pack's, which is never older than the pinned one, or that
    /// of a verifier that believes others beside.
    ///
    /// Whoever can keep the network away chooses the pack's statement, which may be older: a policy that bounds the age of a
    /// statement bounds the pack's as well.
    #[must_use]
    pub fn online_then_pack(trust_list: &'e TrustList, pack: &'e Pack<'e>) -> Self {
        Self {
            turn: PackTurn::AfterNetwork,
            ..Self::new(
                Cow::Borrowed(trust_list),
                PackEvidence::Accepted(pack),
                Reach::Network,
            )
        }
    }

    /// The same where the pack is not there, or was refused: with what [`offline_without_pack`](Self::offline_without_pack) takes, and a warning where a
    /// refused pack would have been asked. The revocation lists keep nobody from asking for newer ones, as those of a pack in force do not.
    #[must_use]
    pub fn online_without_pack(
        absence: PackAbsence,
        trust_list: &'e TrustList,
        revocation_lists: &'e [RevocationList],
        seen: Option<&'e LastSeen>,
    ) -> Self {
        Self {
            turn: PackTurn::AfterNetwork,
            ..Self::without_pack(absence, trust_list, revocation_lists, seen, Reach::Network)
        }
    }

    /// A verifier without a network, with a verified pack: its trust list, its status sections, its revocation lists of
    /// certificates, and nothing else.
    #[must_use]
    pub fn offline(pack: &'e Pack<'e>) -> Self {
        Self::new(
            Cow::Borrowed(pack.trust_list()),
            PackEvidence::Accepted(pack),
            Reach::Nowhere,
        )
    }

    /// A verifier without a network and without a usable pack: no status can be known. What packs have said for good counts on, and is taken
    /// together, so that the end of a pack brings nobody back (`docs/adr/0032`):
    ///
    /// - `trust_list` is the pinned list; where a list that was issued later is remembered it is one whose time is over
    ///   ([`TrustList::unless_superseded`]).
    /// - `revocation_lists` are those of the pack that lies there, or of the last one that did
    ///   ([`unverified_revocation_lists`](symbolon_trust::pack::unverified_revocation_lists)): what they take back stays taken back. Empty where there is no
    ///   pack to read.
    /// - `seen` is what is remembered of the packs that were accepted, and `None` where none was: nothing is known of the certificates whose list the
    ///   last of them left out.
    #[must_use]
    pub fn offline_without_pack(
        absence: PackAbsence,
        trust_list: &'e TrustList,
        revocation_lists: &'e [RevocationList],
        seen: Option<&'e LastSeen>,
    ) -> Self {
        Self::without_pack(absence, trust_list, revocation_lists, seen, Reach::Nowhere)
    }

    fn without_pack(
        absence: PackAbsence,
        trust_list: &'e TrustList,
        revocation_lists: &'e [RevocationList],
        seen: Option<&'e LastSeen>,
        reach: Reach,
    ) -> Self {
        let newest = seen.map(|seen| seen.trust_list_issued_at);
        let pack = match absence {
            PackAbsence::NotGiven => PackEvidence::NotGiven,
            PackAbsence::Refused => PackEvidence::Refused,
        };
        Self {
            revocation_lists_of_pack: revocation_lists,
            seen_in_packs: seen,
            ..Self::new(trust_list.unless_superseded(newest), pack, reach)
        }
    }

    fn new(trust_list: Cow<'e, TrustList>, pack: PackEvidence<'e>, reach: Reach) -> Self {
        Self {
            trust_list,
            pack,
            turn: PackTurn::BeforeNetwork,
            reach,
            era: Era::Present,
            status_lists: BTreeMap::new(),
            status_list_credentials: BTreeMap::new(),
            did_documents: BTreeMap::new(),
            did_witness_proofs: BTreeMap::new(),
            documents: BTreeMap::new(),
            type_metadata: BTreeMap::new(),
            revocation_lists: BTreeMap::new(),
            given_revocation_lists: &[],
            known_revocation_lists: Vec::new(),
            revocation_lists_of_pack: &[],
            seen_in_packs: None,
            contexts: OnceLock::new(),
            content_keys: ContentKeys(&[]),
        }
    }

    /// The same evidence for a judgement of the past: what was true at the time that the session is told is asked, and a status list counts
    /// only if that time lies within its own (Token Status List, section 8.4). A driver asks for such lists by `time`, and a server that
    /// does not know the parameter answers with the list of today.
    #[must_use]
    pub const fn of_the_past(mut self) -> Self {
        self.era = Era::Past;
        self
    }

    /// The same evidence with keys that open encrypted cards.
    #[must_use]
    pub fn with_content_keys(mut self, keys: &'e [NamedContentKey]) -> Self {
        self.content_keys = ContentKeys(keys);
        self
    }

    /// The same evidence with revocation lists that are at hand, whoever signed them: each counts where an authority of a chain did.
    #[must_use]
    pub const fn with_revocation_lists(mut self, lists: &'e [RevocationList]) -> Self {
        self.given_revocation_lists = lists;
        self
    }

    /// Adds what was found at the URL of a revocation list.
    pub fn add_revocation_list(&mut self, url: String, evidence: RevocationListEvidence) {
        self.revocation_lists.insert(url, evidence);
    }

    /// Adds a revocation list that is known beside what was found at its URL: the one before, until a newer one is verified. Of lists of one
    /// authority the newest counts.
    pub fn add_known_revocation_list(&mut self, list: RevocationList) {
        self.known_revocation_lists.push(list);
    }

    /// Adds what was found at the URI of a status list. A later answer replaces an earlier one.
    pub fn add_status_list(&mut self, uri: String, evidence: StatusEvidence) {
        self.status_lists.insert(uri, evidence);
    }

    /// Adds that what was wanted could not be had.
    pub fn add_absent(&mut self, want: Want) {
        match want {
            Want::DidDocument { did } => self.add_did_document(did, DidDocumentEvidence::Absent),
            Want::DidWitnessProofs { did } => {
                self.add_did_witness_proofs(did, DocumentEvidence::Absent);
            }
            Want::IssuerDocument { url } => self.add_issuer_document(url, DocumentEvidence::Absent),
            Want::StatusList { uri } => self.add_status_list(uri, StatusEvidence::Absent),
            Want::StatusListCredential { url } => {
                self.add_status_list_credential(url, StatusListCredentialEvidence::Absent);
            }
            Want::RevocationList { url } => {
                self.add_revocation_list(url, RevocationListEvidence::Absent);
            }
            Want::TypeMetadata { vct } => self.add_type_metadata(vct, TypeMetadataEvidence::Absent),
        }
    }

    /// Adds what was found at the URL of a Bitstring status list credential.
    pub fn add_status_list_credential(&mut self, url: String, evidence: StatusListCredentialEvidence) {
        self.status_list_credentials.insert(url, evidence);
    }

    /// Adds the document of a DID, or that it could not be had.
    pub fn add_did_document(&mut self, did: Did, evidence: DidDocumentEvidence) {
        self.did_documents.insert(did, evidence);
    }

    /// Adds the witness proofs of a `did:webvh`, or that they could not be had.
    pub fn add_did_witness_proofs(&mut self, did: Did, evidence: DocumentEvidence) {
        self.did_witness_proofs.insert(did, evidence);
    }

    /// Adds an issuer's metadata or its key set, or that they could not be had.
    pub fn add_issuer_document(&mut self, url: String, evidence: DocumentEvidence) {
        self.documents.insert(url, evidence);
    }

    /// Adds the metadata of a credential type, or that they could not be had.
    pub fn add_type_metadata(&mut self, vct: String, evidence: TypeMetadataEvidence) {
        self.type_metadata.insert(vct, evidence);
    }

    pub(crate) fn trust_list(&self) -> &TrustList {
        &self.trust_list
    }

    pub(crate) fn pack(&self) -> &PackEvidence<'e> {
        &self.pack
    }

    pub(crate) const fn pack_turn(&self) -> PackTurn {
        self.turn
    }

    pub(crate) const fn content_keys(&self) -> &'e [NamedContentKey] {
        self.content_keys.0
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    pub(crate) const fn era(&self) -> Era {
        self.era
    }

    pub(crate) fn status_list(&self, uri: &str) -> Option<&StatusEvidence> {
        self.status_lists.get(uri)
    }

    pub(crate) fn status_list_credential(&self, url: &str) -> Option<&StatusListCredentialEvidence> {
        self.status_list_credentials.get(url)
    }

    pub(crate) fn did_documents(&self) -> &BTreeMap<Did, DidDocumentEvidence> {
        &self.did_documents
    }

    pub(crate) fn did_witness_proofs(&self, did: &Did) -> Option<&DocumentEvidence> {
        self.did_witness_proofs.get(did)
    }

    pub(crate) fn issuer_document(&self, url: &str) -> Option<&DocumentEvidence> {
        self.documents.get(url)
    }

    /// The contexts of the trust list. One that is no context is left out, and whatever names it has no meaning.
    pub fn contexts(&self) -> &ContextTable {
        self.contexts.get_or_init(|| {
            let documents = self.trust_list.contexts.iter();
            let usable = documents.filter(|(_, document)| {
                matches!(
                    document.get("@context"),
                    Some(serde_json::Value::Object(_) | serde_json::Value::Array(_))
                )
            });
            ContextTable::from_documents(usable.map(|(url, document)| (url.clone(), document.clone())))
                .unwrap_or_default()
        })
    }

    pub(crate) fn revocation_list(&self, url: &str) -> Option<&RevocationListEvidence> {
        self.revocation_lists.get(url)
    }

    /// The lists that were found at any URL: one that was fetched for the signer of a credential may speak of that of its status list.
    pub(crate) fn fetched_revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.revocation_lists.values().filter_map(|found| match found {
            RevocationListEvidence::List(list) => Some(list),
            RevocationListEvidence::Absent => None,
        })
    }

    /// The lists that are at hand whatever is found at their URLs.
    pub(crate) fn given_revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.given_revocation_lists
            .iter()
            .chain(&self.known_revocation_lists)
    }

    /// The lists of the pack, in force or not.
    pub(crate) fn packed_revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        self.accepted_pack()
            .into_iter()
            .flat_map(Pack::known_revocation_lists)
            .chain(self.revocation_lists_of_pack)
    }

    /// What is remembered of packs, where none can be opened.
    pub(crate) const fn seen_in_packs(&self) -> Option<&'e LastSeen> {
        self.seen_in_packs
    }

    /// The pack, where there is one that was accepted.
    pub(crate) const fn accepted_pack(&self) -> Option<&'e Pack<'e>> {
        match self.pack {
            PackEvidence::Accepted(pack) => Some(pack),
            PackEvidence::NotGiven | PackEvidence::Refused => None,
        }
    }

    pub(crate) fn type_metadata(&self, vct: &str) -> Option<&TypeMetadataEvidence> {
        self.type_metadata.get(vct)
    }
}

/// Keys that are counted where they would be printed.
struct ContentKeys<'e>(&'e [NamedContentKey]);

impl core::fmt::Debug for ContentKeys<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

/// What was found at the URI of a status list.
#[derive(Debug, Clone)]
pub enum StatusEvidence {
    /// The body that was served: a status list token, as a JWT. The session verifies it.
    Token(String),
    /// The body that was served: a status list token, as a CWT. The session verifies it.
    Cwt(Vec<u8>),
    /// A list that an earlier session verified, from [`VerificationSession::verified_status_lists`]. Its signature is
    /// not checked again; whose it is and how old it is are.
    ///
    /// [`VerificationSession::verified_status_lists`]: crate::VerificationSession::verified_status_lists
    Verified(Arc<VerifiedStatusList>),
    /// It could not be had.
    Absent,
}

impl StatusEvidence {
    /// A body that was served, by its form: a CWT begins with the tag of a COSE_Sign1, which no text does.
    #[must_use]
    pub fn of_body(body: Vec<u8>) -> Self {
        match String::from_utf8(body) {
            Ok(token) => Self::Token(token),
            Err(other) => Self::Cwt(other.into_bytes()),
        }
    }
}

/// What was found at the URL of a Bitstring status list credential.
#[derive(Debug, Clone)]
pub enum StatusListCredentialEvidence {
    /// The body that was served: a credential as JSON, or as a JWT. The session verifies it.
    Credential(String),
    /// A list that an earlier session verified, from [`VerificationSession::verified_status_list_credentials`]. Its proof
    /// is not checked again; whose it is and how old it is are.
    ///
    /// [`VerificationSession::verified_status_list_credentials`]: crate::VerificationSession::verified_status_list_credentials
    Verified(Arc<VerifiedBitstringList>),
    /// It could not be had.
    Absent,
}

/// What was found as the document of a DID.
#[derive(Debug, Clone)]
pub enum DidDocumentEvidence {
    /// What was served where the method says it is: the document, or the log of a `did:webvh`, which the session verifies.
    Document(Vec<u8>),
    /// It could not be had.
    Absent,
}

/// What was found at a URL of an issuer's.
#[derive(Debug, Clone)]
pub enum DocumentEvidence {
    /// The document that was served.
    Document(Vec<u8>),
    /// It could not be had.
    Absent,
}

/// What was found at the URL of a revocation list.
#[derive(Debug, Clone)]
pub enum RevocationListEvidence {
    /// The list that was served. The session verifies whose it is.
    List(RevocationList),
    /// It could not be had, or is none that can be used.
    Absent,
}

impl RevocationListEvidence {
    /// A body that was served.
    #[must_use]
    pub fn of_body(body: &[u8]) -> Self {
        RevocationList::parse(body).map_or(Self::Absent, Self::List)
    }
}

/// What was found as the metadata of a credential type.
#[derive(Debug, Clone)]
pub enum TypeMetadataEvidence {
    /// The document that was served.
    Document(Vec<u8>),
    /// It could not be had.
    Absent,
}

/// Why there is no pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PackAbsence {
    /// None was given.
    NotGiven,
    /// One was given and refused: by an unknown signer, changed, rolled back, expired. Nothing of it is used but the revocation lists of certificates.
    Refused,
}

/// When the pack is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PackTurn {
    /// Before anything else.
    BeforeNetwork,
    /// For what the network does not have.
    AfterNetwork,
}

#[derive(Debug)]
pub(crate) enum PackEvidence<'e> {
    NotGiven,
    Refused,
    Accepted(&'e Pack<'e>),
}

/// Of which time something is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Era {
    Present,
    Past,
}

/// Whether what is missing can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Network,
    Nowhere,
}
