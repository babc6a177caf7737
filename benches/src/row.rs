//! One piece of work and what it cannot cost less than.

/// Something that is done over and over.
pub type Work = Box<dyn FnMut()>;

/// One row of the table.
pub struct Row {
    /// Format and work.
    pub name: String,
    /// The bare signatures and hashes.
    pub limit: Work,
    /// The work itself.
    pub work: Work,
    /// What it should reach.
    pub target: Target,
}

/// How many times its limit some work may cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// At most this many times.
    AtMost(f64),
    /// Nobody has said; the row is there to be watched.
    Watched,
}

impl Row {
    /// A row that is only watched.
    pub fn new(name: impl Into<String>, limit: impl FnMut() + 'static, work: impl FnMut() + 'static) -> Self {
        Self {
            name: name.into(),
            limit: Box::new(limit),
            work: Box::new(work),
            target: Target::Watched,
        }
    }

    /// The same with a target.
    #[must_use]
    pub fn at_most(mut self, times: f64) -> Self {
        self.target = Target::AtMost(times);
        self
    }
}
