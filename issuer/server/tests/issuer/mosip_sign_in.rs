//! Residents whose records are in a MOSIP ID Repository: signing in at the pages, and waiting for an operator.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};
use symbolon_http::fetch::FetchPolicy;
use symbolon_issuer::authorization::AuthorizationPolicy;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::ProofTrust;
use symbolon_issuer::sign_in::SendCode;
use symbolon_issuer::sign_in::openid_provider::{ProviderSettings, RecordClaimKind};
use symbolon_issuer_server::sign_in::{CodeSender, ProviderSetup, SignInSetup, SignInWay};
use symbolon_issuer_server::{Retrieval, shipped_translations};
use symbolon_protocol::identifier::UrlPolicy;

use crate::endpoint::{asked, batches, configuration, send, with_configurations};
use crate::harness::{HASSAN, World, error_of};
use crate::mosip_on_loopback::{EXPIRED_VID, Mood, Repository, VID};
use crate::provider_on_loopback::{CLIENT, Provider};
use crate::resident::{Browser, Postbox, Shown, by_code};
use crate::wallet::policy;

const NOBODY: &str = "9999999999";
const NOBODYS_VID: &str = "9999999999999999";

async fn world(repository: &Repository, answer_after: Duration) -> (World, Arc<Postbox>) {
    let postbox = Arc::new(Postbox::default());
    let sign_in = SignInSetup {
        answer_after,
        ..by_code(CodeSender::Sent(Arc::clone(&postbox) as Arc<dyn SendCode>))
    };
    let shape = repository.shape(Retrieval::Body);
    let world = World::start_as(IssuerPolicy::default(), policy(), sign_in, shape).await;
    (world, postbox)
}

/// What a page says, but for the tokens and numbers that differ in any two sessions.
fn said(shown: &Shown) -> (StatusCode, Option<String>) {
    let location = shown.headers.get("location");
    (
        shown.status,
        location.map(|location| location.to_str().unwrap().to_owned()),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn residents_of_a_repository_sign_in_by_uin_and_by_virtual_identifier() {
    let repository = Repository::start().await;
    let (world, postbox) = world(&repository, Duration::ZERO).await;
    for (number, ends_with) in [(HASSAN, "8901"), (VID, "8902")] {
        let mut browser = Browser::sent(&world).await;
        let before = postbox.count();
        assert_eq!(browser.type_number(number).await.status, StatusCode::SEE_OTHER);
        let message = postbox.next(before).await;
        let shown = browser.type_code(&message.code).await;
        assert_eq!(shown.location(), "/consent");
        let consent = browser.get("/consent").await.html;
        assert!(consent.contains(&format!("••••••{ends_with}")), "{consent}");
    }
    let seen = repository.seen.lock().unwrap().clone();
    assert!(seen.iter().all(|(_, address)| !address.contains(VID)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_repository_does_not_know_or_bars_looks_like_any_other() {
    let repository = Repository::start().await;
    let (world, postbox) = world(&repository, Duration::ZERO).await;
    let mut known = Browser::sent(&world).await;
    let expected = said(&known.type_number(HASSAN).await);
    let page = said(&known.get("/sign-in").await);
    postbox.next(0).await;
    for number in [NOBODY, NOBODYS_VID, EXPIRED_VID] {
        let mut browser = Browser::sent(&world).await;
        assert_eq!(said(&browser.type_number(number).await), expected, "{number}");
        assert_eq!(said(&browser.get("/sign-in").await), page, "{number}");
    }
    repository.is(Mood::StatusOfRecord("BLOCKED"));
    let mut barred = Browser::sent(&world).await;
    assert_eq!(said(&barred.type_number(HASSAN).await), expected);
    assert_eq!(postbox.count(), 1, "nobody else was sent anything");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_waits_longer_for_a_repository_than_for_a_register() {
    let repository = Repository::start().await;
    let (world, _postbox) = world(&repository, Duration::from_millis(100)).await;
    for number in [HASSAN, NOBODY, VID] {
        let mut browser = Browser::sent(&world).await;
        let form = browser.get("/sign-in").await.form();
        let began = tokio::time::Instant::now();
        browser
            .post("/sign-in/number", &[("form", &form), ("number", number)])
            .await;
        assert!(began.elapsed() >= Duration::from_millis(500), "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_repository_is_down_nobody_signs_in_and_everybody_is_told_the_same() {
    let repository = Repository::start().await;
    let (world, postbox) = world(&repository, Duration::ZERO).await;
    repository.is(Mood::Answers(500, String::new()));
    for number in [HASSAN, VID, NOBODY] {
        let mut browser = Browser::sent(&world).await;
        let shown = browser.type_number(number).await;
        assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE, "{number}");
        assert!(shown.html.contains("not available at the moment"), "{number}");
    }
    assert_eq!(postbox.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_providers_word_names_a_record_of_the_repository() {
    for (kind, claim, ends_with) in [
        (RecordClaimKind::Uin, HASSAN, Some("8901")),
        (RecordClaimKind::Vid, VID, Some("8902")),
        (RecordClaimKind::Vid, EXPIRED_VID, None),
        (RecordClaimKind::Uin, NOBODY, None),
    ] {
        let repository = Repository::start().await;
        let provider = Provider::start().await;
        provider.say(|said| said.claims = json!({ "individual_id": claim }));
        let settings = ProviderSettings::new(
            &provider.base,
            CLIENT,
            "openid",
            "individual_id",
            kind,
            UrlPolicy::Development,
        );
        let name = "National login".to_owned();
        let setup = ProviderSetup::new(settings.unwrap(), name, None, FetchPolicy::Development).unwrap();
        let sign_in = SignInSetup {
            way: SignInWay::OpenIdProvider(Box::new(setup)),
            ..SignInSetup::closed(Arc::new(shipped_translations().unwrap()))
        };
        let shape = repository.shape(Retrieval::Body);
        let world = World::start_as(IssuerPolicy::default(), policy(), sign_in, shape).await;
        let mut browser = Browser::sent(&world).await;
        browser.get("/sign-in").await;
        let left = browser.get("/sign-in/provider").await;
        let back = provider.back(left.location());
        let back = browser.get(&format!("/sign-in/provider/back?{back}")).await;
        match ends_with {
            Some(ends_with) => {
                assert_eq!(back.location(), "/consent", "{}", back.html);
                let consent = browser.get("/consent").await.html;
                assert!(consent.contains(&format!("••••••{ends_with}")), "{consent}");
            }
            None => assert!(
                back.problem().starts_with("You are signed in, but"),
                "{}",
                back.html
            ),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_that_was_approved_is_made_of_the_record_as_it_is_when_it_is_fetched() {
    let repository = Repository::start().await;
    let own = configuration("Approved", "issuance = \"approval\"");
    let (configured, elsewhere) = (
        with_configurations(&[own], ProofTrust::default()),
        repository.shape(Retrieval::Body),
    );
    let sign_in = SignInSetup::closed(Arc::new(shipped_translations().unwrap()));
    let shape = Arc::new(move |setup| elsewhere(configured(setup)));
    let world = World::start_as(batches(), AuthorizationPolicy::closed(), sign_in, shape).await;
    let token = world.token_for("Approved", HASSAN).await;
    let request = async || {
        let proof = world.proof(&world.wallet_key(), &world.nonce().await);
        asked(&world, "Approved", &token, json!({ "jwt": [proof] })).await
    };
    // A repository that does not answer, or that bars the record, defers nothing.
    repository.is(Mood::Answers(500, String::new()));
    let down = request().await;
    assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(down.headers().contains_key("retry-after"));
    repository.is(Mood::StatusOfRecord("DEACTIVATED"));
    assert_eq!(error_of(request().await).await, "credential_request_denied");

    repository.is(Mood::Well);
    let deferred = request().await;
    assert_eq!(deferred.status(), StatusCode::ACCEPTED);
    let deferred: Value = deferred.json().await.unwrap();
    let transaction = deferred["transaction_id"].as_str().unwrap();
    let order = json!({ "transaction": transaction, "decision": "approve" });
    world.ordered("/credentials/requests/decide", order).await;
    let fetch = async || {
        let body = json!({ "transaction_id": transaction });
        send(&world, "/deferred_credential", &token, &body).await
    };
    repository.is(Mood::Answers(500, String::new()));
    let down = fetch().await;
    assert_eq!(down.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(down.headers().contains_key("retry-after"));
    // It was active when it was read for the credential, and is not right before the commit.
    let questions = repository.counts().1;
    repository.is(Mood::WellThen(questions + 1, "DEACTIVATED"));
    assert_eq!(error_of(fetch().await).await, "credential_request_denied");
    let told = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(told["credentials"], json!([]));
    // Nothing was spent by any of this.
    repository.is(Mood::Well);
    let issued = fetch().await;
    assert_eq!(issued.status(), StatusCode::OK);
    let issued: Value = issued.json().await.unwrap();
    assert_eq!(issued["credentials"].as_array().unwrap().len(), 1);
}
