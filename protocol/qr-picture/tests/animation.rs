//! Animations: drawn, read whole, within a budget.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use symbolon_qr_picture::{
    ErrorCorrection, FrameTime, MAX_PICTURE_BYTES, PictureError, PictureSource, Symbol, Version,
    draw_animation, is_picture, read_picture,
};

fn symbol(text: &str) -> Symbol {
    Symbol::draw(text.as_bytes(), ErrorCorrection::Low, Version::LARGEST).unwrap()
}

fn texts(file: &[u8]) -> Vec<String> {
    let found = read_picture(file, PictureSource::Photographed).unwrap();
    found.iter().map(|code| code.text().unwrap().to_owned()).collect()
}

#[test]
fn every_frame_is_read_once_in_its_order() {
    let contents: Vec<String> = (0..40)
        .map(|at| format!("FRAME {at} {}", "A".repeat(at * 9)))
        .collect();
    let mut symbols: Vec<Symbol> = contents.iter().map(|text| symbol(text)).collect();
    symbols.push(symbols[3].clone());
    let file = draw_animation(&symbols, 3, FrameTime::CAMERA).unwrap();
    assert!(file.starts_with(b"GIF89a") && is_picture(&file));
    assert_eq!(texts(&file), contents);
    assert_eq!(FrameTime::CAMERA.milliseconds(), 200);
}

/// Whoever saves space draws only what has changed, on what stays or what was there before.
#[test]
fn frames_that_draw_a_part_are_seen_over_what_stays() {
    use gif::{DisposalMethod, Encoder, Frame};
    let picture = |text: &str| symbol(text).to_luma(4);
    let (first, second) = (picture("FIRST"), picture("SECOND"));
    let side = u16::try_from(first.width()).unwrap();
    let pixels = |picture: &symbolon_qr_picture::LumaPicture| -> Vec<u8> {
        picture
            .pixels()
            .iter()
            .map(|level| u8::from(*level > 0))
            .collect()
    };
    let frame = |left: u16, width: u16, buffer: Vec<u8>, dispose| Frame {
        left,
        width,
        height: side,
        buffer: buffer.into(),
        dispose,
        ..Frame::default()
    };
    let mut encoder = Encoder::new(Vec::new(), side, side, &[0, 0, 0, 255, 255, 255]).unwrap();
    let whole = pixels(&first);
    encoder
        .write_frame(&frame(0, side, whole, DisposalMethod::Keep))
        .unwrap();
    // A white stripe that is taken back, after which the first code is there again.
    let stripe = vec![1; usize::from(side) * 12];
    encoder
        .write_frame(&frame(10, 12, stripe, DisposalMethod::Previous))
        .unwrap();
    let corner = vec![1; usize::from(side)];
    encoder
        .write_frame(&frame(0, 1, corner, DisposalMethod::Keep))
        .unwrap();
    encoder
        .write_frame(&frame(0, side, pixels(&second), DisposalMethod::Background))
        .unwrap();
    let file = encoder.into_inner().unwrap();
    assert_eq!(texts(&file), ["FIRST", "SECOND"]);
}

#[test]
fn what_is_damaged_or_announces_too_much_is_refused() {
    let good = draw_animation(&[symbol("A"), symbol("B")], 4, FrameTime::CAMERA).unwrap();
    let read = |file: &[u8]| read_picture(file, PictureSource::Rendered).map(|found| found.len());
    assert_eq!(read(&good), Ok(2));
    let mut huge = good.clone();
    huge[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(read(&huge), Err(PictureError::TooManyPixels));
    let mut empty = good.clone();
    empty[6..8].copy_from_slice(&[0; 2]);
    assert_eq!(read(&empty), Err(PictureError::Undecodable));
    assert_eq!(read(&good[..good.len() / 2]), Err(PictureError::Undecodable));
    assert_eq!(read(b"GIF89a"), Err(PictureError::Undecodable));
    let mut long = good;
    long.resize(MAX_PICTURE_BYTES + 1, 0);
    assert_eq!(read(&long), Err(PictureError::TooManyBytes));
    assert_eq!(
        draw_animation(&[], 4, FrameTime::CAMERA),
        Err(PictureError::NotWritten)
    );
}
