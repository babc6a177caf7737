//! Pictures of grey levels in memory.

/// A picture of grey levels, 0 black to 255 white, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct LumaPicture {
    width: u32,
    height: u32,
    pixels: Vec<u8>,
}

impl LumaPicture {
    /// A picture from its pixels, or `None` when they are not `width` times `height`.
    #[must_use]
    pub fn new(width: u32, height: u32, pixels: Vec<u8>) -> Option<Self> {
        let expected = u64::from(width) * u64::from(height);
        (pixels.len() as u64 == expected && expected > 0).then_some(Self {
            width,
            height,
            pixels,
        })
    }

    /// A picture whose pixel at column `x`, row `y` is `level(x, y)`.
    pub fn from_fn(width: u32, height: u32, mut level: impl FnMut(u32, u32) -> u8) -> Self {
        let mut pixels = Vec::with_capacity(width as usize * height as usize);
        for y in 0..height {
            for x in 0..width {
                pixels.push(level(x, y));
            }
        }
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Grey levels, row by row.
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// Level at column `x`, row `y`; white outside.
    #[must_use]
    pub fn level(&self, x: u32, y: u32) -> u8 {
        if x >= self.width {
            return 255;
        }
        self.pixels
            .get(y as usize * self.width as usize + x as usize)
            .copied()
            .unwrap_or(255)
    }

    /// The picture with steeper edges: each pixel is moved away from the mean of its neighbourhood (unsharp mask).
    #[must_use]
    pub fn sharpened(&self) -> Self {
        const REACH: u32 = 2;
        Self::from_fn(self.width, self.height, |x, y| {
            let (mut sum, mut count) = (0_i32, 0_i32);
            for v in y.saturating_sub(REACH)..=(y + REACH).min(self.height - 1) {
                for u in x.saturating_sub(REACH)..=(x + REACH).min(self.width - 1) {
                    sum += i32::from(self.level(u, v));
                    count += 1;
                }
            }
            let level = i32::from(self.level(x, y));
            let steeper = level + 3 * (level - sum / count.max(1)) / 2;
            u8::try_from(steeper.clamp(0, 255)).unwrap_or(255)
        })
    }

    /// The picture at half its width and height, each pixel the mean of four.
    #[must_use]
    pub fn halved(&self) -> Self {
        Self::from_fn((self.width / 2).max(1), (self.height / 2).max(1), |x, y| {
            let sum: u16 = [(0, 0), (1, 0), (0, 1), (1, 1)]
                .iter()
                .map(|(right, down)| u16::from(self.level(2 * x + right, 2 * y + down)))
                .sum();
            u8::try_from(sum / 4).unwrap_or(255)
        })
    }
}

/// Only the size is shown: pictures are of people and their papers.
impl core::fmt::Debug for LumaPicture {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("LumaPicture")
            .field("width", &self.width)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}
