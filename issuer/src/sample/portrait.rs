//! Faces, drawn: flat shapes that look like somebody, told apart by a dozen features. SVG text, so that this crate needs
//! no graphics.

mod drawing;

use super::culture::{Culture, Sex};
use super::dice::Dice;

/// Width of a portrait in SVG units; a photo of 4 by 5.
pub const PORTRAIT_WIDTH: u32 = 96;
/// Height of a portrait in SVG units.
pub const PORTRAIT_HEIGHT: u32 = 120;

/// The features of one face.
#[derive(Clone, PartialEq)]
pub struct Portrait {
    skin: Tone,
    hair: &'static str,
    iris: &'static str,
    lips: &'static str,
    clothes: &'static str,
    backdrop: &'static str,
    head: Head,
    cut: Cut,
    beard: Beard,
    glasses: Glasses,
    brows: Brows,
    life: Life,
    /// Half the width of the head, between the eyes, of the mouth and of the nose.
    width: f64,
    eyes: f64,
    mouth: f64,
    nose: f64,
}

/// Light and shaded.
type Tone = (&'static str, &'static str);

#[derive(Clone, Copy, PartialEq)]
enum Head {
    Bare,
    Scarf(&'static str),
    Turban(&'static str),
}

#[derive(Clone, Copy, PartialEq)]
enum Cut {
    Short,
    Parted,
    Curly,
    Receding,
    Bob,
    Long,
    Bun,
}

#[derive(Clone, Copy, PartialEq)]
enum Beard {
    Shaven,
    Moustache,
    Full,
}

#[derive(Clone, Copy, PartialEq)]
enum Glasses {
    Without,
    Round,
    Square,
}

#[derive(Clone, Copy, PartialEq)]
enum Brows {
    Straight,
    Arched,
}

#[derive(Clone, Copy, PartialEq)]
enum Life {
    Child,
    Adult,
    Old,
}

const SKINS: [Tone; 7] = [
    ("#f6d7bf", "#e3b697"),
    ("#efc9a6", "#d9a77c"),
    ("#e0ac81", "#c58a5e"),
    ("#c98f63", "#a97046"),
    ("#a86f46", "#875432"),
    ("#855334", "#683d24"),
    ("#653d28", "#4c2c1b"),
];
const HAIRS: [&str; 6] = ["#16120f", "#241a15", "#3a261a", "#57371f", "#7c5230", "#b98a4d"];
const GREYS: [&str; 3] = ["#8f8f8f", "#b9b7b3", "#dcdad5"];
const IRISES: [&str; 5] = ["#2d1c12", "#43291a", "#5b3b20", "#4d5f3c", "#46647a"];
const CLOTHES: [&str; 8] = [
    "#2f4858", "#6b3f4e", "#3c6e5a", "#7a5c2e", "#4a4a6a", "#8a4b32", "#35608a", "#5c6b3c",
];
const BACKDROPS: [&str; 4] = ["#dfe8ee", "#e9e4db", "#e3ebe2", "#ece3e6"];
const SCARVES: [&str; 6] = ["#3d5a73", "#7b4b63", "#4f6f52", "#86653a", "#2d2d3a", "#9a8576"];

impl Portrait {
    pub(super) fn make(dice: &mut Dice, sex: Sex, age: u16, culture: Culture) -> Self {
        let life = match age {
            0..=13 => Life::Child,
            14..=59 => Life::Adult,
            _ => Life::Old,
        };
        let old = life == Life::Old || (age > 48 && dice.chance(40));
        let grown_man = sex == Sex::Male && age > 19;
        let skins: [usize; 3] = match culture {
            Culture::French => [0, 3, 6],
            Culture::Arabic => [1, 2, 3],
            Culture::Hindi => [2, 3, 4],
        };
        let skin = SKINS
            .get(dice.pick(&skins))
            .copied()
            .unwrap_or(("#e0ac81", "#c58a5e"));
        let dark_haired = culture != Culture::French || skin.0 != "#f6d7bf";
        let hair = match (old, dark_haired) {
            (true, _) => dice.pick(&GREYS),
            (false, true) => dice.pick(&["#16120f", "#241a15", "#2b1f18"]),
            (false, false) => dice.pick(&HAIRS),
        };
        let head = match (culture, sex) {
            (Culture::Arabic, Sex::Female) if age > 12 && dice.chance(65) => Head::Scarf(dice.pick(&SCARVES)),
            (Culture::Hindi, Sex::Male) if age > 16 && dice.chance(18) => Head::Turban(dice.pick(&SCARVES)),
            _ => Head::Bare,
        };
        let cut = match sex {
            Sex::Female => dice.pick(&[Cut::Bob, Cut::Long, Cut::Bun, Cut::Long]),
            Sex::Male if old && dice.chance(50) => Cut::Receding,
            Sex::Male => dice.pick(&[Cut::Short, Cut::Parted, Cut::Curly]),
        };
        let beard = if grown_man && (matches!(head, Head::Turban(_)) || dice.chance(30)) {
            Beard::Full
        } else if grown_man && dice.chance(28) {
            Beard::Moustache
        } else {
            Beard::Shaven
        };
        let glasses = if dice.chance(if old { 45 } else { 16 }) {
            dice.pick(&[Glasses::Round, Glasses::Square])
        } else {
            Glasses::Without
        };
        let spread = |dice: &mut Dice, low: u32, high: u32| f64::from(dice.between(low, high)) / 10.0;
        Self {
            skin,
            hair,
            iris: if dark_haired {
                dice.pick(&["#2d1c12", "#43291a", "#5b3b20"])
            } else {
                dice.pick(&IRISES)
            },
            lips: if sex == Sex::Female {
                dice.pick(&["#b4544f", "#a8464e", "#9c5049"])
            } else {
                skin.1
            },
            clothes: dice.pick(&CLOTHES),
            backdrop: dice.pick(&BACKDROPS),
            head,
            cut,
            beard,
            glasses,
            brows: if sex == Sex::Female {
                Brows::Arched
            } else {
                Brows::Straight
            },
            life,
            width: spread(dice, 210, 245),
            eyes: spread(dice, 88, 108),
            mouth: spread(dice, 65, 95),
            nose: spread(dice, 28, 46),
        }
    }
}
