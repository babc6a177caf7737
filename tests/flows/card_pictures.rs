//! A real card, as phones see it: turned, tilted, blurred, noisy, badly lit.

use std::fs;

use symbolon_qr_picture::testing::{Distortion, distort};
use symbolon_qr_picture::{LumaPicture, PictureSource, decode_picture, read_luma};

use crate::harness::Installation;
use crate::story;

const PICTURES: usize = 200;
/// The card is printed with 8 dots for a module; a phone that holds the whole card sees about half of them.
const MODULE_PIXELS: u32 = 4;

/// The picture at half its width and height.
fn halved(picture: &LumaPicture) -> LumaPicture {
    LumaPicture::from_fn(picture.width() / 2, picture.height() / 2, |x, y| {
        let sum: u16 = [(0, 0), (1, 0), (0, 1), (1, 1)]
            .map(|(right, down)| u16::from(picture.level(2 * x + right, 2 * y + down)))
            .iter()
            .sum();
        u8::try_from(sum / 4).unwrap()
    })
}

#[test]
fn at_least_85_of_100_distorted_pictures_of_a_printed_card_are_read_and_none_is_misread() {
    let installation = Installation::new();
    let uin = story::import_people(&installation);
    story::print_card(&installation, &uin);
    let card = decode_picture(&fs::read(installation.path("card.png")).unwrap()).unwrap();
    let clean = read_luma(&card, PictureSource::Rendered);
    let text = clean.first().and_then(|found| found.text()).unwrap();
    let seen = halved(&card);
    let workers = 2;
    let read: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|worker| {
                let seen = &seen;
                scope.spawn(move || {
                    (worker..PICTURES)
                        .step_by(workers)
                        .filter(|number| {
                            let kind = Distortion::ALL[number / workers % Distortion::ALL.len()];
                            let picture = distort(seen, f64::from(MODULE_PIXELS), kind, *number as u64);
                            let found = read_luma(&picture, PictureSource::Photographed);
                            assert!(found.iter().all(|one| one.text() == Some(text)), "misread");
                            !found.is_empty()
                        })
                        .count()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    println!("read {read} of {PICTURES} pictures of a printed card");
    assert!(read * 100 >= 85 * PICTURES, "read {read} of {PICTURES}");
}

/// One side of a card with two: the front from 0, the back from half of the width.
fn side(card: &LumaPicture, from: u32) -> LumaPicture {
    LumaPicture::from_fn(card.width() / 2, card.height(), |x, y| card.level(from + x, y))
}

#[test]
fn at_least_85_of_100_distorted_pictures_of_either_side_are_read_and_none_is_misread() {
    const SIDE_PICTURES: usize = 60;
    /// The modules of the back are 10 dots, those of the front more.
    const SIDE_MODULE_PIXELS: f64 = 5.0;
    let installation = Installation::new();
    let uin = story::import_people(&installation);
    installation.ok(&["card", "face-key", "--out", "key.json"]);
    let print = [
        "card",
        "print",
        "--record",
        &uin,
        "--out",
        "card.png",
        "--face-key",
        "key.json",
    ];
    installation.ok(&print);
    let card = decode_picture(&fs::read(installation.path("card.png")).unwrap()).unwrap();
    assert_eq!(read_luma(&card, PictureSource::Photographed).len(), 2);
    for (name, from) in [("front", 0), ("back", card.width() / 2)] {
        let side = side(&card, from);
        let clean = read_luma(&side, PictureSource::Rendered);
        let [only] = clean.as_slice() else {
            panic!("the {name} has one code");
        };
        let text = only.text().unwrap();
        let seen = halved(&side);
        let read = (0..SIDE_PICTURES)
            .filter(|number| {
                let kind = Distortion::ALL[number % Distortion::ALL.len()];
                let picture = distort(&seen, SIDE_MODULE_PIXELS, kind, *number as u64);
                let found = read_luma(&picture, PictureSource::Photographed);
                assert!(found.iter().all(|one| one.text() == Some(text)), "misread");
                !found.is_empty()
            })
            .count();
        println!("read {read} of {SIDE_PICTURES} pictures of the {name}");
        assert!(
            read * 100 >= 85 * SIDE_PICTURES,
            "read {read} of {SIDE_PICTURES}: {name}"
        );
    }
}
