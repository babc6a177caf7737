use http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE};

use super::*;

const MADE: UnixTime = UnixTime::from_seconds(784_111_777);
/// The same in the example of RFC 9110 §5.6.7.
const MADE_TEXT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

fn document() -> Representation {
    let text = "0123456789".repeat(200);
    Representation::new(
        "text/plain",
        text.into_bytes(),
        "v1",
        MADE,
        Duration::from_secs(60),
        Compression::Gzip,
    )
}

fn ask(fields: &[(HeaderName, &str)]) -> HeaderMap {
    let field = |(name, value): &(HeaderName, &str)| (name.clone(), value.parse().unwrap());
    fields.iter().map(field).collect()
}

fn answered(fields: &[(HeaderName, &str)]) -> (u16, HeaderMap) {
    let response = document().answer(&ask(fields));
    (response.status().as_u16(), response.headers().clone())
}

#[test]
fn the_whole_says_how_long_it_holds_and_what_names_it() {
    let (status, headers) = answered(&[]);
    assert_eq!(status, 200);
    assert_eq!(headers[CONTENT_LENGTH], "2000");
    assert_eq!(headers[ETAG], "\"v1\"");
    assert_eq!(headers[LAST_MODIFIED], MADE_TEXT);
    assert_eq!(headers[CACHE_CONTROL], "public, max-age=60");
    assert_eq!(headers[ACCEPT_RANGES], "bytes");
    assert_eq!(headers[VARY], "accept-encoding");
    assert!(!headers.contains_key(CONTENT_ENCODING));
}

#[test]
fn who_reads_gzip_gets_what_was_compressed_once() {
    for (accepted, compressed) in [
        ("gzip", true),
        ("deflate, GZIP;q=0.5", true),
        ("*", true),
        ("br", false),
        ("gzip;q=0", false),
        ("gzip; q=0.000, *", false),
        ("*;q=0", false),
        ("identity", false),
        ("", false),
    ] {
        let (status, headers) = answered(&[(ACCEPT_ENCODING, accepted)]);
        assert_eq!(status, 200);
        assert_eq!(headers.contains_key(CONTENT_ENCODING), compressed, "{accepted}");
        let tag = if compressed { "\"v1.gzip\"" } else { "\"v1\"" };
        assert_eq!(headers[ETAG], tag, "{accepted}");
    }
    let document = document();
    let gzip = document.gzip.as_ref().unwrap();
    assert_eq!(
        gzip::inflate(&gzip.bytes, 2_000).unwrap(),
        document.bytes().to_vec()
    );
    assert_eq!(document.memory(), 2_000 + gzip.bytes.len());
    let small = Representation::new(
        "text/plain",
        vec![0; 9],
        "v",
        MADE,
        Duration::ZERO,
        Compression::Gzip,
    );
    assert!(small.gzip.is_none());
}

#[test]
fn who_has_it_is_told_so() {
    for (fields, status) in [
        (vec![(IF_NONE_MATCH, "\"v1\"")], 304),
        (vec![(IF_NONE_MATCH, "\"v0\", W/\"v1\"")], 304),
        (vec![(IF_NONE_MATCH, "*")], 304),
        (vec![(IF_NONE_MATCH, "\"v0\"")], 200),
        (vec![(IF_NONE_MATCH, "v1")], 200),
        (vec![(IF_NONE_MATCH, "\"v1.gzip\"")], 200),
        (
            vec![(IF_NONE_MATCH, "\"v1.gzip\""), (ACCEPT_ENCODING, "gzip")],
            304,
        ),
        (vec![(IF_MODIFIED_SINCE, MADE_TEXT)], 304),
        (vec![(IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:36 GMT")], 200),
        (vec![(IF_MODIFIED_SINCE, "yesterday")], 200),
        (
            vec![(IF_MODIFIED_SINCE, MADE_TEXT), (IF_NONE_MATCH, "\"v0\"")],
            200,
        ),
    ] {
        let (found, headers) = answered(&fields);
        assert_eq!(found, status, "{fields:?}");
        assert!(headers.contains_key(ETAG) && headers.contains_key(CACHE_CONTROL));
        assert_eq!(headers.contains_key(CONTENT_TYPE), status == 200);
    }
}

#[test]
fn a_range_is_one_of_the_bytes_that_the_client_has_a_part_of() {
    for (range, status, content_range) in [
        ("bytes=0-9", 206, Some("bytes 0-9/2000")),
        ("bytes=1990-", 206, Some("bytes 1990-1999/2000")),
        (
            "bytes=1990-999999999999999999999999",
            206,
            Some("bytes 1990-1999/2000"),
        ),
        ("bytes=-10", 206, Some("bytes 1990-1999/2000")),
        ("bytes=-5000", 206, Some("bytes 0-1999/2000")),
        ("bytes=2000-", 416, Some("bytes */2000")),
        ("bytes=-0", 416, Some("bytes */2000")),
        ("bytes=9-8", 200, None),
        ("bytes=0-1,4-5", 200, None),
        ("bytes=+1-5", 200, None),
        ("items=0-9", 200, None),
        ("bytes=-", 200, None),
    ] {
        let (found, headers) = answered(&[(RANGE, range), (ACCEPT_ENCODING, "gzip")]);
        assert_eq!(found, status, "{range}");
        let told = headers.get(CONTENT_RANGE).map(|value| value.to_str().unwrap());
        assert_eq!(told, content_range, "{range}");
        assert_eq!(
            headers[ETAG], "\"v1\"",
            "a range is never one of compressed bytes"
        );
    }
    for (condition, status) in [
        ("\"v1\"", 206),
        ("\"v0\"", 200),
        ("W/\"v1\"", 200),
        (MADE_TEXT, 206),
        ("Sun, 06 Nov 1994 08:49:38 GMT", 200),
    ] {
        let (found, _) = answered(&[(RANGE, "bytes=0-9"), (IF_RANGE, condition)]);
        assert_eq!(found, status, "{condition}");
    }
}
