//! The codecs of `crypto`.

use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::cbor::{self, CborBudget, Cursor};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_crypto::encoding::zlib::Effort;
use symbolon_crypto::encoding::{base64, base64url, gzip, jcs, multibase, multikey, zlib};

use super::{for_part, one_of, with_text};
use crate::seeds::WORLD;
use crate::{Reading, Target};

/// CBOR whole, and CBOR in place.
pub(super) const CBOR: Target = Target {
    name: "cbor",
    run: |input| {
        let value = cbor::parse(input, CborBudget::DEFAULT);
        let checked = cbor::check(input, CborBudget::DEFAULT);
        if let Ok(value) = &value {
            assert_eq!(checked, Ok(()), "what is parsed was checked");
            let encoded = cbor::encode(value);
            let again = cbor::parse(&encoded, CborBudget::DEFAULT);
            // NaN is not equal to itself, but its encoding is.
            let again = again.as_ref().map(cbor::encode);
            assert_eq!(
                again.as_ref(),
                Ok(&encoded),
                "deterministic encoding is a fixed point"
            );
        }
        if let Ok(mut cursor) = Cursor::new(input, CborBudget::DEFAULT) {
            assert!(
                walk(&mut cursor).is_some() && cursor.is_at_end(),
                "checked CBOR can be walked"
            );
        }
        Reading::of(&value)
    },
    seeds: || {
        let mut everything = Vec::new();
        cbor::write::map(&mut everything, 7);
        cbor::write::text(&mut everything, "tagged");
        cbor::write::encoded_item(&mut everything, &[0xa0]);
        cbor::write::integer(&mut everything, -1);
        cbor::write::bytes(&mut everything, &[0; 40]);
        cbor::write::unsigned(&mut everything, 1 << 40);
        cbor::write::float(&mut everything, 1.5);
        cbor::write::text(&mut everything, "none");
        cbor::write::null(&mut everything);
        cbor::write::text(&mut everything, "yes");
        cbor::write::boolean(&mut everything, true);
        cbor::write::text(&mut everything, "list");
        cbor::write::array(&mut everything, 2);
        cbor::write::negative(&mut everything, u64::MAX);
        cbor::write::text(&mut everything, "é");
        cbor::write::text(&mut everything, "date");
        cbor::write::tag(&mut everything, 1004);
        cbor::write::text(&mut everything, "2019-10-20");
        vec![everything, vec![0xf6], vec![0x80]]
    },
};

/// Reads one item of any kind, and what is in it.
fn walk(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.tag().is_some() {
        return walk(cursor);
    }
    if let Some(length) = cursor.array() {
        return (0..length).try_for_each(|_| walk(cursor));
    }
    if let Some(length) = cursor.map() {
        return (0..length).try_for_each(|_| walk(cursor).and_then(|()| walk(cursor)));
    }
    // Only what the cursor has a name for; other simple values are taken whole.
    let known = cursor.text().is_some()
        || cursor.bytes().is_some()
        || cursor.unsigned().is_some()
        || cursor.negative().is_some()
        || cursor.boolean().is_some()
        || cursor.null().is_some()
        || cursor.float().is_some();
    if known {
        Some(())
    } else {
        cursor.item().map(|_| ())
    }
}

/// JSON, and its canonical form.
pub(super) const JSON: Target = Target {
    name: "json",
    run: |input| {
        let value = json::parse_value(input, JsonBudget::DEFAULT);
        if let Ok(value) = &value {
            let text = value.to_string();
            assert_eq!(
                json::parse_value(text.as_bytes(), JsonBudget::DEFAULT).as_ref(),
                Ok(value),
                "JSON that is written reads the same"
            );
            if let Ok(canonical) = jcs::canonicalize(value) {
                let again = json::parse_value(canonical.as_bytes(), JsonBudget::DEFAULT);
                // A double beyond 2^53 may be written as an integer that is no double, and then it is refused.
                if let Ok(Ok(again)) = again.map(|value| jcs::canonicalize(&value)) {
                    assert_eq!(again, canonical, "the canonical form is canonical");
                }
            }
        }
        Reading::of(&value)
    },
    seeds: || {
        let everything = json!({
            "text": "é \u{1F600} \"\\ \u{7}", "number": -5, "large": u64::MAX, "fraction": 1.5, "small": 1e-7,
            "list": [true, false, null, {}, [], ""], "nested": {"a": {"b": [{"c": 0}]}}
        });
        vec![
            everything.to_string().into_bytes(),
            br#" {"a" : "\ud83d\ude00\u0000\/", "b":[ 1E2 , -0.0 ] } "#.to_vec(),
            b"[]".to_vec(),
        ]
    },
};

/// Encodings of bytes as text, and times.
pub(super) const TEXTS: Target = Target {
    name: "texts",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        inverse(base64::decode(text), text, |bytes| base64::encode(bytes))
                    })
                },
                |input| {
                    with_text(input, |text| {
                        inverse(base64url::decode(text), text, |bytes| base64url::encode(bytes))
                    })
                },
                |input| {
                    with_text(input, |text| {
                        inverse(multibase::decode_base58btc(text), text, |bytes| {
                            multibase::encode_base58btc(bytes)
                        })
                    })
                },
                |input| {
                    with_text(input, |text| {
                        inverse(multibase::decode_base64url(text), text, |bytes| {
                            multibase::encode_base64url(bytes)
                        })
                    })
                },
                |input| {
                    with_text(input, |text| {
                        inverse(multikey::decode(text), text, multikey::encode)
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let time = UnixTime::parse_rfc3339(text);
                        if let Ok(time) = &time {
                            let again = UnixTime::parse_rfc3339(&time.rfc3339());
                            assert_eq!(again, Ok(*time), "a time that is written reads the same");
                        }
                        Reading::of(&time)
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let bytes: Vec<u8> = (0..=255).collect();
        vec![
            for_part(0, base64::encode(&bytes)),
            for_part(0, "Zm9vYg=="),
            for_part(1, base64url::encode(&bytes)),
            for_part(
                2,
                multibase::encode_base58btc(bytes.get(..64).unwrap_or_default()),
            ),
            for_part(3, multibase::encode_base64url(&bytes)),
            for_part(4, multikey::encode(WORLD.issuer.public())),
            for_part(4, multikey::encode(WORLD.edwards.public())),
            for_part(5, "2026-11-28T00:30:00Z"),
            for_part(5, "2026-11-28T00:30:00.123+05:30"),
            for_part(5, "9999-12-31T23:59:59-00:00"),
        ]
    },
};

/// Each value has one text.
fn inverse<T, E: core::fmt::Debug>(
    decoded: Result<T, E>,
    text: &str,
    encode: impl Fn(&T) -> String,
) -> Reading {
    if let Ok(value) = &decoded {
        assert_eq!(encode(value), text, "one value, one text");
    }
    Reading::of(&decoded)
}

/// Streams that inflate, within a limit.
pub(super) const COMPRESSED: Target = Target {
    name: "compressed",
    run: |input| {
        const LIMIT: usize = 1 << 20;
        fn check<E: core::fmt::Debug>(
            inflated: Result<Vec<u8>, E>,
            again: impl Fn(&[u8]) -> Vec<u8>,
        ) -> Reading {
            if let Ok(bytes) = &inflated {
                assert!(bytes.len() <= LIMIT, "inflated beyond the limit");
                assert_eq!(again(bytes), *bytes, "deflating is undone by inflating");
            }
            Reading::of(&inflated)
        }
        one_of(
            &[
                |input| {
                    check(zlib::inflate(input, LIMIT), |bytes| {
                        zlib::inflate(&zlib::deflate(bytes, Effort::Stored), LIMIT).unwrap_or_default()
                    })
                },
                |input| {
                    check(gzip::inflate(input, LIMIT), |bytes| {
                        gzip::inflate(&gzip::deflate(bytes), LIMIT).unwrap_or_default()
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let text = Value::from(vec!["a text that repeats"; 40]).to_string();
        vec![
            for_part(0, zlib::deflate(text.as_bytes(), Effort::Best)),
            for_part(0, zlib::deflate(&[], Effort::Best)),
            for_part(0, zlib::deflate(&vec![0; 1 << 20], Effort::Best)),
            for_part(1, gzip::deflate(text.as_bytes())),
        ]
    },
};
