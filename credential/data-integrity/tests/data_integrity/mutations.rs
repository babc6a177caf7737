//! One bit of the text of a secured document, anywhere in it.

use serde_json::Value;
use symbolon_credential::data_integrity::Cryptosuite;
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::json::{self, JsonBudget};

use crate::support::{alumni, key, options, secure, verified};

#[test]
fn no_bit_of_a_document_secured_as_rdf_may_change() {
    for (suite, algorithm) in [
        (Cryptosuite::EddsaRdfc2022, SignatureAlgorithm::EdDsa),
        (Cryptosuite::EcdsaRdfc2019, SignatureAlgorithm::Es256),
    ] {
        let key = key(algorithm, 1);
        let mut document = alumni();
        document["credentialSubject"]["age"] = 30.into();
        document["credentialSubject"]["height"] = 1.5.into();
        document["credentialSubject"]["address"] =
            serde_json::json!({"type": "Place", "city": "Kochi \u{e9}"});
        let secured = secure(&document, &options(suite, &key), &key);
        let text = secured.to_string().into_bytes();
        let mut changed_documents = 0;
        // Every byte, and another bit of each; which bit makes no difference to what is checked.
        for (place, bit) in (0..text.len()).zip((0..8).cycle()) {
            let mut changed = text.clone();
            changed[place] ^= 1 << bit;
            let Ok(changed) = json::parse_value(&changed, JsonBudget::DEFAULT) else {
                continue;
            };
            if changed == secured {
                continue;
            }
            changed_documents += 1;
            assert!(
                verified(&changed).is_err() || says_the_same(&changed, &secured),
                "{suite:?} byte {place} bit {bit}: {changed}"
            );
        }
        assert!(changed_documents > text.len() / 2);
    }
}

/// Whether two documents differ in nothing but the spelling of a number.
fn says_the_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| says_the_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|other| says_the_same(value, other)))
        }
        (one, other) => one == other,
    }
}
