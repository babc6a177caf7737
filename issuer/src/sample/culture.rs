//! Names and places. Each entry is the English transliteration and the name in its own script.

mod lists;

use super::dice::Dice;
use lists::{
    ARABIC_FAMILIES, ARABIC_MEN, ARABIC_PLACES, ARABIC_QUARTERS, ARABIC_STREETS, ARABIC_WOMEN,
    FRENCH_FAMILIES, FRENCH_MEN, FRENCH_PLACES, FRENCH_QUARTERS, FRENCH_STREETS, FRENCH_WOMEN,
    HINDI_FAMILIES, HINDI_MEN, HINDI_PLACES, HINDI_QUARTERS, HINDI_STREETS, HINDI_WOMEN,
};

/// English, own script.
pub(super) type Pair = (&'static str, &'static str);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sex {
    Female,
    Male,
}

/// A language community of the sample country.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Culture {
    French,
    Arabic,
    Hindi,
}

impl Culture {
    pub(super) fn any(dice: &mut Dice) -> Self {
        dice.pick(&[Self::French, Self::Arabic, Self::Hindi])
    }

    /// ISO 639-3.
    pub(super) fn language(self) -> &'static str {
        match self {
            Self::French => "fra",
            Self::Arabic => "ara",
            Self::Hindi => "hin",
        }
    }

    pub(super) fn given_name(self, sex: Sex, dice: &mut Dice) -> Pair {
        match (self, sex) {
            (Self::French, Sex::Female) => dice.pick(&FRENCH_WOMEN),
            (Self::French, Sex::Male) => dice.pick(&FRENCH_MEN),
            (Self::Arabic, Sex::Female) => dice.pick(&ARABIC_WOMEN),
            (Self::Arabic, Sex::Male) => dice.pick(&ARABIC_MEN),
            (Self::Hindi, Sex::Female) => dice.pick(&HINDI_WOMEN),
            (Self::Hindi, Sex::Male) => dice.pick(&HINDI_MEN),
        }
    }

    pub(super) fn family_name(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&FRENCH_FAMILIES),
            Self::Arabic => dice.pick(&ARABIC_FAMILIES),
            Self::Hindi => dice.pick(&HINDI_FAMILIES),
        }
    }

    pub(super) fn place(self, dice: &mut Dice) -> Place {
        match self {
            Self::French => dice.pick(&FRENCH_PLACES),
            Self::Arabic => dice.pick(&ARABIC_PLACES),
            Self::Hindi => dice.pick(&HINDI_PLACES),
        }
    }

    /// House and street.
    pub(super) fn street(self, dice: &mut Dice) -> (String, String) {
        let house = dice.between(1, 180);
        let street = match self {
            Self::French => dice.pick(&FRENCH_STREETS),
            Self::Arabic => dice.pick(&ARABIC_STREETS),
            Self::Hindi => dice.pick(&HINDI_STREETS),
        };
        (format!("{house} {}", street.0), format!("{house} {}", street.1))
    }

    pub(super) fn quarter(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&FRENCH_QUARTERS),
            Self::Arabic => dice.pick(&ARABIC_QUARTERS),
            Self::Hindi => dice.pick(&HINDI_QUARTERS),
        }
    }

    /// Floor or entrance.
    pub(super) fn door(self, dice: &mut Dice) -> Pair {
        match self {
            Self::French => dice.pick(&[
                ("Ground floor", "Rez-de-chaussée"),
                ("First floor", "Premier étage"),
                ("Staircase B", "Escalier B"),
            ]),
            Self::Arabic => dice.pick(&[
                ("Ground floor", "الطابق الأرضي"),
                ("First floor", "الطابق الأول"),
                ("Rear entrance", "المدخل الخلفي"),
            ]),
            Self::Hindi => dice.pick(&[
                ("Ground floor", "भूतल"),
                ("First floor", "पहली मंज़िल"),
                ("Near the temple", "मंदिर के पास"),
            ]),
        }
    }
}

/// A town and what it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) region: Pair,
    pub(super) province: Pair,
    pub(super) city: Pair,
    pub(super) zone: Pair,
    /// First two digits.
    pub(super) postal_area: u32,
}
