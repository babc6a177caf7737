use core::time::Duration;

use symbolon_crypto::jose::jws;
use symbolon_crypto::x509::issue::KeyPurpose;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use super::super::*;
use crate::testing::{DAY, NOW, TestIssuer};
use crate::trust_list::TrustedIssuer;

const ISSUER: &str = "https://issuer.example";
const URI: &str = "https://issuer.example/status/0";
const BUDGET: StatusListBudget = StatusListBudget {
    max_token_bytes: 1 << 20,
    max_inflated_bytes: 1 << 20,
};

fn issuer() -> TestIssuer {
    TestIssuer::new(ISSUER, 100)
}

fn list() -> TokenStatusList {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
    list.set(5, Status::Invalid).unwrap();
    list.set(6, Status::Suspended).unwrap();
    list
}

fn verify(token: &str, uri: &str, issuer: &TrustedIssuer) -> Result<VerifiedStatusList, StatusListError> {
    StatusListToken::parse(token, BUDGET)?.verify(uri, issuer, &RustCryptoProvider, NOW)
}

/// A token with other header and payload, signed by the real status key.
fn signed(issuer: &TestIssuer, edit: impl FnOnce(&mut serde_json::Value, &mut serde_json::Value)) -> String {
    let mut header = serde_json::json!({
        "typ": "statuslist+jwt",
        "x5c": jws::x5c_value([issuer.status_certificate.der()]),
    });
    let mut payload = serde_json::json!({
        "sub": URI, "iat": NOW.seconds(), "exp": NOW.plus(DAY).seconds(), "ttl": 3_600,
        "status_list": { "bits": 2, "lst": list().encode() },
    });
    edit(&mut header, &mut payload);
    let payload = serde_json::to_vec(&payload).unwrap();
    let prepared = jws::prepare(SignatureAlgorithm::Es256, header.as_object().unwrap(), &payload);
    let signature = issuer
        .status_key
        .sign(&prepared.request(issuer.status_key.handle()));
    prepared.finish(&signature)
}

#[test]
fn a_list_that_its_issuer_signed_answers() {
    let issuer = issuer();
    let verified = verify(
        &issuer.status_token(URI, &list(), NOW),
        URI,
        &issuer.entry(Vec::new()),
    )
    .unwrap();
    assert_eq!(verified.issued_at(), NOW);
    assert_eq!(verified.time_to_live(), Some(Duration::from_secs(3_600)));
    assert_eq!(verified.issuer().as_str(), ISSUER);
    assert_eq!(verified.status(4), Ok(Status::Valid));
    assert_eq!(verified.status(5), Ok(Status::Invalid));
    assert_eq!(verified.status(6), Ok(Status::Suspended));
    assert_eq!(verified.status(1_000), Err(IndexOutOfRange));
    assert_eq!(verified.list(), &list());
    let again = signed(&issuer, |_, _| {});
    assert!(verify(&again, URI, &issuer.entry(Vec::new())).is_ok());
}

#[test]
fn rejects_a_token_about_another_list() {
    let issuer = issuer();
    let token = issuer.status_token(URI, &list(), NOW);
    let error = verify(
        &token,
        "https://issuer.example/status/1",
        &issuer.entry(Vec::new()),
    )
    .unwrap_err();
    assert!(matches!(error, StatusListError::OtherSubject));
}

#[test]
fn rejects_a_list_at_an_address_of_somebody_else() {
    let issuer = issuer();
    let uri = "https://other.example/status/0";
    let token = issuer.status_token(uri, &list(), NOW);
    assert!(matches!(
        verify(&token, uri, &issuer.entry(Vec::new())),
        Err(StatusListError::NotTheIssuersList)
    ));
}

#[test]
fn rejects_another_kind_of_token_signed_by_the_same_key() {
    let issuer = issuer();
    for typ in ["kb+jwt", "dc+sd-jwt", "JWT", "openid4vci-proof+jwt"] {
        let token = signed(&issuer, |header, _| header["typ"] = typ.into());
        assert!(
            matches!(
                verify(&token, URI, &issuer.entry(Vec::new())),
                Err(StatusListError::WrongType)
            ),
            "{typ}"
        );
    }
    let token = signed(&issuer, |header, _| {
        header.as_object_mut().unwrap().remove("typ");
    });
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::WrongType)
    ));
}

#[test]
fn rejects_a_changed_list() {
    let issuer = issuer();
    let token = issuer.status_token(URI, &list(), NOW);
    let other = issuer.status_token(URI, &TokenStatusList::all_valid(BitsPerStatus::Two, 1_000), NOW);
    let (head, signature) = (
        other.rsplit_once('.').unwrap().0,
        token.rsplit_once('.').unwrap().1,
    );
    let swapped = format!("{head}.{signature}");
    assert!(matches!(
        verify(&swapped, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::Signature)
    ));
}

#[test]
fn rejects_a_signer_under_another_authority() {
    let (issuer, impostor) = (issuer(), TestIssuer::new(ISSUER, 500));
    let token = impostor.status_token(URI, &list(), NOW);
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::Chain(_))
    ));
}

#[test]
fn rejects_the_credential_key_as_signer_of_a_list() {
    let mut issuer = issuer();
    issuer.status_certificate = issuer.credential_certificate.clone();
    core::mem::swap(&mut issuer.status_key, &mut issuer.credential_key);
    let token = issuer.status_token(URI, &list(), NOW);
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::Chain(_))
    ));
}

#[test]
fn rejects_a_status_signer_that_is_named_after_somebody_else() {
    let mut issuer = issuer();
    issuer.status_certificate = issuer.authority.issue(
        issuer.status_key.public_key(),
        "https://other.example",
        Some(KeyPurpose::StatusLists),
    );
    let token = issuer.status_token(URI, &list(), NOW);
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::SignerIsNotTheIssuer)
    ));
}

#[test]
fn rejects_a_token_without_certificates() {
    let issuer = issuer();
    let token = signed(&issuer, |header, _| {
        header.as_object_mut().unwrap().remove("x5c");
    });
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::Chain(_))
    ));
}

#[test]
fn rejects_a_list_of_yesterday_and_one_of_tomorrow() {
    let issuer = issuer();
    let entry = issuer.entry(Vec::new());
    let expired = issuer.status_token(URI, &list(), NOW.minus(DAY));
    assert!(matches!(
        verify(&expired, URI, &entry),
        Err(StatusListError::Expired { expired_at: NOW })
    ));
    let early = issuer.status_token(URI, &list(), NOW.plus(Duration::from_secs(301)));
    assert!(matches!(
        verify(&early, URI, &entry),
        Err(StatusListError::IssuedInTheFuture { .. })
    ));
    assert!(
        verify(
            &issuer.status_token(URI, &list(), NOW.plus(Duration::from_secs(300))),
            URI,
            &entry
        )
        .is_ok()
    );
}

#[test]
fn rejects_claims_that_are_missing_or_cannot_be() {
    let issuer = issuer();
    let edits: [fn(&mut serde_json::Value); 6] = [
        |payload| payload["ttl"] = 0.into(),
        |payload| payload["ttl"] = (-5).into(),
        |payload| payload["status_list"]["bits"] = 3.into(),
        |payload| payload["iat"] = "now".into(),
        |payload| {
            payload.as_object_mut().unwrap().remove("iat");
        },
        |payload| {
            payload.as_object_mut().unwrap().remove("sub");
        },
    ];
    for edit in edits {
        let token = signed(&issuer, |_, payload| edit(payload));
        assert!(matches!(
            verify(&token, URI, &issuer.entry(Vec::new())),
            Err(StatusListError::Claims)
        ));
    }
}

#[test]
fn rejects_a_list_that_inflates_beyond_its_budget() {
    let issuer = issuer();
    let bomb = TokenStatusList::from_bytes(BitsPerStatus::Two, vec![0; (1 << 20) + 1]);
    let token = issuer.status_token(URI, &bomb, NOW);
    assert!(matches!(
        verify(&token, URI, &issuer.entry(Vec::new())),
        Err(StatusListError::List(_))
    ));
}

#[test]
fn rejects_a_token_beyond_its_budget() {
    let token = issuer().status_token(URI, &list(), NOW);
    let budget = StatusListBudget {
        max_token_bytes: token.len() - 1,
        ..BUDGET
    };
    assert!(matches!(
        StatusListToken::parse(&token, budget),
        Err(StatusListError::NotAJws)
    ));
}

#[test]
fn a_token_without_expiry_lives_as_long_as_its_reader_lets_it() {
    let issuer = issuer();
    let token = signed(&issuer, |_, payload| {
        payload.as_object_mut().unwrap().remove("exp");
        payload.as_object_mut().unwrap().remove("ttl");
    });
    let verified = verify(&token, URI, &issuer.entry(Vec::new())).unwrap();
    assert_eq!((verified.expires_at(), verified.time_to_live()), (None, None));
}
