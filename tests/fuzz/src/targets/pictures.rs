//! Pictures of QR codes.

use symbolon_qr_picture::{
    ErrorCorrection, FrameTime, LumaPicture, PictureSource, Symbol, Version, draw_animation, encode_png,
    read_picture,
};

use crate::{Reading, Target};

/// Files of pictures. Decoders are other people's work; the budget is ours.
pub(super) const PICTURES: Target = Target {
    name: "pictures",
    run: |input| {
        let found = read_picture(input, PictureSource::Rendered);
        if let Ok(found) = &found {
            for code in found {
                let _ = code.text();
            }
        }
        Reading::of(&found.map(|_| ()))
    },
    seeds: || {
        let symbol = Symbol::draw(
            b"HELLO 123",
            ErrorCorrection::Low,
            Version::new(10).expect("a version"),
        )
        .expect("a code is drawn");
        let blank = LumaPicture::from_fn(16, 16, |x, y| u8::try_from((x * y) % 256).unwrap_or(0));
        vec![
            symbol.to_png(3).expect("a picture is written"),
            encode_png(&blank).expect("a picture is written"),
            draw_animation(&[symbol.clone(), symbol], 2, FrameTime::CAMERA).expect("a picture is written"),
            DOCUMENT.to_vec(),
        ]
    },
};

/// A page with a square on it.
const DOCUMENT: &[u8] = b"%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 20 20]/Contents 4 0 R/Resources<<>>>>endobj
4 0 obj<</Length 12>>stream
4 4 8 8 re f
endstream
endobj
trailer<</Root 1 0 R>>
";
