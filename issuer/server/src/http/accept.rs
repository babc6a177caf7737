//! What a client accepts ([RFC 9110 §12.5.1]).
//!
//! [RFC 9110 §12.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1

use symbolon_issuer::metadata::thousandths;

use crate::issuer::MetadataForm;

/// The most media ranges that are read.
const MAX_RANGES: usize = 32;

/// Which of the offered forms of the metadata a client gets; `None` when it accepts none. A client that does not ask for signed metadata
/// by name gets JSON, which everybody reads.
pub(super) fn accepted_metadata(accept: Option<&str>, offered: &[MetadataForm]) -> Option<MetadataForm> {
    let Some(accept) = accept else {
        return Some(MetadataForm::Json);
    };
    let json = quality(accept, "application/json");
    let signed = if offered.contains(&MetadataForm::Signed) {
        quality(accept, "application/jwt")
    } else {
        Wanted::default()
    };
    let by_name = signed.by_name && signed.quality > 0 && signed.quality >= json.quality;
    if by_name || (json.quality == 0 && signed.quality > 0) {
        Some(MetadataForm::Signed)
    } else if json.quality > 0 {
        Some(MetadataForm::Json)
    } else {
        None
    }
}

#[derive(Default)]
pub(super) struct Wanted {
    /// In thousandths.
    pub(super) quality: u32,
    pub(super) by_name: bool,
}

/// How much a media type is wanted: by the most specific range that covers it.
pub(super) fn quality(accept: &str, media_type: &str) -> Wanted {
    let mut wanted = Wanted::default();
    let mut specific = 0;
    for range in accept.split(',').take(MAX_RANGES) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let specificity = match name.split_once('/') {
            Some(("*", "*")) => 1,
            Some((kind, "*"))
                if media_type
                    .split('/')
                    .next()
                    .is_some_and(|of| of.eq_ignore_ascii_case(kind)) =>
            {
                2
            }
            Some(_) if name.eq_ignore_ascii_case(media_type) => 3,
            _ => continue,
        };
        let given = parts.find(|parameter| parameter.to_ascii_lowercase().starts_with("q="));
        // A quality that does not read wants nothing.
        let quality = given.map_or(1_000, |parameter| thousandths(parameter).unwrap_or(0));
        if specificity > specific {
            specific = specificity;
            wanted = Wanted {
                quality,
                by_name: specificity == 3,
            };
        }
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_does_not_ask_for_signed_metadata_gets_json() {
        use MetadataForm::{Json, Signed};
        for (accept, both, json_alone) in [
            (None, Some(Json), Some(Json)),
            (Some("*/*"), Some(Json), Some(Json)),
            (Some("application/json"), Some(Json), Some(Json)),
            (Some("application/jwt"), Some(Signed), None),
            (
                Some("application/jwt, application/json"),
                Some(Signed),
                Some(Json),
            ),
            (
                Some("application/jwt;q=0.5, application/json"),
                Some(Json),
                Some(Json),
            ),
            (Some("application/jwt, */*;q=0.1"), Some(Signed), Some(Json)),
            (Some("application/*, application/json;q=0"), Some(Signed), None),
            (Some("application/jwt;q=0, */*"), Some(Json), Some(Json)),
            (Some("text/html"), None, None),
            (Some("application/jwt;q=x"), None, None),
            (Some(""), None, None),
        ] {
            assert_eq!(accepted_metadata(accept, &[Json, Signed]), both, "{accept:?}");
            assert_eq!(accepted_metadata(accept, &[Json]), json_alone, "{accept:?}");
        }
    }
}
