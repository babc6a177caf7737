use serde_json::json;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{SecretKey, SignatureAlgorithm};
use symbolon_did::did_key;

use super::*;

const WEB: &str = "did:web:issuer.example";
const CONTEXT: &str = "https://issuer.example/contexts/identity";

fn key(seed: u64) -> PublicKey {
    SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed))
        .unwrap()
        .public_key()
}

fn list() -> Value {
    let method = format!("{WEB}#1");
    json!({
        "version": 1,
        "issued_at": 1_800_000_000,
        "valid_until": 1_900_000_000,
        "grace_seconds": 0,
        "issuers": [{
            "identifier": "https://issuer.example",
            "name": "Registry",
            "credential_types": ["IdentityCredential"],
            "dids": [WEB, did_key(&key(2)).unwrap()],
        }],
        "did_documents": { WEB: {
            "id": WEB,
            "verificationMethod": [{
                "id": method,
                "type": "JsonWebKey",
                "controller": WEB,
                "publicKeyJwk": key(1).to_jwk(),
            }],
            "assertionMethod": [method],
        } },
        "contexts": { CONTEXT: { "@context": { "name": "https://issuer.example/terms#name" } } },
    })
}

fn policy(list: &Value) -> Result<WalletPolicy, PolicyError> {
    let list = TrustList::parse(list.to_string().as_bytes()).unwrap();
    WalletPolicy::from_trust_list(&list, UrlPolicy::Public)
}

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse("https://issuer.example").unwrap()
}

fn assertion_key(policy: &WalletPolicy, method: &str) -> Option<PublicKey> {
    let evidence = policy.issuers.evidence(&issuer(), "IdentityCredential").unwrap();
    let method = DidUrl::parse(method).unwrap();
    evidence.did(method.did().as_str())?.assertion_key(&method)
}

#[test]
fn a_trust_list_gives_each_issuer_the_keys_of_its_dids_and_the_contexts() {
    let policy = policy(&list()).unwrap();
    assert_eq!(assertion_key(&policy, &format!("{WEB}#1")), Some(key(1)));
    assert_eq!(assertion_key(&policy, &format!("{WEB}#2")), None);
    let own = did_key(&key(2)).unwrap();
    let fragment = own.as_str().trim_start_matches("did:key:");
    assert_eq!(assertion_key(&policy, &format!("{own}#{fragment}")), Some(key(2)));
    let stranger = did_key(&key(3)).unwrap();
    assert_eq!(assertion_key(&policy, stranger.as_str()), None);
    assert!(policy.contexts.document(CONTEXT).is_some());
    assert!(policy.issuers.evidence(&issuer(), "JudgeCredential").is_none());
}

#[test]
fn a_did_that_was_deactivated_signs_nothing_and_spoils_nothing() {
    let mut list = list();
    list["did_documents"][WEB]["deactivated"] = json!(true);
    let policy = policy(&list).unwrap();
    assert_eq!(assertion_key(&policy, &format!("{WEB}#1")), None);
    let own = did_key(&key(2)).unwrap();
    assert_eq!(assertion_key(&policy, own.as_str()), Some(key(2)));
}

#[test]
fn what_cannot_be_read_makes_no_policy() {
    let mut malformed = list();
    malformed["did_documents"][WEB]["verificationMethod"][0]["controller"] = json!(7);
    assert!(matches!(policy(&malformed), Err(PolicyError::DidDocument(_))));
    let mut malformed = list();
    malformed["contexts"][CONTEXT]["@context"] = json!("https://elsewhere.example");
    assert!(matches!(policy(&malformed), Err(PolicyError::Context(_))));
}

#[test]
fn an_issuer_is_believed_for_the_formats_that_the_list_gives_it() {
    let mut list = list();
    let believed = |list: &Value, format| policy(list).unwrap().issuers.vouches_for(&issuer(), format);
    assert!(believed(&list, AnchoredFormat::Mdoc));
    list["issuers"][0]["formats"] = json!(["ldp_vc"]);
    assert!(believed(&list, AnchoredFormat::LdpVc));
    assert!(!believed(&list, AnchoredFormat::Mdoc));
}

/// An authority without an address offers nothing, and is no reason to refuse the list.
#[test]
fn authorities_of_a_source_are_left_out() {
    let mut list = TrustList::parse(list().to_string().as_bytes()).unwrap();
    let root = symbolon_trust::testing::TestIssuingAuthority::new(700);
    let name = symbolon_trust::trust_list::SourceName::parse("vical").unwrap();
    let source = symbolon_trust::trust_list::AnchorSource {
        kind: symbolon_trust::trust_list::SourceKind::Vical,
        provider: "Provider".to_owned(),
        issue: None,
        issued_at: None,
        valid_until: None,
        grace: std::time::Duration::ZERO,
    };
    let authority = symbolon_trust::authorities::authority(root.root(), None, vec![CredentialTypeRule::Any]);
    list.add_source(name, source, vec![authority]).unwrap();
    let policy = WalletPolicy::from_trust_list(&list, UrlPolicy::Public).unwrap();
    let IssuerPolicy::AllowList(issuers) = policy.issuers else {
        panic!("no list")
    };
    assert_eq!(issuers.len(), 1);
}
