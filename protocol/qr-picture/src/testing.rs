//! Seeded distortions of pictures, as cameras and printers make them: for tests of whatever reads QR codes.
//!
//! The same seed gives the same picture on every machine.

use image::ExtendedColorType;
use image::codecs::jpeg::JpegEncoder;
use symbolon_qr_reader::LumaPicture;

use crate::picture::decode_picture;

/// What happened to a picture between the printer and the decoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distortion {
    /// Turned by any angle.
    Rotation,
    /// Turned a little and out of focus: a Gaussian blur of 0.2 to 0.6 module.
    Blur,
    /// Turned a little, with sensor noise of 10 to 60 grey levels (standard deviation).
    Noise,
    /// Seen from the side: corners moved by up to 14 % of the width.
    Perspective,
    /// All of these to a lesser degree, at 2.4 to 4.5 pixels a module, in uneven light with weak contrast, as a JPEG.
    Photo,
}

impl Distortion {
    /// Every kind.
    pub const ALL: [Self; 5] = [
        Self::Rotation,
        Self::Blur,
        Self::Noise,
        Self::Perspective,
        Self::Photo,
    ];
}

/// Reproducible numbers, for tests only (SplitMix64).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// Dice that always fall alike for one seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` to `high`.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * ((self.next() >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// A number around zero, about normally distributed with standard deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.between(0.0, 1.0)).sum::<f64>() - 6.0
    }
}

/// Distorts a picture of a symbol whose modules are `module_pixels` wide.
#[must_use]
pub fn distort(picture: &LumaPicture, module_pixels: f64, kind: Distortion, seed: u64) -> LumaPicture {
    let mut dice = Dice::new(seed);
    let full_turn = core::f64::consts::TAU;
    match kind {
        Distortion::Rotation => {
            let angle = dice.between(0.0, full_turn);
            seen(picture, 1.0, angle, 0.0, &mut dice)
        }
        Distortion::Blur => {
            let angle = dice.between(-0.1, 0.1);
            let turned = seen(picture, 1.0, angle, 0.0, &mut dice);
            blur(&turned, module_pixels * dice.between(0.2, 0.6))
        }
        Distortion::Noise => {
            let angle = dice.between(-0.1, 0.1);
            let turned = seen(picture, 1.0, angle, 0.0, &mut dice);
            let deviation = dice.between(10.0, 60.0);
            noise(&turned, deviation, &mut dice)
        }
        Distortion::Perspective => {
            let (angle, corners) = (dice.between(-0.3, 0.3), dice.between(0.03, 0.14));
            seen(picture, 1.0, angle, corners, &mut dice)
        }
        Distortion::Photo => {
            let scale = dice.between(2.4, 4.5) / module_pixels;
            let (angle, corners) = (dice.between(0.0, full_turn), dice.between(0.0, 0.06));
            let mut photo = seen(picture, scale, angle, corners, &mut dice);
            photo = blur(&photo, module_pixels * scale * dice.between(0.1, 0.35));
            photo = uneven_light(&photo, &mut dice);
            let deviation = dice.between(2.0, 12.0);
            photo = noise(&photo, deviation, &mut dice);
            jpeg(&photo, dice.between(55.0, 90.0) as u8)
        }
    }
}

/// Turns, scales and tilts: every corner of the picture lands somewhere near its turned place. Around it is grey table.
fn seen(picture: &LumaPicture, scale: f64, angle: f64, corners: f64, dice: &mut Dice) -> LumaPicture {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let (sine, cosine) = angle.sin_cos();
    let mut landed = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)].map(|(x, y)| {
        let (x, y) = (x - width / 2.0, y - height / 2.0);
        let moved = (
            dice.between(-corners, corners) * width,
            dice.between(-corners, corners) * height,
        );
        (
            scale * (x * cosine - y * sine + moved.0),
            scale * (x * sine + y * cosine + moved.1),
        )
    });
    let least = landed.iter().fold((f64::MAX, f64::MAX), |least, at| {
        (least.0.min(at.0), least.1.min(at.1))
    });
    let most = landed.iter().fold((f64::MIN, f64::MIN), |most, at| {
        (most.0.max(at.0), most.1.max(at.1))
    });
    let margin = 8.0;
    for at in &mut landed {
        *at = (at.0 - least.0 + margin, at.1 - least.1 + margin);
    }
    let size = (most.0 - least.0 + 2.0 * margin, most.1 - least.1 + 2.0 * margin);
    let back = Projection::of_quadrilateral(landed);
    LumaPicture::from_fn(size.0 as u32, size.1 as u32, |x, y| {
        // Four samples a pixel, as a lens would mix them.
        let sum: f64 = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
            .iter()
            .map(|(right, down)| {
                let (u, v) = back.apply(f64::from(x) + right, f64::from(y) + down);
                sample(picture, u * width, v * height)
            })
            .sum();
        (sum / 4.0) as u8
    })
}

const TABLE: f64 = 150.0;

fn sample(picture: &LumaPicture, x: f64, y: f64) -> f64 {
    if x < 0.0 || y < 0.0 || x >= f64::from(picture.width()) || y >= f64::from(picture.height()) {
        return TABLE;
    }
    f64::from(picture.level(x as u32, y as u32))
}

/// A projective map from a quadrilateral to the unit square.
struct Projection([f64; 9]);

impl Projection {
    fn of_quadrilateral([a, b, c, d]: [(f64, f64); 4]) -> Self {
        // From the square to the quadrilateral (Heckbert 1989, §2.2.3), then its adjugate.
        let (sx, sy) = (a.0 - b.0 + c.0 - d.0, a.1 - b.1 + c.1 - d.1);
        let (dx1, dy1, dx2, dy2) = (b.0 - c.0, b.1 - c.1, d.0 - c.0, d.1 - c.1);
        let bottom = dx1 * dy2 - dx2 * dy1;
        let g = (sx * dy2 - dx2 * sy) / bottom;
        let h = (dx1 * sy - sx * dy1) / bottom;
        let m = [
            b.0 - a.0 + g * b.0,
            d.0 - a.0 + h * d.0,
            a.0, //
            b.1 - a.1 + g * b.1,
            d.1 - a.1 + h * d.1,
            a.1, //
            g,
            h,
            1.0,
        ];
        Self([
            m[4] * m[8] - m[5] * m[7],
            m[2] * m[7] - m[1] * m[8],
            m[1] * m[5] - m[2] * m[4], //
            m[5] * m[6] - m[3] * m[8],
            m[0] * m[8] - m[2] * m[6],
            m[2] * m[3] - m[0] * m[5], //
            m[3] * m[7] - m[4] * m[6],
            m[1] * m[6] - m[0] * m[7],
            m[0] * m[4] - m[1] * m[3],
        ])
    }

    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let bottom = g * x + h * y + i;
        ((a * x + b * y + c) / bottom, (d * x + e * y + f) / bottom)
    }
}

fn blur(picture: &LumaPicture, deviation: f64) -> LumaPicture {
    let reach = (3.0 * deviation).ceil() as i64;
    let weights: Vec<f64> = (-reach..=reach)
        .map(|at| (-((at * at) as f64) / (2.0 * deviation * deviation)).exp())
        .collect();
    let total: f64 = weights.iter().sum();
    let pass = |from: &LumaPicture, horizontal: Axis| {
        let (last_x, last_y) = (i64::from(from.width()) - 1, i64::from(from.height()) - 1);
        LumaPicture::from_fn(from.width(), from.height(), |x, y| {
            let sum: f64 = weights
                .iter()
                .zip(-reach..)
                .map(|(weight, at)| {
                    let (dx, dy) = match horizontal {
                        Axis::Horizontal => (at, 0),
                        Axis::Vertical => (0, at),
                    };
                    let (u, v) = (
                        (i64::from(x) + dx).clamp(0, last_x),
                        (i64::from(y) + dy).clamp(0, last_y),
                    );
                    weight * f64::from(from.level(u as u32, v as u32))
                })
                .sum();
            (sum / total) as u8
        })
    };
    pass(&pass(picture, Axis::Horizontal), Axis::Vertical)
}

#[derive(Clone, Copy)]
enum Axis {
    Horizontal,
    Vertical,
}

fn noise(picture: &LumaPicture, deviation: f64, dice: &mut Dice) -> LumaPicture {
    LumaPicture::from_fn(picture.width(), picture.height(), |x, y| {
        (f64::from(picture.level(x, y)) + deviation * dice.normal()) as u8
    })
}

/// A lamp from one side, and ink and paper that are not black and white.
fn uneven_light(picture: &LumaPicture, dice: &mut Dice) -> LumaPicture {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    let (ink, paper) = (dice.between(25.0, 70.0), dice.between(190.0, 245.0));
    let (sine, cosine) = dice.between(0.0, core::f64::consts::TAU).sin_cos();
    let fall = dice.between(0.1, 0.6);
    LumaPicture::from_fn(picture.width(), picture.height(), |x, y| {
        let printed = ink + (paper - ink) * f64::from(picture.level(x, y)) / 255.0;
        let along = (f64::from(x) / width - 0.5) * cosine + (f64::from(y) / height - 0.5) * sine;
        (printed * (1.0 - fall * (along + 0.5))) as u8
    })
}

fn jpeg(picture: &LumaPicture, quality: u8) -> LumaPicture {
    let mut file = Vec::new();
    let written = JpegEncoder::new_with_quality(&mut file, quality).encode(
        picture.pixels(),
        picture.width(),
        picture.height(),
        ExtendedColorType::L8,
    );
    match (written, decode_picture(&file)) {
        (Ok(()), Ok(read)) => read,
        _ => picture.clone(),
    }
}
