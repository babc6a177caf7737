//! Where the bytes of a pack lie: borrowed for a while, or held together with whoever judges by them.

use core::fmt;
use core::ops::{Deref, Range};
use std::sync::Arc;

/// A pack and its applied form as they were read, to be opened once and judged by for as long as anybody does
/// ([`Pack::open_held`](super::Pack::open_held)).
pub struct HeldBytes {
    pack: Vec<u8>,
    form: Vec<u8>,
}

impl HeldBytes {
    /// Takes a pack and the form that [`apply`](super::apply) gave for it, which may be empty.
    #[must_use]
    pub fn new(pack: Vec<u8>, form: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { pack, form })
    }

    /// The pack, byte for byte as its distributor signed it.
    #[must_use]
    pub fn pack(&self) -> &[u8] {
        &self.pack
    }

    /// Its applied form; without it every opening verifies every signature.
    #[must_use]
    pub fn form(&self) -> &[u8] {
        &self.form
    }

    fn file(&self, file: File) -> &[u8] {
        match file {
            File::Pack => &self.pack,
            File::Form => &self.form,
        }
    }

    /// Where in these bytes a part of them lies; `None` for bytes that lie elsewhere.
    fn place_of(&self, part: &[u8]) -> Option<(File, Range<usize>)> {
        [File::Pack, File::Form].into_iter().find_map(|file| {
            let whole = self.file(file);
            let start = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
            let place = start..start.checked_add(part.len())?;
            let is_there = whole
                .get(place.clone())
                .is_some_and(|found| core::ptr::eq(found, part));
            is_there.then_some((file, place))
        })
    }
}

impl fmt::Debug for HeldBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pack, form) = (self.pack.len(), self.form.len());
        write!(f, "a pack of {pack} bytes and a form of {form}")
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) enum File {
    Pack,
    Form,
}

/// Some bytes of a pack.
#[derive(Debug, Clone)]
pub(super) enum PackedBytes<'a> {
    /// They lie in the pack or its form, which somebody else keeps.
    Borrowed(&'a [u8]),
    /// They were made on this device.
    Made(Vec<u8>),
    /// They lie in a pack or its form, which are kept with them.
    Held {
        held: Arc<HeldBytes>,
        file: File,
        place: Range<usize>,
    },
}

impl PackedBytes<'_> {
    /// The same bytes, kept by `held` where they lie in it; otherwise copied.
    pub(super) fn holding(self, held: &Arc<HeldBytes>) -> PackedBytes<'static> {
        match self {
            Self::Borrowed(part) => match held.place_of(part) {
                Some((file, place)) => PackedBytes::Held {
                    held: Arc::clone(held),
                    file,
                    place,
                },
                None => PackedBytes::Made(part.to_vec()),
            },
            Self::Made(made) => PackedBytes::Made(made),
            Self::Held { held, file, place } => PackedBytes::Held { held, file, place },
        }
    }
}

impl Deref for PackedBytes<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Borrowed(part) => part,
            Self::Made(made) => made,
            // The place was found in these very bytes, which do not change.
            Self::Held { held, file, place } => held.file(*file).get(place.clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_a_held_pack_is_held_and_not_copied() {
        let held = HeldBytes::new(vec![1, 2, 3, 4], vec![5, 6, 7]);
        for (part, address) in [
            (&held.pack()[1..3], &held.pack()[1]),
            (&held.form()[2..], &held.form()[2]),
        ] {
            let kept = PackedBytes::Borrowed(part).holding(&held);
            assert_eq!(&*kept, part);
            assert!(core::ptr::eq(kept.as_ptr(), address), "in its place");
        }
        let elsewhere = vec![2, 3];
        let kept = PackedBytes::Borrowed(&elsewhere).holding(&held);
        assert!(matches!(&kept, PackedBytes::Made(made) if *made == elsewhere));
    }
}
