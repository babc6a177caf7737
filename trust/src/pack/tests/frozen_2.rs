use super::super::*;
use super::world::{ISSUER, World};
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{DAY, NOW};
use crate::trust_list::{CredentialTypeRule, RootOfTrust};

/// Two packs of version 2 and the delta between them, with a verbatim token, as they were written when the format was frozen.
const PACK_2: &[u8] = include_bytes!("frozen-pack-2.bin");
const NEXT_2: &[u8] = include_bytes!("frozen-pack-2-next.bin");
const DELTA_2: &[u8] = include_bytes!("frozen-delta-2.bin");
const ROOT_2: &[u8] = include_bytes!("frozen-root-2.json");

#[test]
fn opens_the_frozen_packs_of_version_2() {
    let root = RootOfTrust::parse(ROOT_2).unwrap();
    let provider = symbolon_crypto::RustCryptoProvider;
    let pack = Pack::open(PACK_2, &root, &provider, NOW, None).unwrap();
    assert_eq!((pack.sequence(), pack.version()), (42, PackVersion::Two));
    let status = |pack: &Pack<'_>, uri: &str, index| match pack.status(uri, index) {
        PackStatus::Listed { status, .. } => Some(status),
        _ => None,
    };
    let first = "https://issuer.example/status/0";
    let verbatim = "https://other.example/status/9";
    assert_eq!(status(&pack, first, 0), Some(Status::Valid));
    assert_eq!(status(&pack, first, 3), Some(Status::Invalid));
    assert_eq!(status(&pack, first, 50), Some(Status::Suspended));
    assert_eq!(status(&pack, first, 51), Some(Status::Valid));
    assert_eq!(status(&pack, verbatim, 7), Some(Status::Invalid));
    assert_eq!(status(&pack, verbatim, 8), Some(Status::ApplicationSpecific(3)));
    assert_eq!(
        status(&pack, "https://issuer.example/status/1", 0),
        Some(Status::Valid)
    );
    assert_eq!(
        pack.status("https://issuer.example/status/2", 0),
        PackStatus::Missing
    );
    assert_eq!(
        pack.status("https://issuer.example/north/2", 0),
        PackStatus::NotCovered
    );

    let made = Delta::parse(DELTA_2).unwrap().apply(PACK_2).unwrap();
    assert!(made == NEXT_2, "the delta makes another pack than it did");
    let next = Pack::open(NEXT_2, &root, &provider, NOW.plus(DAY / 2), None).unwrap();
    assert_eq!(next.sequence(), 43);
    assert_eq!(status(&next, first, 50), Some(Status::Valid));
    assert_eq!(status(&next, first, 51), Some(Status::Invalid));
}

/// Signatures of the software keys are deterministic, so the same packs and the same delta are written today.
#[test]
fn writes_the_frozen_packs_of_version_2() {
    let world = World::new();
    let frozen = |sequence, marks: &[(u64, Status)], at: UnixTime| {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 100);
        for (index, status) in marks {
            list.set(*index, *status).unwrap();
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
        ("frozen-pack-2.bin", &pack, PACK_2),
        ("frozen-pack-2-next.bin", &next, NEXT_2),
        ("frozen-delta-2.bin", &delta, DELTA_2),
        ("frozen-root-2.json", &root, ROOT_2),
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
