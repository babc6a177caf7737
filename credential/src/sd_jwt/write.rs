//! Writing JSON as text, without a tree of it.

use serde::Serialize;

/// An object that is being written.
pub(super) struct Members<'o> {
    out: &'o mut Vec<u8>,
    /// What goes before the next member.
    separator: &'static [u8],
}

impl<'o> Members<'o> {
    /// Begins an object behind what is written.
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        Self { out, separator: b"{" }
    }

    /// Writes the name of a member, whose value is to be written next.
    pub(super) fn value_of(&mut self, name: &str) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.separator);
        self.separator = b",";
        write_json(self.out, name);
        self.out.push(b':');
        self.out
    }

    /// Ends the object.
    pub(super) fn end(self) {
        if self.separator == b"{" {
            self.out.push(b'{');
        }
        self.out.push(b'}');
    }
}

/// Writes a value of JSON.
pub(super) fn write_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    // Values of JSON are written to memory, which does not fail.
    let _ = serde_json::to_writer(out, value);
}
