//! Consent by a policy: what it permits is compared with what would be disclosed, and everything else is refused or waits.

use std::time::Duration;

use serde_json::{Value, json};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_wallet_core::consent_policy::{BroughtBy, ConsentPolicy, ConsentVerdict, OfferVerdict, Views};
use symbolon_wallet_core::present::{
    ConsentRequest, Decision, PresentOutcome, RequestProblem, ShownTransaction,
};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{
    AnswerProtection, Direction, Resumed, SpentCopies, TransportError, UnverifiedParties, WaitsFor, Wallet,
    WalletError, WalletStore as _,
};

use crate::support::World;
use crate::support::authorization::Abilities;
use crate::support::endpoint::Offered;
use crate::support::issuer::{ISSUER, TYPE};
use crate::support::verifier::{Kind, query};
use crate::support::world::french;

fn policy(rule: &Value) -> ConsentPolicy {
    let document = json!({"version": 1, "presentations": {"rules": [rule]}});
    ConsentPolicy::check(serde_json::from_value(document).unwrap()).unwrap()
}

/// The clinic may see that somebody is of age, and by whose name.
fn rule() -> Value {
    json!({
        "name": "clinic",
        "verifier": {"names": ["Clinic"], "authorities": ["Relying parties"], "prefixes": ["x509_hash"]},
        "credentials": [{
            "type": TYPE, "issuers": [ISSUER],
            "claims": [["given_name"], ["age_over_18"], ["document_number"]],
        }],
        "decision": "share",
    })
}

fn request(world: &World) -> ConsentRequest {
    block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &french(), world.now),
    )
    .unwrap()
}

/// One request, as a wallet sees it that has nothing but credentials of one copy.
fn views(request: &ConsentRequest) -> Views<'_> {
    Views {
        once: request,
        again: request,
    }
}

/// What a policy says to the wallet's owner.
fn decide(policy: &ConsentPolicy, request: &ConsentRequest) -> ConsentVerdict {
    policy.decide(views(request), None, BroughtBy::Owner)
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut rule = rule();
    *rule.pointer_mut(pointer).unwrap() = value;
    rule
}

#[test]
fn exactly_what_a_rule_permits_is_shared() {
    let world = World::new();
    world.receive();
    let request = request(&world);
    let verdict = decide(&policy(&rule()), &request);
    let ConsentVerdict::Share {
        choice, rule: name, ..
    } = verdict
    else {
        panic!("{verdict:?}")
    };
    assert_eq!(
        (Some(choice), name.as_str()),
        (request.smallest_choice(), "clinic")
    );
    // Each condition is one: with any other value it is not met.
    for (pointer, value) in [
        ("/verifier/names", json!(["Bank"])),
        ("/verifier/authorities", json!(["Another"])),
        ("/verifier/prefixes", json!(["x509_san_dns"])),
        ("/credentials/0/type", json!("urn:other")),
        ("/credentials/0/issuers", json!(["https://neighbour.example"])),
        // What is part of every presentation is disclosed too.
        ("/credentials/0/claims", json!([["given_name"], ["age_over_18"]])),
        (
            "/credentials/0/claims",
            json!([["given_name"], ["document_number"]]),
        ),
        ("/decision", json!("refuse")),
    ] {
        let verdict = decide(&policy(&changed(pointer, value.clone())), &request);
        assert_eq!(verdict, ConsentVerdict::Refuse, "{pointer} {value}");
    }
    let held = decide(&policy(&changed("/decision", json!("hold"))), &request);
    assert_eq!(held, ConsentVerdict::Hold);
    let mut of_another = rule();
    of_another["verifier"]["registered"] = json!(["VATDE-1"]);
    assert_eq!(decide(&policy(&of_another), &request), ConsentVerdict::Refuse);
    let address = "ward".parse().unwrap();
    assert_eq!(
        policy(&rule()).decide(views(&request), Some(&address), BroughtBy::Owner),
        ConsentVerdict::Refuse,
        "the rule is about the first person's wallet"
    );
}

#[test]
fn one_claim_more_than_permitted_is_not_shared() {
    let world = World::new();
    world.receive();
    world
        .verifier
        .set_query(query(&json!([["given_name"], ["address"]])));
    assert_eq!(decide(&policy(&rule()), &request(&world)), ConsentVerdict::Refuse);
    let whole = changed("/credentials/0", json!({"type": TYPE, "all_claims": true}));
    assert!(matches!(
        decide(&policy(&whole), &request(&world)),
        ConsentVerdict::Share { .. }
    ));
}

/// Shared where a guess is wrong and refused where it is right, an alternative would tell the verifier what the holder never agreed to show.
#[test]
fn an_alternative_beyond_the_rule_is_refused_whatever_is_held() {
    let world = World::new();
    world.receive();
    let mut asked = query(&json!([["given_name"], ["family_name"]]));
    asked["credentials"][0]["claims"][0]["id"] = json!("given");
    asked["credentials"][0]["claims"][1]["id"] = json!("family");
    asked["credentials"][0]["claims"][1]["values"] = json!(["somebody else's"]);
    asked["credentials"][0]["claim_sets"] = json!([["given", "family"], ["given"]]);
    world.verifier.set_query(asked);
    let request = request(&world);
    assert!(request.smallest_choice().is_some(), "the second set is answered");
    assert_eq!(decide(&policy(&rule()), &request), ConsentVerdict::Refuse);
    let wider = changed(
        "/credentials/0/claims",
        json!([
            ["given_name"],
            ["family_name"],
            ["document_number"],
            ["age_over_18"]
        ]),
    );
    assert!(matches!(
        decide(&policy(&wider), &request),
        ConsentVerdict::Share { .. }
    ));
}

/// The type that a rule is about is found wherever the verifier writes it among those of a W3C credential.
#[test]
fn a_rule_is_about_a_w3c_type_in_any_place() {
    let base = "https://www.w3.org/2018/credentials#VerifiableCredential";
    let judge = "https://issuer.example/terms#Judge";
    let world = World::new();
    let ask_for = |types: Value| {
        let query = json!({"id": "q", "format": "jwt_vc_json", "meta": {"type_values": types}});
        world.verifier.set_query(json!({"credentials": [query]}));
        request(&world)
    };
    let mut kept_back = changed("/credentials", json!([{"type": "Judge", "all_claims": true}]));
    kept_back["decision"] = json!("hold");
    for (types, alternatives) in [
        (json!([[base, judge]]), vec![vec![judge]]),
        (json!([[judge, base]]), vec![vec![judge]]),
        (json!([[judge, "urn:person"]]), vec![vec![judge, "urn:person"]]),
        (
            json!([["urn:person"], [judge, base]]),
            vec![vec!["urn:person"], vec![judge]],
        ),
        (
            json!([["urn:person", judge, base]]),
            vec![vec!["urn:person", judge]],
        ),
    ] {
        let request = ask_for(types.clone());
        assert_eq!(request.asked[0].type_alternatives, alternatives, "{types}");
        assert_eq!(
            decide(&policy(&kept_back), &request),
            ConsentVerdict::Hold,
            "{types}"
        );
    }
    let of_any = ask_for(json!([[base]]));
    assert_eq!(of_any.asked[0].credential_types(), [base]);
    assert_eq!(
        decide(&policy(&kept_back), &of_any),
        ConsentVerdict::Hold,
        "whoever asks for any asks for this one too"
    );
}

/// Answered where another type is not held and refused where it is, the alternative would tell the verifier whether it is.
#[test]
fn a_type_beyond_the_rule_is_not_permitted_as_an_alternative_either() {
    let world = World::new();
    world.receive();
    let mut asked = query(&json!([["given_name"], ["age_over_18"]]));
    asked["credentials"][0]["meta"] = json!({"vct_values": [TYPE, "urn:judge"]});
    world.verifier.set_query(asked);
    let request = request(&world);
    assert!(request.smallest_choice().is_some(), "it can be answered");
    assert_eq!(decide(&policy(&rule()), &request), ConsentVerdict::Refuse);
    let mut wider = rule();
    let judge = json!({"type": "urn:judge", "all_claims": true});
    wider["credentials"].as_array_mut().unwrap().push(judge);
    assert!(matches!(
        decide(&policy(&wider), &request),
        ConsentVerdict::Share { .. }
    ));
}

/// A request for any type of the format finds the one that a rule keeps back.
#[test]
fn a_rule_that_refuses_a_type_is_about_requests_for_any() {
    let world = World::new();
    world.receive();
    let mut kept_back = rule();
    kept_back["name"] = json!("kept back");
    kept_back["decision"] = json!("hold");
    let document = json!({"version": 1, "presentations": {"rules": [kept_back, rule()]}});
    let policy = ConsentPolicy::check(serde_json::from_value(document).unwrap()).unwrap();
    assert_eq!(decide(&policy, &request(&world)), ConsentVerdict::Hold);
    let mut of_any = request(&world);
    for asked in &mut of_any.asked {
        asked.type_alternatives.clear();
    }
    assert_eq!(decide(&policy, &of_any), ConsentVerdict::Hold);
}

/// A verifier would otherwise learn by the refusal at once, or the silence, what a credential says before anybody agreed to anything.
#[test]
fn whether_a_rule_holds_does_not_depend_on_what_is_held() {
    let mut world = World::new();
    world.receive();
    let base = "urn:base";
    let metadata = &mut world.policy.type_metadata;
    metadata.insert(base.to_owned(), json!({"vct": base}));
    metadata.insert(TYPE.to_owned(), json!({"vct": TYPE, "extends": base}));
    let mut kept_back = rule();
    kept_back["decision"] = json!("hold");
    let policy = policy(&kept_back);
    let ask = |world: &World, vct: &str, name: &str| {
        let mut asked = query(&json!([["given_name"]]));
        asked["credentials"][0]["meta"] = json!({"vct_values": [vct]});
        asked["credentials"][0]["claims"][0]["values"] = json!([name]);
        world.verifier.set_query(asked);
        request(world)
    };
    let held = ask(&world, base, "Amina");
    let other = ask(&world, base, "Somebody else");
    let mut nothing = World::new();
    nothing.policy.type_metadata = world.policy.type_metadata.clone();
    let nothing = ask(&nothing, base, "Amina");
    for request in [&held, &other, &nothing] {
        assert_eq!(request.asked[0].extending_types, [TYPE]);
        assert_eq!(decide(&policy, request), ConsentVerdict::Hold);
    }
    assert!(other.asked[0].candidates.is_empty());
    let elsewhere = ask(&world, "urn:other", "Amina");
    assert_eq!(decide(&policy, &elsewhere), ConsentVerdict::Refuse);
}

#[test]
fn a_stranger_is_known_by_nothing_but_its_whole_identifier() {
    let mut world = World::new();
    world.receive();
    let parties = &mut world.policy.relying_parties;
    parties.answers = AnswerProtection::AsAsked;
    parties.unverified = UnverifiedParties::Shown;
    let link = world.verifier.unsigned(Kind::RedirectUri);
    let request = block_on(world.wallet().present(&link, &french(), world.now)).unwrap();
    let with = |verifier: Value| decide(&policy(&changed("/verifier", verifier)), &request);
    assert_eq!(
        with(json!({"prefixes": ["redirect_uri"], "names": ["Clinic"]})),
        ConsentVerdict::Refuse
    );
    assert!(matches!(
        with(json!({"client_ids": [request.verifier.client_id]})),
        ConsentVerdict::Share { .. }
    ));
}

fn with(members: &[(&str, Value)]) -> Value {
    let mut rule = rule();
    for (name, value) in members {
        rule[name] = value.clone();
    }
    rule
}

/// Whoever begins a session at a verifier and brings its request here would go on in it as the wallet's owner.
#[test]
fn what_strangers_bring_waits_unless_the_rule_answers_for_anybody() {
    let world = World::new();
    world.receive();
    let request = request(&world);
    let by_anybody = |rule: &Value, request: &ConsentRequest| {
        policy(rule).decide(views(request), None, BroughtBy::Anybody)
    };
    assert_eq!(by_anybody(&rule(), &request), ConsentVerdict::Hold);
    let for_anybody = with(&[("answers_for_anybody", json!(true))]);
    assert!(matches!(
        by_anybody(&for_anybody, &request),
        ConsentVerdict::Share { .. }
    ));
    // Beyond the rule nothing waits, and what is held makes no difference: it would be told before anybody agreed.
    let narrow = changed("/credentials/0/claims", json!([["document_number"]]));
    assert_eq!(by_anybody(&narrow, &request), ConsentVerdict::Refuse);
    let empty = World::new();
    let unanswerable = self::request(&empty);
    assert_eq!(unanswerable.smallest_choice(), None);
    assert_eq!(by_anybody(&rule(), &unanswerable), ConsentVerdict::Hold);
    assert_eq!(by_anybody(&narrow, &unanswerable), ConsentVerdict::Refuse);
}

/// A transaction that a stranger began is another thing than a look at a credential.
#[test]
fn transactions_are_authorised_for_anybody_only_where_the_rule_says_so_too() {
    let world = World::new();
    world.receive();
    let mut request = request(&world);
    request.transactions = vec![ShownTransaction {
        title: "A payment".to_owned(),
        transaction_type: "urn:payment".to_owned(),
        details: Vec::new(),
        authorized_by: Vec::new(),
    }];
    let said = |members: &[(&str, Value)], brought_by| {
        let mut all = vec![("transaction_types", json!(["urn:payment"]))];
        all.extend_from_slice(members);
        policy(&with(&all)).decide(views(&request), None, brought_by)
    };
    let (answers, authorises) = (
        ("answers_for_anybody", json!(true)),
        ("authorises_for_anybody", json!(true)),
    );
    let is_shared = |verdict| matches!(verdict, ConsentVerdict::Share { .. });
    assert_eq!(
        said(std::slice::from_ref(&answers), BroughtBy::Anybody),
        ConsentVerdict::Hold
    );
    assert!(is_shared(said(std::slice::from_ref(&answers), BroughtBy::Owner)));
    assert!(is_shared(said(
        &[answers.clone(), authorises.clone()],
        BroughtBy::Anybody
    )));
    let other = ("transaction_types", json!(["urn:other"]));
    for brought_by in [BroughtBy::Anybody, BroughtBy::Owner] {
        let all = [answers.clone(), authorises.clone(), other.clone()];
        assert_eq!(said(&all, brought_by), ConsentVerdict::Refuse);
    }
}

#[test]
fn offers_that_strangers_bring_wait_unless_the_rule_receives_for_anybody() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let decide = |receives: bool, brought_by| {
        let document = json!({"version": 1, "offers": {"rules": [
            {"name": "a", "issuers": [ISSUER], "decision": "receive", "receives_for_anybody": receives}
        ]}});
        let policy = ConsentPolicy::check(serde_json::from_value(document).unwrap()).unwrap();
        policy.decide_offer(&offer, None, brought_by)
    };
    let received = OfferVerdict::Receive {
        transaction_code_file: None,
    };
    assert_eq!(decide(false, BroughtBy::Anybody), OfferVerdict::Hold);
    assert_eq!(decide(false, BroughtBy::Owner), received);
    assert_eq!(decide(true, BroughtBy::Anybody), received);
}

#[test]
fn offers_are_taken_of_the_issuers_of_a_rule_alone() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let decide = |issuers: Value, otherwise: &str| {
        let document = json!({"version": 1, "offers": {"otherwise": otherwise, "rules": [
            {"name": "a", "issuers": issuers, "decision": "receive", "transaction_code_file": "code"}
        ]}});
        let policy = ConsentPolicy::check(serde_json::from_value(document).unwrap()).unwrap();
        policy.decide_offer(&offer, None, BroughtBy::Owner)
    };
    assert_eq!(
        decide(json!([ISSUER]), "refuse"),
        OfferVerdict::Receive {
            transaction_code_file: Some("code".to_owned())
        }
    );
    let neighbour = json!(["https://neighbour.example"]);
    assert_eq!(decide(neighbour.clone(), "refuse"), OfferVerdict::Refuse);
    assert_eq!(decide(neighbour, "hold"), OfferVerdict::Hold);
    assert_eq!(
        block_on(wallet.waits_for(offer.flow)),
        Ok(Some(WaitsFor::ConsentToReceive))
    );
    assert_eq!(block_on(wallet.waiting()).unwrap().len(), 1);
}

/// A request as wallets of both rules for spent copies see it.
fn opened_by(wallet: &Wallet, world: &World) -> [Box<ConsentRequest>; 2] {
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    [SpentCopies::Refused, SpentCopies::ShownAgain].map(|spent| {
        let wallet = wallet.clone().with_spent_copies(spent);
        match block_on(wallet.resume(request.flow, world.now)).unwrap() {
            Resumed::Presenting(PresentOutcome::AwaitingConsent(request)) => request,
            other => panic!("{other:?}"),
        }
    })
}

/// Two verifiers who compare what they saw recognise a copy that both of them were shown.
#[test]
fn spent_copies_are_shown_again_where_the_rule_says_so_and_nowhere_else() {
    let mut world = World::with_sign_in(Abilities::HIGH_ASSURANCE);
    world.issuer.endpoint.set(Offered {
        batch_size: Some(5),
        ..Offered::default()
    });
    world.copies = 2;
    world.receive_by_sign_in();
    let wallet = world.wallet();
    let again = with(&[("spent_copies", json!("shown_again"))]);
    for left in [1, 0] {
        let [once, both] = opened_by(&wallet, &world);
        let views = Views {
            once: &once,
            again: &both,
        };
        let verdict = policy(&rule()).decide(views, None, BroughtBy::Owner);
        let ConsentVerdict::Share {
            choice,
            spent_copies: SpentCopies::Refused,
            ..
        } = verdict
        else {
            panic!("{left} left: {verdict:?}")
        };
        let strict = wallet.clone().with_spent_copies(SpentCopies::Refused);
        let shared = block_on(strict.answer_request(once.flow, Decision::Share(choice), world.now));
        assert!(
            matches!(shared, Ok(PresentOutcome::Presented { .. })),
            "{shared:?}"
        );
    }
    let [once, both] = opened_by(&wallet, &world);
    let views = Views {
        once: &once,
        again: &both,
    };
    assert_eq!(
        policy(&rule()).decide(views, None, BroughtBy::Owner),
        ConsentVerdict::Refuse
    );
    let verdict = policy(&again).decide(views, None, BroughtBy::Owner);
    let ConsentVerdict::Share {
        choice,
        spent_copies: SpentCopies::ShownAgain,
        ..
    } = verdict
    else {
        panic!("{verdict:?}")
    };
    // Whoever answers by the other rule is held to it.
    let strict = wallet.clone().with_spent_copies(SpentCopies::Refused);
    let refused = block_on(strict.answer_request(once.flow, Decision::Share(choice.clone()), world.now));
    assert_eq!(refused, Err(WalletError::InvalidChoice));
    let lenient = wallet.with_spent_copies(SpentCopies::ShownAgain);
    let shared = block_on(lenient.answer_request(once.flow, Decision::Share(choice), world.now));
    assert!(
        matches!(shared, Ok(PresentOutcome::Presented { .. })),
        "{shared:?}"
    );
}

/// What nobody decided leaves nothing behind, and the verifier hears what it hears of every refusal.
#[test]
fn a_request_that_is_turned_away_is_told_and_leaves_nothing() {
    let world = World::new();
    world.receive();
    let wallet = world.wallet();
    let before = world.history_length();
    let request = request(&world);
    let outcome = block_on(wallet.turn_away(request.flow, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);
    assert_eq!(world.verifier.errors(), ["access_denied"]);
    assert_eq!(world.history_length(), before);
    assert!(block_on(wallet.refusals(world.now)).unwrap().is_empty());
    let gone = block_on(wallet.turn_away(request.flow, world.now));
    assert_eq!(gone, Err(WalletError::NotFound));

    // Once it was decided it is not taken back.
    let request = self::request(&world);
    let choice = request.smallest_choice().unwrap();
    block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    let late = block_on(wallet.turn_away(request.flow, world.now));
    assert_eq!(late, Err(WalletError::WrongStage));
}

/// A verifier that was refused for always cannot fill the history of a wallet that strangers reach.
#[test]
fn refusals_for_always_are_noted_where_a_person_brought_the_request() {
    let mut world = World::new();
    world.receive();
    let first = request(&world);
    block_on(
        world
            .wallet()
            .answer_request(first.flow, Decision::DeclineAlways, world.now),
    )
    .unwrap();
    let ask = |world: &World| {
        let link = world.verifier.request();
        let refused = block_on(world.wallet().present(&link, &french(), world.now));
        let problem = RequestProblem::RefusedAlways;
        assert_eq!(refused, Err(WalletError::RequestRefused(problem)));
        world.history_length()
    };
    let noted = world.history_length();
    assert_eq!(ask(&world), noted + 1);
    world.policy.relying_parties.wallet_issuer = IssuerIdentifier::parse("https://wallet.example").ok();
    assert_eq!((ask(&world), ask(&world)), (noted + 1, noted + 1));
}

#[test]
fn a_flow_goes_on_by_its_new_name_alone() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    let later = world.now.plus(Duration::from_secs(50));
    let renamed = block_on(wallet.rename(offer.flow, later)).unwrap();
    assert_ne!(renamed, offer.flow);
    let before = block_on(wallet.accept_offer(offer.flow, None, world.now));
    assert_eq!(before, Err(WalletError::NotFound));
    let flows = block_on(wallet.waiting()).unwrap();
    assert_eq!(
        (flows.len(), flows[0].flow, flows[0].direction),
        (1, renamed, Direction::Receiving)
    );
    assert_eq!(
        flows[0].started, later,
        "whoever allowed it has all the time to go on"
    );
    assert!(block_on(wallet.accept_offer(renamed, None, world.now)).is_ok());
    assert_eq!(block_on(world.store.credentials()).unwrap().len(), 1);
}

/// Whoever lists what waits must not have anything go on by it.
#[test]
fn what_waits_for_no_consent_is_not_driven_by_looking_at_it() {
    let world = World::new();
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&world.issuer.offer(None), world.now)).unwrap();
    world.set_down(Some(("token", TransportError::Unreachable)));
    assert!(block_on(wallet.accept_offer(offer.flow, None, world.now)).is_err());
    world.set_down(None);
    let before = world.requests().len();
    assert!(matches!(
        block_on(wallet.look_at(offer.flow, world.now)),
        Err(WalletError::WrongStage)
    ));
    assert_eq!((world.requests().len(), world.held().0), (before, 0));
}
