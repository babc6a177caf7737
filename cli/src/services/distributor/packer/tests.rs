use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use symbolon_crypto::signing::DescribeKeys as _;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::testing::revocation::{RevocationListDraft, authority, distribution_point, extended};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{self, KeyPurpose, LeafRequest, Validity};
use symbolon_crypto::{CryptoProvider, RustCryptoProvider, SignatureAlgorithm};
use symbolon_issuer::haip::Profile;
use symbolon_trust::pack::PackedRevocationList;
use symbolon_trust::status_list::{
    BitsPerStatus, PreparedStatusListToken, StatusListClaims, TokenStatusList,
};
use symbolon_trust::testing::TestKey;
use symbolon_trust::trust_list::{CredentialTypeRule, IssuerIdentifier, TrustedIssuer};

use super::super::scripted::{Scripted, Served};
use super::*;
use crate::configuration::FILE_NAME;
use crate::installation::TRUST;
use crate::installation::init::{NewInstallation, init};

const SECOND: Duration = Duration::from_secs(1);

/// An installation whose registry believes an issuer elsewhere, which serves one list and knows nothing of packs.
struct Setting {
    folder: tempfile::TempDir,
    root: RootOfTrust,
    server: Scripted,
    chain: [Certificate; 1],
    signer_key: TestKey,
    anchor: Certificate,
    anchor_key: TestKey,
    packer: InstallationPacker,
}

impl Setting {
    fn new(now: UnixTime) -> Self {
        let provider: Arc<dyn CryptoProvider> = Arc::new(RustCryptoProvider);
        let folder = tempfile::tempdir().unwrap();
        let server = Scripted::start();
        // Nobody is asked there: the packer has the books.
        let new = NewInstallation {
            folder: folder.path().to_owned(),
            issuer: Url::parse("http://127.0.0.1:9").unwrap(),
            verifier: Url::parse("http://127.0.0.1:10").unwrap(),
            profile: Profile::Standard,
        };
        init(&new, &provider, &SeededRandomness::new(1), now).unwrap();
        let configuration = folder.path().join(FILE_NAME);
        let text = fs::read_to_string(&configuration).unwrap();
        let uri = server.url("/status/0");
        let section = format!("\n[distributor]\nstatus_lists = [\"{uri}\"]\n");
        fs::write(&configuration, text + &section).unwrap();
        let installation = Installation::load(Some(&configuration)).unwrap();

        let identifier = server.url("");
        let [anchor_key, signer_key] = [910, 920].map(|seed| TestKey::new(SignatureAlgorithm::Es256, seed));
        let hour = Duration::from_secs(3_600);
        let validity = Validity {
            not_before: now.minus(hour),
            not_after: now.plus(hour),
        };
        let key = anchor_key.software_key();
        let anchor = authority("Another authority", validity, key, None);
        let leaf = LeafRequest {
            subject_name: "Signer of lists".to_owned(),
            san_uris: vec![identifier.clone()],
            san_dns: Vec::new(),
            validity,
            extended_key_usage: Some(KeyPurpose::StatusLists),
            public_key: signer_key.public_key().clone(),
        };
        let description = key.describe(key.handle()).unwrap();
        let leaf = issue::leaf(&leaf, &anchor, &description, key, &SeededRandomness::new(3)).unwrap();
        // It says where the revocation list is, and its root does not.
        let place = distribution_point(&server.url("/signer.crl"));
        let leaf = extended(&Certificate::parse(&leaf).unwrap(), &place, &description, key);
        let mut root = installation.trust().unwrap();
        root.trust_list.issuers.push(TrustedIssuer {
            identifier: IssuerIdentifier::parse(&identifier).unwrap(),
            name: "Another issuer".to_owned(),
            credential_types: vec![CredentialTypeRule::Any],
            anchors: vec![anchor.clone()],
            claim169_keys: Vec::new(),
            status_prefix: None,
            dids: Vec::new(),
            formats: Vec::new(),
            source: None,
        });
        fs::write(installation.data_file(TRUST), root.to_json().unwrap()).unwrap();
        Self {
            packer: InstallationPacker::new(Arc::new(installation)).unwrap(),
            chain: [Certificate::parse(&leaf).unwrap()],
            signer_key,
            anchor,
            anchor_key,
            folder,
            root,
            server,
        }
    }

    /// What the other issuer serves, or whoever stands between, from now on.
    fn serve(&self, made: UnixTime) {
        let claims = StatusListClaims {
            uri: self.server.url("/status/0"),
            issued_at: made,
            expires_at: Some(made.plus(Duration::from_secs(86_400))),
            time_to_live: None,
            aggregation_uri: None,
        };
        let list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        let algorithm = SignatureAlgorithm::Es256;
        let prepared = PreparedStatusListToken::prepare(&claims, &list, algorithm, &self.chain).unwrap();
        let signature = self.signer_key.sign(&prepared.request(self.signer_key.handle()));
        let token = prepared.finish(&signature).into_bytes();
        self.server.serve("/status/0", Served::Bytes(token));
    }

    /// When the list was made that is in the next pack; with how many are in it, carried as they were, and left out.
    async fn carried(&self) -> (Option<UnixTime>, Collected) {
        let pack = self.packer.make(None).await.unwrap();
        let tools = PackTools::new(&RustCryptoProvider);
        let opened = Pack::open_with(&pack, &self.root, tools, edge::system_time(), None).unwrap();
        let uri = self.server.url("/status/0");
        let mut lists = opened.status_lists().filter(|list| list.uri() == uri);
        (
            lists.next().map(|list| list.produced_at()),
            self.packer.collected(),
        )
    }

    fn data(&self, name: &str) -> PathBuf {
        self.folder.path().join("data").join(name)
    }

    fn kept(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.data(COLLECTED)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    /// As after the time for which the issuer lets its list be kept.
    fn let_the_kept_list_be_due(&self) {
        for path in self.kept() {
            if path.extension().is_some_and(|ending| ending == "json") {
                let mut about: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
                about["due_at"] = 0.into();
                fs::write(path, about.to_string()).unwrap();
            }
        }
    }

    fn forget_the_kept_list(&self) {
        for path in self.kept() {
            fs::remove_file(path).unwrap();
        }
    }
}

/// Whoever stands between an issuer and the distributor hands out an older list. Every reader that has seen the newer one would refuse the whole pack.
#[tokio::test(flavor = "multi_thread")]
async fn an_older_status_list_of_one_issuer_stops_no_pack_and_takes_no_place() {
    let made = edge::system_time().minus(Duration::from_secs(100));
    let setting = Setting::new(edge::system_time());
    setting.serve(made);
    let (carried, first) = setting.carried().await;
    assert_eq!((carried, first.lists, first.old), (Some(made), 1, 0));

    setting.serve(made.minus(SECOND));
    setting.let_the_kept_list_be_due();
    let (carried, said) = setting.carried().await;
    assert_eq!(carried, Some(made), "as it was");
    assert_eq!((said.lists, said.old, said.left_out), (1, 1, first.left_out));
    // Also where no pack that has it was published yet.
    let memory = setting.data("published-last-seen.json");
    fs::remove_file(&memory).unwrap();
    setting.let_the_kept_list_be_due();
    let (carried, said) = setting.carried().await;
    assert_eq!((carried, said.old), (Some(made), 1));

    // Nothing newer is kept any more.
    setting.forget_the_kept_list();
    let (carried, said) = setting.carried().await;
    assert_eq!(carried, None);
    assert_eq!((said.lists, said.old, said.left_out), (0, 0, first.left_out + 1));
    assert_eq!(setting.kept(), Vec::<PathBuf>::new());
    setting.serve(made);
    let (carried, said) = setting.carried().await;
    assert_eq!((carried, said.lists), (Some(made), 1), "and at once");

    // What is kept came out of an older backup.
    let newest = fs::read(&memory).unwrap();
    fs::remove_file(&memory).unwrap();
    setting.forget_the_kept_list();
    setting.serve(made.minus(SECOND));
    assert_eq!(setting.carried().await.0, Some(made.minus(SECOND)));
    fs::write(&memory, newest).unwrap();
    let (carried, said) = setting.carried().await;
    assert_eq!(carried, None);
    assert_eq!((said.lists, said.old, said.left_out), (0, 0, first.left_out + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pack_is_made_that_readers_of_the_packs_before_would_refuse() {
    let setting = Setting::new(edge::system_time());
    setting.carried().await;
    let memory = setting.data("published-last-seen.json");
    let remembered = fs::read(&memory).unwrap();
    let mut later: Value = serde_json::from_slice(&remembered).unwrap();
    later["sequence"] = 1_000_000.into();
    fs::write(&memory, later.to_string()).unwrap();
    let refused = setting.packer.make(None).await.unwrap_err();
    assert!(refused.to_string().contains("sequence"), "{refused}");
    // Nor is a memory that does not read taken for none.
    fs::write(&memory, b"{").unwrap();
    let refused = setting.packer.make(None).await.unwrap_err();
    assert!(
        refused.to_string().contains("published-last-seen.json"),
        "{refused}"
    );
    fs::write(&memory, remembered).unwrap();
    setting.carried().await;
}

/// Who signs a list is known once it is in a pack. What that certificate names is asked for the same pack, and not for the next.
#[tokio::test(flavor = "multi_thread")]
async fn the_place_that_a_signer_names_is_asked_before_its_first_pack_is_published() {
    let now = edge::system_time();
    let setting = Setting::new(now);
    let key = setting.anchor_key.software_key();
    let description = key.describe(key.handle()).unwrap();
    let list = RevocationListDraft::of(&setting.anchor, now, now.plus(Duration::from_secs(86_400)));
    let list = Served::Bytes(list.sign(&description, key));
    setting.server.serve("/signer.crl", list);
    setting.serve(now);
    let pack = setting.packer.make(None).await.unwrap();
    let tools = PackTools::new(&RustCryptoProvider);
    let opened = Pack::open_with(&pack, &setting.root, tools, edge::system_time(), None).unwrap();
    let lists = opened.revocation_lists().iter();
    let places: Vec<_> = lists.map(PackedRevocationList::uri).collect();
    assert_eq!(places, [setting.server.url("/signer.crl")]);
}
