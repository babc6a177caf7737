//! W3C credentials of every form: who issued them, and what their proofs cover.

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{Cryptosuite, ProofPurpose};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;
use symbolon_did::did_key;
use symbolon_trust::testing::{DAY, NOW, TestKey};
use symbolon_trust::trust_list::CredentialTypeRule;

use super::w3c_world::{
    CONTEXT, DID, FORMS, Form, TYPE, TYPE_IRI, W3cWorld, did, holder_method, subject_member,
};
use super::world::{ISSUER, Network, SECOND, all_is_good, bound, is_unreadable};
use crate::report::{Authentic, CheckName, CredentialFormat, Reason, Report, Verdict};
use crate::{Evidence, Policy, Tools, Want};

fn refused(report: &Report, reason: Reason) {
    assert_eq!(report.verdict, Verdict::Invalid, "{reason:?} {report:?}");
    assert!(report.failed_because(reason), "{reason:?} {report:?}");
}

const EMBEDDED: [Form; 5] = [
    Form::Eddsa,
    Form::EddsaJcs,
    Form::Ecdsa,
    Form::EcdsaJcs,
    Form::Selective,
];

#[test]
fn four_good_answers_are_valid_in_every_form() {
    let world = W3cWorld::new();
    for form in FORMS {
        let report = world.verify(&world.presentation(form));
        assert_eq!(report.verdict, Verdict::Valid, "{form:?} {report:?}");
        let format = match form {
            Form::Jwt => CredentialFormat::JwtVc,
            Form::Cose => CredentialFormat::CoseVc,
            _ => CredentialFormat::LdpVc,
        };
        assert_eq!(report.format, format);
        assert_eq!(report.credential_type.as_deref(), Some(TYPE));
        assert_eq!(report.issuer.as_ref().unwrap().identifier, ISSUER);
        assert_eq!(report.as_of, Some(NOW));
        all_is_good(&report);
        assert_eq!(subject_member(&report, "familyName"), Some(&json!("Diallo")));
        let names = subject_member(&report, "givenName")
            .unwrap()
            .as_array()
            .unwrap()
            .len();
        assert_eq!(names, 2, "every language is kept");
        let mut iris = report.type_iris.clone();
        iris.sort_unstable();
        assert_eq!(
            iris,
            [
                "https://www.w3.org/2018/credentials#VerifiableCredential",
                TYPE_IRI
            ]
            .map(str::to_owned)
            .into_iter()
            .collect::<std::collections::BTreeSet<_>>()
            .into_iter()
            .collect::<Vec<_>>()
        );
        assert!(!report.claims.contains_key("proof") && !report.claims.contains_key("credentialStatus"));
    }
}

#[test]
fn a_selective_proof_shows_exactly_what_was_disclosed() {
    let world = W3cWorld::new();
    let document = Value::Object(world.template().build().unwrap().document().clone());
    for (pointers, shown) in [
        (vec!["/credentialSubject/birthDate"], vec!["birthDate"]),
        (vec!["/credentialSubject/address/country"], vec!["address"]),
        (
            vec!["/credentialSubject/givenName", "/credentialSubject/familyName"],
            vec!["familyName", "givenName"],
        ),
    ] {
        let derived = world.selective(&document, &pointers);
        let report = world.verify(world.present_documents(&[derived], |_| {}).to_string().as_bytes());
        assert_eq!(report.verdict, Verdict::Valid, "{pointers:?} {report:?}");
        let subject = report.claims["credentialSubject"].as_object().unwrap();
        let mut names: Vec<&str> = subject
            .keys()
            .map(String::as_str)
            .filter(|name| *name != "id" && *name != "type")
            .collect();
        names.sort_unstable();
        assert_eq!(names, shown);
        if let Some(address) = subject.get("address") {
            assert_eq!(address.get("locality"), None, "a sibling is withheld");
        }
    }
}

#[test]
fn rejects_a_credential_that_names_a_listed_issuer_and_is_signed_by_anybodys_key() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    let document = Value::Object(credential.document().clone());
    let stranger = TestKey::new(SignatureAlgorithm::EdDsa, 777);
    let method = holder_method(&stranger);
    let forged = world.prove(
        &document,
        Cryptosuite::EddsaRdfc2022,
        &stranger,
        &method.to_string(),
        |_| {},
    );
    let report = world.verify(world.present_documents(&[forged], |_| {}).to_string().as_bytes());
    refused(&report, Reason::SignerIsNotIssuer);
    assert!(report.claims.is_empty());

    // The same with the issuer's own name for a key that is not the issuer's.
    let forged = world.prove(
        &document,
        Cryptosuite::EddsaRdfc2022,
        &stranger,
        &format!("{DID}#eddsa"),
        |_| {},
    );
    let report = world.verify(world.present_documents(&[forged], |_| {}).to_string().as_bytes());
    refused(&report, Reason::WrongSignature);

    let token = world.jwt_with(&credential, &stranger, &format!("{DID}#eddsa"));
    refused(&world.verify(token.as_bytes()), Reason::WrongSignature);
}

#[test]
fn rejects_an_issuer_that_is_not_listed_whoever_it_is() {
    let world = W3cWorld::new();
    let stranger = TestKey::new(SignatureAlgorithm::EdDsa, 777);
    let mut template = world.template();
    template.issuer.id = did_key(stranger.public_key()).unwrap();
    let credential = template.build().unwrap();
    let method = holder_method(&stranger).to_string();
    let document = Value::Object(credential.document().clone());
    let embedded = world.prove(&document, Cryptosuite::EddsaRdfc2022, &stranger, &method, |_| {});
    for input in [
        embedded.to_string(),
        world.jwt_with(&credential, &stranger, &method),
    ] {
        let before = world.world.provider.verifications();
        refused(&world.verify(input.as_bytes()), Reason::UnknownIssuer);
        assert_eq!(world.world.provider.verifications(), before);
    }
}

#[test]
fn rejects_a_key_that_the_issuer_does_not_let_assert_anything() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    let method = format!("{DID}#login");
    refused(
        &world.verify(world.jwt_with(&credential, &world.login, &method).as_bytes()),
        Reason::WrongPurpose,
    );
    let document = Value::Object(credential.document().clone());
    let embedded = world.prove(
        &document,
        Cryptosuite::EcdsaRdfc2019,
        &world.login,
        &method,
        |_| {},
    );
    refused(
        &world.verify(embedded.to_string().as_bytes()),
        Reason::WrongPurpose,
    );
    let unknown = world.jwt_with(&credential, &world.login, &format!("{DID}#nobody"));
    refused(&world.verify(unknown.as_bytes()), Reason::Missing);
}

#[test]
fn rejects_a_proof_for_another_purpose() {
    let world = W3cWorld::new();
    let document = Value::Object(world.template().build().unwrap().document().clone());
    let method = format!("{DID}#eddsa");
    let proven = world.prove(
        &document,
        Cryptosuite::EddsaRdfc2022,
        &world.eddsa,
        &method,
        |options| {
            options.purpose = ProofPurpose::Authentication;
        },
    );
    refused(&world.verify(proven.to_string().as_bytes()), Reason::WrongPurpose);
}

#[test]
fn rejects_a_proof_from_the_future_and_one_that_no_longer_counts() {
    let world = W3cWorld::new();
    let document = Value::Object(world.template().build().unwrap().document().clone());
    let method = format!("{DID}#eddsa");
    let tolerance = Policy::RELYING_PARTY.clock_tolerance;
    let verify = |created, expires| {
        let proven = world.prove(
            &document,
            Cryptosuite::EddsaRdfc2022,
            &world.eddsa,
            &method,
            |options| {
                options.created = Some(created);
                options.expires = Some(expires);
            },
        );
        world.verify(world.present_documents(&[proven], |_| {}).to_string().as_bytes())
    };
    assert_eq!(verify(NOW, NOW.plus(DAY)).verdict, Verdict::Valid);
    refused(
        &verify(NOW.plus(tolerance + SECOND), NOW.plus(DAY)),
        Reason::NotYetValid,
    );
    refused(&verify(NOW.minus(DAY), NOW.minus(tolerance)), Reason::Expired);
}

#[test]
fn rejects_a_credential_before_and_after_its_time_in_every_form() {
    let world = W3cWorld::new();
    let tolerance = Policy::RELYING_PARTY.clock_tolerance;
    for form in FORMS {
        let mut expired = world.template();
        expired.valid_until = Some(NOW.minus(tolerance));
        let report = world.verify(&world.present(&expired.build().unwrap(), form));
        refused(&report, Reason::Expired);
        let mut early = world.template();
        early.valid_from = Some(NOW.plus(tolerance + SECOND));
        let report = world.verify(&world.present(&early.build().unwrap(), form));
        refused(&report, Reason::NotYetValid);
    }
}

#[test]
fn rejects_types_beside_the_one_that_the_issuer_may_make() {
    let world = W3cWorld::new();
    let mut template = world.template();
    template.types.push("BitstringStatusListCredential".to_owned());
    for form in [Form::Jwt, Form::Eddsa] {
        let report = world.verify(&world.present(&template.build().unwrap(), form));
        refused(&report, Reason::TypeNotAllowed);
        assert!(report.claims.is_empty());
    }
    let mut list = world.trust_list();
    list.issuers[0].credential_types = vec![CredentialTypeRule::Exactly("Another".to_owned())];
    let report = world.verify_against(&world.presentation(Form::Jwt), &list);
    refused(&report, Reason::TypeNotAllowed);
}

#[test]
fn rejects_a_changed_document_in_every_form_of_proof_within() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    for form in EMBEDDED {
        let mut document = world.embedded(&credential, form);
        document["credentialSubject"]["familyName"] = json!("Mallory");
        let report = world.verify(
            world
                .present_documents(&[document], |_| {})
                .to_string()
                .as_bytes(),
        );
        refused(&report, Reason::WrongSignature);
    }
}

#[test]
fn rejects_what_a_proof_would_not_cover() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    for form in EMBEDDED {
        // A term that no context defines would be dropped before anything is hashed.
        let mut document = world.embedded(&credential, form);
        document["credentialSubject"]["nickname"] = json!("Queen");
        let verified = world.verify(document.to_string().as_bytes());
        assert_eq!(verified.authentic.state, Authentic::NotAuthentic, "{form:?}");
        assert!(verified.claims.is_empty());
        // A context of the document's own may give every term another meaning.
        let mut document = world.embedded(&credential, form);
        document["@context"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "givenName": "https://issuer.example/vocabulary#familyName" }));
        let verified = world.verify(document.to_string().as_bytes());
        assert_eq!(verified.authentic.state, Authentic::NotAuthentic, "{form:?}");
        let mut document = world.embedded(&credential, form);
        document["@context"]
            .as_array_mut()
            .unwrap()
            .push(json!({ "@vocab": "https://attacker.example/" }));
        let verified = world.verify(document.to_string().as_bytes());
        assert_eq!(verified.authentic.state, Authentic::NotAuthentic, "{form:?}");
    }
}

#[test]
fn a_context_that_the_trust_list_does_not_have_is_never_fetched_and_never_valid() {
    let world = W3cWorld::new();
    let mut list = world.trust_list();
    list.contexts.clear();
    let input = world.presentation(Form::Eddsa);
    let (reports, wanted) = world
        .question(&input, bound(), Policy::RELYING_PARTY)
        .ask(Evidence::online(&list), &world.network(&[], &[]));
    assert_eq!(
        (reports[0].verdict, reports[0].authentic.state),
        (Verdict::Unknown, Authentic::Unknown)
    );
    assert_eq!(wanted, []);
    // A context of the same name that says something else gives the terms other names, and the signature does not hold.
    list.contexts.insert(
        CONTEXT.to_owned(),
        json!({ "@context": { "@vocab": "https://attacker.example/" } }),
    );
    assert_ne!(world.verify_against(&input, &list).verdict, Verdict::Valid);
}

#[test]
fn without_a_json_ld_processor_a_proof_over_json_ld_is_unknown() {
    let world = W3cWorld::new();
    for (form, verdict) in [
        (Form::Eddsa, Verdict::Unknown),
        (Form::Selective, Verdict::Unknown),
        (Form::Jwt, Verdict::Valid),
        (Form::Cose, Verdict::Valid),
    ] {
        let input = world.presentation(form);
        let mut question = world.question(&input, bound(), Policy::RELYING_PARTY);
        question.tools = Tools::without_json_ld(&world.world.provider);
        let (reports, _) = question.ask(Evidence::online(&world.trust_list()), &world.network(&[], &[]));
        assert_eq!(reports[0].verdict, verdict, "{form:?}");
    }
}

#[test]
fn a_proof_of_a_suite_that_is_not_supported_is_unknown() {
    let world = W3cWorld::new();
    let mut document = world.embedded(&world.template().build().unwrap(), Form::Eddsa);
    document["proof"]["cryptosuite"] = json!("bbs-2023");
    let report = world.verify(document.to_string().as_bytes());
    assert_eq!(report.authentic.state, Authentic::Unknown);
    let mut document = world.embedded(&world.template().build().unwrap(), Form::Eddsa);
    document.as_object_mut().unwrap().remove("proof");
    refused(
        &world.verify(document.to_string().as_bytes()),
        Reason::ProofMissing,
    );
}

#[test]
fn rejects_the_base_proof_that_a_holder_keeps() {
    let world = W3cWorld::new();
    let document = Value::Object(world.template().build().unwrap().document().clone());
    let base = world.base(&document);
    let presentation = world.present_documents(&[base], |_| {});
    refused(
        &world.verify(presentation.to_string().as_bytes()),
        Reason::Malformed,
    );
}

#[test]
fn rejects_a_second_proof_beside_a_selective_one() {
    let world = W3cWorld::new();
    let credential = world.template().build().unwrap();
    let mut document = world.embedded(&credential, Form::Selective);
    let second = world.embedded(&credential, Form::Eddsa)["proof"].clone();
    let first = document["proof"].clone();
    document["proof"] = json!([first, second]);
    refused(
        &world.verify(document.to_string().as_bytes()),
        Reason::NotCoveredByProof,
    );
}

#[test]
fn rejects_another_kind_of_token_and_algorithms_outside_the_list() {
    let world = W3cWorld::new();
    let token = world.jwt(&world.template().build().unwrap());
    let mut parts = token.split('.');
    let (_, payload, signature) = (parts.next(), parts.next().unwrap(), parts.next().unwrap());
    let forged = |header: Value| {
        format!(
            "{}.{payload}.{signature}",
            base64url::encode(header.to_string().as_bytes())
        )
    };
    let kid = format!("{DID}#es256");
    for header in [
        json!({ "alg": "none", "typ": "vc+jwt", "kid": kid }),
        json!({ "alg": "HS256", "typ": "vc+jwt", "kid": kid }),
    ] {
        refused(&world.verify(forged(header).as_bytes()), Reason::Malformed);
    }
    for typ in ["statuslist+jwt", "kb+jwt", "oauth-authz-req+jwt", "vp+jwt", "JWT"] {
        let header = json!({ "alg": "ES256", "typ": typ, "kid": kid });
        let forged = forged(header);
        let verdict = (!is_unreadable(forged.as_bytes())).then(|| world.verify(forged.as_bytes()).verdict);
        assert!(verdict.is_none_or(|verdict| verdict == Verdict::Invalid), "{typ}");
    }
    for (header, reason) in [
        (
            json!({ "alg": "ES256", "typ": "vc+jwt" }),
            Reason::SignerIsNotIssuer,
        ),
        (
            json!({ "alg": "ES256", "typ": "vc+jwt", "kid": "did:web:other.example#es256" }),
            Reason::SignerIsNotIssuer,
        ),
    ] {
        refused(&world.verify(forged(header).as_bytes()), reason);
    }
}

#[test]
fn asks_for_the_did_document_of_a_listed_issuer_and_for_no_others() {
    let world = W3cWorld::new();
    let list = world.trust_list_without_document();
    for form in FORMS {
        let input = world.presentation(form);
        let (reports, wanted) = world
            .question(&input, bound(), Policy::RELYING_PARTY)
            .ask(Evidence::online(&list), &world.network(&[], &[]));
        assert_eq!(reports[0].verdict, Verdict::Valid, "{form:?}");
        assert_eq!(wanted.first(), Some(&Want::DidDocument { did: did() }));
        assert_eq!(wanted.len(), 3, "{wanted:?}");
    }
    let mut unlisted = list.clone();
    unlisted.issuers[0].dids.clear();
    let input = world.presentation(Form::Jwt);
    let (reports, wanted) = world
        .question(&input, bound(), Policy::RELYING_PARTY)
        .ask(Evidence::online(&unlisted), &world.network(&[], &[]));
    refused(&reports[0], Reason::UnknownIssuer);
    assert_eq!(wanted, []);
}

#[test]
fn a_did_document_that_cannot_be_had_or_is_anothers_leaves_the_credential_unknown() {
    let world = W3cWorld::new();
    let list = world.trust_list_without_document();
    let input = world.presentation(Form::Jwt);
    let mut foreign = world.did_document();
    foreign["id"] = json!("did:web:other.example");
    for document in [None, Some(foreign.to_string()), Some("<html>".to_owned())] {
        let mut network = world.network(&[], &[]);
        network.did_documents.clear();
        if let Some(document) = document {
            network
                .did_documents
                .insert(DID.to_owned(), document.into_bytes());
        }
        let reports = world.reports(&input, bound(), Policy::RELYING_PARTY, &list, &network);
        assert_eq!(
            (reports[0].verdict, reports[0].authentic.state),
            (Verdict::Unknown, Authentic::Unknown)
        );
    }
}

#[test]
fn a_document_of_the_trust_list_is_never_replaced_by_a_fetched_one() {
    let world = W3cWorld::new();
    let mut stale = world.did_document();
    stale["assertionMethod"] = json!([]);
    let mut list = world.trust_list();
    list.did_documents.insert(did(), stale);
    let report = world.verify_against(&world.presentation(Form::Jwt), &list);
    refused(&report, Reason::WrongPurpose);
}

#[test]
fn an_issuer_may_have_a_did_that_holds_its_key() {
    let world = W3cWorld::new();
    let own = did_key(world.es256.public_key()).unwrap();
    let mut list = world.trust_list();
    list.issuers[0].dids.push(own.clone());
    let mut template = world.template();
    template.issuer.id = own;
    template.status.clear();
    let credential = template.build().unwrap();
    let method = holder_method(&world.es256).to_string();
    let token = world.jwt_with(&credential, &world.es256, &method);
    let envelope = symbolon_credential::w3c::EnvelopedCredential::from_text(
        symbolon_credential::w3c::EnvelopeType::VcJwt,
        &token,
    );
    let presentation = world.present_tokens(&[envelope.unwrap()], |_| {});
    let reports = world.reports(
        presentation.as_bytes(),
        bound(),
        Policy::RELYING_PARTY,
        &list,
        &Network::default(),
    );
    assert_eq!(reports[0].verdict, Verdict::Valid);
    assert!(
        reports[0]
            .checks()
            .any(|check| check.name == CheckName::IssuerKey)
    );
}

#[test]
fn a_document_that_breaks_the_data_model_is_invalid() {
    let world = W3cWorld::new();
    let mut document = world.embedded(&world.template().build().unwrap(), Form::Eddsa);
    document.as_object_mut().unwrap().remove("issuer");
    refused(&world.verify(document.to_string().as_bytes()), Reason::Malformed);
}

/// Whatever bit is flipped in a token: it is noticed.
#[test]
fn every_bit_of_a_token_counts() {
    let world = W3cWorld::new();
    for form in [Form::Jwt, Form::Cose] {
        let input = world.issue(&world.template().build().unwrap(), form);
        let good = world.verify(&input);
        assert_eq!(good.authentic.state, Authentic::Authentic);
        for bit in (0..input.len() * 8).step_by(41) {
            let mut changed = input.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            if !is_unreadable(&changed) {
                let report = world.verify(&changed);
                assert_ne!(report.authentic.state, Authentic::Authentic, "{form:?} bit {bit}");
            }
        }
    }
}

/// Whatever character of a value is changed in a document: it is noticed.
#[test]
fn every_value_of_a_document_counts() {
    let world = W3cWorld::new();
    for form in EMBEDDED {
        let document = world.embedded(&world.template().build().unwrap(), form);
        let text = document.to_string();
        let step = if form == Form::Selective { 97 } else { 31 };
        for place in (0..text.len()).step_by(step) {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'a' { b'b' } else { b'a' };
            if !is_unreadable(&changed) {
                let report = world.verify(&changed);
                assert_ne!(
                    report.authentic.state,
                    Authentic::Authentic,
                    "{form:?} character {place}"
                );
            }
        }
    }
}
