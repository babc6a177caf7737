//! Rules that an answer is held to without a network, as they are read from the list of whom the device believes.

use core::time::Duration;
use std::collections::BTreeMap;

use serde_json::{Map, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, select};
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_offline_page::{Brought, Counter, PackProblem, PosedRequest, Told};
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, VpToken};
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::qr_transport::{Message, proof_audience};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestKey};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList, TrustedIssuer};
use symbolon_verifier::ask::{AskDocument, AskList, NamedPolicy};
use symbolon_verifier::name::PolicyName;
use symbolon_verifier::policy::{Assurances, PolicyDocument, PolicySurroundings, PresentationPolicy};

use crate::asking::{ask_for, read};
use crate::{INDEX, World, filmed};

const VCT: &str = "urn:identity";
const LABEL: &str = "May you drive?";
const MINUTE: Duration = Duration::from_secs(60);

/// An issuer that the root of trust does not know, and the list of the pack does.
pub(crate) struct Bank(pub(crate) TestIssuer);

impl Bank {
    pub(crate) fn new() -> Self {
        Self(TestIssuer::new("https://bank.example", 700))
    }

    fn trust_list(&self, world: &World, at: UnixTime) -> TrustList {
        let entries = [&world.issuer, &self.0].map(|issuer| issuer.entry(vec![CredentialTypeRule::Any]));
        world.registry.trust_list(entries.to_vec(), at)
    }

    fn pack(&self, world: &World) -> Vec<u8> {
        let list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        let section = self.0.status_section(&self.0.status_uri(0), &list, NOW);
        world
            .registry
            .pack(1, &self.trust_list(world, NOW), vec![section], NOW)
    }

    pub(crate) fn credential(&self, holder: &TestKey, class: &str) -> String {
        let claims = Map::from_iter([("class".to_owned(), json!(class))]);
        let credential = CredentialToIssue {
            vct: VerifiableCredentialType::parse(VCT).unwrap(),
            issuer: Some(self.0.identifier.to_string()),
            issued_at: Some(NOW.minus(DAY)),
            not_before: Some(NOW.minus(DAY)),
            expires: Some(NOW.plus(DAY * 30)),
            status: Some(StatusReference::new(self.0.status_uri(0), INDEX).unwrap()),
            holder: Some(holder.public_key().clone()),
            selectable: vec![ClaimsPath::top_level("class")],
            claims,
            decoys: Decoys::None,
        };
        let chain = vec![self.0.credential_certificate.der().to_vec()];
        let reference = IssuerKeyReference::CertificateChain(chain);
        let randomness = SeededRandomness::new(5);
        let prepared = credential
            .prepare(SignatureAlgorithm::Es256, &reference, &randomness)
            .unwrap();
        let signature = self
            .0
            .credential_key
            .sign(&prepared.request(self.0.credential_key.handle()));
        prepared.finish(&signature)
    }
}

/// What a verifier hands out that knows the bank.
fn list(world: &World, bank: &Bank) -> Vec<u8> {
    list_naming("https://bank.example", &bank.trust_list(world, NOW))
}

/// The same with rules that name the bank by this identifier or name.
fn list_naming(issuer: &str, trust_list: &TrustList) -> Vec<u8> {
    let name = PolicyName::parse("driver").unwrap();
    let document: PolicyDocument = serde_json::from_value(json!({ "credentials": [{
        "id": "id", "format": "dc+sd-jwt", "types": [VCT], "issuers": [issuer], "binding": "key",
        "claims": [{ "path": ["class"], "pattern": "[AB]" }],
    }] }))
    .unwrap();
    let surroundings = PolicySurroundings {
        trust_list,
        assurances: &Assurances::default(),
        queries: &BTreeMap::new(),
        transaction_types: &TransactionTypes::default(),
    };
    let policy = PresentationPolicy::compile(name.clone(), &document, surroundings).unwrap();
    let ask = AskDocument {
        label: LABEL.to_owned(),
        query: json!(policy.query().unwrap()),
        policy: Some(NamedPolicy { name, document }),
    };
    let list = AskList {
        verifier: "Corner shop".to_owned(),
        asks: vec![ask],
    };
    serde_json::to_vec(&list).unwrap()
}

/// What a wallet with this credential answers.
fn answer(posed: &PosedRequest, holder: &TestKey, credential: &str) -> Message {
    let request: VerifiedRequest = read(posed, NOW);
    let request = request.request();
    let encryption = request.response_encryption().unwrap().unwrap();
    let parsed = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
    let claims = KeyBindingClaims {
        algorithm: SignatureAlgorithm::Es256,
        audience: proof_audience(request.client_id.as_str()),
        nonce: request.nonce.as_str().to_owned(),
        issued_at: NOW,
        transaction_data: None,
    };
    let shown = select(&parsed, &[ClaimsPath::top_level("class")]).unwrap();
    let prepared = shown.prepare_key_binding(&claims);
    let signature = holder.sign(&prepared.request(holder.handle()));
    let presentation = prepared.finish(&signature);
    let token = json!({ "id": [presentation] }).to_string();
    let answer = AuthorizationResponse {
        vp_token: VpToken::parse(token.as_bytes()).unwrap(),
        state: request.state.clone(),
    };
    let codec = PureJwe::new(&RustCryptoProvider);
    Message::Response(
        answer
            .to_jwe(&encryption, &codec, &SeededRandomness::new(9))
            .unwrap(),
    )
}

fn judged(counter: &mut Counter, bank: &Bank, seed: u64, class: &str) -> Told {
    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    let posed = ask_for(counter, LABEL, seed, NOW);
    let answer = answer(&posed, &holder, &bank.credential(&holder, class));
    let told = filmed(counter, &answer);
    assert!(matches!(told.brought, Some(Brought::Answer { .. })), "{told:?}");
    counter.judge_answer("en", NOW)
}

#[test]
fn rules_about_an_issuer_are_offered_as_long_as_the_list_in_use_has_it() -> Result<(), PackProblem> {
    let (world, bank) = (World::new(), Bank::new());
    let mut counter = world.counter();
    counter.set_asks(&list(&world, &bank), NOW).unwrap();
    assert!(counter.asks().is_empty(), "the root of trust has no bank");
    counter.accept_pack(&bank.pack(&world), NOW)?;
    assert_eq!(counter.asks(), [LABEL], "the pack has");
    let kept = (
        counter.pack().map(<[u8]>::to_vec),
        counter.pack_form().to_vec(),
        counter.pack_memory(),
    );

    let mut next = world.counter();
    next.set_asks(&list(&world, &bank), NOW).unwrap();
    next.resume_pack(kept.0, kept.1, kept.2, NOW);
    assert_eq!(next.asks(), [LABEL], "and so has the one that is kept");

    let later = NOW.plus(DAY / 24);
    counter.accept_pack(&world.pack(2, Status::Valid, later), later)?;
    assert!(counter.asks().is_empty(), "the registry has removed it");
    Ok(())
}

#[test]
fn an_answer_is_held_to_the_rules_of_its_policy() -> Result<(), PackProblem> {
    let (world, bank) = (World::new(), Bank::new());
    let mut counter = world.counter();
    counter.set_asks(&list(&world, &bank), NOW).unwrap();
    counter.accept_pack(&bank.pack(&world), NOW)?;
    let kept = judged(&mut counter, &bank, 1, "A");
    assert_eq!((kept.verdict, kept.problem), ("valid", None), "{}", kept.html);
    let broken = judged(&mut counter, &bank, 2, "C");
    assert_eq!(
        (broken.verdict, broken.problem),
        ("invalid", None),
        "{}",
        broken.html
    );
    Ok(())
}

/// The rules name the bank as people call it: in the next list the name is another's.
#[test]
fn a_request_that_is_shown_is_held_to_the_rules_as_the_list_in_use_reads_them() -> Result<(), PackProblem> {
    let (world, bank) = (World::new(), Bank::new());
    let elsewhere = TestIssuer::new("https://elsewhere.example", 800);
    let later = NOW.plus(MINUTE);
    let lists = [
        (NOW, [("City bank", &bank.0), ("Elsewhere", &elsewhere)]),
        (later, [("City bank", &elsewhere), ("Former bank", &bank.0)]),
    ]
    .map(|(at, named)| {
        let entries = named.map(|(name, issuer)| TrustedIssuer {
            name: name.to_owned(),
            ..issuer.entry(vec![CredentialTypeRule::Any])
        });
        world.registry.trust_list(entries.to_vec(), at)
    });
    let states = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    let pack = |sequence, list: &TrustList| {
        let section = bank.0.status_section(&bank.0.status_uri(0), &states, NOW);
        world.registry.pack(sequence, list, vec![section], list.issued_at)
    };
    let [first, second] = &lists;
    let mut counter = world.counter();
    counter.set_asks(&list_naming("City bank", first), NOW).unwrap();
    counter.accept_pack(&pack(1, first), NOW)?;
    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    for (turn, seed) in [("valid", 1), ("invalid", 2)] {
        let posed = ask_for(&mut counter, LABEL, seed, NOW);
        let answer = answer(&posed, &holder, &bank.credential(&holder, "A"));
        if turn == "invalid" {
            counter.accept_pack(&pack(2, second), later)?;
            assert_eq!(counter.asks(), [LABEL], "somebody has that name");
        }
        assert!(filmed(&mut counter, &answer).brought.is_some());
        let told = counter.judge_answer("en", later);
        assert_eq!((told.verdict, told.problem), (turn, None), "{}", told.html);
    }
    Ok(())
}

#[test]
fn a_request_whose_rules_cannot_be_read_any_more_is_shown_on_and_permits_nobody_else()
-> Result<(), PackProblem> {
    let (world, bank) = (World::new(), Bank::new());
    let mut counter = world.counter();
    counter.set_asks(&list(&world, &bank), NOW).unwrap();
    counter.accept_pack(&bank.pack(&world), NOW)?;
    let holder = TestKey::new(SignatureAlgorithm::Es256, 900);
    let posed = ask_for(&mut counter, LABEL, 1, NOW);
    let answer = answer(&posed, &holder, &bank.credential(&holder, "A"));
    let later = NOW.plus(MINUTE);
    counter.accept_pack(&world.pack(2, Status::Valid, later), later)?;
    assert!(counter.asks().is_empty(), "the registry has removed the bank");
    assert!(counter.next_code().is_some());
    assert!(filmed(&mut counter, &answer).brought.is_some());
    let told = counter.judge_answer("en", later);
    assert_eq!((told.verdict, told.problem), ("invalid", None), "{}", told.html);
    Ok(())
}

/// A pack whose time is over says nothing of whom to believe, and what was remembered of it is no list either.
#[test]
fn rules_about_an_issuer_of_the_pack_alone_go_with_the_pack() -> Result<(), PackProblem> {
    let (world, bank) = (World::new(), Bank::new());
    let mut counter = world.counter();
    counter.set_asks(&list(&world, &bank), NOW).unwrap();
    counter.accept_pack(&bank.pack(&world), NOW)?;
    let (pack, form, memory) = (
        counter.pack().map(<[u8]>::to_vec),
        counter.pack_form().to_vec(),
        counter.pack_memory(),
    );
    let over = NOW.plus(DAY * 3);
    for (pack, memory, now, offered) in [
        (pack.clone(), memory.clone(), over, 0),
        (pack.clone(), memory.clone(), NOW, 1),
        (pack, Some(b"?".to_vec()), NOW, 0),
        (None, memory, NOW, 0),
    ] {
        counter.resume_pack(pack, form.clone(), memory, now);
        assert_eq!(counter.asks().len(), offered);
    }
    Ok(())
}
