use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;

use super::*;

/// A payment and a signature, as an operator writes them.
fn types() -> TransactionTypes {
    let mut types = TransactionTypes::default();
    for definition in [
        json!({
            "type": "urn:example:payment:1", "title": {"en": "Payment"},
            "mdoc": {"name_space": "org.example.transaction", "element": "hashes"},
            "hash_algorithms": ["sha-256", "sha-384"],
            "fields": [
                {"name": "payee", "kind": "text", "label": {"en": "To", "fr": "À"}, "max_characters": 20},
                {"name": "amount", "kind": "decimal"},
                {"name": "currency", "kind": "text", "values": ["EUR", "XOF"]},
                {"name": "instant", "kind": "boolean", "occurs": "optional"},
            ],
        }),
        json!({
            "type": "urn:example:signature:1", "title": {"en": "Signature"},
            "fields": [{"name": "documents", "kind": "group", "occurs": "list", "fields": [
                {"name": "label", "kind": "text"},
                {"name": "hash", "kind": "bytes"},
                {"name": "at", "kind": "url", "occurs": "optional"},
                {"name": "pages", "kind": "integer", "occurs": "optional"},
                {"name": "date", "kind": "date", "occurs": "optional"},
                {"name": "made", "kind": "date_time", "occurs": "optional"},
            ]}],
        }),
    ] {
        types.insert(serde_json::from_value(definition).unwrap()).unwrap();
    }
    types
}

fn text(value: &Value) -> String {
    base64url::encode(value.to_string().as_bytes())
}

fn payment() -> Value {
    json!({
        "type": "urn:example:payment:1", "credential_ids": ["identity"],
        "payee": "Coffee shop", "amount": "12.50", "currency": "EUR",
    })
}

fn signature() -> Value {
    json!({
        "type": "urn:example:signature:1", "credential_ids": ["identity", "licence"],
        "documents": [
            {"label": "Contract", "hash": "sTOgwOm+474gFj0q0x1iSNspKqbcse4IeiqlDg/HWuI=", "pages": 3},
            {"label": "Terms", "hash": "AAAA", "at": "https://shop.example/terms", "date": "2026-11-28",
             "made": "2026-11-28T10:00:00Z"},
        ],
    })
}

fn read(value: &Value) -> Result<TransactionData, TransactionDefect> {
    TransactionData::parse(&text(value), &types())
}

/// The example of OpenID4VP 1.0, section 5.1, and its hash, computed independently (`openssl dgst -sha256 -binary`).
#[test]
fn a_hash_is_of_the_text_as_it_stands_in_the_request() {
    let mut types = TransactionTypes::default();
    let example = json!({"type": "example_type", "title": {"en": "Example"}, "fields": [
        {"name": "more", "kind": "text", "occurs": "optional"}]});
    types.insert(serde_json::from_value(example).unwrap()).unwrap();
    let text = "eyJ0eXBlIjoiZXhhbXBsZV90eXBlIiwiY3JlZGVudGlhbF9pZHMiOlsiaWRfY2FyZF9jcmVkZW50aWFsIl19";
    let transaction = TransactionData::parse(text, &types).unwrap();
    assert_eq!(transaction.text(), text);
    assert_eq!(transaction.credential_ids()[0].as_str(), "id_card_credential");
    assert_eq!(DigestAlgorithm::Sha256.digest(transaction.text()), EXAMPLE_HASH);
}

const EXAMPLE_HASH: &str = "lTp84kYtj5cZfVVmkrjZg-TZnQSfDoGWfNN9YKZo14M";

#[test]
fn every_member_is_shown_in_the_order_of_its_type() {
    let payment = read(&payment()).unwrap();
    let shown: Vec<String> = payment
        .details()
        .iter()
        .map(|detail| format!("{}={}", detail.fields[0].name, detail.value))
        .collect();
    assert_eq!(shown, ["payee=Coffee shop", "amount=12.50", "currency=EUR"]);
    let signature = read(&signature()).unwrap();
    let paths: Vec<String> = signature
        .details()
        .iter()
        .map(|detail| {
            let names: Vec<&str> = detail.fields.iter().map(|field| field.name.as_str()).collect();
            format!("{}={}", names.join("."), detail.value)
        })
        .collect();
    assert_eq!(
        paths,
        [
            "documents.label=Contract",
            "documents.hash=sTOgwOm+474gFj0q0x1iSNspKqbcse4IeiqlDg/HWuI=",
            "documents.pages=3",
            "documents.label=Terms",
            "documents.hash=AAAA",
            "documents.at=https://shop.example/terms",
            "documents.date=2026-11-28",
            "documents.made=2026-11-28T10:00:00Z",
        ]
    );
}

#[test]
fn what_is_made_reads_back_with_what_the_type_offers() {
    let mut members = payment();
    let members = members.as_object_mut().unwrap();
    let name = TransactionTypeName::parse("urn:example:payment:1").unwrap();
    members.remove("type");
    members.remove("credential_ids");
    let ids = [QueryId::parse("identity").unwrap()];
    let made = TransactionData::make(&name, &ids, members, &types()).unwrap();
    assert_eq!(TransactionData::parse(made.text(), &types()), Ok(made.clone()));
    assert_eq!(made.credential_ids(), ids);
    assert!(made.takes(DigestAlgorithm::Sha384) && !made.takes(DigestAlgorithm::Sha512));
    members.insert("type".to_owned(), json!("other"));
    assert_eq!(
        TransactionData::make(&name, &ids, members, &types()),
        Err(TransactionDefect::UnknownMember)
    );
}

#[test]
fn what_a_type_does_not_say_is_refused_for_its_own_reason() {
    use TransactionDefect::{
        HashAlgorithm, MissingMember, NotAnObject, UnknownMember, UnknownType, Value as Bad,
    };
    let change = |name: &str, value: Value| {
        let mut payment = payment();
        match value {
            Value::Null => drop(payment.as_object_mut().unwrap().remove(name)),
            value => payment[name] = value,
        }
        payment
    };
    for (value, defect) in [
        (change("type", json!("urn:example:other")), UnknownType),
        (change("type", Value::Null), MissingMember),
        (change("type", json!(1)), Bad),
        (change("credential_ids", Value::Null), MissingMember),
        (change("credential_ids", json!([])), Bad),
        (change("credential_ids", json!(["a b"])), Bad),
        (change("credential_ids", json!("identity")), Bad),
        (change("extra", json!("x")), UnknownMember),
        (change("amount", Value::Null), MissingMember),
        (change("amount", json!(12.5)), Bad),
        (change("amount", json!("12,50")), Bad),
        (change("amount", json!("12.")), Bad),
        (change("currency", json!("USD")), Bad),
        (change("payee", json!("")), Bad),
        (change("payee", json!("a text that is far too long")), Bad),
        (change("payee", json!("Coffee\u{202e}pohs")), Bad),
        (change("payee", json!("two\nlines")), Bad),
        (change("payee", json!("two\u{2028}lines")), Bad),
        (change("payee", json!(["Coffee shop"])), Bad),
        (change("instant", json!("yes")), Bad),
        (
            change("transaction_data_hashes_alg", json!(["md5"])),
            HashAlgorithm,
        ),
        (change("transaction_data_hashes_alg", json!([])), Bad),
        (change("transaction_data_hashes_alg", json!("sha-256")), Bad),
        (json!(["payment"]), NotAnObject),
    ] {
        assert_eq!(read(&value), Err(defect), "{value}");
    }
    for (pointer, value) in [
        ("/documents", json!([])),
        ("/documents", json!({"label": "x", "hash": "AAAA"})),
        ("/documents/0/hash", json!("not base64!")),
        ("/documents/1/at", json!("http://shop.example/terms")),
        ("/documents/1/at", json!("https://a:b@shop.example")),
        // A parser of URLs takes these, and a person would read something else.
        ("/documents/1/at", json!("https://shop.example/\nAmount: 1.00")),
        ("/documents/1/at", json!("https://shop.example/\u{202e}moc.evil")),
        ("/documents/1/at", json!("https://shop.example/\u{1b}[2J")),
        ("/documents/1/at", json!(" https://shop.example/")),
        ("/documents/0/pages", json!(1.5)),
        ("/documents/1/date", json!("2026-13-01")),
        ("/documents/1/made", json!("yesterday")),
        (
            "/documents",
            json!(vec![json!({"label": "x", "hash": "AAAA"}); 65]),
        ),
    ] {
        let mut signature = signature();
        *signature.pointer_mut(pointer).unwrap() = value;
        assert_eq!(read(&signature), Err(Bad), "{signature}");
    }
    let mut nested = signature();
    nested["documents"][0]["more"] = json!(1);
    assert_eq!(read(&nested), Err(UnknownMember));
    for broken in ["", "%%%", "bm8ganNvbg"] {
        assert_eq!(
            TransactionData::parse(broken, &types()),
            Err(NotAnObject),
            "{broken}"
        );
    }
    assert_eq!(
        TransactionData::parse(&"A".repeat(MAX_TRANSACTION_DATA_BYTES + 1), &types()),
        Err(TransactionDefect::TooLarge)
    );
}

#[test]
fn the_list_has_bounds() {
    let one = json!(text(&payment()));
    for (value, defect) in [
        (json!([]), TransactionDefect::Malformed),
        (json!({}), TransactionDefect::Malformed),
        (json!([1]), TransactionDefect::Malformed),
        (
            json!(vec![one.clone(); MAX_TRANSACTIONS + 1]),
            TransactionDefect::TooLarge,
        ),
    ] {
        assert_eq!(
            TransactionData::parse_all(&value, &types()),
            Err(defect),
            "{value}"
        );
    }
    let all = TransactionData::parse_all(&json!(vec![one; MAX_TRANSACTIONS]), &types()).unwrap();
    assert_eq!(all.len(), MAX_TRANSACTIONS);
}

#[test]
fn only_what_is_asked_for_with_a_proof_of_its_holder_authorises() {
    let query = |credential: Value| {
        DcqlQuery::parse(json!({"credentials": [credential]}).to_string().as_bytes()).unwrap()
    };
    let sd_jwt = json!({"id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": ["t"]}});
    let mdoc = json!({"id": "identity", "format": "mso_mdoc", "meta": {"doctype_value": "t"}});
    let w3c = json!({"id": "identity", "format": "jwt_vc_json", "meta": {"type_values": [["t"]]}});
    let mut unbound = sd_jwt.clone();
    unbound["require_cryptographic_holder_binding"] = json!(false);
    let mut other = sd_jwt.clone();
    other["id"] = json!("other");
    let payment = read(&payment()).unwrap();
    let mut without_mdoc = signature();
    without_mdoc["credential_ids"] = json!(["identity"]);
    let without_mdoc = read(&without_mdoc).unwrap();
    for (transaction, asked, result) in [
        (&payment, &sd_jwt, Ok(())),
        (&payment, &mdoc, Ok(())),
        (&without_mdoc, &sd_jwt, Ok(())),
        (&without_mdoc, &mdoc, Err(TransactionDefect::CannotAuthorize)),
        (&payment, &w3c, Err(TransactionDefect::CannotAuthorize)),
        (&payment, &unbound, Err(TransactionDefect::CannotAuthorize)),
        (&payment, &other, Err(TransactionDefect::CredentialIds)),
    ] {
        assert_eq!(
            transaction.check_against(&query(asked.clone())),
            result,
            "{asked}"
        );
    }
}

#[test]
fn a_type_that_could_not_be_shown_or_checked_is_none() {
    let good = json!({"type": "t", "title": {"en": "T"}, "fields": [{"name": "a", "kind": "text"}]});
    let insert = |definition: &Value| {
        let definition: TransactionType = serde_json::from_value(definition.clone()).unwrap();
        TransactionTypes::default()
            .insert(definition)
            .map_err(|error| error.key)
    };
    assert_eq!(insert(&good), Ok(()));
    let deep = (0..5).fold(
        json!([{"name": "a", "kind": "text"}]),
        |fields, _| json!([{"name": "g", "kind": "group", "fields": fields}]),
    );
    for (pointer, value, key) in [
        ("/title", json!({}), "title"),
        ("/title", json!({"en": " "}), "title"),
        ("/fields", json!([]), "fields"),
        ("/fields/0/name", json!("type"), "fields[0].name"),
        ("/fields/0/name", json!(""), "fields[0].name"),
        ("/fields/0/kind", json!("group"), "fields[0].fields"),
        ("/fields", deep, "fields[0].fields[0].fields[0].fields[0].fields"),
        (
            "/fields",
            json!([{"name": "a", "kind": "integer", "values": ["1"]}]),
            "fields[0].values",
        ),
        (
            "/fields",
            json!([{"name": "a", "kind": "text"}, {"name": "a", "kind": "text"}]),
            "fields[1].name",
        ),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert_eq!(insert(&broken), Err(key.to_owned()), "{broken}");
    }
    for (name, value, key) in [
        ("hash_algorithms", json!(["md5"]), "hash_algorithms[0]"),
        ("hash_algorithms", json!([]), "hash_algorithms"),
        ("mdoc", json!({"name_space": "", "element": "e"}), "mdoc"),
    ] {
        let mut broken = good.clone();
        broken[name] = value;
        assert_eq!(insert(&broken), Err(key.to_owned()), "{broken}");
    }
    let definition: TransactionType = serde_json::from_value(good).unwrap();
    let mut types = TransactionTypes::default();
    types.insert(definition.clone()).unwrap();
    assert_eq!(types.insert(definition).unwrap_err().key, "type");
}
