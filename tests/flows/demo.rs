//! The demo judges what it shows: with a picture that does not read, or reads as something else, it fails.

use std::fs;
use std::path::Path;

use symbolon_cli::arguments::DemoArguments;
use symbolon_cli::commands::issuing::write_qr;
use symbolon_cli::demo::{Camera, FileCamera, Scan, play};
use symbolon_qr_picture::{LumaPicture, decode_picture, encode_png};

use crate::harness::{free_port, symbolon};

const RECORDS: u32 = 20;

fn play_with(camera: &dyn Camera) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = DemoArguments {
        serve: false,
        records: RECORDS,
        dir: Some(folder.path().to_owned()),
    };
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(play(&arguments, camera))
}

/// Does something to one picture file before it reads it.
struct Tampering<'a> {
    picture: &'static str,
    tamper: &'a dyn Fn(&Path),
}

impl Camera for Tampering<'_> {
    fn read(&self, picture: &Path) -> anyhow::Result<Scan> {
        if picture.file_name().is_some_and(|name| name == self.picture) {
            (self.tamper)(picture);
        }
        FileCamera.read(picture)
    }
}

/// Paints a white bar over the middle third of a picture.
fn paint_over(picture: &Path) {
    let clean = decode_picture(&fs::read(picture).unwrap()).unwrap();
    let third = clean.height() / 3;
    let painted = LumaPicture::from_fn(clean.width(), clean.height(), |x, y| {
        if y > third && y < 2 * third {
            255
        } else {
            clean.level(x, y)
        }
    });
    fs::write(picture, encode_png(&painted).unwrap()).unwrap();
}

#[test]
fn the_demo_plays_to_its_end() {
    play_with(&FileCamera).unwrap();
}

#[test]
fn the_demo_ends_well_as_a_command() {
    let output = symbolon()
        .args(["demo", "--records", &RECORDS.to_string()])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("All as it must be."), "{said}");
}

#[test]
fn the_demo_fails_when_the_picture_of_the_offer_or_request_is_painted_over() {
    for picture in ["offer.png", "request.png"] {
        let camera = Tampering {
            picture,
            tamper: &paint_over,
        };
        let error = play_with(&camera).unwrap_err();
        assert!(error.to_string().contains("no QR code can be read"), "{error:#}");
    }
}

#[test]
fn the_demo_fails_when_the_picture_of_the_offer_shows_another_link() {
    let elsewhere = format!(
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2F127.0.0.1%3A{}%2Foffers%2Fother",
        free_port()
    );
    let camera = Tampering {
        picture: "offer.png",
        tamper: &|picture| write_qr(&elsewhere, picture).unwrap(),
    };
    play_with(&camera).unwrap_err();
}

#[test]
fn the_demo_fails_when_the_picture_of_the_request_shows_another_link() {
    let camera = Tampering {
        picture: "request.png",
        tamper: &|picture| write_qr("https://example.org/", picture).unwrap(),
    };
    play_with(&camera).unwrap_err();
}
