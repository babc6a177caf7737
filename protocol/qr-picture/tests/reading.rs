//! Reading what was drawn, clean and distorted.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

use symbolon_qr_picture::testing::{Dice, Distortion, distort};
use symbolon_qr_picture::{
    Decoder, ErrorCorrection, LumaPicture, PictureSource, Symbol, Version, read_luma, read_picture,
};

/// Base45-like text of a length that makes the symbol as large as a card's: version 22 at level L.
fn card_payload(seed: u64) -> String {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut dice = Dice::new(seed);
    (0..1_400)
        .map(|_| char::from(ALPHABET[dice.between(0.0, 45.0) as usize]))
        .collect()
}

fn card_symbol(payload: &str) -> Symbol {
    let symbol = Symbol::draw(payload.as_bytes(), ErrorCorrection::Low, Version::CARD).unwrap();
    assert_eq!(symbol.version(), Version::CARD);
    symbol
}

#[test]
fn reads_at_least_85_of_100_distorted_pictures_of_a_card_and_misreads_none() {
    const PICTURES: u64 = 200;
    const MODULE_PIXELS: u32 = 6;
    let judged = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..2_u64)
            .map(|worker| {
                scope.spawn(move || {
                    let mine = (0..PICTURES).filter(|number| number % 2 == worker);
                    mine.map(|number| {
                        let kind = Distortion::ALL[(number / 2) as usize % Distortion::ALL.len()];
                        let payload = card_payload(number);
                        let clean = card_symbol(&payload).to_luma(MODULE_PIXELS);
                        let picture = distort(&clean, f64::from(MODULE_PIXELS), kind, number);
                        (kind, payload, read_luma(&picture, PictureSource::Photographed))
                    })
                    .collect::<Vec<_>>()
                })
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap())
            .collect::<Vec<_>>()
    });
    let mut read = 0;
    for kind in Distortion::ALL {
        let of_kind: Vec<_> = judged.iter().filter(|(this, _, _)| *this == kind).collect();
        let good = of_kind.iter().filter(|(_, _, found)| !found.is_empty()).count();
        println!("{kind:?}: {good} of {}", of_kind.len());
        read += good;
        for (_, payload, found) in of_kind {
            assert!(found.iter().all(|one| one.text() == Some(payload)), "misread");
        }
    }
    println!("read {read} of {PICTURES}");
    assert!(read * 100 >= 85 * judged.len(), "read {read} of {PICTURES}");
}

#[test]
fn rqrr_reads_a_render_and_rxing_a_photograph() {
    let payload = card_payload(1);
    let png = card_symbol(&payload).to_png(4).unwrap();
    for (source, decoder) in [
        (PictureSource::Rendered, Decoder::Rqrr),
        (PictureSource::Photographed, Decoder::Rxing),
    ] {
        let found = read_picture(&png, source).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].text(), Some(&*payload));
        assert_eq!(found[0].decoder, decoder);
    }
}

#[test]
fn keeps_bytes_as_they_are() {
    let content: Vec<u8> = (0..=255).collect();
    let symbol = Symbol::draw(&content, ErrorCorrection::Medium, Version::LARGEST).unwrap();
    for source in [PictureSource::Rendered, PictureSource::Photographed] {
        assert_eq!(read_luma(&symbol.to_luma(4), source)[0].content, content);
    }
    let text = "openid-credential-offer://?q=ÅÅ ماء पानी 0123456789 ABC";
    let symbol = Symbol::draw(text.as_bytes(), ErrorCorrection::Medium, Version::LARGEST).unwrap();
    for source in [PictureSource::Rendered, PictureSource::Photographed] {
        assert_eq!(read_luma(&symbol.to_luma(4), source)[0].text(), Some(text));
    }
}

#[test]
fn reads_all_codes_of_a_picture_once_each() {
    let codes: Vec<_> = ["FIRST", "SECOND", "FIRST"]
        .map(|text| {
            Symbol::draw(text.as_bytes(), ErrorCorrection::Medium, Version::LARGEST)
                .unwrap()
                .to_luma(6)
        })
        .into();
    let side = codes[0].width();
    let picture = LumaPicture::from_fn(3 * side, side, |x, y| {
        codes[(x / side) as usize].level(x % side, y)
    });
    for source in [PictureSource::Rendered, PictureSource::Photographed] {
        let found = read_luma(&picture, source);
        let mut texts: Vec<_> = found.iter().filter_map(|one| one.text()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["FIRST", "SECOND"]);
    }
}

#[test]
fn a_picture_without_a_code_has_none() {
    let grey = LumaPicture::from_fn(300, 200, |x, y| (x ^ y) as u8);
    assert!(read_luma(&grey, PictureSource::Photographed).is_empty());
    assert!(read_luma(&LumaPicture::from_fn(1, 1, |_, _| 0), PictureSource::Rendered).is_empty());
}

#[test]
fn a_changed_picture_is_not_read_as_something_else() {
    let payload = card_payload(3);
    let clean = card_symbol(&payload).to_luma(4);
    let half_gone = LumaPicture::from_fn(clean.width(), clean.height(), |x, y| {
        if y > clean.height() / 3 && y < clean.height() * 2 / 3 {
            255
        } else {
            clean.level(x, y)
        }
    });
    for source in [PictureSource::Rendered, PictureSource::Photographed] {
        assert!(read_luma(&half_gone, source).is_empty());
    }
}
