//! Who may use the page.

use core::fmt;

use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq as _;
use symbolon_pages::cookie;
use symbolon_verifier::request::MasterSecret;
use zeroize::Zeroizing;

use crate::access_code::AccessCode;

/// How long a telephone stays at the counter, in seconds, before it has to be let in again.
const COOKIE_SECONDS: u32 = 30 * 24 * 60 * 60;

/// Who may use the page.
pub enum ScanAccess {
    /// Whoever reaches it. For a network of one's own, and for development.
    Open,
    /// Whoever has entered this code.
    Code(ScanCode),
}

/// The code that lets a telephone in.
pub struct ScanCode(AccessCode);

impl ScanCode {
    /// The code of a generation. The next generation has another one, and shuts out whoever came in with this one.
    #[must_use]
    pub fn derive(secret: &MasterSecret, generation: u32) -> Self {
        Self(AccessCode::derive(
            secret,
            b"symbolon scan page code",
            &generation.to_be_bytes(),
        ))
    }

    /// The code in groups of four, to be typed or put behind the `#` of the page's address.
    #[must_use]
    pub fn grouped(&self) -> Zeroizing<String> {
        self.0.grouped()
    }

    fn cookie(&self) -> Zeroizing<String> {
        self.0.cookie(b"symbolon scan page cookie")
    }
}

/// Without the code.
impl fmt::Debug for ScanAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Code(_) => "Code",
        })
    }
}

/// The guard of the page.
pub(super) struct Access {
    rule: ScanAccess,
    secure: bool,
}

impl Access {
    pub(super) const fn new(rule: ScanAccess, secure: bool) -> Self {
        Self { rule, secure }
    }

    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// `__Host-`: no other host of the domain can set it.
    const fn cookie_name(&self) -> &'static str {
        if self.secure {
            "__Host-symbolon-scan"
        } else {
            "symbolon-scan"
        }
    }

    /// Whether the browser was let in.
    pub(super) fn permits(&self, headers: &HeaderMap) -> bool {
        let ScanAccess::Code(code) = &self.rule else {
            return true;
        };
        let expected = code.cookie();
        cookie::only(headers, self.cookie_name())
            .is_some_and(|value| bool::from(value.as_bytes().ct_eq(expected.as_bytes())))
    }

    /// The cookie for whoever has the code. `SameSite=Strict`: no other site can scan in the shop's name.
    pub(super) fn cookie_for(&self, entered: &str) -> Option<HeaderValue> {
        let ScanAccess::Code(code) = &self.rule else {
            return None;
        };
        if !code.0.is(entered) {
            return None;
        }
        let secure = if self.secure { "; Secure" } else { "" };
        let cookie = Zeroizing::new(format!(
            "{}={}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}",
            self.cookie_name(),
            *code.cookie()
        ));
        let mut cookie = HeaderValue::from_str(&cookie).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}

#[cfg(test)]
mod tests {
    use http::header::COOKIE;

    use super::*;

    fn code(generation: u32) -> ScanCode {
        ScanCode::derive(&MasterSecret::new(Zeroizing::new([7; 32])), generation)
    }

    fn headers(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().unwrap().split(';').next().unwrap();
        HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}")).unwrap())])
    }

    #[test]
    fn the_code_lets_in_however_it_is_typed_and_the_next_generation_shuts_out() {
        let access = Access::new(ScanAccess::Code(code(1)), true);
        let text = code(1).grouped();
        assert_eq!(text.len(), 29);
        let cookie = access.cookie_for(&text.to_lowercase().replace('-', " ")).unwrap();
        assert!(cookie.is_sensitive());
        assert!(
            cookie
                .to_str()
                .unwrap()
                .contains("; HttpOnly; SameSite=Strict; Secure")
        );
        assert!(access.permits(&headers(&cookie)));
        let next = Access::new(ScanAccess::Code(code(2)), true);
        assert!(!next.permits(&headers(&cookie)));
        assert!(next.cookie_for(&text).is_none());
        assert!(!access.permits(&HeaderMap::new()));
    }

    #[test]
    fn a_longer_or_shorter_code_is_another_one() {
        let access = Access::new(ScanAccess::Code(code(1)), false);
        let text = code(1).grouped();
        for wrong in [format!("{}B", *text), text[1..].to_owned(), String::new()] {
            assert!(access.cookie_for(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn an_open_page_needs_no_cookie_and_gives_none() {
        let access = Access::new(ScanAccess::Open, false);
        assert!(access.permits(&HeaderMap::new()));
        assert!(access.cookie_for("").is_none());
    }
}
