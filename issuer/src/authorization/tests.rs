use symbolon_crypto::UnixTime;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::authorization_request::State;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use super::*;
use crate::identifiers::ConfigurationId;
use crate::record::Uin;
use crate::secret::{InstallationSecret, SecretDigest};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn later(seconds: u64) -> UnixTime {
    NOW.plus(std::time::Duration::from_secs(seconds))
}

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse("https://issuer.example/tenant").unwrap()
}

fn uin(text: &str) -> Uin {
    Uin::parse(text).unwrap()
}

fn configuration(name: &str) -> ConfigurationId {
    ConfigurationId::parse(name).unwrap()
}

fn requested() -> AuthorizationSession {
    PushedRequest {
        client: ClientDescription {
            id: ClientIdentifier::parse("wallet").unwrap(),
            name: None,
            assurance: ClientAssurance::Registered,
        },
        redirect_uri: RedirectUri::parse("https://wallet.example/back?a=b").unwrap(),
        state: State::parse("x y&z"),
        asked: Asked::new([configuration("one")], []).unwrap(),
        code_challenge: CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", Some("S256"))
            .unwrap(),
        dpop: None,
        instance: None,
        offer: None,
        ui_locales: Vec::new(),
        expires_at: later(60),
    }
    .into_session(NOW)
}

#[test]
fn a_yes_makes_a_code_and_leads_back_with_state_and_issuer() {
    let randomness = SeededRandomness::new(1);
    let identified = requested().identified(uin("1"), NOW).unwrap();
    let granted = identified.granted(&issuer(), later(5), &randomness).unwrap();
    assert_eq!(granted.session.stage, AuthorizationStage::Granted);
    assert_eq!(granted.code.expires_at, later(65));
    assert_eq!(granted.code.record, uin("1"));
    let (own, query) = granted.redirect.split_once("&code=").unwrap();
    assert_eq!(own, "https://wallet.example/back?a=b");
    let (code, rest) = query.split_once('&').unwrap();
    assert_eq!(SecretDigest::of(code), granted.code_digest);
    assert_eq!(rest, "state=x%20y%26z&iss=https%3A%2F%2Fissuer.example%2Ftenant");
}

#[test]
fn a_no_leads_back_with_access_denied() {
    let (session, redirect) = requested().denied(&issuer(), NOW).unwrap();
    assert_eq!(session.stage, AuthorizationStage::Denied);
    assert_eq!(
        redirect.as_str(),
        "https://wallet.example/back?a=b&error=access_denied&state=x%20y%26z&iss=https%3A%2F%2Fissuer.example%2Ftenant"
    );
}

#[test]
fn nothing_is_granted_before_somebody_signed_in() {
    let refusal = requested()
        .granted(&issuer(), NOW, &SeededRandomness::new(1))
        .err();
    assert_eq!(refusal, Some(AuthorizationRefusal::NotIdentified));
}

#[test]
fn what_is_decided_stays_so() {
    let randomness = SeededRandomness::new(1);
    let identified = requested().identified(uin("1"), NOW).unwrap();
    assert_eq!(
        identified.identified(uin("2"), NOW),
        Err(AuthorizationRefusal::AlreadyIdentified)
    );
    let granted = identified.granted(&issuer(), NOW, &randomness).unwrap().session;
    let (denied, _) = identified.denied(&issuer(), NOW).unwrap();
    for decided in [granted, denied] {
        assert_eq!(
            decided.identified(uin("1"), NOW),
            Err(AuthorizationRefusal::Decided)
        );
        assert_eq!(
            decided.granted(&issuer(), NOW, &randomness).err(),
            Some(AuthorizationRefusal::Decided)
        );
        assert_eq!(decided.denied(&issuer(), NOW), Err(AuthorizationRefusal::Decided));
    }
}

#[test]
fn everything_ends_with_the_time() {
    let end = NOW.plus(AUTHORIZATION_SESSION_LIFETIME);
    let identified = requested().identified(uin("1"), NOW).unwrap();
    assert_eq!(
        requested().identified(uin("1"), end),
        Err(AuthorizationRefusal::Expired)
    );
    let late = identified
        .granted(&issuer(), end, &SeededRandomness::new(1))
        .err();
    assert_eq!(late, Some(AuthorizationRefusal::Expired));
    assert_eq!(
        identified.denied(&issuer(), end),
        Err(AuthorizationRefusal::Expired)
    );
}

#[test]
fn an_offer_is_taken_up_by_the_resident_it_is_for() {
    let offered = AuthorizationSession {
        offer: Some(OfferReference {
            state: SecretDigest::of("state"),
            record: uin("1"),
            offer: None,
        }),
        ..requested()
    };
    assert_eq!(
        offered.identified(uin("2"), NOW),
        Err(AuthorizationRefusal::OfferForAnother)
    );
    assert!(offered.identified(uin("1"), NOW).is_ok());
}

#[test]
fn details_win_where_both_parameters_name_a_configuration() {
    let asked = Asked::new(
        [configuration("a"), configuration("b")],
        [configuration("b"), configuration("c")],
    )
    .unwrap();
    let named = |by| {
        asked
            .named_by(by)
            .map(ConfigurationId::as_str)
            .collect::<Vec<_>>()
    };
    assert_eq!(named(AskedBy::Scope), ["a"]);
    assert_eq!(named(AskedBy::Details), ["b", "c"]);
    assert_eq!(Asked::new([], []), None);
}

#[test]
fn a_form_belongs_to_one_browser_of_one_installation() {
    let secret = |seed| InstallationSecret::make(&SeededRandomness::new(seed)).unwrap();
    let token = FormToken::derive(&secret(1), &SecretDigest::of("browser"));
    let same = |secret: &InstallationSecret, browser: &str| {
        FormToken::derive(secret, &SecretDigest::of(browser)).is(token.expose())
    };
    assert!(same(&secret(1), "browser"));
    assert!(!same(&secret(1), "other"));
    assert!(!same(&secret(2), "browser"));
}
