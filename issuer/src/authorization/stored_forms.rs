//! The stored forms, frozen: a version that writes or reads them otherwise owes a migration.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    AuthorizationCode, AuthorizationSession, CodeOffer, OfferReference, PushedRequest, RefreshToken,
    TokenFamily,
};
use crate::grant::{AccessGrant, Grant};

fn reads_and_writes<T: Serialize + DeserializeOwned>(text: &str) {
    let value: T = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&value).unwrap(), text);
}

#[test]
fn what_the_first_release_wrote_is_read_and_written_as_it_was() {
    reads_and_writes::<AccessGrant>(
        r#"{"record":"2345678901","remaining":{"NationalIdentity":1},"expires_at":1800000600}"#,
    );
    reads_and_writes::<Grant>(
        r#"{"record":"2345678901","configurations":["NationalIdentity"],"credentials_each":1,"expires_at":1800003600,"tx_code":null,"stage":"offered"}"#,
    );
}

const KEY: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn frozen<T: Serialize + DeserializeOwned>(text: &str) {
    reads_and_writes::<T>(&text.replace("KEY", KEY));
}

#[test]
fn the_forms_of_this_release_are_frozen() {
    frozen::<AccessGrant>(
        r#"{"record":"1","remaining":{"A":1},"expires_at":5,"client":"wallet","dpop":"KEY","identifiers":{"A":"x"},"family":"0123456789abcdef0123456789abcdef"}"#,
    );
    frozen::<Grant>(
        r#"{"record":"1","configurations":["A"],"credentials_each":1,"expires_at":5,"tx_code":null,"stage":"redeemed","code_offer":"KEY"}"#,
    );
    frozen::<CodeOffer>(
        r#"{"offer":"0123456789abcdef0123456789abcdef","record":"1","configurations":["A"],"expires_at":5,"stage":"taken-up","grant":"KEY"}"#,
    );
    frozen::<PushedRequest>(
        r#"{"client":{"id":"wallet","name":"Wallet","assurance":"attested"},"redirect_uri":"https://wallet.example/","state":"s","asked":{"A":"scope","B":"details"},"code_challenge":"KEY","dpop":"KEY","instance":"KEY","offer":{"state":"KEY","record":"1"},"ui_locales":["ar"],"expires_at":5}"#,
    );
    for stage in [
        r#""requested""#,
        r#"{"identified":{"record":"1","at":5}}"#,
        r#""granted""#,
        r#""denied""#,
    ] {
        let session = r#"{"client":{"id":"wallet","assurance":"unregistered"},"redirect_uri":"org.example.wallet:/","asked":{"A":"scope"},"code_challenge":"KEY","stage":STAGE,"expires_at":5}"#;
        frozen::<AuthorizationSession>(&session.replace("STAGE", stage));
    }
    for stage in [r#""made""#, r#"{"redeemed":"0123456789abcdef0123456789abcdef"}"#] {
        let code = r#"{"client":"wallet","redirect_uri":"https://wallet.example/","code_challenge":"KEY","dpop":"KEY","instance":"KEY","record":"1","asked":{"A":"scope"},"expires_at":5,"forgotten_at":6,"stage":STAGE}"#;
        frozen::<AuthorizationCode>(&code.replace("STAGE", stage));
    }
    frozen::<TokenFamily>(r#"{"client":"wallet","stage":"ended","expires_at":5}"#);
    frozen::<RefreshToken>(
        r#"{"client":"wallet","dpop":"KEY","instance":"KEY","family":"0123456789abcdef0123456789abcdef","record":"1","asked":{"A":"details"},"expires_at":5,"stage":"rotated"}"#,
    );
    // With the offer that they came of, which the first ones were written without.
    let offer = "\"offer\":\"0123456789abcdef0123456789abcdef\"";
    for (of_an_offer, reads) in [
        (
            r#"{"record":"1","remaining":{"A":1},"expires_at":5,OFFER}"#,
            frozen::<AccessGrant> as fn(&str),
        ),
        (
            r#"{"record":"1","configurations":["A"],"credentials_each":1,"expires_at":5,"tx_code":null,"stage":"redeemed",OFFER}"#,
            frozen::<Grant>,
        ),
        (
            r#"{"client":"wallet","stage":"live","expires_at":5,OFFER}"#,
            frozen::<TokenFamily>,
        ),
        (r#"{"state":"KEY","record":"1",OFFER}"#, frozen::<OfferReference>),
        (
            r#"{"client":"wallet","redirect_uri":"https://wallet.example/","code_challenge":"KEY","record":"1","asked":{"A":"scope"},"expires_at":5,"forgotten_at":6,"stage":"made",OFFER}"#,
            frozen::<AuthorizationCode>,
        ),
    ] {
        reads(&of_an_offer.replace("OFFER", offer));
    }
}
