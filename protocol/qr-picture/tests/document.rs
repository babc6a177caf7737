//! Documents: a code on a page is read, and what is no document is refused.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

use symbolon_qr_picture::{
    ErrorCorrection, MAX_DOCUMENT_PAGES, PictureError, PictureSource, Symbol, Version, is_picture,
    read_picture,
};

/// A document with a code on each page, drawn as squares, and its pages `side` points wide.
fn document(texts: &[String], side: u32) -> Vec<u8> {
    let mut objects = vec!["<</Type/Catalog/Pages 2 0 R>>".to_owned()];
    let kids: Vec<String> = (0..texts.len())
        .map(|page| format!("{} 0 R", 3 + 2 * page))
        .collect();
    objects.push(format!(
        "<</Type/Pages/Kids[{}]/Count {}>>",
        kids.join(" "),
        texts.len()
    ));
    for (page, text) in texts.iter().enumerate() {
        let symbol = Symbol::draw(text.as_bytes(), ErrorCorrection::Medium, Version::LARGEST).unwrap();
        let modules = symbol.width();
        let unit = f64::from(side) / f64::from(modules + 8);
        let mut drawn = format!("{unit} 0 0 {unit} 0 0 cm\n");
        for y in 0..modules {
            for x in (0..modules).filter(|x| symbol.is_dark(*x, y)) {
                drawn.push_str(&format!("{} {} 1 1 re f\n", x + 4, modules + 3 - y));
            }
        }
        objects.push(format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 {side} {side}]/Contents {} 0 R/Resources<<>>>>",
            4 + 2 * page
        ));
        objects.push(format!("<</Length {}>>stream\n{drawn}endstream", drawn.len()));
    }
    let mut file = "%PDF-1.4\n".to_owned();
    for (number, object) in objects.iter().enumerate() {
        file.push_str(&format!("{} 0 obj{object}endobj\n", number + 1));
    }
    file.push_str("trailer<</Root 1 0 R>>\n");
    file.into_bytes()
}

#[test]
fn the_codes_of_the_first_pages_are_read_each_once() {
    let mut texts: Vec<String> = (0..MAX_DOCUMENT_PAGES + 2)
        .map(|page| format!("PAGE {page}"))
        .collect();
    texts[1] = texts[0].clone();
    let file = document(&texts, 120);
    assert!(is_picture(&file));
    let found = read_picture(&file, PictureSource::Rendered).unwrap();
    let found: Vec<_> = found.iter().filter_map(|code| code.text()).collect();
    assert_eq!(found, ["PAGE 0", "PAGE 2", "PAGE 3"]);
}

#[test]
fn a_page_of_any_size_is_drawn_within_the_budget() {
    for side in [30, 14_400] {
        let file = document(&["SIZE".to_owned()], side);
        let found = read_picture(&file, PictureSource::Rendered).unwrap();
        assert_eq!(
            found.first().and_then(|code| code.text()),
            Some("SIZE"),
            "{side} points"
        );
    }
}

#[test]
fn what_only_says_that_it_is_a_document_is_refused() {
    for file in [&b"%PDF-1.4"[..], b"%PDF-", b"\0\0%PDF-1.7 trailer<</Root 9 0 R>>"] {
        assert!(is_picture(file));
        assert_eq!(
            read_picture(file, PictureSource::Rendered),
            Err(PictureError::Undecodable)
        );
    }
    assert!(!is_picture(b"PDF-1.4") && !is_picture(b""));
    let mut large = document(&["X".to_owned()], 100);
    large.resize(symbolon_qr_picture::MAX_PICTURE_BYTES + 1, b' ');
    assert_eq!(
        read_picture(&large, PictureSource::Rendered),
        Err(PictureError::TooManyBytes)
    );
}
