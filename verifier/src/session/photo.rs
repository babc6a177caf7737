//! The face in a credential, for a page that shows it beside the person.

use serde_json::{Map, Value};
use symbolon_credential::claim169::ImageKind;
use symbolon_crypto::encoding::base64;

use crate::report::{Photo, PhotoType};

/// The claims in which credentials carry a face: ours and OpenID's, mdoc's, MOSIP's.
const FACE_CLAIMS: [&str; 4] = ["picture", "portrait", "photo", "face"];

/// The first claim that is a picture as a `data:` URL of a known type.
pub(super) fn of_claims(claims: &Map<String, Value>) -> Option<Photo> {
    FACE_CLAIMS
        .iter()
        .filter_map(|name| claims.get(*name))
        .filter_map(Value::as_str)
        .find_map(of_data_url)
}

/// The picture of a W3C credential: of its one subject.
pub(super) fn of_subject(credential: &Map<String, Value>) -> Option<Photo> {
    match credential.get("credentialSubject")? {
        Value::Object(subject) => of_claims(subject),
        Value::Array(subjects) => match subjects.as_slice() {
            [Value::Object(subject)] => of_claims(subject),
            _ => None,
        },
        _ => None,
    }
}

/// The picture of an element that holds the bytes of one.
pub(super) fn of_picture(bytes: &[u8]) -> Option<Photo> {
    let kind = ImageKind::of_bytes(bytes)?;
    PhotoType::from_media_type(kind.media_type()).map(|media_type| of_bytes(media_type, bytes))
}

/// A picture of a known type from its bytes.
pub(super) fn of_bytes(media_type: PhotoType, bytes: &[u8]) -> Photo {
    Photo {
        media_type,
        base64: base64::encode(bytes),
    }
}

fn of_data_url(url: &str) -> Option<Photo> {
    let (media_type, text) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let media_type = PhotoType::from_media_type(media_type)?;
    // The text goes into a page; strict base64 holds nothing that could end an attribute.
    base64::decode(text).ok().filter(|bytes| !bytes.is_empty())?;
    Some(Photo {
        media_type,
        base64: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn photo(value: &str) -> Option<Photo> {
        of_claims(json!({ "picture": value }).as_object().unwrap())
    }

    #[test]
    fn takes_a_data_url_of_a_known_type() {
        let found = photo("data:image/webp;base64,AAEC").unwrap();
        assert_eq!(found, of_bytes(PhotoType::Webp, &[0, 1, 2]));
    }

    #[test]
    fn takes_nothing_that_a_page_could_stumble_over() {
        for text in [
            "https://issuer.example/face.png",
            "data:image/svg+xml;base64,AAEC",
            "data:text/html;base64,AAEC",
            "data:image/png;base64,\"><script>",
            "data:image/png;base64,",
            "data:image/png,AAEC",
        ] {
            assert_eq!(photo(text), None, "{text}");
        }
    }
}
