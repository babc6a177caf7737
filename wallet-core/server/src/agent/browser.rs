//! The browser that brought a request, which alone goes on in the session at the verifier.
//!
//! Whoever began the session there could have somebody else's browser, or nobody's, wait here in his place. So a request that waits belongs
//! to the browser that brought it: a cookie of that flow proves it, and whoever allows the request compares a code that only its page shows.

use core::fmt;

use symbolon_crypto::encoding::base64url;
use symbolon_crypto::symmetric::{constant_time_equal, hmac_sha256};
use symbolon_crypto::{Randomness, random_bytes};
use symbolon_wallet_core::{FlowId, WalletError};
use zeroize::Zeroizing;

use super::{Agent, AgentError, Person};

const SECRET_BYTES: usize = 32;

/// What a browser's cookie holds for one flow.
pub(crate) struct BrowserSecret(Zeroizing<[u8; SECRET_BYTES]>);

/// Six digits that the page of whoever brought a request shows, and that whoever allows it has to give.
///
/// They are no secret of the owner's: a stranger knows those of his own page. They say that the person who allows has that page before their
/// eyes, or has been told of it by somebody whom they believe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparisonCode(u32);

/// What the store keeps of the secret.
struct Binding(String);

impl BrowserSecret {
    pub(super) fn make(randomness: &dyn Randomness) -> Result<Self, WalletError> {
        let bytes = random_bytes(randomness).map_err(WalletError::from)?;
        Ok(Self(Zeroizing::new(bytes)))
    }

    /// The value of a cookie; `None` for what is none.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(base64url::decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// As the cookie holds it.
    pub(crate) fn expose(&self) -> Zeroizing<String> {
        Zeroizing::new(base64url::encode(&*self.0))
    }

    /// A request that waits, which was bound to this browser.
    pub(super) fn bound(self, flow: FlowId) -> Bound {
        let code = self.binding(flow).code();
        Bound {
            flow,
            secret: self,
            code,
        }
    }

    /// What the store keeps of the browser beside a flow.
    pub(super) fn words_for(&self, flow: FlowId) -> String {
        self.binding(flow).0
    }

    fn binding(&self, flow: FlowId) -> Binding {
        let message = [b"symbolon wallet browser 1 ".as_slice(), flow.as_bytes()].concat();
        Binding(base64url::encode(&hmac_sha256(&*self.0, &message)))
    }
}

impl Binding {
    fn is_of(&self, flow: FlowId, secret: &BrowserSecret) -> bool {
        constant_time_equal(self.0.as_bytes(), secret.binding(flow).0.as_bytes())
    }

    fn code(&self) -> ComparisonCode {
        let [first, second, third, fourth, ..] =
            hmac_sha256(b"symbolon wallet comparison code 1", self.0.as_bytes());
        ComparisonCode(u32::from_be_bytes([first, second, third, fourth]) % 1_000_000)
    }
}

impl ComparisonCode {
    /// Whether this is what somebody typed, with or without the space in its middle.
    fn is(self, typed: &str) -> bool {
        let digits: String = typed
            .chars()
            .filter(|character| !character.is_whitespace())
            .collect();
        digits == format!("{:06}", self.0)
    }
}

/// In two groups, to be read out.
impl fmt::Display for ComparisonCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:03} {:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// A request that waits, for the browser that brought it.
pub(crate) struct Bound {
    pub(crate) flow: FlowId,
    pub(crate) secret: BrowserSecret,
    pub(crate) code: ComparisonCode,
}

/// Whose flow a browser asks about.
pub(super) enum Standing {
    /// Its own; with the code where there is one.
    Own(Option<ComparisonCode>),
    /// One that another browser brought.
    Others,
}

impl Agent {
    /// What is compared before a request is allowed; `None` where no browser brought it.
    pub(super) async fn comparison_code(
        &self,
        person: Person<'_>,
        flow: FlowId,
    ) -> Result<Option<ComparisonCode>, AgentError> {
        let bound = person.wallet.bound_to(flow).await?;
        Ok(bound.map(|binding| Binding(binding).code()))
    }

    /// Whoever allows what a browser brought has its code.
    pub(super) async fn compare(
        &self,
        person: Person<'_>,
        flow: FlowId,
        typed: Option<&str>,
    ) -> Result<(), AgentError> {
        match (self.comparison_code(person, flow).await?, typed) {
            (None, _) => Ok(()),
            (Some(code), Some(typed)) if code.is(typed) => Ok(()),
            (Some(_), _) => Err(AgentError::ComparisonCode),
        }
    }

    pub(super) async fn standing(
        &self,
        person: Person<'_>,
        flow: FlowId,
        secret: Option<&BrowserSecret>,
    ) -> Result<Standing, AgentError> {
        let Some(binding) = person.wallet.bound_to(flow).await?.map(Binding) else {
            return Ok(Standing::Own(None));
        };
        Ok(match secret {
            Some(secret) if binding.is_of(flow, secret) => Standing::Own(Some(binding.code())),
            _ => Standing::Others,
        })
    }
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn a_binding_is_of_one_secret_and_one_flow() {
        let randomness = SeededRandomness::new(1);
        let secret = BrowserSecret::make(&randomness).unwrap();
        let (flow, other) = (FlowId::from_bytes([1; 16]), FlowId::from_bytes([2; 16]));
        let binding = secret.binding(flow);
        let read = BrowserSecret::parse(&secret.expose()).unwrap();
        assert!(binding.is_of(flow, &read));
        assert!(!binding.is_of(other, &read));
        assert!(!binding.is_of(flow, &BrowserSecret::make(&randomness).unwrap()));
        for text in ["", "AAAA", "*", &format!("{}AA", &*secret.expose())] {
            assert!(BrowserSecret::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_code_has_six_digits_and_is_typed_as_it_is_read() {
        let code = ComparisonCode(4_071);
        assert_eq!(code.to_string(), "004 071");
        assert!(code.is("004 071") && code.is("004071") && code.is(" 004071\n"));
        assert!(!code.is("4071") && !code.is("004072") && !code.is(""));
    }
}
