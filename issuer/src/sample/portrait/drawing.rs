//! From features to shapes.

use core::fmt::Write as _;

use super::{Beard, Brows, Cut, Glasses, Head, Life, PORTRAIT_HEIGHT, PORTRAIT_WIDTH, Portrait};

impl Portrait {
    /// The portrait as an SVG document of [`PORTRAIT_WIDTH`] by [`PORTRAIT_HEIGHT`] units. It uses paths and plain
    /// fills alone, so every renderer draws the same.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {PORTRAIT_WIDTH} {PORTRAIT_HEIGHT}\">\
             <rect width=\"96\" height=\"120\" fill=\"{}\"/>",
            self.backdrop
        );
        // A child's head sits lower and is rounder.
        let (top, chin) = if self.life == Life::Child {
            (32.0, 87.0)
        } else {
            (24.0, 88.0)
        };
        let middle = (top + chin) / 2.0;
        self.draw_behind(&mut svg, top);
        self.draw_shoulders(&mut svg, chin);
        self.draw_head(&mut svg, top, chin);
        self.draw_features(&mut svg, middle, chin);
        self.draw_front(&mut svg, top);
        svg.push_str("</svg>");
        svg
    }

    fn draw_behind(&self, svg: &mut String, top: f64) {
        let w = self.width;
        match (self.head, self.cut) {
            (Head::Scarf(color), _) => path(
                svg,
                color,
                &format!(
                    "M48 {t} C{l} {t} {l2} 44 {l2} 66 C{l2} 92 18 96 14 120 H82 C78 96 {r2} 92 {r2} 66 C{r2} 44 {r} {t} 48 {t}Z",
                    t = top - 9.0,
                    l = 48.0 - w - 2.0,
                    l2 = 48.0 - w - 6.0,
                    r = 48.0 + w + 2.0,
                    r2 = 48.0 + w + 6.0
                ),
            ),
            (_, Cut::Long) => path(
                svg,
                self.hair,
                &format!(
                    "M48 {t} C{l} {t} {l2} 46 {l2} 70 C{l2} 92 {l3} 102 {l3} 110 H{r3} C{r3} 102 {r2} 92 {r2} 70 C{r2} 46 {r} {t} 48 {t}Z",
                    t = top - 6.0,
                    l = 48.0 - w,
                    l2 = 48.0 - w - 5.0,
                    l3 = 48.0 - w - 3.0,
                    r = 48.0 + w,
                    r2 = 48.0 + w + 5.0,
                    r3 = 48.0 + w + 3.0
                ),
            ),
            (_, Cut::Bob) => path(
                svg,
                self.hair,
                &format!(
                    "M48 {t} C{l} {t} {l2} 46 {l2} 66 C{l2} 82 {l} 86 {l} 88 H{r} C{r} 86 {r2} 82 {r2} 66 C{r2} 46 {r} {t} 48 {t}Z",
                    t = top - 6.0,
                    l = 48.0 - w - 1.0,
                    l2 = 48.0 - w - 5.0,
                    r = 48.0 + w + 1.0,
                    r2 = 48.0 + w + 5.0
                ),
            ),
            (_, Cut::Bun) => {
                circle(svg, self.hair, (48.0, top - 7.0), 10.0);
            }
            _ => {}
        }
    }

    fn draw_shoulders(&self, svg: &mut String, chin: f64) {
        let reach = if self.life == Life::Child { 30.0 } else { 40.0 };
        path(
            svg,
            self.skin.1,
            &format!("M39 {y} V{b} H57 V{y}Z", y = chin - 12.0, b = chin + 18.0),
        );
        path(
            svg,
            self.clothes,
            &format!(
                "M{l} 120 C{l} {y} 36 {n} 39 {n} Q48 {m} 57 {n} C60 {n} {r} {y} {r} 120Z",
                l = 48.0 - reach,
                r = 48.0 + reach,
                n = chin + 10.0,
                y = chin + 14.0,
                m = chin + 24.0
            ),
        );
    }

    fn draw_head(&self, svg: &mut String, top: f64, chin: f64) {
        let w = self.width;
        if !matches!(self.head, Head::Scarf(_)) {
            for side in [-1.0, 1.0] {
                ellipse(
                    svg,
                    self.skin.1,
                    (48.0 + side * w, (top + chin) / 2.0 + 4.0),
                    (4.0, 7.0),
                );
            }
        }
        path(
            svg,
            self.skin.0,
            &format!(
                "M48 {top} C{l2} {top} {l} 44 {l} 58 C{l} 76 38 {chin} 48 {chin} C58 {chin} {r} 76 {r} 58 C{r} 44 {r2} {top} 48 {top}Z",
                l = 48.0 - w,
                r = 48.0 + w,
                l2 = 48.0 - w + 2.0,
                r2 = 48.0 + w - 2.0
            ),
        );
        if self.beard == Beard::Full {
            path(
                svg,
                self.hair,
                &format!(
                    "M{l} 60 C{l} 82 38 {b} 48 {b} C58 {b} {r} 82 {r} 60 C{ri} 72 58 71 48 71 C38 71 {li} 72 {l} 60Z",
                    l = 48.0 - w,
                    r = 48.0 + w,
                    li = 48.0 - w + 3.0,
                    ri = 48.0 + w - 3.0,
                    b = chin + 3.0
                ),
            );
        }
    }

    fn draw_features(&self, svg: &mut String, middle: f64, chin: f64) {
        let y = middle + 2.0;
        let size = if self.life == Life::Child { 1.25 } else { 1.0 };
        for side in [-1.0, 1.0] {
            let x = 48.0 + side * self.eyes;
            ellipse(svg, "#ffffff", (x, y), (4.4 * size, 2.7 * size));
            circle(svg, self.iris, (x, y), 2.3 * size);
            circle(svg, "#ffffff", (x + 0.8, y - 0.8), 0.7);
            let rise = if self.brows == Brows::Arched { 3.0 } else { 0.8 };
            let weight = if self.brows == Brows::Arched { 1.3 } else { 2.1 };
            stroke(
                svg,
                self.hair,
                weight,
                &format!(
                    "M{} {b} Q{x} {} {} {b}",
                    x - 5.5,
                    y - 7.0 - rise,
                    x + 5.5,
                    b = y - 6.5
                ),
            );
            if self.life == Life::Old {
                stroke(
                    svg,
                    self.skin.1,
                    0.9,
                    &format!("M{} {b} Q{x} {} {} {b}", x - 4.0, y + 7.0, x + 4.0, b = y + 5.0),
                );
            }
            match self.glasses {
                Glasses::Without => {}
                Glasses::Round => stroke(
                    svg,
                    "#2b2b2b",
                    1.2,
                    &format!("M{} {y} a7.2 7.2 0 1 0 14.4 0 a7.2 7.2 0 1 0 -14.4 0", x - 7.2),
                ),
                Glasses::Square => {
                    stroke(
                        svg,
                        "#2b2b2b",
                        1.4,
                        &format!("M{} {}h14.4v10.5h-14.4z", x - 7.2, y - 5.0),
                    );
                }
            }
        }
        if self.glasses != Glasses::Without {
            stroke(
                svg,
                "#2b2b2b",
                1.2,
                &format!("M{} {y} H{}", 48.0 - self.eyes + 7.2, 48.0 + self.eyes - 7.2),
            );
        }
        let n = self.nose;
        stroke(
            svg,
            self.skin.1,
            1.6,
            &format!(
                "M48 {} C47 {a} {} {b} {} {c} Q48 {d} {} {c}",
                y + 2.0,
                47.0 - n / 2.0,
                48.0 - n,
                48.0 + n,
                a = y + 7.0,
                b = y + 10.0,
                c = y + 12.0,
                d = y + 14.0
            ),
        );
        let m = chin - 14.0;
        path(
            svg,
            self.lips,
            &format!(
                "M{} {m} Q44 {a} 48 {b} Q52 {a} {} {m} Q48 {c} {} {m}Z",
                48.0 - self.mouth,
                48.0 + self.mouth,
                48.0 - self.mouth,
                a = m - 2.2,
                b = m - 1.0,
                c = m + 5.0
            ),
        );
        if self.beard != Beard::Shaven {
            path(
                svg,
                self.hair,
                &format!(
                    "M{} {a} Q44 {b} 48 {c} Q52 {b} {} {a} Q53 {d} 48 {d} Q43 {d} {} {a}Z",
                    47.0 - self.mouth,
                    49.0 + self.mouth,
                    47.0 - self.mouth,
                    a = m,
                    b = m - 6.0,
                    c = m - 4.5,
                    d = m - 2.2
                ),
            );
        }
        if self.life == Life::Old {
            for side in [-1.0, 1.0] {
                let x = 48.0 + side * (self.mouth + 4.0);
                stroke(
                    svg,
                    self.skin.1,
                    1.0,
                    &format!("M{} {} Q{x} {} {x} {}", x - side * 2.5, m - 8.0, m - 3.0, m + 2.0),
                );
            }
        }
    }

    fn draw_front(&self, svg: &mut String, top: f64) {
        let w = self.width;
        let (l, r) = (48.0 - w, 48.0 + w);
        match (self.head, self.cut) {
            (Head::Scarf(color), _) => path(
                svg,
                color,
                &format!(
                    "M48 {t} C{l2} {t} {l3} 46 {l3} 68 C{l3} 84 36 96 48 98 C60 96 {r3} 84 {r3} 68 C{r3} 46 {r2} {t} 48 {t}Z \
                     M48 {i} C{r4} {i} {ri} 48 {ri} 60 C{ri} 76 57 {c} 48 {c} C39 {c} {li} 76 {li} 60 C{li} 48 {l4} {i} 48 {i}Z",
                    t = top - 7.0,
                    i = top + 5.0,
                    c = 91.0,
                    l2 = l - 1.0,
                    l3 = l - 4.0,
                    l4 = l + 3.0,
                    li = l + 2.5,
                    r2 = r + 1.0,
                    r3 = r + 4.0,
                    r4 = r - 3.0,
                    ri = r - 2.5
                ),
            ),
            (Head::Turban(color), _) => path(
                svg,
                color,
                &format!(
                    "M{} {b} C{} {t} {} {t} {} {b} C{r} {} 56 {m} 48 {m} C40 {m} {l} {} {} {b}Z",
                    l - 4.0,
                    l - 8.0,
                    r + 8.0,
                    r + 4.0,
                    top + 14.0,
                    top + 14.0,
                    l - 4.0,
                    b = top + 17.0,
                    t = top - 19.0,
                    m = top + 7.0
                ),
            ),
            (_, Cut::Receding) => {
                for side in [-1.0, 1.0] {
                    let x = 48.0 + side * w;
                    path(
                        svg,
                        self.hair,
                        &format!(
                            "M{} 62 C{} 40 {} {} {} {} C{} {} {x} 46 {} 62Z",
                            x + side,
                            x + side * 4.0,
                            x - side * 2.0,
                            top + 2.0,
                            x - side * 9.0,
                            top + 5.0,
                            x - side * 4.0,
                            top + 10.0,
                            x - side * 1.5
                        ),
                    );
                }
            }
            (_, Cut::Curly) => {
                for at in 0..9_u8 {
                    let turn = core::f64::consts::PI * (1.0 + f64::from(at) / 8.0);
                    circle(
                        svg,
                        self.hair,
                        (48.0 + w * turn.cos(), top + 19.0 + 22.0 * turn.sin()),
                        8.0,
                    );
                }
            }
            (_, Cut::Short) => path(
                svg,
                self.hair,
                &format!(
                    "M{} 58 C{} {t} {} {t} {} 58 C{r} 46 {} {f} 48 {f} C{} {f} {l} 46 {} 58Z",
                    l - 1.0,
                    l - 3.0,
                    r + 3.0,
                    r + 1.0,
                    r - 4.0,
                    l + 4.0,
                    l - 1.0,
                    t = top - 13.0,
                    f = top + 10.0
                ),
            ),
            (_, Cut::Parted) => path(
                svg,
                self.hair,
                &format!(
                    "M{} 60 C{} {t} {} {t} {} 60 C{r} 50 {} {f} {} {g} C52 {f} 40 {f} {} {h} C{} 46 {l} 52 {} 60Z",
                    l - 1.0,
                    l - 3.0,
                    r + 3.0,
                    r + 1.0,
                    r - 2.0,
                    r - 8.0,
                    l + 9.0,
                    l + 3.0,
                    l - 1.0,
                    t = top - 14.0,
                    f = top + 13.0,
                    g = top + 8.0,
                    h = top + 10.0
                ),
            ),
            (_, Cut::Bob | Cut::Long | Cut::Bun) => path(
                svg,
                self.hair,
                &format!(
                    "M{} 62 C{} {t} {} {t} {} 62 C{} 46 60 {f} 46 {g} C40 {f} {} 48 {} 62Z",
                    l - 2.0,
                    l - 4.0,
                    r + 4.0,
                    r + 2.0,
                    r - 1.0,
                    l + 2.0,
                    l - 2.0,
                    t = top - 15.0,
                    f = top + 13.0,
                    g = top + 5.0
                ),
            ),
        }
    }
}

// Writing to a string cannot fail, so the results below are dropped.

fn path(svg: &mut String, fill: &str, data: &str) {
    let _ = write!(svg, "<path fill=\"{fill}\" fill-rule=\"evenodd\" d=\"{data}\"/>");
}

fn stroke(svg: &mut String, color: &str, width: f64, data: &str) {
    let _ = write!(
        svg,
        "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"{width}\" stroke-linecap=\"round\" d=\"{data}\"/>"
    );
}

fn circle(svg: &mut String, fill: &str, (x, y): (f64, f64), radius: f64) {
    let _ = write!(
        svg,
        "<circle fill=\"{fill}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{radius:.1}\"/>"
    );
}

fn ellipse(svg: &mut String, fill: &str, (x, y): (f64, f64), (rx, ry): (f64, f64)) {
    let _ = write!(
        svg,
        "<ellipse fill=\"{fill}\" cx=\"{x:.1}\" cy=\"{y:.1}\" rx=\"{rx:.1}\" ry=\"{ry:.1}\"/>"
    );
}
