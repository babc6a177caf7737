//! The written form of every record and every stage, frozen. A change here loses what people hold: it needs a new version,
//! a migration and a decision record.

use super::{Flow, HeldCredential, HistoryEntry, Record, RecordError, decode, encode};

/// Reads the frozen form and writes it again.
fn is_frozen<T: Record>(frozen: &str) {
    let record: T = decode(frozen.as_bytes()).unwrap_or_else(|error| panic!("{error}: {frozen}"));
    let written = encode(&record).unwrap();
    assert_eq!(std::str::from_utf8(&written).unwrap(), frozen);
}

fn flow(stage: &str) -> String {
    format!(
        r#"{{"version":1,"record":{{"id":"00112233445566778899aabbccddeeff","revision":3,"started":1800000000,"updated":1800000001,"stage":{stage}}}}}"#
    )
}

const PLAN: &str = r#"{"issuer":"https://issuer.example","issuer_name":"Registry","token_endpoint":"https://issuer.example/token","nonce_endpoint":"https://issuer.example/nonce","credential_endpoint":"https://issuer.example/credential","credentials":[{"configuration":"NationalIdentity","credential_type":"urn:t","display":{"credential":[{"locale":"fr","name":"Identité","description":null,"background_color":"teal","text_color":null}],"claims":[{"path":["address","locality"],"names":[{"locale":"fr","name":"Localité"}]}]}}],"not_supported":["mdl"]}"#;
const GRANT: &str = r#"{"code":"abc","prompt":{"input_mode":"numeric","length":6,"description":"letter"}}"#;
const VERIFIER: &str = r#"{"client_id":"x509_san_dns:verifier.example","name":"Clinic","response_origin":"https://verifier.example","evidence":{"kind":"certificate_host","host":"verifier.example","authority":null}}"#;
const CLIENT: &str = "x509_hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

#[test]
fn the_stages_of_a_receipt_are_frozen() {
    for stage in [
        r#"{"awaiting_consent":{"source":{"by_value":"{}"},"issuers":["https://issuer.example"]}}"#.to_owned(),
        r#"{"consented":{"source":{"by_reference":"https://issuer.example/offers/1"},"issuers":["https://issuer.example"],"transaction_code":"482916"}}"#.to_owned(),
        format!(r#"{{"awaiting_transaction_code":{{"plan":{PLAN},"grant":{GRANT},"refused":1}}}}"#),
        format!(r#"{{"requesting_token":{{"plan":{PLAN},"grant":{GRANT},"transaction_code":null,"refused":0,"sent":"perhaps"}}}}"#),
        format!(r#"{{"issuing":{{"plan":{PLAN},"access_token":"token","datasets":[["NationalIdentity","d1"]],"next":0,"key":"k1","stored":["00112233445566778899aabbccddeeff"]}}}}"#),
        r#"{"finished":{"stored":{"credentials":["00112233445566778899aabbccddeeff"],"not_supported":[]}}}"#.to_owned(),
        r#"{"finished":"declined"}"#.to_owned(),
        r#"{"finished":{"new_offer_needed":"answer_lost"}}"#.to_owned(),
        r#"{"finished":{"refused":{"problem":{"credential":"another_key"},"stored":[]}}}"#.to_owned(),
        r#"{"finished":{"refused":{"problem":"issuer_metadata","stored":[]}}}"#.to_owned(),
    ] {
        is_frozen::<Flow>(&flow(&format!(r#"{{"receive":{stage}}}"#)));
    }
}

#[test]
fn the_stages_of_a_presentation_are_frozen() {
    let presentation = r#"{"vp_token":"{}","request_object":"e30.e30.c2ln"}"#;
    for stage in [
        format!(
            r#"{{"awaiting_consent":{{"request_object":"e30.e30.c2ln","client_id":"{CLIENT}","languages":["fr"]}}}}"#
        ),
        format!(
            r#"{{"consented":{{"request_object":"e30.e30.c2ln","client_id":"{CLIENT}","languages":[],"choice":{{"identity":"00112233445566778899aabbccddeeff"}},"agreed":1800000000}}}}"#
        ),
        format!(
            r#"{{"declining":{{"response_uri":"https://verifier.example/response","form":"error=access_denied","verifier":{VERIFIER}}}}}"#
        ),
        format!(
            r#"{{"sending":{{"response_uri":"https://verifier.example/response","form":"response=x","agreed":1800000000,"history":"00112233445566778899aabbccddeeff","verifier":{VERIFIER},"disclosed":[{{"credential":"00112233445566778899aabbccddeeff","credential_type":"urn:t","claims":["given_name"]}}],"presentation":{presentation}}}}}"#
        ),
        format!(
            r#"{{"finished":{{"presented":{{"presentation":{presentation},"redirect_uri":"https://verifier.example/done"}}}}}}"#
        ),
        format!(r#"{{"finished":{{"unconfirmed":{{"presentation":{presentation}}}}}}}"#),
        r#"{"finished":"rejected"}"#.to_owned(),
        r#"{"finished":"declined"}"#.to_owned(),
    ] {
        is_frozen::<Flow>(&flow(&format!(r#"{{"present":{stage}}}"#)));
    }
}

#[test]
fn a_credential_is_frozen() {
    is_frozen::<HeldCredential>(
        r##"{"version":1,"record":{"id":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","issuer_name":null,"configuration":"NationalIdentity","credential_type":"urn:t","sd_jwt":"e30.e30.c2ln~","key":"k1","received":1800000000,"expires":1900000000,"status":{"uri":"https://issuer.example/status/1","index":7},"display":{"credential":[],"claims":[]}}}"##,
    );
}

#[test]
fn the_history_is_frozen() {
    for event in [
        r#"{"kind":"received","credential":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","credential_type":"urn:t"}"#.to_owned(),
        r#"{"kind":"refused","issuer":"https://issuer.example","reason":"the credential is malformed"}"#.to_owned(),
        format!(
            r#"{{"kind":"presented","verifier":{VERIFIER},"disclosed":[{{"credential":"00112233445566778899aabbccddeeff","credential_type":"urn:t","claims":["given_name"]}}],"delivery":"unconfirmed"}}"#
        ),
        format!(r#"{{"kind":"declined","verifier":{VERIFIER}}}"#),
        r#"{"kind":"deleted","credential":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","credential_type":"urn:t"}"#.to_owned(),
    ] {
        is_frozen::<HistoryEntry>(&format!(
            r#"{{"version":1,"record":{{"id":"00112233445566778899aabbccddeeff","at":1800000000,"event":{event}}}}}"#
        ));
    }
}

#[test]
fn a_newer_record_is_refused_whatever_else_is_in_it() {
    let newer = RecordError::NewerVersion {
        found: 2,
        supported: 1,
    };
    let text = r#"{"version":2,"record":{"something":"else"}}"#;
    assert_eq!(decode::<Flow>(text.as_bytes()).err(), Some(newer));
    assert_eq!(decode::<HeldCredential>(text.as_bytes()).err(), Some(newer));
    for text in [
        "",
        "{}",
        "[]",
        r#"{"version":1}"#,
        r#"{"version":1,"record":{}}"#,
        r#"{"version":"1","record":{}}"#,
    ] {
        assert_eq!(
            decode::<HistoryEntry>(text.as_bytes()).err(),
            Some(RecordError::Unreadable),
            "{text}"
        );
    }
}
