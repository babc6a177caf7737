//! Where logs are ([§3.4](https://identity.foundation/didwebvh/v1.0/#the-did-to-https-transformation)).

use symbolon_did::webvh::{NotDidWebvh, webvh_log_url, webvh_witness_url};
use symbolon_did::{Did, WebScheme};

const SCID: &str = "QmcKnGa3dur9W5JbQ3CC7D95Aqy5g4tbp81U3QG8DG1wtv";

fn log_url(rest: &str) -> Result<String, NotDidWebvh> {
    let did = Did::parse(&format!("did:webvh:{SCID}:{rest}")).map_err(|_| NotDidWebvh)?;
    webvh_log_url(&did, WebScheme::Https)
}

#[test]
fn the_examples_of_the_specification_lead_to_their_logs() {
    for (rest, expected) in [
        ("example.com", "https://example.com/.well-known/did.jsonl"),
        (
            "issuer.example.com",
            "https://issuer.example.com/.well-known/did.jsonl",
        ),
        (
            "example.com:dids:issuer",
            "https://example.com/dids/issuer/did.jsonl",
        ),
        (
            "example.com%3A3000:dids:issuer",
            "https://example.com:3000/dids/issuer/did.jsonl",
        ),
        (
            "example.com%3a3000",
            "https://example.com:3000/.well-known/did.jsonl",
        ),
        // The example of an internationalized domain, in the characters that DIDs have.
        (
            "jp%E7%B4%8D%E8%B1%86.%E4%BE%8B.jp:%E7%94%A8%E6%88%B7",
            "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8%E6%88%B7/did.jsonl",
        ),
        ("example.com:a%20b", "https://example.com/a%20b/did.jsonl"),
        ("example.com:a%2525", "https://example.com/a%2525/did.jsonl"),
    ] {
        assert_eq!(log_url(rest).as_deref(), Ok(expected), "{rest}");
    }
    let did = Did::parse(&format!("did:webvh:{SCID}:example.com:dids:issuer")).unwrap();
    assert_eq!(
        webvh_witness_url(&did, WebScheme::Https).unwrap(),
        "https://example.com/dids/issuer/did-witness.json"
    );
    let local = Did::parse(&format!("did:webvh:{SCID}:localhost%3A8080")).unwrap();
    assert_eq!(webvh_log_url(&local, WebScheme::Https), Err(NotDidWebvh));
    assert_eq!(
        webvh_log_url(&local, WebScheme::HttpOnLocalhost).unwrap(),
        "http://localhost:8080/.well-known/did.jsonl"
    );
}

#[test]
fn addresses_steps_upwards_and_half_escapes_are_refused() {
    for rest in [
        "127.0.0.1",
        "127.0.0.1%3a8080",
        "127.0.0.1%3A8080",
        "%31%32%37.0.0.1",
        "2130706433",
        "0x7f.1",
        "%5B%3A%3A1%5D",
        "intranet",
        "localhost",
        "example.com%3A",
        "example.com%3A0",
        "example.com%3A65536",
        "example.com%3A80%3A80",
        "example.com%253A80",
        "user%40example.com",
        "example.com%2Fpath",
        "example.com:..:..:admin",
        "example.com:%2E%2E:admin",
        "example.com:%2e%2e%2fadmin",
        "example.com:a%5Cb",
        "example.com:a%00",
        "example.com:%20a",
        "example.com::a",
        "example.com:%FF",
    ] {
        assert_eq!(log_url(rest), Err(NotDidWebvh), "{rest}");
    }
    for did in [
        "did:webvh:example.com",
        "did:webvh:%7BSCID%7D:example.com",
        "did:webvh:QmcKnGa3dur9W5JbQ3CC7D95Aqy5g4tbp81U3QG8DG1wt0:example.com",
        "did:web:example.com",
    ] {
        let did = Did::parse(did).unwrap();
        assert_eq!(webvh_log_url(&did, WebScheme::Https), Err(NotDidWebvh), "{did}");
    }
}
