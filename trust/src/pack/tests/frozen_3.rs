use super::super::*;
use super::world::{ISSUER, World};
use crate::compact_set::SetForm;
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{DAY, NOW};
use crate::trust_list::{CredentialTypeRule, RootOfTrust};

/// Two packs of version 3 and the delta between them, with a verbatim token, and with sets of members and of runs, as they were written when
/// the format was frozen.
const PACK_3: &[u8] = include_bytes!("frozen-pack-3.bin");
const NEXT_3: &[u8] = include_bytes!("frozen-pack-3-next.bin");
const DELTA_3: &[u8] = include_bytes!("frozen-delta-3.bin");
const ROOT_3: &[u8] = include_bytes!("frozen-root-3.json");

#[test]
fn opens_the_frozen_packs_of_version_3() {
    let root = RootOfTrust::parse(ROOT_3).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    let pack = Pack::open(PACK_3, &root, &provider, NOW, None).unwrap();
    assert_eq!((pack.sequence(), pack.version()), (42, PackVersion::Three));
    let status = |pack: &Pack<'_>, uri: &str, index| match pack.status(uri, index) {
        PackStatus::Listed { status, .. } => Some(status),
        _ => None,
    };
    let (first, batches) = (
        "https://issuer.example/status/0",
        "https://issuer.example/status/3",
    );
    let verbatim = "https://other.example/status/9";
    assert_eq!(status(&pack, first, 3), Some(Status::Invalid));
    assert_eq!(status(&pack, first, 50), Some(Status::Suspended));
    assert_eq!(status(&pack, first, 51), Some(Status::Valid));
    assert_eq!(status(&pack, verbatim, 7), Some(Status::Invalid));
    for (index, expected) in [
        (99, Status::Invalid),
        (100, Status::Valid),
        (3_500, Status::Invalid),
        (3_999, Status::Valid),
    ] {
        assert_eq!(status(&pack, batches, index), Some(expected), "{index}");
    }
    for list in pack.status_lists() {
        assert!(
            list.states()
                .all(|(_, set)| set.is_empty() || set.form() == SetForm::Two)
        );
    }
    let count = |pack: &Pack<'_>| {
        pack.status_lists()
            .find(|list| list.uri() == batches)
            .unwrap()
            .invalid_count()
    };
    assert_eq!(count(&pack), Some(800));

    let made = Delta::parse(DELTA_3).unwrap().apply(PACK_3).unwrap();
    assert!(made == NEXT_3, "the delta makes another pack than it did");
    let next = Pack::open(NEXT_3, &root, &provider, NOW.plus(DAY / 2), None).unwrap();
    assert_eq!(next.sequence(), 43);
    assert_eq!(status(&next, first, 51), Some(Status::Invalid));
    assert_eq!(status(&next, batches, 106), Some(Status::Invalid));
    assert_eq!(count(&next), Some(856));
}

/// Signatures of the software keys are deterministic, so the same packs and the same delta are written today.
#[test]
fn writes_the_frozen_packs_of_version_3() {
    let world = World::new();
    let frozen = |sequence, marks: &[(u64, Status)], at: UnixTime| {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 100);
        for (index, status) in marks {
            list.set(*index, *status).unwrap();
        }
        let mut batches = TokenStatusList::all_valid(BitsPerStatus::Two, 4_000);
        let batch = 100 + sequence % 2 * 7;
        for index in (0..4_000).filter(|index| index % 500 < batch) {
            batches.set(index, Status::Invalid).unwrap();
        }
        let rules = vec![CredentialTypeRule::Exactly(format!(
            "{ISSUER}/types/national-identity"
        ))];
        let issuers = vec![world.issuer.entry(rules.clone()), world.other.entry(rules)];
        let mut trust = world.registry.trust_list(issuers, at);
        trust.pack_keys = vec![world.registry.pack_key.public_key().to_jwk()];
        let beginnings = ["https://issuer.example/status/", "https://other.example/"];
        let beginnings = beginnings.map(str::to_owned).to_vec();
        trust.scopes.insert("region/south".to_owned(), beginnings);
        let empty = TokenStatusList::all_valid(BitsPerStatus::One, 64);
        let lists = [
            ("https://issuer.example/status/0", &list),
            ("https://issuer.example/status/1", &empty),
            ("https://issuer.example/status/3", &batches),
        ];
        let lists = lists.map(|(uri, list)| CompactStatusList::of_list(uri, list, None).unwrap());
        let mut other = TokenStatusList::all_valid(BitsPerStatus::Four, 64);
        other.set(7, Status::Invalid).unwrap();
        other.set(8, Status::ApplicationSpecific(3)).unwrap();
        let uri = "https://other.example/status/9";
        let token = world.other.status_token(uri, &other, NOW);
        let verbatim = VerbatimSection::new(uri, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
        let times = PackTimes {
            created: at,
            valid_until: at.plus(DAY),
            grace: DAY,
        };
        let builder = PackBuilder::new(sequence, times, world.registry.trust_section(&trust))
            .with_scopes(["region/south".to_owned()])
            .with_status(world.issuer.status_section_of(lists.to_vec(), at))
            .with_verbatim(verbatim);
        (world.registry.sign_pack(builder), trust)
    };
    let (pack, trust) = frozen(42, &[(3, Status::Invalid), (50, Status::Suspended)], NOW);
    let (next, _) = frozen(
        43,
        &[(3, Status::Invalid), (51, Status::Invalid)],
        NOW.plus(DAY / 2),
    );
    let delta = delta(&pack, &next).unwrap();
    let root = world.registry.root_of_trust(trust).to_json().unwrap();
    let files: [(&str, &[u8], &[u8]); 4] = [
        ("frozen-pack-3.bin", &pack, PACK_3),
        ("frozen-pack-3-next.bin", &next, NEXT_3),
        ("frozen-delta-3.bin", &delta, DELTA_3),
        ("frozen-root-3.json", &root, ROOT_3),
    ];
    #[expect(
        clippy::disallowed_methods,
        reason = "writes the vectors anew, by hand and once for each version"
    )]
    if let Some(folder) = std::env::var_os("SYMBOLON_WRITE_FROZEN_PACK") {
        for (name, written, _) in files {
            std::fs::write(std::path::Path::new(&folder).join(name), written).unwrap();
        }
    }
    for (name, written, frozen) in files {
        assert!(written == frozen, "{name} is written otherwise than it was");
    }
}
