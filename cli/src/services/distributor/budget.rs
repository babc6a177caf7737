//! How much room each authority has in a pack, so that none takes that of the others.

use std::collections::BTreeMap;

use symbolon_trust::pack::{
    MAX_PACKED_REVOCATION_LIST_BYTES, MAX_PACKED_REVOCATION_LISTS, PackedRevocationList, RevocationSection,
};

/// Lists of one anchor and of the authorities under it.
const MAX_LISTS_OF_ANCHOR: usize = 64;
/// Their bytes.
const MAX_BYTES_OF_ANCHOR: usize = 8 << 20;

/// A list with its section.
pub(super) type Found = (RevocationSection, PackedRevocationList);

/// Keeps what fits, small lists first, and says how many do not.
pub(super) fn fitting(mut lists: Vec<Found>) -> (Vec<Found>, u64) {
    let bytes = |list: &PackedRevocationList| list.list().der().len();
    lists.sort_by_key(|(_, list)| bytes(list));
    let mut of_anchors: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut in_all = (0, 0);
    let before = lists.len();
    lists.retain(|(_, list)| {
        let of_anchor = of_anchors.entry(list.root().to_owned()).or_default();
        let with = |(count, total): (usize, usize)| (count + 1, total + bytes(list));
        let (own, all) = (with(*of_anchor), with(in_all));
        let fits = own.0 <= MAX_LISTS_OF_ANCHOR
            && own.1 <= MAX_BYTES_OF_ANCHOR
            && all.0 <= MAX_PACKED_REVOCATION_LISTS
            && all.1 <= MAX_PACKED_REVOCATION_LIST_BYTES;
        if fits {
            (*of_anchor, in_all) = (own, all);
        }
        fits
    });
    let left_out = before - lists.len();
    (lists, left_out as u64)
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::RustCryptoProvider;
    use symbolon_crypto::testing::revocation::tagged;
    use symbolon_trust::testing::{NOW, TestIssuer, TestIssuingAuthority, TestRegistry};

    use super::*;

    /// An authority with many lists takes no room of another, and its large lists none of its small ones.
    #[test]
    fn an_authority_has_room_of_its_own() {
        let many = TestIssuingAuthority::new(810);
        let one = TestIssuingAuthority::new(820);
        let mut entry = TestIssuer::new("https://issuer.example", 10).entry(Vec::new());
        entry.anchors = vec![many.root().clone(), one.root().clone()];
        let trust = TestRegistry::new(1).trust_list(vec![entry], NOW);
        let found = |authority: &TestIssuingAuthority, entries: u32| {
            let leaf = symbolon_crypto::x509::Certificate::parse(authority.certificate()).unwrap();
            let list = authority.revocation_list(NOW);
            let list = (0..entries).fold(list, |list, _| list.revoking(&leaf, NOW, None));
            let der = authority.sign_revocation_list(&list);
            let found =
                RevocationSection::find("http://a.example", &der, &[], &trust, &RustCryptoProvider, NOW);
            found.unwrap().unwrap()
        };
        let size = |(_, list): &Found| list.list().der().len();
        let small = found(&many, 0);
        let lists: Vec<_> = core::iter::once(found(&many, 1))
            .chain(core::iter::repeat_n(small.clone(), MAX_LISTS_OF_ANCHOR))
            .chain([found(&one, 2)])
            .collect();
        let (kept, left_out) = fitting(lists);
        assert_eq!((kept.len(), left_out), (MAX_LISTS_OF_ANCHOR + 1, 1));
        assert!(
            kept.iter()
                .take(MAX_LISTS_OF_ANCHOR)
                .all(|list| size(list) == size(&small))
        );
        assert_eq!(kept.last().unwrap().1.authority(), one.root());

        let large = found(&many, 60_000);
        assert!(size(&large) > 1 << 20);
        let fit = MAX_BYTES_OF_ANCHOR / size(&large);
        let lists = core::iter::repeat_n(large, fit + 1).chain([small, found(&one, 0)]);
        let (kept, left_out) = fitting(lists.collect());
        assert_eq!((kept.len(), left_out), (fit + 2, 1));
    }
    /// However many authorities there are, a pack has no more than a reader takes.
    #[test]
    fn all_authorities_together_have_the_room_of_a_pack() {
        let authorities: Vec<_> = (0..MAX_PACKED_REVOCATION_LISTS / MAX_LISTS_OF_ANCHOR + 1)
            .map(|number| TestIssuingAuthority::new(810 + 10 * number as u64))
            .collect();
        let mut entry = TestIssuer::new("https://issuer.example", 10).entry(Vec::new());
        entry.anchors = authorities
            .iter()
            .map(|authority| authority.root().clone())
            .collect();
        let trust = TestRegistry::new(1).trust_list(vec![entry], NOW);
        let found = |authority: &TestIssuingAuthority, padding: usize| {
            let list = authority.revocation_list(NOW);
            let list = list.with("1.2.3.4", false, &tagged(0x04, &vec![0; padding]));
            let der = authority.sign_revocation_list(&list);
            let found =
                RevocationSection::find("http://a.example", &der, &[], &trust, &RustCryptoProvider, NOW);
            found.unwrap().unwrap()
        };
        let lists = authorities
            .iter()
            .flat_map(|authority| core::iter::repeat_n(found(authority, 0), MAX_LISTS_OF_ANCHOR));
        let (kept, left_out) = fitting(lists.collect());
        assert_eq!(kept.len(), MAX_PACKED_REVOCATION_LISTS);
        assert_eq!(left_out, MAX_LISTS_OF_ANCHOR as u64);

        // Three anchors with as much as each may have.
        let [first, second, third] = [0, 1, 2].map(|at| found(&authorities[at], 4 << 20));
        let each = MAX_BYTES_OF_ANCHOR / first.1.list().der().len();
        assert_eq!(
            each, 1,
            "a second one of four megabytes and its frame is too much"
        );
        let lists = [first.clone(), second.clone(), third.clone()].map(|list| vec![list; 2]);
        let (kept, left_out) = fitting(lists.concat());
        assert_eq!((kept.len(), left_out), (3, 3));
        let half = [0, 1, 2].map(|at| found(&authorities[at], 2 << 20));
        let all = [first, second, third].into_iter().chain(half);
        let (kept, left_out) = fitting(all.collect());
        assert_eq!((kept.len(), left_out), (5, 1), "sixteen megabytes in all");
        assert_eq!(kept[2].1.list().der().len() >> 20, 2, "small ones first");
    }
}
