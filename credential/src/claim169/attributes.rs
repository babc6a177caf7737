//! Attributes of Claim 169 whose values are codes.

/// Attribute 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    /// 1
    Male,
    /// 2
    Female,
    /// 3
    Other,
}

/// Attribute 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MaritalStatus {
    /// 1
    Unmarried,
    /// 2
    Married,
    /// 3
    Divorced,
}

/// Attribute 17: the format of attribute 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageFormat {
    /// 1
    Jpeg,
    /// 2
    Jpeg2000,
    /// 3
    Avif,
    /// 4
    Webp,
}

/// An element of attribute 18: which finger reads best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Finger(u8);

impl Gender {
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Male => 1,
            Self::Female => 2,
            Self::Other => 3,
        }
    }

    pub(super) const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Male),
            2 => Some(Self::Female),
            3 => Some(Self::Other),
            _ => None,
        }
    }
}

impl MaritalStatus {
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Unmarried => 1,
            Self::Married => 2,
            Self::Divorced => 3,
        }
    }

    pub(super) const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Unmarried),
            2 => Some(Self::Married),
            3 => Some(Self::Divorced),
            _ => None,
        }
    }
}

impl ImageFormat {
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Jpeg => 1,
            Self::Jpeg2000 => 2,
            Self::Avif => 3,
            Self::Webp => 4,
        }
    }

    pub(super) const fn from_code(code: i64) -> Option<Self> {
        match code {
            1 => Some(Self::Jpeg),
            2 => Some(Self::Jpeg2000),
            3 => Some(Self::Avif),
            4 => Some(Self::Webp),
            _ => None,
        }
    }
}

impl Finger {
    /// The finger of this code: 0 unknown, 1 to 5 right thumb to right little finger, 6 to 10 left thumb to left little
    /// finger; `None` beyond.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        if code <= 10 { Some(Self(code)) } else { None }
    }

    /// The code, 0 to 10.
    #[must_use]
    pub const fn code(self) -> u8 {
        self.0
    }
}
