//! Numbers of sample residents: ten digits, the first 2 to 9, the last a Verhoeff check digit. Deployments have further
//! rules (no runs, no repetitions) that sample numbers do not follow.

/// How many different numbers there are: nine free digits, of which the first is neither 0 nor 1.
pub(super) const NUMBERS: u64 = 800_000_000;

/// The number of the `index`-th resident. A multiplier without a factor in common with [`NUMBERS`] visits each once,
/// so numbers are unique without remembering them.
pub(super) fn uin(offset: u64, index: u64) -> String {
    const STRIDE: u64 = 387_420_489;
    let scattered = (index % NUMBERS * STRIDE + offset) % NUMBERS;
    let digits = (200_000_000 + scattered).to_string();
    let check = check_digit(&digits);
    format!("{digits}{check}")
}

/// Verhoeff's check digit, in the dihedral group of order ten: it finds every single wrong digit and every swap of
/// neighbours.
fn check_digit(digits: &str) -> u8 {
    let sum = digits
        .bytes()
        .rev()
        .zip(1_u8..)
        .fold(0, |sum, (digit, position)| {
            multiply(sum, permute(digit.wrapping_sub(b'0') % 10, position))
        });
    // Reflections are their own inverses.
    if sum < 5 { (5 - sum) % 5 } else { sum }
}

#[cfg(test)]
pub(super) fn is_checked(number: &str) -> bool {
    let (digits, check) = number.split_at(number.len() - 1);
    check == check_digit(digits).to_string()
}

/// The product in the dihedral group: 0 to 4 are rotations, 5 to 9 reflections.
fn multiply(a: u8, b: u8) -> u8 {
    match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b - 5) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    }
}

fn permute(digit: u8, times: u8) -> u8 {
    (0..times % 8).fold(digit, |digit, _| match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_published_example() {
        // Verhoeff's method on 236 gives 3.
        assert_eq!(check_digit("236"), 3);
        assert_eq!(check_digit("12345"), 1);
    }

    #[test]
    fn finds_swapped_neighbours() {
        let number = uin(0, 12_345);
        let mut swapped = number.clone().into_bytes();
        let at = (0..8).find(|at| swapped[*at] != swapped[*at + 1]).unwrap();
        swapped.swap(at, at + 1);
        assert!(is_checked(&number) && !is_checked(core::str::from_utf8(&swapped).unwrap()));
    }
}
