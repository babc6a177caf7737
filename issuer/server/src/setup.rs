//! What an issuer is handed when it starts: its keys, its clock, its store.

use std::sync::Arc;

use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::cose::NamedContentKey;
use symbolon_crypto::jose::jwe::JweCodec;
use symbolon_crypto::signing::{KeyError, KeyHandle, Sign, SignOutcome, SignatureRequest};
use symbolon_crypto::{CryptoProvider, PublicKey, Randomness, UnixTime};
use symbolon_issuer::attestation_status::AttestationStates;
use symbolon_issuer::card::CardKey;
use symbolon_issuer::mapping::FitPicture;
use symbolon_issuer::profile::{IssuerProfile, SigningKey};
use symbolon_issuer::record::RecordSchema;
use symbolon_issuer::store::IssuerStore;
use symbolon_store::Store;
use symbolon_trust::trust_list::TrustList;
use thiserror::Error;

use crate::card::FontSource;
use crate::records::Records;
use crate::revocation_lists::RevocationLists;
use crate::sign_in::SignInSetup;

/// Tells the time. Handed in, so that tests choose it.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// Everything an issuer works with.
#[derive(Clone)]
pub struct Setup {
    /// What it is.
    pub profile: IssuerProfile,
    /// What its records look like.
    pub record_schema: Arc<RecordSchema>,
    /// What it signs with.
    pub keys: IssuerKeys,
    /// Where its records are.
    pub records: Records,
    /// Where it keeps its books.
    pub store: Arc<dyn IssuerStore>,
    /// The embedded store that the books are in, for backups; `None` where they are elsewhere.
    pub embedded: Option<Store>,
    /// Whom verifiers believe; goes into offline packs. Without it none can be built here.
    pub trust_list: Option<TrustList>,
    /// Who has the revocation lists of its authorities; without it none are served.
    pub revocation_lists: Option<Arc<dyn RevocationLists>>,
    /// Verifies the proofs of wallets, and signs the statements of credentials that are disclosed one by one.
    pub crypto: Arc<dyn CryptoProvider>,
    /// Turns W3C credentials into what their proofs sign.
    pub json_ld: Arc<dyn JsonLdProcessor>,
    /// Encrypts and decrypts for wallets.
    pub jwe: Arc<dyn JweCodec>,
    /// For secrets, salts and identifiers.
    pub randomness: Arc<dyn Randomness>,
    /// The time.
    pub clock: Clock,
    /// Brings pictures under the budget of a claim or a card; [`crate::card::FitWebp`] does.
    pub pictures: Arc<dyn FitPicture>,
    /// What cards are written with.
    pub fonts: FontSource,
    /// Which codes cards have.
    pub card_codes: CardCodes,
    /// How residents sign in.
    pub sign_in: SignInSetup,
    /// Where attestations of wallets and of keys are looked up; [`crate::FetchedAttestationStates`] does.
    pub attestation_states: Arc<dyn AttestationStates>,
}

/// Which codes the cards of an issuer have, unless an order says otherwise.
#[derive(Clone, Default)]
pub struct CardCodes {
    /// Whether the face has a code to itself.
    pub count: CodeCount,
    /// Who may read the face in a second code: the holders of this key, or everybody without it.
    pub face_key: Option<Arc<NamedContentKey>>,
}

/// How many codes a card has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CodeCount {
    /// One, the face beside the claims.
    #[default]
    One,
    /// Two: one says who it is, the other shows the face, which has far more room there.
    Two,
}

/// The issuer's keys, each with one purpose (ATTACKS.md row 3: one key never signs two kinds).
#[derive(Clone)]
pub struct IssuerKeys {
    /// Signs SD-JWT VCs.
    pub credentials: Signer<SigningKey>,
    /// Signs mdocs: a document signer. Without it none are issued.
    pub documents: Option<Signer<SigningKey>>,
    /// Sign W3C credentials and their Bitstring Status Lists, one key for each algorithm. Without them none are issued.
    pub assertion: Vec<Signer<PlainKey>>,
    /// Signs status lists and the status sections of packs.
    pub status: Signer<SigningKey>,
    /// Signs the issuer's metadata. Without it they are served unsigned alone.
    pub metadata: Option<Signer<SigningKey>>,
    /// Signs cards. Without it none are printed.
    pub cards: Option<Signer<CardKey>>,
    /// Signs the trust section of packs; the registry operator's.
    pub registry: Option<Signer<PlainKey>>,
    /// Signs the manifest of packs; the distributor's.
    pub packs: Option<Signer<PlainKey>>,
    /// Keys that sign no more.
    pub retired: RetiredPublicKeys,
}

/// Public halves of keys that were rotated. They are published as long as a credential that they signed is in force.
#[derive(Debug, Clone, Default)]
pub struct RetiredPublicKeys {
    /// Of [`IssuerKeys::credentials`].
    pub credentials: Vec<PublicKey>,
    /// Of [`IssuerKeys::assertion`].
    pub assertion: Vec<PublicKey>,
}

/// A key and the port that signs with it.
#[derive(Clone)]
pub struct Signer<K> {
    /// What is known of the key.
    pub key: K,
    /// Signs.
    pub sign: Arc<dyn Sign>,
}

impl IssuerKeys {
    /// The signature of whichever key a request of an issuance names.
    pub(crate) fn signature(&self, request: &SignatureRequest) -> Result<Vec<u8>, SigningFailed> {
        let mut certified = core::iter::once(&self.credentials).chain(&self.documents);
        if let Some(signer) = certified.find(|signer| signer.key.handle == request.key) {
            return signer.signature(request);
        }
        let asserting = self
            .assertion
            .iter()
            .find(|signer| signer.key.handle == request.key);
        asserting
            .ok_or(SigningFailed::Key(KeyError::Unknown))?
            .signature(request)
    }
}

/// A key that is named by its own thumbprint, or by the DID that is made of it.
#[derive(Debug, Clone)]
pub struct PlainKey {
    /// Its handle in the key store.
    pub handle: KeyHandle,
    /// Its public half.
    pub public_key: PublicKey,
}

impl<K> Signer<K> {
    pub(crate) fn signature(&self, request: &SignatureRequest) -> Result<Vec<u8>, SigningFailed> {
        match self.sign.sign(request)? {
            SignOutcome::Signed(signature) => Ok(signature),
            SignOutcome::Locked => Err(SigningFailed::Locked),
        }
    }
}

/// Why one of the issuer's own keys did not sign.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SigningFailed {
    /// An operator must unlock it.
    #[error("a key of the issuer is locked")]
    Locked,
    /// The key store failed.
    #[error("a key of the issuer cannot be used")]
    Key(#[from] KeyError),
}

/// The most characters of a card's QR code: 950 bytes in Base45, which fit version 22 at error correction level L (ID-FORMATS §4).
pub const CARD_QR_MAX_CHARACTERS: usize = 1_425;

/// The least bytes for a face that can be compared with a person.
pub const MIN_CARD_FACE_BYTES: usize = 200;
