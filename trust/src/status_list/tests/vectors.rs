use std::path::PathBuf;

use super::super::*;

/// The folder of the published vectors, or nothing where it is absent and may be.
fn vectors(file: &str) -> Option<Vec<u8>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a test finds its vectors by the environment"
    )]
    let (folder, required) = (
        std::env::var_os("SYMBOLON_VECTORS"),
        std::env::var_os("CI").is_some_and(|ci| ci == "true"),
    );
    let folder = folder.map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/vectors")),
        PathBuf::from,
    );
    match std::fs::read(folder.join(file)) {
        Ok(bytes) => Some(bytes),
        Err(_) => {
            assert!(!required, "the published vectors are absent");
            println!("skipped: the published vectors are absent");
            None
        }
    }
}

#[test]
fn reads_the_four_published_lists_of_a_million() {
    let Some(bytes) = vectors("tsl/tsl-vectors-draft20.json") else {
        return;
    };
    let lists: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(lists.len(), 4);
    for vector in lists {
        let bits = BitsPerStatus::from_count(vector["bits"].as_u64().unwrap()).unwrap();
        let size = vector["size"].as_u64().unwrap();
        // The draft folds long lines; the value has no blanks.
        let lst: String = vector["json"]["lst"]
            .as_str()
            .unwrap()
            .split_whitespace()
            .collect();
        let list = TokenStatusList::decode(bits, &lst, 1 << 20).unwrap();
        assert_eq!(list.len(), size);
        assert_eq!(list.get(size), Err(IndexOutOfRange));

        let expected: std::collections::BTreeMap<u64, u8> = vector["status"]
            .as_object()
            .unwrap()
            .iter()
            .map(|(index, value)| (index.parse().unwrap(), value.as_u64().unwrap() as u8))
            // The eight-bit vector names one valid entry too.
            .filter(|(_, value)| *value != 0)
            .collect();
        let found: std::collections::BTreeMap<u64, u8> = list
            .not_valid()
            .map(|(index, status)| (index, status.value()))
            .collect();
        assert_eq!(found, expected, "{bits:?}");

        let mut built = TokenStatusList::all_valid(bits, size as u32);
        for (index, value) in expected {
            built.set(index, Status::from_value(value)).unwrap();
        }
        assert_eq!(built, list);

        // The CBOR form holds the same zlib stream as a byte string at its end.
        let cbor = vector["cbor_hex"].as_str().unwrap();
        let stream: String = symbolon_crypto::encoding::base64url::decode(&lst)
            .unwrap()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert!(cbor.ends_with(&stream), "{bits:?}");
    }
}
