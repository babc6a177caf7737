//! The JSON Canonicalization Scheme ([RFC 8785](https://www.rfc-editor.org/rfc/rfc8785)).

use core::fmt::Write as _;

use serde_json::{Map, Number, Value};
use thiserror::Error;

/// Objects and arrays within each other, at most: the writer recurses.
const MAX_DEPTH: usize = 128;

/// Why a value has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JcsError {
    /// A number that is not an IEEE 754 double, exactly as far as integers go (RFC 8785 §3.1 wants I-JSON). Another
    /// reader would see another number in the same text.
    #[error("the value holds a number that JSON canonicalization cannot keep")]
    Number,
    /// Too many objects and arrays within each other.
    #[error("the value is too deep")]
    TooDeep,
}

/// Writes a value in its canonical form.
///
/// # Errors
/// [`JcsError`].
pub fn canonicalize(value: &Value) -> Result<String, JcsError> {
    let mut text = String::new();
    write_value(value, MAX_DEPTH, &mut text)?;
    Ok(text)
}

fn write_value(value: &Value, depth: usize, text: &mut String) -> Result<(), JcsError> {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&ecmascript_number(number)?),
        Value::String(string) => write_string(string, text),
        Value::Array(items) => {
            let depth = depth.checked_sub(1).ok_or(JcsError::TooDeep)?;
            text.push('[');
            for (position, item) in items.iter().enumerate() {
                if position > 0 {
                    text.push(',');
                }
                write_value(item, depth, text)?;
            }
            text.push(']');
        }
        Value::Object(members) => {
            let depth = depth.checked_sub(1).ok_or(JcsError::TooDeep)?;
            write_object(members, depth, text)?;
        }
    }
    Ok(())
}

fn write_object(members: &Map<String, Value>, depth: usize, text: &mut String) -> Result<(), JcsError> {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    // UTF-16 code units, not code points: they differ beyond the basic plane (RFC 8785 §3.2.3).
    sorted.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
    text.push('{');
    for (position, (name, value)) in sorted.into_iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        write_string(name, text);
        text.push(':');
        write_value(value, depth, text)?;
    }
    text.push('}');
    Ok(())
}

fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\u{8}' => text.push_str("\\b"),
            '\u{9}' => text.push_str("\\t"),
            '\u{a}' => text.push_str("\\n"),
            '\u{c}' => text.push_str("\\f"),
            '\u{d}' => text.push_str("\\r"),
            control if control < ' ' => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

/// A number as ECMAScript writes it (ECMA-262 §6.1.6.1.20, RFC 8785 §3.2.2.3).
fn ecmascript_number(number: &Number) -> Result<String, JcsError> {
    let double = number
        .as_f64()
        .filter(|double| double.is_finite())
        .ok_or(JcsError::Number)?;
    let is_kept = match (number.as_i64(), number.as_u64()) {
        (Some(integer), _) => is_exact(i128::from(integer), double),
        (None, Some(integer)) => is_exact(i128::from(integer), double),
        (None, None) => true,
    };
    if !is_kept {
        return Err(JcsError::Number);
    }
    if double == 0.0 {
        return Ok("0".to_owned());
    }
    // Rust's exponent form has the shortest digits that read back, which are the ones ECMAScript asks for.
    let scientific = format!("{:e}", double.abs());
    let (mantissa, exponent) = scientific.split_once('e').ok_or(JcsError::Number)?;
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().map_err(|_| JcsError::Number)?;
    let digits = even_of_two_nearest(digits, double.abs());
    let sign = if double < 0.0 { "-" } else { "" };
    Ok(format!("{sign}{}", place_point(&digits, exponent)))
}

/// Where two shortest texts are equally near, ECMAScript takes the even one and Rust the larger.
fn even_of_two_nearest(digits: String, magnitude: f64) -> String {
    let mut below = digits.clone();
    match below.pop().and_then(|last| last.to_digit(10)) {
        Some(last) if last % 2 == 1 => below.extend(char::from_digit(last - 1, 10)),
        _ => return digits,
    }
    // No double has more significant digits than 767.
    let exact = format!("{magnitude:.767e}");
    let exact: String = exact
        .split('e')
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    if exact.trim_end_matches('0').strip_prefix(below.as_str()) == Some("5") {
        below
    } else {
        digits
    }
}

/// Whether the double is this integer.
fn is_exact(integer: i128, double: f64) -> bool {
    // Doubles below 2^127 convert to i128 without loss; 64-bit integers are far below.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "compares after a conversion that saturates"
    )]
    let back = double as i128;
    back == integer
}

/// Digits with their decimal point at the place that ECMAScript chooses; `exponent` is that of the first digit.
fn place_point(digits: &str, exponent: i32) -> String {
    let count = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |number: i32| "0".repeat(usize::try_from(number).unwrap_or(0));
    if count <= exponent.saturating_add(1) && exponent < 21 {
        return format!("{digits}{}", zeros(exponent + 1 - count));
    }
    if (0..21).contains(&exponent) {
        let (whole, fraction) = digits.split_at(usize::try_from(exponent + 1).unwrap_or(0));
        return format!("{whole}.{fraction}");
    }
    if (-6..0).contains(&exponent) {
        return format!("0.{}{digits}", zeros(-exponent - 1));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    let magnitude = exponent.unsigned_abs();
    let (first, rest) = digits.split_at(1);
    if rest.is_empty() {
        format!("{first}e{sign}{magnitude}")
    } else {
        format!("{first}.{rest}e{sign}{magnitude}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::json::{JsonBudget, parse_value};

    fn canonical(text: &str) -> String {
        canonicalize(&parse_value(text.as_bytes(), JsonBudget::DEFAULT).unwrap()).unwrap()
    }

    fn double(bits: u64) -> String {
        let number = Number::from_f64(f64::from_bits(bits)).unwrap();
        ecmascript_number(&number).unwrap()
    }

    #[test]
    fn numbers_are_written_as_in_rfc_8785_appendix_b() {
        for (bits, text) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            assert_eq!(double(bits), text, "{bits:016x}");
        }
    }

    #[test]
    fn writes_the_example_of_rfc_8785_section_3_2_2() {
        let value = serde_json::json!({
            "numbers": [333_333_333.333_333_3, 1E30, 4.50, 2e-3, 0.000_000_000_000_000_000_000_000_001],
            "string": "\u{20ac}$\u{f}\u{a}A'B\"\\\\\"/",
            "literals": [null, true, false]
        });
        let expected = "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
                        \"string\":\"\u{20ac}$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(canonicalize(&value).unwrap(), expected);
    }

    #[test]
    fn members_are_sorted_by_utf_16_as_in_rfc_8785_section_3_2_3() {
        let input = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",
            "\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let text = canonical(input);
        let order: Vec<usize> = ["Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew"]
            .iter()
            .map(|name| text.find(name).unwrap())
            .collect();
        assert!(order.is_sorted());
    }

    #[test]
    fn numbers_that_would_change_are_refused() {
        let beyond = Value::from(9_007_199_254_740_993_u64);
        assert_eq!(canonicalize(&beyond), Err(JcsError::Number));
        assert!(canonicalize(&Value::from(9_007_199_254_740_992_u64)).is_ok());
        assert_eq!(canonicalize(&Value::from(u64::MAX)), Err(JcsError::Number));
    }

    #[test]
    fn depth_is_bounded() {
        let mut value = Value::Null;
        for _ in 0..=MAX_DEPTH {
            value = Value::Array(vec![value]);
        }
        assert_eq!(canonicalize(&value), Err(JcsError::TooDeep));
    }
}
