//! Requests that a browser carries, the addresses of their answers, and how they are fetched.

use serde_json::json;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::openid4vp::request_object::STATIC_AUDIENCE;
use symbolon_wallet_core::present::{Decision, PresentOutcome, RequestProblem};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{AnswerProtection, BrowserAnswers, UnverifiedParties, WalletError};
use url::{Url, form_urlencoded};

use crate::support::World;
use crate::support::verifier::Kind;
use crate::support::world::french;

/// The link of a request whose answer the browser carries.
fn by_browser(link: &str) -> String {
    let url = Url::parse(link).unwrap();
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in url.query_pairs() {
        match &*name {
            "response_mode" => query.append_pair("response_mode", "fragment"),
            "response_uri" => query.append_pair("redirect_uri", &value),
            "redirect_uri" => continue,
            name => query.append_pair(name, &value),
        };
    }
    format!("openid4vp://?{}", query.finish())
}

#[test]
fn a_browser_carries_the_answer_where_the_policy_lets_it() {
    let mut world = World::new();
    world.receive();
    let parties = &mut world.policy.relying_parties;
    parties.answers = AnswerProtection::AsAsked;
    parties.unverified = UnverifiedParties::Shown;
    let link = by_browser(&world.verifier.unsigned(Kind::RedirectUri));
    let refused = block_on(world.wallet().present(&link, &french(), world.now));
    assert!(
        matches!(refused, Err(WalletError::RequestRefused(_))),
        "{refused:?}"
    );

    world.policy.relying_parties.browsers = BrowserAnswers::Carried;
    let wallet = world.wallet();
    let posted = world.requests().len();
    let request = block_on(wallet.present(&link, &french(), world.now)).unwrap();
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    let PresentOutcome::Carry {
        redirect_uri,
        presentation,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    let fragment = redirect_uri.fragment().unwrap();
    let carried: Vec<(String, String)> = form_urlencoded::parse(fragment.as_bytes()).into_owned().collect();
    assert_eq!(carried[0], ("vp_token".to_owned(), presentation.vp_token));
    assert_eq!(world.requests().len(), posted, "the wallet posts nothing");

    // Nothing proves the address of whoever is called by it, so not even the browser brings a refusal there.
    let request = block_on(wallet.present(&link, &french(), world.now)).unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    assert_eq!(outcome, PresentOutcome::Declined);

    // Of a registered client it is known.
    let mut client = world.verifier.registration();
    client.request_object_keys.keys.clear();
    world.policy.relying_parties.registered = vec![client];
    let wallet = world.wallet();
    let link = by_browser(&world.verifier.unsigned(Kind::Registered));
    let request = block_on(wallet.present(&link, &french(), world.now)).unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    let PresentOutcome::DeclinedAndReturned { redirect_uri } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        redirect_uri
            .fragment()
            .unwrap()
            .starts_with("error=access_denied")
    );
    assert_eq!(world.requests().len(), posted);
}

#[test]
fn a_wallet_that_can_be_looked_up_is_an_audience_by_its_own_name() {
    let mut world = World::new();
    world.receive();
    world.verifier.overwrite("aud", json!("https://wallet.example"));
    let open = |world: &World| {
        block_on(
            world
                .wallet()
                .present(&world.verifier.request(), &french(), world.now),
        )
    };
    assert!(matches!(open(&world), Err(WalletError::RequestRefused(_))));
    world.policy.relying_parties.wallet_issuer = IssuerIdentifier::parse("https://wallet.example").ok();
    assert!(open(&world).is_ok());
    world.verifier.overwrite("aud", json!(STATIC_AUDIENCE));
    assert!(open(&world).is_ok());
    world.verifier.overwrite("aud", json!("https://another.example"));
    assert!(matches!(open(&world), Err(WalletError::RequestRefused(_))));
}

#[test]
fn an_answer_has_one_address_of_the_kind_that_its_mode_wants() {
    let mut world = World::new();
    world.receive();
    world
        .verifier
        .overwrite("redirect_uri", json!("https://verifier.example/done"));
    let open = |world: &World, link: &str| block_on(world.wallet().present(link, &french(), world.now));
    let refused = open(&world, &world.verifier.request());
    assert!(
        matches!(refused, Err(WalletError::RequestRefused(_))),
        "{refused:?}"
    );

    let parties = &mut world.policy.relying_parties;
    parties.answers = AnswerProtection::AsAsked;
    parties.browsers = BrowserAnswers::Carried;
    let mut client = world.verifier.registration();
    client.request_object_keys.keys.clear();
    parties.registered = vec![client];
    let link = by_browser(&world.verifier.unsigned(Kind::Registered));
    assert!(open(&world, &link).is_ok());
    let both = format!("{link}&response_uri=https%3A%2F%2Fverifier.example%2Fresponse%2F1");
    let refused = open(&world, &both);
    assert!(
        matches!(refused, Err(WalletError::RequestRefused(_))),
        "{refused:?}"
    );

    // A client that was registered is answered where it was registered for.
    let address = HttpUrl::parse("https://verifier.example/elsewhere").unwrap();
    world.policy.relying_parties.registered[0].response_uris = vec![address];
    let refused = open(&world, &link);
    let problem = RequestProblem::ResponseAddress;
    assert_eq!(refused, Err(WalletError::RequestRefused(problem)));
}

#[test]
fn how_a_request_is_fetched_is_spelt_as_the_specification_spells_it() {
    let world = World::new();
    world.receive();
    let link = world.verifier.request_by("post");
    let before = world.requests().len();
    let shouted = link.replace("request_uri_method=post", "request_uri_method=POST");
    assert_ne!(link, shouted);
    let refused = block_on(world.wallet().present(&shouted, &french(), world.now));
    assert_eq!(refused, Err(WalletError::RequestRefused(RequestProblem::Link)));
    assert_eq!(world.requests().len(), before, "nothing is fetched");
}
