//! What a verifier knows when it judges: the trust list, status lists, a pack. Handed in, never fetched.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_trust::pack::Pack;
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_trust::trust_list::TrustList;

/// What is known so far. A driver adds to it what [`Step::Wants`](crate::Step::Wants) asks for.
#[derive(Debug)]
pub struct Evidence<'e> {
    trust_list: &'e TrustList,
    pack: PackEvidence<'e>,
    reach: Reach,
    status_lists: BTreeMap<String, StatusEvidence>,
    type_metadata: BTreeMap<String, TypeMetadataEvidence>,
}

impl<'e> Evidence<'e> {
    /// A verifier with a network and its pinned trust list: what is missing is asked for.
    #[must_use]
    pub fn online(trust_list: &'e TrustList) -> Self {
        Self::new(trust_list, PackEvidence::NotGiven, Reach::Network)
    }

    /// A verifier without a network, with a verified pack: its trust list, its status sections, and nothing else.
    #[must_use]
    pub fn offline(pack: &'e Pack<'e>) -> Self {
        Self::new(pack.trust_list(), PackEvidence::Accepted(pack), Reach::Nowhere)
    }

    /// A verifier without a network and without a usable pack, that has its pinned trust list alone: no status can be
    /// known.
    #[must_use]
    pub fn offline_without_pack(trust_list: &'e TrustList, absence: PackAbsence) -> Self {
        let pack = match absence {
            PackAbsence::NotGiven => PackEvidence::NotGiven,
            PackAbsence::Refused => PackEvidence::Refused,
        };
        Self::new(trust_list, pack, Reach::Nowhere)
    }

    fn new(trust_list: &'e TrustList, pack: PackEvidence<'e>, reach: Reach) -> Self {
        Self {
            trust_list,
            pack,
            reach,
            status_lists: BTreeMap::new(),
            type_metadata: BTreeMap::new(),
        }
    }

    /// Adds what was found at the URI of a status list. A later answer replaces an earlier one.
    pub fn add_status_list(&mut self, uri: String, evidence: StatusEvidence) {
        self.status_lists.insert(uri, evidence);
    }

    /// Adds the metadata of a credential type, or that they could not be had.
    pub fn add_type_metadata(&mut self, vct: String, evidence: TypeMetadataEvidence) {
        self.type_metadata.insert(vct, evidence);
    }

    pub(crate) fn trust_list(&self) -> &'e TrustList {
        self.trust_list
    }

    pub(crate) fn pack(&self) -> &PackEvidence<'e> {
        &self.pack
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach
    }

    pub(crate) fn status_list(&self, uri: &str) -> Option<&StatusEvidence> {
        self.status_lists.get(uri)
    }

    pub(crate) fn type_metadata(&self, vct: &str) -> Option<&TypeMetadataEvidence> {
        self.type_metadata.get(vct)
    }
}

/// What was found at the URI of a status list.
#[derive(Debug, Clone)]
pub enum StatusEvidence {
    /// The body that was served: a status list token. The session verifies it.
    Token(String),
    /// A list that an earlier session verified, from [`VerificationSession::verified_status_lists`]. Its signature is
    /// not checked again; whose it is and how old it is are.
    ///
    /// [`VerificationSession::verified_status_lists`]: crate::VerificationSession::verified_status_lists
    Verified(Arc<VerifiedStatusList>),
    /// It could not be had.
    Absent,
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
    /// One was given and refused: by an unknown signer, changed, rolled back, expired. Nothing of it is used.
    Refused,
}

#[derive(Debug)]
pub(crate) enum PackEvidence<'e> {
    NotGiven,
    Refused,
    Accepted(&'e Pack<'e>),
}

/// Whether what is missing can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    Network,
    Nowhere,
}
