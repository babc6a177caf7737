//! Deltas that nobody would make. What a good one does is tested with packs, in `pack/tests/delta.rs`.

use super::*;
use crate::compact_set::{build, build_form_1};
use crate::pack::container::{root_of, table_of};
use crate::pack::directory::{ListName, set_entry};
use crate::pack::section::{assemble, directory};
use crate::pack::sign::{Place, PreparedSignature};
use crate::pack::{CompactStatusList, PackBuilder, PackTimes, StatusSection, TrustSection};
use crate::status_list::BitsPerStatus;
use crate::testing::{DAY, NOW, TestRegistry};

/// A list of a section that nobody signed: its address, its universe, and its sets.
type UnsignedList<'a> = (&'a str, u64, Vec<u8>, Vec<u8>);

fn section(header: &[u8], lists: &[UnsignedList<'_>]) -> Vec<u8> {
    let (mut table, mut sets) = (Vec::new(), Vec::new());
    for (_, _, invalid, suspended) in lists {
        table.extend(set_entry(invalid, suspended));
        sets.extend_from_slice(invalid);
        sets.extend_from_slice(suspended);
    }
    let directory = directory(lists.len(), &names(lists), &table).unwrap();
    assemble(header, &directory, &sets).unwrap()
}

fn names(lists: &[UnsignedList<'_>]) -> Vec<u8> {
    let mut names = Vec::new();
    for (uri, universe, _, _) in lists {
        let name = ListName {
            uri,
            bits: BitsPerStatus::Two,
            universe: *universe,
            bitstring: None,
        };
        name.write(&mut names).unwrap();
    }
    names
}

const TRUST: &[u8] = b"a trust section, of which a delta knows nothing more";
const URI: &str = "https://issuer.example/status/0";

/// A pack whose sections nobody signed.
fn pack(sequence: u64, section: &[u8]) -> Vec<u8> {
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let builder = PackBuilder::new(sequence, times, TrustSection::from_published(TRUST.to_vec()))
        .with_status(StatusSection::from_published(section.to_vec()));
    TestRegistry::new(1).sign_pack(builder)
}

/// The same sections in a pack of version 2.
fn pack_2(sequence: u64, section: &[u8]) -> Vec<u8> {
    let sections = [(SectionKind::Trust, TRUST), (SectionKind::Status, section)];
    let version = PackVersion::Two;
    let manifest = Manifest {
        sequence,
        created: NOW,
        valid_until: NOW,
        grace: DAY,
        root: root_of(version, &table_of(&sections)),
        scopes: Vec::new(),
    };
    let key = TestRegistry::new(1).pack_key;
    let prepared = PreparedSignature::by_key(Place::manifest(version), key.public_key(), manifest.payload());
    let signature = key.sign(&prepared.request(key.handle()));
    container::write(version, &prepared.finish(&signature).unwrap(), &sections).unwrap()
}

fn set(members: &[u64]) -> Vec<u8> {
    build(members, 1_000).unwrap()
}

fn one_list(header: &[u8], invalid: &[u64]) -> Vec<u8> {
    section(header, &[(URI, 1_000, set(invalid), Vec::new())])
}

/// The delta of two packs with other operations.
fn with_operations(delta: &[u8], operations: &[Vec<u8>]) -> Vec<u8> {
    let manifest = u32::from_le_bytes(delta[16..20].try_into().unwrap()) as usize;
    let mut bytes = delta[..HEADER_BYTES + manifest].to_vec();
    bytes[12..16].copy_from_slice(&(operations.len() as u32).to_le_bytes());
    bytes.extend(operations.concat());
    bytes
}

fn unchanged(place: u32) -> Vec<u8> {
    [&[UNCHANGED][..], &place.to_le_bytes()].concat()
}

fn whole(kind: u8, bytes: &[u8]) -> Vec<u8> {
    [&[WHOLE, kind][..], &(bytes.len() as u64).to_le_bytes(), bytes].concat()
}

fn sized_part(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

fn patched(place: u32, patch: &[u8]) -> Vec<u8> {
    [&[PATCHED][..], &place.to_le_bytes(), &sized_part(patch)].concat()
}

fn insert(text: &[u8]) -> Vec<u8> {
    [&[1][..], &sized_part(text)].concat()
}

fn copy(offset: u32, length: u32) -> Vec<u8> {
    [&[0][..], &offset.to_le_bytes(), &length.to_le_bytes()].concat()
}

/// A change of a status section of these names.
fn status(operation: u8, place: u32, names: &[u8], streams: [&[u8]; 4]) -> Vec<u8> {
    let mut bytes = vec![operation];
    bytes.extend(place.to_le_bytes());
    bytes.extend(sized_part(&insert(b"after")));
    bytes.extend(sized_part(&insert(names)));
    for stream in streams {
        bytes.extend(sized_part(stream));
    }
    bytes
}

/// What comes of operations: [`DeltaError::Result`] where each of them makes a section, though not the one of the manifest.
fn made(base: &[u8], target: &[u8], operations: &[Vec<u8>]) -> Result<Vec<u8>, DeltaError> {
    let bytes = with_operations(&delta(base, target).unwrap(), operations);
    Delta::parse(&bytes)?.apply(base)
}

struct World {
    base: Vec<u8>,
    target: Vec<u8>,
    /// The names of the target.
    names: Vec<u8>,
}

fn world() -> World {
    World {
        base: pack(1, &one_list(b"before", &[5, 6, 7, 90])),
        target: pack(2, &one_list(b"after", &[5, 7, 90, 91])),
        names: names(&[(URI, 1_000, Vec::new(), Vec::new())]),
    }
}

#[test]
fn a_status_change_makes_the_section_and_says_how() {
    let World { base, target, names } = world();
    let change = status(STATUS, 1, &names, [&set(&[91]), &set(&[6]), &[], &[]]);
    let made_of_it = made(&base, &target, &[unchanged(0), change]).unwrap();
    assert!(made_of_it == target);
    let whole_thing = made(
        &base,
        &target,
        &[whole(1, TRUST), whole(2, &one_list(b"after", &[5, 7, 90, 91]))],
    );
    assert!(whole_thing.unwrap() == target);
}

#[test]
fn what_is_added_was_not_there_and_what_is_removed_was() {
    let World { base, target, names } = world();
    let good = set(&[91]);
    for streams in [
        // 5 is there already, alone and among others.
        [&set(&[5, 91])[..], &set(&[6]), &[], &[]],
        [&set(&[90, 91]), &set(&[6]), &[], &[]],
        // 8 was not there, and 91 neither, though it is added.
        [&good, &set(&[6, 8]), &[], &[]],
        [&good, &set(&[6, 91]), &[], &[]],
        // The suspended set is empty.
        [&good, &set(&[6]), &[], &set(&[5])],
    ] {
        let change = status(STATUS, 1, &names, streams);
        let refused = made(&base, &target, &[unchanged(0), change]);
        assert!(matches!(refused, Err(DeltaError::Malformed)), "{refused:?}");
    }
}

#[test]
fn streams_are_sets_with_members_of_the_universe_of_all_lists() {
    let World { base, target, names } = world();
    let good = set(&[6]);
    let of_another_universe = build(&[91], 1_001).unwrap();
    let empty = build(&[], 1_000).unwrap();
    let of_form_1 = build_form_1(&[91], 1_000).unwrap();
    let mut cut = set(&[91]);
    cut.pop();
    for stream in [of_another_universe, empty, of_form_1, cut] {
        let change = status(STATUS, 1, &names, [&stream, &good, &[], &[]]);
        let refused = made(&base, &target, &[unchanged(0), change]);
        assert!(matches!(refused, Err(DeltaError::Malformed)), "{refused:?}");
    }
    let two = |universe| {
        let second = "https://issuer.example/status/1";
        super::tests::names(&[
            (URI, 1_000, Vec::new(), Vec::new()),
            (second, universe, Vec::new(), Vec::new()),
        ])
    };
    let largest = crate::compact_set::MAX_UNIVERSE;
    let change = status(STATUS, 1, &two(largest - 999), [&[]; 4]);
    let refused = made(&base, &target, &[unchanged(0), change]);
    assert!(matches!(refused, Err(DeltaError::OverBudget)), "{refused:?}");
    let change = status(STATUS, 1, &two(largest - 1_000), [&[]; 4]);
    let other = made(&base, &target, &[unchanged(0), change]);
    assert!(matches!(other, Err(DeltaError::Result)), "{other:?}");
}

/// A stream of thirty bytes can add 2^47 members, which nobody can write out.
#[test]
fn a_stream_of_one_run_fills_no_memory() {
    let universe = crate::compact_set::MAX_UNIVERSE;
    let runs = crate::compact_set::Runs::of_members(&[3]).unwrap();
    let before = crate::compact_set::build_of_runs(&runs, universe).unwrap();
    let lists = |invalid| [(URI, universe, invalid, Vec::new())];
    let mut run = crate::compact_set::Runs::default();
    run.push(crate::compact_set::Run {
        start: 4,
        end: universe,
    });
    let stream = crate::compact_set::build_of_runs(&run, universe).unwrap();
    run = runs.with(&run).unwrap();
    let after = crate::compact_set::build_of_runs(&run, universe).unwrap();
    let base = pack(1, &section(b"before", &lists(before)));
    let target = pack(2, &section(b"after", &lists(after)));
    let names = names(&lists(Vec::new()));
    let change = status(STATUS, 1, &names, [&stream, &[], &[], &[]]);
    assert!(made(&base, &target, &[unchanged(0), change]).unwrap() == target);
    // In the first form its members would have to be written out, so that form knows no other.
    let back = pack(
        3,
        &section(b"after", &lists(build_form_1(&[3], universe).unwrap())),
    );
    let change = status(
        STATUS_FORM_1,
        1,
        &names,
        [&build_form_1(&[9], universe).unwrap(), &[], &[], &[]],
    );
    let refused = made(&target, &back, &[unchanged(0), change]);
    assert!(matches!(refused, Err(DeltaError::Malformed)), "{refused:?}");
}

#[test]
fn an_operation_takes_sections_that_there_are_and_of_its_kind() {
    let World { base, target, names } = world();
    let change = |place| status(STATUS, place, &names, [&set(&[91]), &set(&[6]), &[], &[]]);
    let mut unknown = change(1);
    unknown[0] = 5;
    for (operations, what) in [
        (vec![unchanged(2), change(1)], "a section behind the last"),
        (vec![unchanged(0), change(2)], "a change of one"),
        (vec![unchanged(0), patched(2, &[])], "a patch of one"),
        (
            vec![unchanged(0), change(0)],
            "a status change of the trust section",
        ),
        (vec![unchanged(0), unknown], "an operation of tomorrow"),
        (
            vec![unchanged(0), whole(9, b"text")],
            "a section of an unknown kind",
        ),
        (vec![unchanged(0), patched(1, &[2])], "an instruction of tomorrow"),
        (
            vec![unchanged(0), patched(1, &copy(0, 10_000))],
            "a copy of more than there is",
        ),
        (
            vec![unchanged(0), patched(1, &copy(10_000, 0))],
            "a copy from behind the end",
        ),
        (vec![unchanged(0), change(1), vec![0]], "a cut operation"),
    ] {
        let refused = made(&base, &target, &operations);
        assert!(
            matches!(refused, Err(DeltaError::Malformed)),
            "{what}: {refused:?}"
        );
    }
    let mut behind = with_operations(&delta(&base, &target).unwrap(), &[unchanged(0), change(1)]);
    behind.push(0);
    let delta = Delta::parse(&behind).unwrap();
    assert!(matches!(delta.apply(&base), Err(DeltaError::Malformed)));
    assert!(matches!(delta.changes(), Err(DeltaError::Malformed)));
}

#[test]
fn what_a_delta_makes_stays_within_its_budget() {
    let World { base, target, names } = world();
    let parts = Container::parse(&base).unwrap();
    let (trust, status_bytes) = (parts.sections[0].bytes.len(), parts.sections[1].bytes.len());
    let change = status(STATUS, 1, &names, [&set(&[91]), &set(&[6]), &[], &[]]);
    let patch = copy(0, status_bytes as u32);
    let twice = [copy(0, 20), copy(0, 20)].concat();
    let new_status = Container::parse(&target).unwrap().sections[1].bytes.len();
    for (operations, needed) in [
        (vec![unchanged(0), unchanged(1)], trust + status_bytes),
        (vec![unchanged(0); 40], 40 * trust),
        (vec![unchanged(0), whole(2, &[7; 500])], trust + 500),
        (vec![unchanged(0), patched(1, &patch)], trust + status_bytes),
        (vec![unchanged(0), patched(1, &twice)], trust + 40),
        (vec![unchanged(0), patched(1, &insert(&[7; 30]))], trust + 30),
        (vec![unchanged(0), change], trust + new_status),
    ] {
        let bytes = with_operations(&delta(&base, &target).unwrap(), &operations);
        let delta = Delta::parse(&bytes).unwrap();
        assert!(!matches!(
            delta.apply_within(&base, needed),
            Err(DeltaError::OverBudget)
        ));
        for budget in [needed - 1, trust, 0] {
            let refused = delta.apply_within(&base, budget);
            assert!(
                matches!(refused, Err(DeltaError::OverBudget)),
                "{budget} of {needed}"
            );
        }
    }
}

/// What would be made is refused before it is: each step has the budget that is left, and not only the sum.
#[test]
fn no_step_makes_more_than_its_budget() {
    let World { base, names, .. } = world();
    let parts = Container::parse(&base).unwrap();
    let old = parts.sections[1].bytes;
    let patch = [copy(0, 30), copy(0, 30)].concat();
    assert!(patch::apply(old, &patch, 60).is_ok());
    assert!(matches!(
        patch::apply(old, &patch, 59),
        Err(DeltaError::OverBudget)
    ));
    let operation = Operation::Unchanged { from: 1 };
    assert!(operation.make(&parts, old.len()).is_ok());
    assert!(matches!(
        operation.make(&parts, old.len() - 1),
        Err(DeltaError::OverBudget)
    ));
    // The header, the names and the sets of a status section, each by itself.
    let (header, text) = (insert(&[7; 400]), insert(&names));
    let many: Vec<u64> = (0..1_000).filter(|index| index % 3 == 0).collect();
    let streams = set(&many
        .iter()
        .copied()
        .filter(|index| ![6, 90].contains(index))
        .collect::<Vec<_>>());
    for (header, names, added, least) in [
        (header, text.clone(), Vec::new(), 400),
        (insert(b""), text.clone(), Vec::new(), names.len()),
        (insert(b""), text, streams.clone(), streams.len().max(names.len())),
    ] {
        let mut bytes = sized_part(&header);
        bytes.extend(sized_part(&names));
        bytes.extend(sized_part(&added));
        bytes.extend([0; 12]);
        let change = status::Change::read(&mut Cursor(&bytes), SetForm::Two).unwrap();
        assert!(change.apply(old, 4_096).is_ok());
        assert!(matches!(
            change.apply(old, least - 1),
            Err(DeltaError::OverBudget)
        ));
    }
}

#[test]
fn refuses_headers_that_are_not_in_order() {
    let World { base, target, .. } = world();
    let good = delta(&base, &target).unwrap();
    let refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        Delta::parse(&bytes).map(drop)
    };
    assert!(refused(&|_| {}).is_ok());
    for reserved in [10, 11, 20, 21, 22, 23] {
        let result = refused(&|bytes| bytes[reserved] = 1);
        assert!(matches!(result, Err(DeltaError::Malformed)), "{reserved}");
    }
    assert!(matches!(
        refused(&|bytes| bytes[0] = b'T'),
        Err(DeltaError::NotADelta)
    ));
    assert!(matches!(
        refused(&|bytes| bytes.truncate(7)),
        Err(DeltaError::NotADelta)
    ));
    let count = |count: u32| move |bytes: &mut Vec<u8>| bytes[12..16].copy_from_slice(&count.to_le_bytes());
    assert!(matches!(refused(&count(0)), Err(DeltaError::Malformed)));
    assert!(refused(&count(MAX_SECTIONS)).is_ok());
    assert!(matches!(
        refused(&count(MAX_SECTIONS + 1)),
        Err(DeltaError::OverBudget)
    ));
    // A manifest that is too long is refused for its length, whatever follows.
    let manifest = |bytes: &mut Vec<u8>| {
        bytes[16..20].copy_from_slice(&(MAX_MANIFEST_BYTES + 1).to_le_bytes());
        bytes.resize(100_000, 0);
    };
    assert!(matches!(refused(&manifest), Err(DeltaError::OverBudget)));
    // The sequence of the target is that of its manifest.
    let result = refused(&|bytes| bytes[64] += 1);
    assert!(matches!(result, Err(DeltaError::Malformed)));
    // What is longer than the longest pack makes none.
    let mut long = vec![0; MAX_PACK_BYTES + 1];
    long[..good.len()].copy_from_slice(&good);
    assert!(matches!(Delta::parse(&long), Err(DeltaError::OverBudget)));
    assert!(Delta::parse(&long[..MAX_PACK_BYTES]).is_ok());
}

#[test]
fn changes_the_pack_with_the_root_that_it_names_whatever_the_sequence_says() {
    let World { base, target, .. } = world();
    let mut bytes = delta(&base, &target).unwrap();
    let parsed = Delta::parse(&bytes).unwrap();
    assert_eq!((parsed.base_sequence(), parsed.target_sequence()), (1, 2));
    assert_eq!(*parsed.base_root(), Container::parse(&base).unwrap().root());
    assert_eq!(*parsed.target_root(), Container::parse(&target).unwrap().root());
    // The sequence of the base is for messages.
    bytes[24] = 9;
    assert!(Delta::parse(&bytes).unwrap().apply(&base).unwrap() == target);
    bytes[32] ^= 1;
    let refused = Delta::parse(&bytes).unwrap().apply(&base);
    assert!(matches!(
        refused,
        Err(DeltaError::OtherBase { base: 9, in_force: 1 })
    ));
}

fn operation_of(bytes: &[u8]) -> u8 {
    let manifest = u32::from_le_bytes(bytes[16..20].try_into().unwrap()) as usize;
    // Behind the operation of the trust section, which stays.
    bytes[HEADER_BYTES + manifest + 5]
}

#[test]
fn sets_are_written_anew_in_the_form_of_the_operation() {
    let members: Vec<u64> = (0..100_000).filter(|index| index % 97 == 0).collect();
    let mut later = members.clone();
    later.push(99_999);
    let second = "https://issuer.example/status/1";
    let of_form = |form: fn(&[u64], u64) -> _, header: &[u8], invalid: &[u64]| {
        let encoded = |members: &[u64]| -> Vec<u8> { Result::unwrap(form(members, 100_000)) };
        section(
            header,
            &[
                (URI, 100_000, encoded(invalid), encoded(&[8])),
                (second, 100_000, encoded(&members), Vec::new()),
            ],
        )
    };
    let form_1 = |header: &[u8], invalid: &[u64]| of_form(build_form_1, header, invalid);
    let form_2 = |header: &[u8], invalid: &[u64]| of_form(build, header, invalid);
    for (base, target, operation, what) in [
        (
            pack_2(1, &form_1(b"before", &members)),
            pack_2(2, &form_1(b"after", &later)),
            STATUS_FORM_1,
            "version 2",
        ),
        (
            pack(1, &form_1(b"before", &members)),
            pack(2, &form_1(b"after", &later)),
            STATUS_FORM_1,
            "an issuer that was not updated",
        ),
        (
            pack_2(1, &form_1(b"before", &members)),
            pack(2, &form_2(b"after", &later)),
            STATUS,
            "the day of the update",
        ),
        (
            pack(1, &form_2(b"before", &members)),
            pack(2, &form_2(b"after", &later)),
            STATUS,
            "version 3",
        ),
    ] {
        let change = delta(&base, &target).unwrap();
        assert_eq!(operation_of(&change), operation, "{what}");
        assert!(
            Delta::parse(&change).unwrap().apply(&base).unwrap() == target,
            "{what}"
        );
        assert!(change.len() < 500, "{what}: {}", change.len());
    }
    // A section that goes back comes whole, and version 2 has no operation with sets of form 2.
    let base = pack(1, &form_2(b"before", &members));
    let back = pack(2, &form_1(b"after", &later));
    assert_eq!(operation_of(&delta(&base, &back).unwrap()), WHOLE);
    let base = pack_2(1, &form_1(b"before", &members));
    let target = pack_2(2, &form_2(b"after", &later));
    let change = delta(&base, &target).unwrap();
    assert_eq!((change[8], operation_of(&change)), (2, WHOLE));
    let operations = [unchanged(0), status(STATUS, 1, &[], [&[]; 4])];
    let refused = made(&base, &target, &operations);
    assert!(matches!(refused, Err(DeltaError::Malformed)), "{refused:?}");
}

#[test]
fn a_set_that_does_not_change_keeps_its_bytes_only_in_its_universe() {
    // An issuer that encodes otherwise than this crate: its set is kept where nothing changes.
    let members: Vec<u64> = (0..100).map(|index| index * 3).collect();
    let strange = build_form_1(&members, 1_000).unwrap();
    let list = CompactStatusList::of_indices(URI, BitsPerStatus::Two, 1_000, &members, &[], None);
    assert!(list.is_ok());
    let base = pack(
        1,
        &section(b"before", &[(URI, 1_000, strange.clone(), Vec::new())]),
    );
    let same = pack(2, &section(b"after", &[(URI, 1_000, strange, Vec::new())]));
    let change = delta(&base, &same).unwrap();
    assert_eq!(operation_of(&change), STATUS_FORM_1);
    assert!(Delta::parse(&change).unwrap().apply(&base).unwrap() == same);
    let grown = build(&members, 2_000).unwrap();
    let base = pack(1, &one_list(b"before", &members));
    let target = pack(2, &section(b"after", &[(URI, 2_000, grown, Vec::new())]));
    let change = delta(&base, &target).unwrap();
    assert_eq!(operation_of(&change), STATUS);
    assert!(Delta::parse(&change).unwrap().apply(&base).unwrap() == target);
    // A list that shrinks under its members comes whole: what lies behind its end cannot be said.
    let second = "https://issuer.example/status/1";
    let two = |header: &[u8], universe, first: &[u64], other: &[u64]| {
        let first = (URI, universe, build(first, universe).unwrap(), Vec::new());
        section(header, &[first, (second, 1_000, set(other), Vec::new())])
    };
    let base = pack(1, &two(b"before", 1_000, &members, &[1, 2]));
    let target = pack(2, &two(b"after", 150, &[0], &[2]));
    let change = delta(&base, &target).unwrap();
    assert_eq!(operation_of(&change), WHOLE);
    assert!(Delta::parse(&change).unwrap().apply(&base).unwrap() == target);
}

#[test]
fn a_change_that_is_longer_than_the_section_is_none() {
    let many: Vec<u64> = (0..50_000).filter(|index| index % 17 < 2).collect();
    let of = |header: &[u8], invalid: &[u64]| {
        section(
            header,
            &[(URI, 50_000, build(invalid, 50_000).unwrap(), Vec::new())],
        )
    };
    let (base, target) = (pack(1, &of(b"before", &many)), pack(2, &of(b"after", &[5])));
    let change = delta(&base, &target).unwrap();
    assert_eq!(operation_of(&change), WHOLE);
    assert_eq!(
        operation_of(&delta(&target, &pack(3, &of(b"later", &[5, 6]))).unwrap()),
        STATUS
    );
    assert!(change.len() < 800);
}
