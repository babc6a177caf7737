use symbolon_issuer::card::{CardTexts, FaceText};
use symbolon_issuer::record::{CalendarDate, IdRecord, RecordSchema};
use symbolon_issuer::sample::People;
use symbolon_qr_picture::{PictureSource, Version, read_picture};

use super::*;

fn today() -> CalendarDate {
    CalendarDate::new(2026, 11, 23).unwrap()
}

/// The first sample resident whose own language is `language`, with a face.
fn resident(language: &str, skip: usize) -> (IdRecord, Vec<u8>) {
    let schema = RecordSchema::shipped().unwrap();
    for person in People::new(7, today()).skip(skip) {
        let face = draw_face(person.portrait()).unwrap();
        let record = schema
            .read(
                person.record_with_face(&picture_data_uri(&face).unwrap()),
                today(),
            )
            .unwrap();
        if record.string("preferredLang") == Some(language) {
            return (record, face);
        }
    }
    panic!("an endless stream ended");
}

/// As long as version 22 allows at level L.
fn qr_text() -> String {
    "6BF2L8K$2 ".repeat(146)
}

fn card(
    record: &IdRecord,
    face: Option<&[u8]>,
    format: Format,
    fonts: &Fonts,
) -> Result<Vec<u8>, PrintError> {
    let texts = one_code(qr_text());
    let input = CardInput::of_record(record, "Republic of Examples", Some(today()), face, &texts);
    print(&input, format, fonts)
}

fn one_code(identity: String) -> CardTexts {
    CardTexts { identity, face: None }
}

/// A code as long as the claims without a face make it, and one that is as full as can be.
fn two_codes(face: impl Fn(String) -> FaceText) -> CardTexts {
    CardTexts {
        identity: "6BF2L8K$2 ".repeat(45),
        face: Some(face(qr_text())),
    }
}

/// Writes a file where `SYMBOLON_LOOK` says, for people to look at.
fn look(name: &str, bytes: &[u8]) {
    #[expect(clippy::disallowed_methods, reason = "a test's output folder")]
    if let Ok(folder) = std::env::var("SYMBOLON_LOOK") {
        std::fs::write(std::path::Path::new(&folder).join(name), bytes).unwrap();
    }
}

#[test]
fn prints_a_card_whose_qr_code_reads_back() {
    let fonts = Fonts::load(&FontSource::BuiltIn).unwrap();
    for language in ["fra", "ara"] {
        let (record, face) = resident(language, 0);
        let png = card(&record, Some(&face), Format::Png, &fonts).unwrap();
        look(&format!("card-{language}.png"), &png);
        for source in [PictureSource::Rendered, PictureSource::Photographed] {
            let found = read_picture(&png, source).unwrap();
            assert_eq!(found.len(), 1);
            assert_eq!(found[0].text(), Some(&*qr_text()));
        }
        let pdf = card(&record, Some(&face), Format::Pdf, &fonts).unwrap();
        look(&format!("card-{language}.pdf"), &pdf);
        assert!(pdf.starts_with(b"%PDF-"));
        let found = read_picture(&pdf, PictureSource::Rendered).unwrap();
        assert_eq!(found.len(), 1, "the document reads back as well");
        assert_eq!(found[0].text(), Some(&*qr_text()));
    }
}

#[test]
fn a_card_with_two_codes_has_a_back_and_both_read_back() {
    let fonts = Fonts::load(&FontSource::System).unwrap();
    type Kind = fn(String) -> FaceText;
    let kinds: [(&str, Kind); 2] = [("open", FaceText::Open), ("encrypted", FaceText::Encrypted)];
    for language in ["fra", "ara", "hin"] {
        for (name, kind) in kinds {
            let (record, face) = resident(language, 0);
            let texts = two_codes(kind);
            let photo = (name == "open").then_some(face.as_slice());
            let input = CardInput::of_record(&record, "Republic of Examples", Some(today()), photo, &texts);
            let png = match print(&input, Format::Png, &fonts) {
                Ok(png) => png,
                Err(PrintError::Font(_)) if language == "hin" => {
                    println!("skipped: no font on this machine covers Devanagari");
                    continue;
                }
                Err(error) => panic!("{error}"),
            };
            look(&format!("card-two-{language}-{name}.png"), &png);
            for source in [PictureSource::Rendered, PictureSource::Photographed] {
                let found = read_picture(&png, source).unwrap();
                let mut found: Vec<&str> = found.iter().filter_map(|one| one.text()).collect();
                found.sort_by_key(|text| text.len());
                assert_eq!(
                    found,
                    [texts.identity.as_str(), texts.face.as_ref().unwrap().as_str()],
                    "{language} {name} {source:?}"
                );
            }
            let pdf = print(&input, Format::Pdf, &fonts).unwrap();
            look(&format!("card-two-{language}-{name}.pdf"), &pdf);
            assert_eq!(read_picture(&pdf, PictureSource::Rendered).unwrap().len(), 2);
        }
    }
}

#[test]
fn a_script_that_no_font_covers_is_named() {
    let fonts = Fonts::load(&FontSource::BuiltIn).unwrap();
    let (record, face) = resident("hin", 0);
    let error = card(&record, Some(&face), Format::Png, &fonts).unwrap_err();
    assert_eq!(
        error,
        PrintError::Font(FontError::ScriptNotCovered { script: "Devanagari" })
    );
    assert_eq!(
        error.to_string(),
        "no font covers the script Devanagari; install one, or name a folder of fonts"
    );
}

#[test]
fn a_script_that_an_installed_font_covers_is_printed() {
    let fonts = Fonts::load(&FontSource::System).unwrap();
    let (record, face) = resident("hin", 0);
    match card(&record, Some(&face), Format::Png, &fonts) {
        Ok(png) => {
            look("card-hin.png", &png);
            assert_eq!(read_picture(&png, PictureSource::Rendered).unwrap().len(), 1);
        }
        Err(error) => {
            assert_eq!(
                error,
                PrintError::Font(FontError::ScriptNotCovered { script: "Devanagari" })
            );
            println!("skipped: no font on this machine covers Devanagari");
        }
    }
}

#[test]
fn values_of_a_record_cannot_leave_their_element() {
    let fonts = Fonts::load(&FontSource::BuiltIn).unwrap();
    let (record, _) = resident("fra", 0);
    let texts = two_codes(FaceText::Open);
    let mut input = CardInput::of_record(&record, "</text><script>&\"'", None, None, &texts);
    let name = "A</text><image href=\"file:///etc/passwd\"/>&x;\u{202e}";
    input.names = vec![(symbolon_issuer::record::Language::ENGLISH, name)];
    let png = print(&input, Format::Png, &fonts).unwrap();
    look("card-hostile.png", &png);
    let symbol =
        symbolon_qr_picture::Symbol::draw(b"A", symbolon_qr_picture::ErrorCorrection::Low, Version::CARD)
            .unwrap();
    let svg = design::Design {
        input: &input,
        front: &symbol,
        back: Some(&symbol),
        fonts: &fonts,
    }
    .to_svg()
    .unwrap();
    assert!(!svg.contains("<script") && !svg.contains("<image") && !svg.contains("file:"));
    let tags = |name: &str| svg.matches(&format!("<{name}")).count();
    assert_eq!(tags("text"), 0);
    // Nothing but the design's own elements.
    assert_eq!(svg.matches('<').count(), svg.matches('>').count());
}

#[test]
fn a_qr_code_above_the_cards_version_is_refused() {
    let fonts = Fonts::load(&FontSource::BuiltIn).unwrap();
    let (record, _) = resident("fra", 0);
    let long = || "A".repeat(1_500);
    let long_face = CardTexts {
        face: Some(FaceText::Open(long())),
        ..one_code("A".to_owned())
    };
    for texts in [one_code(long()), long_face] {
        let input = CardInput::of_record(&record, "Republic of Examples", None, None, &texts);
        assert!(matches!(
            print(&input, Format::Png, &fonts),
            Err(PrintError::Qr(_))
        ));
    }
}

#[test]
fn faces_fit_the_bytes_that_are_left_in_a_qr_code() {
    let faces: Vec<Vec<u8>> = People::new(7, today())
        .take(12)
        .map(|person| draw_face(person.portrait()).unwrap())
        .collect();
    for face in &faces {
        assert!(face.len() < 3_000, "{}", face.len());
        for budget in [300, 400, 500] {
            let fitted = fit_webp(face, budget).unwrap();
            assert!(fitted.webp.len() <= budget);
            assert!(
                fitted.webp.len() * 10 > budget * 6,
                "{} of {budget}",
                fitted.webp.len()
            );
        }
    }
    look("face.webp", &faces[0]);
    look("face-450.webp", &fit_webp(&faces[0], 450).unwrap().webp);
    assert_eq!(
        fit_webp(&faces[0], 60).err(),
        Some(FaceError::BudgetTooSmall { budget: 60 })
    );
    assert_eq!(fit_webp(b"<svg/>", 500).err(), Some(FaceError::NotAPicture));
}

#[test]
fn a_sheet_of_faces_can_be_looked_at() {
    let mut sheet = image::RgbImage::new(96 * 12, 120 * 6);
    for (at, person) in (0..72_i64).zip(People::new(3, today())) {
        let face = face::open(&draw_face(person.portrait()).unwrap()).unwrap();
        image::imageops::replace(&mut sheet, &face, at % 12 * 96, at / 12 * 120);
    }
    let mut png = Vec::new();
    sheet
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    look("faces.png", &png);
    let shades: std::collections::HashSet<_> = sheet.pixels().map(|pixel| pixel.0).collect();
    assert!(shades.len() > 200);
}

#[test]
fn drawn_faces_are_about_a_kilobyte() {
    let portraits: Vec<_> = People::new(1, today())
        .take(50)
        .map(|person| person.portrait().clone())
        .collect();
    let faces = draw_faces(&portraits).unwrap();
    assert!(
        faces
            .iter()
            .zip(&portraits)
            .all(|(face, portrait)| *face == draw_face(portrait).unwrap())
    );
    let bytes: usize = faces.iter().map(Vec::len).sum();
    assert!((500..2_000).contains(&(bytes / 50)), "{}", bytes / 50);
}

#[test]
fn arabic_letters_are_joined_and_stand_from_right_to_left() {
    let fonts = Fonts::load(&FontSource::BuiltIn).unwrap();
    let set = |text: &str| fonts.set(text, fonts::Heaviness::Regular).unwrap();
    // Isolated forms of the letters are wider than the joined ones.
    let apart: f32 = "حسين".chars().map(|letter| set(&letter.to_string()).width).sum();
    assert!(set("حسين").width < 0.95 * apart);
    // The number that is read first stands at the right.
    assert!(
        set("12 ب")
            .path
            .starts_with(&*set("ب").path.split('Q').next().unwrap().to_owned())
    );
}
