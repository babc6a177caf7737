//! The written form of every record and every stage, frozen. A change here loses what people hold: it needs a new version,
//! a migration and a decision record.

use symbolon_crypto::UnixTime;

use super::{
    Flow, HeldCredential, HistoryEntry, KnownStatus, Record, RecordError, Refusal, Reissue, decode, encode,
};
use crate::person::Person;

/// Reads the frozen form and writes it again.
fn is_frozen<T: Record>(frozen: &str) {
    let record: T = decode(frozen.as_bytes()).unwrap_or_else(|error| panic!("{error}: {frozen}"));
    let written = encode(&record).unwrap();
    assert_eq!(std::str::from_utf8(&written).unwrap(), frozen);
}

fn flow(stage: &str) -> String {
    format!(
        r#"{{"version":3,"record":{{"id":"00112233445566778899aabbccddeeff","revision":3,"started":1800000000,"updated":1800000001,"stage":{stage}}}}}"#
    )
}

const PLAN: &str = r#"{"issuer":"https://issuer.example","issuer_name":"Registry","token_endpoint":"https://issuer.example/token","nonce_endpoint":"https://issuer.example/nonce","credential_endpoint":"https://issuer.example/credential","credentials":[{"configuration":"NationalIdentity","credential_type":"urn:t","format":"dc+sd-jwt","proof_key":"jwk","display":{"credential":[{"locale":"fr","name":"Identité","description":null,"background_color":"teal","text_color":null}],"claims":[{"path":["address","locality"],"names":[{"locale":"fr","name":"Localité"}]}]}}],"not_supported":["mdl"]}"#;
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

const ISSUING: &str = r#""access_token":"token","datasets":[["NationalIdentity","d1"]],"next":1,"key":null,"stored":["00112233445566778899aabbccddeeff"],"token_key":"k2","refresh_token":"again","renewed_at":0,"replaced":["ffeeddccbbaa99887766554433221100"]"#;

/// The plan of a server that binds tokens, under this name for the wallet.
fn plan_with_server(client: &str) -> String {
    let server = format!(
        r#","server":{{"issuer":"https://authorization.example","client":{client},"tokens":"dpop","challenge_endpoint":"https://authorization.example/challenge"}}}}"#
    );
    PLAN.strip_suffix('}').unwrap().to_owned() + &server
}

#[test]
fn the_stages_of_a_sign_in_are_frozen() {
    let plan = plan_with_server(r#"{"attested":"https://wallet.example"}"#);
    let verifier = "v".repeat(43);
    let place = r#""authorization_endpoint":"https://authorization.example/authorize","pushed_request_endpoint":"https://authorization.example/par","issuer_parameter":"promised","redirect_uri":"https://wallet.example/cb""#;
    let page = r#"{"url":"https://authorization.example/authorize?a=b","expires":1800000060}"#;
    for stage in [
        r#"{"awaiting_consent":{"source":{"chosen":{"issuer":"https://issuer.example","wanted":{"configurations":["NationalIdentity"]}}},"issuers":["https://issuer.example"]}}"#.to_owned(),
        r#"{"consented":{"source":{"chosen":{"issuer":"https://issuer.example","wanted":{"scope":"identity"}}},"issuers":["https://issuer.example"],"transaction_code":null}}"#.to_owned(),
        format!(r#"{{"authorizing":{{"plan":{plan},"access":{{"scope":{{"scope":"identity","resource":"https://issuer.example"}}}},"issuer_state":"offer",{place},"state":"ours","code_verifier":"{verifier}","token_key":"k2","sign_in":{page}}}}}"#),
        format!(r#"{{"authorizing":{{"plan":{plan},"access":{{"authorization_details":{{"locations":["https://issuer.example"]}}}},"issuer_state":null,{place},"state":"ours","code_verifier":"{verifier}","token_key":null,"sign_in":null}}}}"#),
        format!(r#"{{"redeeming_code":{{"plan":{plan},"code":"c","redirect_uri":"https://wallet.example/cb","code_verifier":"{verifier}","token_key":"k2","sent":"perhaps"}}}}"#),
        format!(r#"{{"issuing":{{"plan":{plan},{ISSUING}}}}}"#),
        format!(r#"{{"renewable":{{"plan":{plan},{ISSUING}}}}}"#),
        format!(r#"{{"renewing":{{"issuing":{{"plan":{plan},{ISSUING}}},"sent":"never"}}}}"#),
        r#"{"finished":{"refused":{"problem":"authorization_denied","stored":[]}}}"#.to_owned(),
        r#"{"finished":{"refused":{"problem":"token_not_bound","stored":[]}}}"#.to_owned(),
    ] {
        is_frozen::<Flow>(&flow(&format!(r#"{{"receive":{stage}}}"#)));
    }
}

#[test]
fn what_is_requested_beyond_one_credential_at_once_is_frozen() {
    let encryption = r#""jwks":{"keys":[{"kty":"EC"}]},"enc_values_supported":["A256GCM"],"zip_values_supported":["DEF"],"encryption_required":true"#;
    let response = r#""alg_values_supported":["ECDH-ES"],"enc_values_supported":["A256GCM"],"encryption_required":false"#;
    let further = format!(
        r#","deferred_credential_endpoint":"https://issuer.example/later","notification_endpoint":"https://issuer.example/told","request_encryption":{{{encryption}}},"response_encryption":{{{response}}}}}"#
    );
    let plan = (PLAN.strip_suffix('}').unwrap().to_owned() + &further).replace(
        r#""proof_key":"jwk","#,
        r#""proof_key":"jwk","proof":"attested_jwt","copies":3,"#,
    );
    let issuing = format!(
        r#"{{"issuing":{{"plan":{plan},"access_token":"token","datasets":[],"next":0,"key":"k1","copy_keys":["k3"],"deferred":{{"transaction":"t","not_before":1800000060}},"to_accept":"n","stored":[]}}}}"#
    );
    let written = flow(&format!(r#"{{"receive":{issuing}}}"#));
    is_frozen::<Flow>(&written);
    let read: Flow = decode(written.as_bytes()).unwrap();
    assert_eq!(read.stage.keys().count(), 2);
    let attestation = written.replace("attested_jwt", "attestation");
    is_frozen::<Flow>(&attestation);
}

#[test]
fn what_a_flow_is_bound_to_is_frozen() {
    let unbound = flow(r#"{"present":{"finished":"declined"}}"#);
    is_frozen::<Flow>(&unbound.replacen(r#""stage":"#, r#""bound_to":"AAAA","stage":"#, 1));
}

#[test]
fn deletions_that_an_issuer_was_not_told_of_are_frozen() {
    for untold in [
        "",
        r#","untold":{"since":1800000000,"attempts":2,"not_before":1800000180}"#,
    ] {
        let stage = format!(
            r#"{{"renewable":{{"plan":{PLAN},"access_token":"token","datasets":[],"next":1,"key":null,"stored":["00112233445566778899aabbccddeeff"],"notifications":[["00112233445566778899aabbccddeeff","n1"]],"to_delete":["n2"]{untold}}}}}"#
        );
        let stored = flow(&format!(r#"{{"receive":{stage}}}"#));
        is_frozen::<Flow>(&stored);
        let with_entry =
            r#""to_delete":[{"notification":"n2","history":"00112233445566778899aabbccddeeff"}]"#;
        is_frozen::<Flow>(&stored.replace(r#""to_delete":["n2"]"#, with_entry));
    }
}

#[test]
fn who_the_wallet_is_to_a_server_is_frozen() {
    for client in [
        r#""anonymous""#,
        r#"{"public":"wallet"}"#,
        r#"{"attested":"wallet"}"#,
    ] {
        let plan = plan_with_server(client);
        let stage = format!(
            r#"{{"requesting_token":{{"plan":{plan},"grant":{GRANT},"transaction_code":null,"refused":0,"sent":"never","token_key":"k2"}}}}"#
        );
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
        format!(
            r#"{{"sending":{{"response_uri":"https://verifier.example/response","form":"response=x","agreed":1800000000,"history":"00112233445566778899aabbccddeeff","verifier":{VERIFIER},"disclosed":[],"presentation":{presentation},"receipt":{{"keys":{{"keys":[]}},"client_id":"{CLIENT}","nonce":"n","vp_token_digest":"d"}}}}}}"#
        ),
        format!(r#"{{"finished":{{"unconfirmed":{{"presentation":{presentation}}}}}}}"#),
        r#"{"finished":"rejected"}"#.to_owned(),
        r#"{"finished":"declined"}"#.to_owned(),
    ] {
        is_frozen::<Flow>(&flow(&format!(r#"{{"present":{stage}}}"#)));
    }
}

/// A held credential with this content and status.
fn credential(content: &str, status: &str) -> String {
    format!(
        r#"{{"version":5,"record":{{"id":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","issuer_name":null,"configuration":"NationalIdentity","credential_type":"urn:t","content":{content},"key":"k1","received":1800000000,"expires":1900000000,"status":{status},"display":{{"credential":[],"claims":[]}}}}}}"#
    )
}

#[test]
fn a_credential_of_each_format_is_frozen() {
    let token = r#"[{"uri":"https://issuer.example/status/1","index":7,"list":"token"}]"#;
    let bitstring = r#"[{"uri":"https://issuer.example/status/2","index":7,"list":{"bitstring":{"purpose":"suspension"}}}]"#;
    for (content, status) in [
        (r#"{"dc+sd-jwt":{"sd_jwt":"e30.e30.c2ln~"}}"#, token),
        (r#"{"mso_mdoc":{"issuer_signed":"oA"}}"#, "[]"),
        (r#"{"ldp_vc":{"document":"{}","types":["urn:t"]}}"#, bitstring),
        (
            r#"{"jwt_vc_json":{"jwt":"e30.e30.c2ln","types":["urn:t"]}}"#,
            bitstring,
        ),
    ] {
        is_frozen::<HeldCredential>(&credential(content, status));
    }
}

#[test]
fn a_credential_with_copies_is_frozen_and_one_of_the_second_version_has_none() {
    let one = credential(r#"{"mso_mdoc":{"issuer_signed":"oA"}}"#, "[]");
    let second = one.replacen(r#""version":5"#, r#""version":2"#, 1);
    let read: HeldCredential = decode(second.as_bytes()).unwrap();
    assert_eq!(read, decode(one.as_bytes()).unwrap());
    assert_eq!(read.copies, []);
    let copies = r#","copies":[{"content":{"mso_mdoc":{"issuer_signed":"oQ"}},"key":"k2","expires":1800864000,"status":[]}]}}"#;
    let several = one.strip_suffix("}}").unwrap().to_owned() + copies;
    is_frozen::<HeldCredential>(&several);
    let read: HeldCredential = decode(several.as_bytes()).unwrap();
    let shown = read.after_showing(UnixTime::from_seconds(1_800_000_070)).unwrap();
    assert_eq!((shown.key.as_str(), shown.copies.len()), ("k2", 0));
    assert_eq!(
        shown.after_showing(UnixTime::from_seconds(1_800_000_070)),
        None,
        "nobody counted them"
    );
}

/// What the first version wrote. It is in people's phones, and must be read as long as they are.
#[test]
fn a_credential_of_the_first_version_is_still_read() {
    let first = r##"{"version":1,"record":{"id":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","issuer_name":null,"configuration":"NationalIdentity","credential_type":"urn:t","sd_jwt":"e30.e30.c2ln~","key":"k1","received":1800000000,"expires":1900000000,"status":{"uri":"https://issuer.example/status/1","index":7},"display":{"credential":[],"claims":[]}}}"##;
    let content = r#"{"dc+sd-jwt":{"sd_jwt":"e30.e30.c2ln~"}}"#;
    let status = r#"[{"uri":"https://issuer.example/status/1","index":7,"list":"token"}]"#;
    let read: HeldCredential = decode(first.as_bytes()).unwrap();
    assert_eq!(read, decode(credential(content, status).as_bytes()).unwrap());
    let written = encode(&read).unwrap();
    assert_eq!(
        std::str::from_utf8(&written).unwrap(),
        credential(content, status)
    );
    let without_status = first.replace(r#"{"uri":"https://issuer.example/status/1","index":7}"#, "null");
    let read: HeldCredential = decode(without_status.as_bytes()).unwrap();
    assert_eq!(read.status, []);
}

/// What the second version wrote at every stage of a receipt goes on in the third.
#[test]
fn a_flow_of_the_second_version_is_still_read() {
    for stage in [
        format!(r#"{{"awaiting_transaction_code":{{"plan":{PLAN},"grant":{GRANT},"refused":1}}}}"#),
        format!(
            r#"{{"requesting_token":{{"plan":{PLAN},"grant":{GRANT},"transaction_code":"1","refused":0,"sent":"perhaps"}}}}"#
        ),
        format!(
            r#"{{"issuing":{{"plan":{PLAN},"access_token":"token","datasets":[],"next":0,"key":"k1","stored":[]}}}}"#
        ),
    ] {
        let third = flow(&format!(r#"{{"receive":{stage}}}"#));
        let second = third.replacen(r#""version":3"#, r#""version":2"#, 1);
        let read: Flow = decode(second.as_bytes()).unwrap_or_else(|error| panic!("{error}: {second}"));
        assert_eq!(read.stage.keys().count(), usize::from(stage.contains("k1")));
        let written = encode(&read).unwrap();
        assert_eq!(std::str::from_utf8(&written).unwrap(), third);
    }
}

/// An offer that was accepted before an update of the app is received after it.
#[test]
fn a_flow_of_the_first_version_plans_sd_jwt_vcs() {
    let first = PLAN.replace(r#""format":"dc+sd-jwt","proof_key":"jwk","#, "");
    let stage = |plan: &str| {
        format!(r#"{{"awaiting_transaction_code":{{"plan":{plan},"grant":{GRANT},"refused":1}}}}"#)
    };
    let written = |plan: &str| flow(&format!(r#"{{"receive":{}}}"#, stage(plan)));
    let first = written(&first).replacen(r#""version":3"#, r#""version":1"#, 1);
    let read: Flow = decode(first.as_bytes()).unwrap();
    let again = encode(&read).unwrap();
    assert_eq!(std::str::from_utf8(&again).unwrap(), written(PLAN));
}

#[test]
fn a_planned_credential_of_each_format_is_frozen() {
    for (format, proof_key) in [
        (r#""mso_mdoc""#, r#""jwk""#),
        (
            r#"{"ldp_vc":{"types":["VerifiableCredential","T"]}}"#,
            r#""did_key""#,
        ),
        (
            r#"{"jwt_vc_json":{"types":["VerifiableCredential","T"]}}"#,
            r#""did_jwk""#,
        ),
    ] {
        let plan = PLAN.replace(
            r#""format":"dc+sd-jwt","proof_key":"jwk""#,
            &format!(r#""format":{format},"proof_key":{proof_key}"#),
        );
        is_frozen::<Flow>(&flow(&format!(
            r#"{{"receive":{{"awaiting_transaction_code":{{"plan":{plan},"grant":{GRANT},"refused":1}}}}}}"#
        )));
    }
}

#[test]
fn the_history_is_frozen() {
    for event in [
        r#"{"kind":"received","credential":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","credential_type":"urn:t"}"#.to_owned(),
        r#"{"kind":"refused","issuer":"https://issuer.example","reason":"the credential is malformed"}"#.to_owned(),
        format!(
            r#"{{"kind":"presented","verifier":{VERIFIER},"disclosed":[{{"credential":"00112233445566778899aabbccddeeff","credential_type":"urn:t","claims":["given_name"]}}],"delivery":"unconfirmed"}}"#
        ),
        format!(
            r#"{{"kind":"presented","verifier":{VERIFIER},"disclosed":[],"delivery":"accepted","receipt":{{"kind":"verified","receipt":"a.b.c"}}}}"#
        ),
        format!(r#"{{"kind":"declined","verifier":{VERIFIER}}}"#),
        r#"{"kind":"deleted","credential":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","credential_type":"urn:t"}"#.to_owned(),
    ] {
        is_frozen::<HistoryEntry>(&format!(
            r#"{{"version":2,"record":{{"id":"00112233445566778899aabbccddeeff","at":1800000000,"event":{event}}}}}"#
        ));
    }
}

#[test]
fn what_was_done_afterwards_is_frozen_and_an_entry_of_the_first_version_had_nothing_done() {
    let verifier = VERIFIER.strip_suffix('}').unwrap();
    let event = format!(
        r#"{{"kind":"presented","verifier":{verifier},"contact":{{"name":"Clinic AG","subject":"VATDE-1","country":"DE","purposes":[{{"language":"en","text":"Treatment"}}],"support":["mailto:a@b.example"],"supervisory_authority":["https://dpa.example"]}}}},"disclosed":[{{"credential":"00112233445566778899aabbccddeeff","credential_type":"urn:t","claims":["given_name"],"retained":["given_name"]}}],"delivery":"accepted"}}"#
    );
    is_frozen::<HistoryEntry>(&format!(
        r#"{{"version":2,"record":{{"id":"00112233445566778899aabbccddeeff","at":1800000000,"event":{event},"data_requests":[{{"kind":"deletion","at":1800000060,"sent_to":"a@b.example"}},{{"kind":"report","at":1800000061}}]}}}}"#
    ));
    let first = format!(
        r#"{{"version":1,"record":{{"id":"00112233445566778899aabbccddeeff","at":1800000000,"event":{{"kind":"declined","verifier":{VERIFIER}}}}}}}"#
    );
    let read: HistoryEntry = decode(first.as_bytes()).unwrap();
    assert!(read.data_requests.is_empty());
}

#[test]
fn a_credential_that_counts_its_copies_is_frozen_and_one_of_the_third_version_did_not_count() {
    let one = credential(r#"{"mso_mdoc":{"issuer_signed":"oA"}}"#, "[]");
    let third = one.replacen(r#""version":5"#, r#""version":3"#, 1);
    let read: HeldCredential = decode(third.as_bytes()).unwrap();
    assert_eq!((read.batch, read.not_before), (0, None));
    assert_eq!(std::str::from_utf8(&encode(&read).unwrap()).unwrap(), one);
    let dated = one.replace(r#""expires""#, r#""not_before":1800000060,"expires""#);
    let counted = dated.strip_suffix("}}").unwrap().to_owned()
        + r#","copies":[{"content":{"mso_mdoc":{"issuer_signed":"oQ"}},"key":"k2","not_before":1800000061,"expires":1800864000,"status":[]}],"batch":2}}"#;
    is_frozen::<HeldCredential>(&counted);
    let read: HeldCredential = decode(counted.as_bytes()).unwrap();
    let shown = read.after_showing(UnixTime::from_seconds(1_800_000_070)).unwrap();
    assert_eq!(shown.not_before, Some(UnixTime::from_seconds(1_800_000_061)));
    assert_eq!((read.batch, shown.batch), (2, 2));
}

#[test]
fn a_credential_whose_copies_are_spent_is_frozen_and_one_of_the_fourth_version_was_not() {
    let one = credential(r#"{"mso_mdoc":{"issuer_signed":"oA"}}"#, "[]");
    let fourth = one.replacen(r#""version":5"#, r#""version":4"#, 1);
    let read: HeldCredential = decode(fourth.as_bytes()).unwrap();
    assert_eq!((read.spent, read.copies_left()), (None, None));
    assert_eq!(std::str::from_utf8(&encode(&read).unwrap()).unwrap(), one);
    let last = one.strip_suffix("}}").unwrap().to_owned() + r#","batch":2"#;
    is_frozen::<HeldCredential>(&(last.clone() + r#","arrived":1}}"#));
    let spent = last.clone() + r#","spent":1800000070}}"#;
    is_frozen::<HeldCredential>(&spent);
    let last: HeldCredential = decode((last + "}}").as_bytes()).unwrap();
    let after = last.after_showing(UnixTime::from_seconds(1_800_000_070)).unwrap();
    assert_eq!(after, decode(spent.as_bytes()).unwrap());
    assert_eq!(after.after_showing(UnixTime::from_seconds(1_800_000_071)), None);
}

#[test]
fn a_known_status_is_frozen() {
    let entry = |list: &str, state: &str, times: &str| {
        format!(
            r#"{{"reference":{{"uri":"https://issuer.example/status/1","index":7,"list":{list}}},"state":"{state}",{times}}}"#
        )
    };
    let known = [
        entry(
            r#""token""#,
            "valid",
            r#""as_of":1800000000,"good_until":1800086400,"due":1800043200"#,
        ),
        entry(
            r#"{"bitstring":{"purpose":"suspension"}}"#,
            "suspended",
            r#""as_of":null,"good_until":null,"due":1800043200"#,
        ),
        entry(
            r#""token""#,
            "revoked",
            r#""as_of":1800000000,"good_until":null,"due":1800043200"#,
        ),
        entry(
            r#""token""#,
            "not_understood",
            r#""as_of":1800000000,"good_until":null,"due":1800043200"#,
        ),
    ];
    is_frozen::<KnownStatus>(&format!(
        r#"{{"version":1,"record":{{"credential":"00112233445566778899aabbccddeeff","entries":[{}]}}}}"#,
        known.join(",")
    ));
}

#[test]
fn what_is_to_be_issued_again_is_frozen() {
    for (format, reason) in [("dc+sd-jwt", "restored"), ("mso_mdoc", "key_ended")] {
        is_frozen::<Reissue>(&format!(
            r#"{{"version":1,"record":{{"id":"00112233445566778899aabbccddeeff","issuer":"https://issuer.example","issuer_name":"Registry","configuration":"NationalIdentity","credential_type":"urn:t","format":"{format}","display":{{"credential":[],"claims":[]}},"received":1800000000,"expires":null,"reason":"{reason}","since":1800000001}}}}"#
        ));
    }
}

#[test]
fn a_refusal_is_frozen() {
    for rule in ["ask_again", "always"] {
        is_frozen::<Refusal>(&format!(
            r#"{{"version":1,"record":{{"id":"00112233445566778899aabbccddeeff","verifier":{VERIFIER},"asked":[{{"credential_types":["urn:t"],"claims":["address.locality","given_name"]}}],"at":1800000000,"rule":"{rule}"}}}}"#
        ));
    }
}

#[test]
fn a_person_is_frozen() {
    is_frozen::<Person>(
        r#"{"version":1,"record":{"id":"00000000000000000000000000000000","name":null,"added":null}}"#,
    );
    is_frozen::<Person>(
        r#"{"version":1,"record":{"id":"00112233445566778899aabbccddeeff","name":"Binta","added":1800000000}}"#,
    );
}

#[test]
fn a_newer_record_is_refused_whatever_else_is_in_it() {
    let newer = |found, supported| Some(RecordError::NewerVersion { found, supported });
    let text = |version: u32| format!(r#"{{"version":{version},"record":{{"something":"else"}}}}"#);
    assert_eq!(decode::<Flow>(text(4).as_bytes()).err(), newer(4, 3));
    assert_eq!(decode::<HeldCredential>(text(6).as_bytes()).err(), newer(6, 5));
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
