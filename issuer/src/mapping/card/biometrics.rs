//! Captures as records hold them.
//!
//! A register that keeps biometrics in its records, and not in a file beside them, has an array for each part of the body. An
//! element is an object: `data` in base64, base64url or as a data URI; `format` and `subformat` by name or by the number of
//! Claim 169; `issuer`, who captured it. A picture without a format is told by its first bytes.

use serde_json::{Map, Value};
use symbolon_credential::claim169::{Biometric, BiometricFormat, ImageKind, SoundKind, TemplateKind};
use symbolon_crypto::encoding::{base64, base64url};

/// The captures of a field; `None` when it is not an array of captures, or one capture without its array.
pub(super) fn of(field: &Value) -> Option<Vec<Biometric>> {
    match field {
        Value::Array(elements) => elements
            .iter()
            .map(|element| capture(element.as_object()?))
            .collect(),
        Value::Object(one) => Some(vec![capture(one)?]),
        _ => None,
    }
}

fn capture(members: &Map<String, Value>) -> Option<Biometric> {
    let data = bytes(members.get("data")?.as_str()?)?;
    let format = members.get("format").filter(|value| !value.is_null());
    let subformat = members.get("subformat").filter(|value| !value.is_null());
    let mut biometric = match format {
        Some(format) => of_format(data, named_format(format)?, subformat)?,
        None if subformat.is_some() => return None,
        None => match ImageKind::of_bytes(&data) {
            Some(kind) => Biometric::image(data, kind),
            None => Biometric {
                data,
                format: None,
                subformat: None,
                issuer: None,
            },
        },
    };
    biometric.issuer = match members.get("issuer") {
        None | Some(Value::Null) => None,
        Some(issuer) => Some(issuer.as_str()?.to_owned()),
    };
    Some(biometric)
}

/// A capture of a known format, whose finer format is a name, a number or left out.
fn of_format(data: Vec<u8>, format: BiometricFormat, subformat: Option<&Value>) -> Option<Biometric> {
    let Some(name) = subformat.and_then(Value::as_str) else {
        let number = subformat.map(|number| number.as_u64().and_then(|number| u16::try_from(number).ok()));
        return Some(Biometric {
            data,
            format: Some(format),
            subformat: match number {
                None => None,
                Some(number) => Some(number?),
            },
            issuer: None,
        });
    };
    let name = name.to_ascii_lowercase();
    Some(match format {
        BiometricFormat::Image => Biometric::image(data, image_kind(&name)?),
        BiometricFormat::Template => Biometric::template(data, template_kind(&name)?),
        BiometricFormat::Sound => Biometric::sound(data, sound_kind(&name)?),
        BiometricFormat::BioHash => return None,
    })
}

fn named_format(value: &Value) -> Option<BiometricFormat> {
    if let Some(number) = value.as_u64() {
        return match number {
            0 => Some(BiometricFormat::Image),
            1 => Some(BiometricFormat::Template),
            2 => Some(BiometricFormat::Sound),
            3 => Some(BiometricFormat::BioHash),
            _ => None,
        };
    }
    match value.as_str()?.to_ascii_lowercase().as_str() {
        "image" => Some(BiometricFormat::Image),
        "template" => Some(BiometricFormat::Template),
        "sound" => Some(BiometricFormat::Sound),
        "biohash" | "bio-hash" => Some(BiometricFormat::BioHash),
        _ => None,
    }
}

fn image_kind(name: &str) -> Option<ImageKind> {
    Some(match name {
        "png" => ImageKind::Png,
        "jpeg" | "jpg" => ImageKind::Jpeg,
        "jpeg2000" | "jp2" => ImageKind::Jpeg2000,
        "avif" => ImageKind::Avif,
        "webp" => ImageKind::Webp,
        "tiff" => ImageKind::Tiff,
        "wsq" => ImageKind::Wsq,
        _ => return None,
    })
}

fn template_kind(name: &str) -> Option<TemplateKind> {
    Some(match name {
        "ansi-378" => TemplateKind::Ansi378,
        "iso-19794-2" => TemplateKind::Iso19794_2,
        "nist" => TemplateKind::Nist,
        _ => return None,
    })
}

fn sound_kind(name: &str) -> Option<SoundKind> {
    Some(match name {
        "wav" => SoundKind::Wav,
        "mp3" => SoundKind::Mp3,
        _ => return None,
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let encoded = match text.strip_prefix("data:") {
        Some(rest) => rest.split_once(";base64,")?.1,
        None => text,
    };
    let bytes = base64::decode(encoded)
        .ok()
        .or_else(|| base64url::decode(encoded).ok())?;
    (!bytes.is_empty()).then_some(bytes)
}
