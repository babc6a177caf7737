//! The operator's distributor with the keys of the house, what it can make with them, and the four ways to a shop.

use std::fs;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use symbolon_cli::installation::keys::{KeyFolder, KeyPurpose};
use symbolon_crypto::signing::{DescribeKeys as _, Sign as _, SignOutcome, SignatureRequest, SoftwareKey};
use symbolon_crypto::testing::revocation::RevocationListDraft;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{CryptoProvider, RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_protocol::qr_transport::{FrameSize, Message};
use symbolon_trust::distribution::{Digest, PackIndex, PublishedFile, PublishedPack};
use symbolon_trust::pack::{PackBuilder, PackTimes, RevocationSection, StatusSection, TrustSection, claims};
use symbolon_trust::status_list::{PreparedStatusListToken, StatusListClaims, TokenStatusList};
use symbolon_trust::trust_list::{RootOfTrust, TrustList};

use crate::distribution::{Operator, Scripted, Shop};
use crate::offline::{Island, let_the_clock_move};

pub(super) const DAY: Duration = Duration::from_secs(86_400);
pub(super) const CARD: &str = "card.png";

/// The operator's distributor, who has the keys of the house.
pub(super) struct Liar {
    pub(super) operator: Operator,
    root: RootOfTrust,
    keys: KeyFolder,
    /// The parts of a pack from before a revocation, and of one from after it.
    pub(super) before: Parts,
    pub(super) after: Parts,
}

/// What a pack is made of.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) pack: Vec<u8>,
    pub(super) trust: TrustSection,
    pub(super) status: StatusSection,
    /// The revocation lists of the house: of its authority of issuers, and of that of document signers.
    lists: [RevocationSection; 2],
    sequence: u64,
    pub(super) created: UnixTime,
}

impl Parts {
    /// By `docs/pack-format.md`, section 2: a header of 24 bytes, entries of 48, the manifest, the sections.
    fn of(pack: Vec<u8>) -> Self {
        let [trust, status, of_issuers, of_documents] = &sections(&pack)[..] else {
            panic!("a trust section, a status section and two revocation lists");
        };
        let list = |bytes: &Vec<u8>| RevocationSection::from_bytes(bytes.clone()).unwrap();
        let said = claims(&pack).unwrap();
        Self {
            trust: TrustSection::from_published(trust.clone()),
            status: StatusSection::from_published(status.clone()),
            lists: [list(of_issuers), list(of_documents)],
            sequence: said.sequence,
            created: said.created,
            pack,
        }
    }
}

fn number(bytes: &[u8]) -> usize {
    let number = bytes
        .iter()
        .rev()
        .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    usize::try_from(number).unwrap()
}

fn sections(pack: &[u8]) -> Vec<Vec<u8>> {
    let (count, manifest) = (number(&pack[12..16]), number(&pack[16..20]));
    let mut at = 24 + 48 * count + manifest;
    let lengths = (0..count).map(|entry| number(&pack[24 + 48 * entry + 8..][..8]));
    lengths
        .map(|length| {
            at += length;
            pack[at - length..at].to_vec()
        })
        .collect()
}

fn signed(key: &SoftwareKey, request: &SignatureRequest) -> Vec<u8> {
    match key.sign(request).unwrap() {
        SignOutcome::Signed(signature) => signature,
        SignOutcome::Locked => panic!("a software key is never locked"),
    }
}

impl Liar {
    pub(super) fn new() -> Self {
        let operator = Operator::new();
        let data = operator.installation.path("data");
        let root = RootOfTrust::parse(&fs::read(data.join("trust.json")).unwrap()).unwrap();
        let build = |name: &str| {
            operator.installation.ok(&["pack", "build", "--out", name]);
            Parts::of(fs::read(operator.installation.path(name)).unwrap())
        };
        let before = build("before.pack");
        let_the_clock_move();
        operator
            .installation
            .ok(&["credential", "revoke", "--record", &operator.uin]);
        let after = build("after.pack");
        Self {
            root,
            keys: KeyFolder::below(&data),
            before,
            after,
            operator,
        }
    }

    pub(super) fn key(&self, purpose: KeyPurpose) -> SoftwareKey {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        self.keys.read_key(purpose, &provider).unwrap()
    }

    /// The trust list as the registry signed it first, with what was changed.
    pub(super) fn trust_list(&self, change: impl FnOnce(&mut TrustList)) -> TrustList {
        let mut list = self.root.trust_list.clone();
        change(&mut list);
        list
    }

    /// A trust section that names one key and is signed by another.
    pub(super) fn trust(&self, list: &TrustList, named: KeyPurpose, signer: KeyPurpose) -> TrustSection {
        let prepared = TrustSection::prepare(list, self.key(named).public_key()).unwrap();
        let signer = self.key(signer);
        let signature = signed(&signer, &prepared.request(signer.handle().clone()));
        prepared.finish(&signature).unwrap()
    }

    /// A pack that the distributor signs, so many later than the honest ones, with the revocation lists of the house.
    pub(super) fn later(
        &self,
        later: u64,
        trust: &TrustSection,
        add: impl FnOnce(PackBuilder) -> PackBuilder,
    ) -> Vec<u8> {
        let [_, of_documents] = &self.after.lists;
        self.later_without_documents(later, trust, |builder| {
            add(builder.with_revocation_list(of_documents.clone()))
        })
    }

    /// The same without the list about document signers.
    pub(super) fn later_without_documents(
        &self,
        later: u64,
        trust: &TrustSection,
        add: impl FnOnce(PackBuilder) -> PackBuilder,
    ) -> Vec<u8> {
        let [of_issuers, _] = &self.after.lists;
        let times = PackTimes {
            created: self.after.created,
            valid_until: self.after.created.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(self.after.sequence + later, times, trust.clone());
        let builder = builder.with_revocation_list(of_issuers.clone());
        let key = self.key(KeyPurpose::Pack);
        let prepared = add(builder).prepare(key.public_key()).unwrap();
        let signature = signed(&key, &prepared.request(key.handle().clone()));
        prepared.finish(&signature).unwrap()
    }

    pub(super) fn pack(&self, trust: &TrustSection, add: impl FnOnce(PackBuilder) -> PackBuilder) -> Vec<u8> {
        self.later(1, trust, add)
    }

    pub(super) fn with_status(&self, trust: &TrustSection, status: StatusSection) -> Vec<u8> {
        self.pack(trust, |builder| builder.with_status(status))
    }

    /// A status list token of the issuer's own key that says of itself that it is the one at `subject`.
    pub(super) fn token(&self, subject: &str, list: &TokenStatusList) -> Vec<u8> {
        let key = self.key(KeyPurpose::StatusSigning);
        let chain: Vec<Certificate> = self
            .keys
            .read_chain_of(KeyPurpose::StatusSigning, key.public_key())
            .unwrap();
        let claims = StatusListClaims {
            uri: subject.to_owned(),
            issued_at: self.after.created,
            expires_at: Some(self.after.created.plus(DAY)),
            time_to_live: None,
            aggregation_uri: None,
        };
        let prepared =
            PreparedStatusListToken::prepare(&claims, list, SignatureAlgorithm::Es256, &chain).unwrap();
        let signature = signed(&key, &prepared.request(key.handle().clone()));
        prepared.finish(&signature).into_bytes()
    }

    /// The certificate of the house's authority of document signers, an anchor of its trust list.
    pub(super) fn authority(&self) -> Certificate {
        let key = self.key(KeyPurpose::DocumentsRoot);
        let anchors = self
            .root
            .trust_list
            .issuers
            .iter()
            .flat_map(|issuer| &issuer.anchors);
        let mut own = anchors.filter(|anchor| anchor.public_key() == key.public_key());
        own.next().unwrap().clone()
    }

    /// An empty revocation list of that authority, valid for a day.
    pub(super) fn revocation_list(&self, made: UnixTime) -> Vec<u8> {
        let key = self.key(KeyPurpose::DocumentsRoot);
        let description = key.describe(key.handle()).unwrap();
        RevocationListDraft::of(&self.authority(), made, made.plus(DAY)).sign(&description, &key)
    }

    /// A shop that has the honest pack from after the revocation.
    pub(super) fn shop(&self) -> Shop {
        let shop = self.operator.shop();
        let pulled = pull(&shop, &self.after.pack);
        assert_eq!(pulled.status.code(), Some(0), "{}", said(&pulled));
        shop
    }
}

pub(super) fn said(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Serves a pack with the index that announces it, and has the shop pull it.
pub(super) fn pull(shop: &Shop, pack: &[u8]) -> Output {
    let said = claims(pack).unwrap();
    let full = PublishedFile::of("lie", pack, "pack").unwrap();
    let path = format!("/packs/{}", full.name.as_str());
    let index = PackIndex::of(vec![PublishedPack {
        scope: None,
        sequence: said.sequence,
        created: said.created,
        root: Digest::from_bytes(said.root),
        full,
        deltas: Vec::new(),
    }]);
    let server = Scripted::serving(vec![
        ("/packs/packs.json", index.to_json().unwrap()),
        (&path, pack.to_vec()),
    ]);
    shop.0.run(&["pack", "pull", &server.url("/packs/packs.json")])
}

/// The frames of a pack as a neighbour shows them, as texts.
pub(super) fn frames(message: Vec<u8>) -> Vec<String> {
    let frames = Message::Pack(message).frames(FrameSize::DENSE).unwrap();
    let count = frames.in_a_loop();
    frames.take(count).collect()
}

pub(super) fn receive(shop: &Shop, frames: &[String]) -> Output {
    let folder = shop.0.path("shown");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    for (at, frame) in frames.iter().enumerate() {
        fs::write(folder.join(format!("{at:04}.txt")), frame).unwrap();
    }
    shop.0.run(&["pack", "receive", "shown"])
}

/// Four ways lead to a verifier, and on each of them it says why.
#[track_caller]
pub(super) fn refused_on_every_way(shop: &Shop, island: &Island, lie: &str, pack: &[u8], reason: &str) {
    let held = shop.in_force();
    let verdict = shop.judge(island);
    fs::write(shop.0.path("lie.pack"), pack).unwrap();
    let apply = [
        "pack",
        "apply",
        "lie.pack",
        "--pack",
        "packs/current.pack",
        "--trust",
        "packs/trust.json",
    ];
    let ways = [
        ("pull", pull(shop, pack)),
        ("apply", shop.0.run(&apply)),
        ("receive", receive(shop, &frames(pack.to_vec()))),
    ];
    for (way, output) in ways {
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{lie} by {way}: {said}");
        assert!(said.contains(reason), "{lie} by {way}: {said}");
        assert!(shop.in_force() == held, "{lie} by {way} is in force");
    }
    let verify = [
        "verify",
        CARD,
        "--pack",
        "lie.pack",
        "--trust",
        "packs/trust.json",
        "--json",
    ];
    let output = shop.0.run(&verify);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(3), "{lie}: {said}");
    assert!(
        said.contains("the pack is refused: ") && said.contains(reason),
        "{lie}: {said}"
    );
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict"], "unknown", "{lie}");
    assert_eq!(
        shop.judge(island),
        verdict,
        "{lie} changed what is said of the card"
    );
}
