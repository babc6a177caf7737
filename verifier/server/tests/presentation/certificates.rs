//! Certificates of document signers that their authority took back: by its list over the network, by that of a pack, and when the pack is over.

use core::time::Duration;

use serde_json::json;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_trust::testing::{DAY, NOW, TestIssuingAuthority};
use symbolon_verifier_server::StatusSource;

use crate::formats::{answer, outcome};
use crate::world::World;
use crate::world::formats::{mdoc_query, present_mdoc};

/// Over plain http, as RFC 5280 advises.
#[tokio::test]
async fn a_revoked_document_signer_is_trusted_no_longer_and_its_list_is_fetched_once_until_it_is_due() {
    let mut world = World::new().await;
    let place = format!("{}/iaca.crl", world.issuer.identifier);
    world.authority = TestIssuingAuthority::new(700).publishing_at(&place);
    let authority = &world.authority;
    let due = Duration::from_secs(600);
    let list = authority.revocation_list(NOW.minus(DAY).plus(due));
    let media_type = "application/pkix-crl";
    world.publish_document("/iaca.crl", media_type, authority.sign_revocation_list(&list));
    let present = |request: &VerifiedRequest| present_mdoc(&world, request);
    for fetched in [vec!["/iaca.crl"], Vec::new()] {
        let result = answer(&world, &mdoc_query(), present).await;
        assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
        assert_eq!(world.fetched(), fetched);
    }

    let signer = Certificate::parse(authority.certificate()).unwrap();
    let revoked = authority
        .revocation_list(NOW)
        .revoking(&signer, NOW.minus(DAY), Some(1));
    let revoked = authority.sign_revocation_list(&revoked);
    world.publish_document("/iaca.crl", media_type, revoked);
    world.advance(599);
    let result = answer(&world, &mdoc_query(), present).await;
    assert_eq!(
        outcome(&result).0,
        "valid",
        "the list in force says nothing against it"
    );
    world.advance(1);
    let result = answer(&world, &mdoc_query(), present).await;
    assert_eq!(outcome(&result).0, "invalid", "{result}");
    let report = &result["reports"][0]["report"];
    assert_eq!(report["trusted"]["state"], "not_trusted");
    let told = json!({
        "warning": "certificate_revoked",
        "revoked_at": NOW.minus(DAY).seconds(),
        "reason": "key_compromise",
    });
    assert_eq!(report["warnings"], json!([told]));
    assert_eq!(report["claims"], json!({}));
}

/// The grace of the pack ends, and its trust list is used on.
#[tokio::test]
async fn a_document_signer_that_a_pack_took_back_stays_taken_back_when_the_pack_is_over() {
    let mut world = World::configured(|configuration| configuration.status = StatusSource::Pack).await;
    let place = format!("{}/iaca.crl", world.issuer.identifier);
    world.authority = TestIssuingAuthority::new(700).publishing_at(&place);
    let signer = Certificate::parse(world.authority.certificate()).unwrap();
    let list = world.authority.revocation_list(world.now());
    let list = list.revoking(&signer, NOW.minus(DAY), Some(1));
    world.put_with_revocation_list(&place, &world.authority.sign_revocation_list(&list));
    let present = |request: &VerifiedRequest| present_mdoc(&world, request);
    for seconds in [0, 3 * 3_600, 1] {
        world.advance(seconds);
        if seconds == 1 {
            world.begin_anew();
        }
        let result = answer(&world, &mdoc_query(), present).await;
        assert_eq!(outcome(&result).0, "invalid", "{result}");
        assert_eq!(result["reports"][0]["report"]["trusted"]["state"], "not_trusted");
    }
}

/// Leaving the list out of a pack that is over soon, or taken away, gives no revoked signer back either.
#[tokio::test]
async fn a_list_that_a_pack_left_out_is_missed_on_when_the_pack_is_over() {
    let mut world = World::configured(|configuration| {
        configuration.status = StatusSource::OnlineThenPack;
    })
    .await;
    let place = format!("{}/iaca.crl", world.issuer.identifier);
    world.authority = TestIssuingAuthority::new(700).publishing_at(&place);
    let signer = Certificate::parse(world.authority.certificate()).unwrap();
    let list = world.authority.revocation_list(world.now());
    let list = list.revoking(&signer, NOW.minus(DAY), Some(1));
    world.put_with_revocation_list(&place, &world.authority.sign_revocation_list(&list));
    let present = |request: &VerifiedRequest| present_mdoc(&world, request);
    let result = answer(&world, &mdoc_query(), present).await;
    assert_eq!(outcome(&result).0, "invalid", "{result}");
    world.put_without_revocation_list();
    for seconds in [0, 3 * 3_600, 1, 2] {
        world.advance(seconds);
        match seconds {
            1 => world.begin_anew(),
            2 => world.packs.lose(),
            _ => {}
        }
        let result = answer(&world, &mdoc_query(), present).await;
        assert_eq!(outcome(&result).0, "unknown", "{result}");
        assert_eq!(result["reports"][0]["report"]["trusted"]["state"], "unknown");
    }
}

#[tokio::test]
async fn a_revocation_list_that_cannot_be_had_is_asked_for_once_a_minute() {
    let mut world = World::new().await;
    let place = format!("{}/iaca.crl", world.issuer.identifier);
    world.authority = TestIssuingAuthority::new(700).publishing_at(&place);
    let present = |request: &VerifiedRequest| present_mdoc(&world, request);
    for (wait, asked) in [(0, 1), (59, 0), (1, 1)] {
        world.advance(wait);
        let result = answer(&world, &mdoc_query(), present).await;
        assert_eq!(outcome(&result), ("valid", "as_asked"), "{result}");
        assert_eq!(world.fetched().len(), asked, "after {wait} seconds more");
    }
}
