//! The authorization server's part.

use std::time::Duration;

use symbolon_protocol::oauth::authorization_request::State;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::fixtures::{NOW, Numbers, credential, digest, issuance, spent, token_access, uin};
use crate::authorization::{
    Asked, AuthorizationCode, AuthorizationSession, AuthorizationStage, ClientAssurance, ClientDescription,
    CodeOffer, CodeOfferStage, CodeStage, FamilyStage, PushedRequest, RefreshStage, RefreshToken,
    TokenFamily,
};
use crate::identifiers::{ConfigurationId, FamilyId, OfferId};
use crate::store::{
    AuthorizationCommit, AuthorizationOutcome, Change, IssuanceOutcome, IssuerStore, ReplayMark, Revision,
    SpentAccess,
};

fn asked() -> Asked {
    Asked::new([ConfigurationId::parse("NationalIdentity").unwrap()], []).unwrap()
}

fn client() -> ClientIdentifier {
    ClientIdentifier::parse("wallet").unwrap()
}

fn challenge() -> CodeChallenge {
    CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256")).unwrap()
}

fn pushed() -> PushedRequest {
    PushedRequest {
        client: ClientDescription {
            id: client(),
            name: None,
            assurance: ClientAssurance::Registered,
        },
        redirect_uri: RedirectUri::parse("https://wallet.example/back").unwrap(),
        state: State::parse("state"),
        asked: asked(),
        code_challenge: challenge(),
        dpop: None,
        instance: None,
        offer: None,
        ui_locales: vec!["ar".to_owned()],
        expires_at: NOW.plus(Duration::from_secs(60)),
    }
}

fn session() -> AuthorizationSession {
    pushed().into_session(NOW)
}

fn code() -> AuthorizationCode {
    AuthorizationCode {
        client: client(),
        redirect_uri: RedirectUri::parse("https://wallet.example/back").unwrap(),
        code_challenge: challenge(),
        dpop: None,
        instance: None,
        record: uin("1"),
        asked: asked(),
        expires_at: NOW.plus(Duration::from_secs(60)),
        forgotten_at: NOW.plus(Duration::from_secs(600)),
        stage: CodeStage::Made,
        offer: None,
    }
}

fn family() -> TokenFamily {
    TokenFamily {
        client: client(),
        stage: FamilyStage::Live,
        expires_at: NOW.plus(Duration::from_secs(60)),
        offer: None,
    }
}

fn refresh(family: &FamilyId) -> RefreshToken {
    RefreshToken {
        client: client(),
        dpop: None,
        instance: None,
        family: family.clone(),
        record: uin("1"),
        asked: asked(),
        expires_at: NOW.plus(Duration::from_secs(60)),
        stage: RefreshStage::Current,
    }
}

fn offer(numbers: &Numbers) -> CodeOffer {
    CodeOffer {
        offer: OfferId::make(numbers).unwrap(),
        record: uin("1"),
        configurations: asked().configurations().cloned().collect(),
        expires_at: NOW.plus(Duration::from_secs(60)),
        stage: CodeOfferStage::Offered,
        grant: None,
    }
}

/// A commit of a new value of each kind.
fn everything(numbers: &Numbers) -> (AuthorizationCommit, FamilyId) {
    let id = FamilyId::make(numbers).unwrap();
    let commit = AuthorizationCommit {
        pushed: Some(Change::new(digest("uri"), pushed())),
        session: Some(Change::new(digest("browser"), session())),
        offer: Some(Change::new(digest("state"), offer(numbers))),
        code: Some(Change::new(digest("code"), code())),
        family: Some(Change::new(id.clone(), family())),
        refresh: vec![Change::new(digest("refresh"), refresh(&id))],
        access: Some((digest("token"), token_access())),
        ..AuthorizationCommit::default()
    };
    (commit, id)
}

async fn commit(store: &dyn IssuerStore, commit: AuthorizationCommit) -> AuthorizationOutcome {
    store.commit_authorization(commit).await.unwrap()
}

async fn nothing_is_there(store: &dyn IssuerStore, family: &FamilyId) {
    assert!(store.pushed_request(&digest("uri")).await.unwrap().is_none());
    assert!(store.authorization(&digest("browser")).await.unwrap().is_none());
    assert!(store.code_offer(&digest("state")).await.unwrap().is_none());
    assert!(store.authorization_code(&digest("code")).await.unwrap().is_none());
    assert!(store.refresh_token(&digest("refresh")).await.unwrap().is_none());
    assert!(store.token_family(family).await.unwrap().is_none());
    assert!(store.access(&digest("token")).await.unwrap().is_none());
}

pub(super) async fn a_value_is_replaced_by_one_of_two(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let (all, _) = everything(&numbers);
    assert_eq!(commit(store, all).await, AuthorizationOutcome::Committed);
    let read = store.authorization(&digest("browser")).await.unwrap().unwrap();
    assert_eq!(read.value, session());
    let identified = read.value.identified(uin("1"), NOW).unwrap();
    let step = || AuthorizationCommit {
        session: Some(Change::of(digest("browser"), &read, identified.clone())),
        ..AuthorizationCommit::default()
    };
    assert_eq!(commit(store, step()).await, AuthorizationOutcome::Committed);
    assert_eq!(commit(store, step()).await, AuthorizationOutcome::Changed);
    let read = store.authorization(&digest("browser")).await.unwrap().unwrap();
    assert!(matches!(read.value.stage, AuthorizationStage::Identified { .. }));
    let moved = AuthorizationCommit {
        left: Some((digest("browser"), read.revision.clone())),
        session: Some(Change::new(digest("other browser"), read.value.clone())),
        ..AuthorizationCommit::default()
    };
    assert_eq!(
        commit(store, moved.clone()).await,
        AuthorizationOutcome::Committed
    );
    assert_eq!(commit(store, moved).await, AuthorizationOutcome::Changed);
    assert!(store.authorization(&digest("browser")).await.unwrap().is_none());
    let kept = store
        .authorization(&digest("other browser"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(kept.value, read.value);
    // A request that was taken is gone, and is taken by one.
    let waiting = store.pushed_request(&digest("uri")).await.unwrap().unwrap();
    assert_eq!(waiting.value, pushed());
    let take = |browser: &str| AuthorizationCommit {
        taken: Some((digest("uri"), waiting.revision.clone())),
        session: Some(Change::new(digest(browser), session())),
        ..AuthorizationCommit::default()
    };
    assert_eq!(commit(store, take("one")).await, AuthorizationOutcome::Committed);
    assert_eq!(commit(store, take("two")).await, AuthorizationOutcome::Changed);
    assert!(store.pushed_request(&digest("uri")).await.unwrap().is_none());
    assert!(store.authorization(&digest("two")).await.unwrap().is_none());
}

pub(super) async fn a_step_is_whole(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let stale = Revision::absent();
    let (mut all, id) = everything(&numbers);
    let other = FamilyId::make(&numbers).unwrap();
    let there = AuthorizationCommit {
        family: Some(Change::new(other.clone(), family())),
        ..AuthorizationCommit::default()
    };
    assert_eq!(commit(store, there).await, AuthorizationOutcome::Committed);
    // The family is there, and it was judged as absent.
    all.family_unchanged = Some((other.clone(), stale));
    assert_eq!(commit(store, all.clone()).await, AuthorizationOutcome::Changed);
    nothing_is_there(store, &id).await;
    let read = store.token_family(&other).await.unwrap().unwrap();
    all.family_unchanged = Some((other, read.revision));
    assert_eq!(commit(store, all).await, AuthorizationOutcome::Committed);
    assert_eq!(store.token_family(&id).await.unwrap().unwrap().value, family());
    let kept = store.refresh_token(&digest("refresh")).await.unwrap().unwrap();
    assert_eq!(kept.value, refresh(&id));
    let kept = store.access(&digest("token")).await.unwrap().unwrap();
    assert_eq!(kept.value, token_access());
    let kept = store.authorization_code(&digest("code")).await.unwrap().unwrap();
    assert_eq!(kept.value, code());
}

pub(super) async fn a_proof_is_used_once_until_its_mark_is_forgotten(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let mark = ReplayMark {
        digest: digest("proof"),
        expires_at: NOW.plus(Duration::from_secs(60)),
    };
    let using = |browser: &str| AuthorizationCommit {
        session: Some(Change::new(digest(browser), session())),
        replays: vec![mark],
        ..AuthorizationCommit::default()
    };
    assert_eq!(commit(store, using("one")).await, AuthorizationOutcome::Committed);
    assert_eq!(
        commit(store, using("two")).await,
        AuthorizationOutcome::Replayed(mark)
    );
    assert!(store.authorization(&digest("two")).await.unwrap().is_none());
    let (mut all, id) = everything(&numbers);
    all.replays = vec![mark];
    assert_eq!(commit(store, all).await, AuthorizationOutcome::Replayed(mark));
    nothing_is_there(store, &id).await;
    store
        .remove_expired(NOW.plus(Duration::from_secs(61)), 100)
        .await
        .unwrap();
    assert_eq!(commit(store, using("two")).await, AuthorizationOutcome::Committed);
}

pub(super) async fn what_expired_is_forgotten(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let (all, id) = everything(&numbers);
    assert_eq!(commit(store, all).await, AuthorizationOutcome::Committed);
    assert_eq!(store.remove_expired(NOW, 100).await.unwrap(), 0);
    let much_later = NOW.plus(Duration::from_secs(1_000));
    assert_eq!(store.remove_expired(much_later, 100).await.unwrap(), 7);
    nothing_is_there(store, &id).await;
}

pub(super) async fn an_issuance_needs_its_family_as_it_was_and_a_fresh_proof(store: &dyn IssuerStore) {
    let numbers = Numbers::default();
    let (all, id) = everything(&numbers);
    assert_eq!(commit(store, all).await, AuthorizationOutcome::Committed);
    let live = store.token_family(&id).await.unwrap().unwrap();
    let mark = ReplayMark {
        digest: digest("proof"),
        expires_at: NOW.plus(Duration::from_secs(60)),
    };
    let issue = async |index: u32| {
        let access = store.access(&digest("token")).await.unwrap().unwrap();
        let mut issuance = issuance(&numbers, vec![credential(&numbers, "1", index)]);
        issuance.access = Some(SpentAccess {
            family: Some((id.clone(), live.revision.clone())),
            proof: Some(mark),
            ..spent(&access)
        });
        store.commit_issuance(issuance).await.unwrap()
    };
    assert_eq!(issue(1).await, IssuanceOutcome::Committed);
    assert_eq!(issue(2).await, IssuanceOutcome::ProofReplayed);
    let ended = TokenFamily {
        stage: FamilyStage::Ended,
        ..live.value.clone()
    };
    let end = AuthorizationCommit {
        family: Some(Change::of(id.clone(), &live, ended)),
        ..AuthorizationCommit::default()
    };
    assert_eq!(commit(store, end).await, AuthorizationOutcome::Committed);
    assert_eq!(issue(3).await, IssuanceOutcome::AccessChanged);
    assert_eq!(store.credentials_of(&uin("1"), None, 9).await.unwrap().len(), 1);
}
