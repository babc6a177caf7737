//! Where a code is sent, and how much of that is shown.

use core::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::record::IdRecord;
use crate::secret::{InstallationSecret, Purpose};
use crate::sign_in::ResidentNumber;

/// Which contact of the record a code is sent to. One for the whole issuer: were it chosen by what a record holds, the page
/// would tell what that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// `phone`.
    #[default]
    Phone,
    /// `email`.
    Email,
}

/// Where a code is sent. Personal data: there is no `Display`, and `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    channel: Channel,
    address: Zeroizing<String>,
}

/// A destination as the page shows it: enough for its owner to know which it is, for a stranger next to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaskedDestination {
    channel: Channel,
    /// The last two digits of a telephone number.
    ending: Option<String>,
}

impl Channel {
    const fn field(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Email => "email",
        }
    }
}

impl Destination {
    /// The contact of a record; `None` when it has none that can be written to.
    #[must_use]
    pub fn of(record: &IdRecord, channel: Channel) -> Option<Self> {
        let address = record.string(channel.field())?.trim();
        let plausible = match channel {
            Channel::Phone => digits(address).count() >= 4,
            Channel::Email => address.contains('@'),
        };
        (plausible && !address.chars().any(char::is_control)).then(|| Self {
            channel,
            address: Zeroizing::new(address.to_owned()),
        })
    }

    /// By what it is reached.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// The telephone number or address, for the sender alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.address
    }
}

impl MaskedDestination {
    /// What the page shows for a number that somebody typed: of `destination`, or of nothing in the same form. What is made
    /// up is derived from the number, so that asking twice shows the same.
    pub(super) fn show(
        channel: Channel,
        destination: Option<&Destination>,
        typed: &ResidentNumber,
        secret: &InstallationSecret,
    ) -> Self {
        let made_up = secret.derive_tag(Purpose::MadeUpDestination, &[typed.uin().as_str().as_bytes()]);
        let made_up = u64::from_be_bytes(*made_up.first_chunk().unwrap_or(&[0; 8])) % 100;
        let ending = match channel {
            Channel::Phone => Some(match destination {
                Some(destination) => {
                    let all: Vec<char> = digits(&destination.address).collect();
                    all.iter().skip(all.len().saturating_sub(SHOWN_DIGITS)).collect()
                }
                None => format!("{made_up:02}"),
            }),
            Channel::Email => None,
        };
        Self { channel, ending }
    }

    /// By what the message comes.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// Bullets, and the last two digits of a telephone number. How many bullets there are says nothing.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.ending {
            Some(ending) => format!("••••••••{ending}"),
            None => "•••••@•••••".to_owned(),
        }
    }
}

fn digits(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(char::is_ascii_digit)
}

const SHOWN_DIGITS: usize = 2;

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({:?}, hidden)", self.channel)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn shows_two_digits_of_a_number_and_nothing_of_an_address() {
        let secret = InstallationSecret::make(&SeededRandomness::new(1)).unwrap();
        let record: IdRecord = serde_json::from_value(
            json!({ "UIN": "2345678901", "phone": "+6352000147", "email": "someone@example.org" }),
        )
        .unwrap();
        let typed = ResidentNumber::parse("2345678901").unwrap();
        let phone = Destination::of(&record, Channel::Phone).unwrap();
        let shown = MaskedDestination::show(Channel::Phone, Some(&phone), &typed, &secret);
        assert_eq!(shown.text(), "••••••••47");
        let email = Destination::of(&record, Channel::Email).unwrap();
        let shown = MaskedDestination::show(Channel::Email, Some(&email), &typed, &secret);
        assert_eq!(shown.text(), "•••••@•••••");
        assert!(!format!("{phone:?}{email:?}").contains("6352"));
        let nobody = MaskedDestination::show(Channel::Email, None, &typed, &secret);
        assert_eq!(nobody, shown);
        // Of nobody's number the same form, and the same each time.
        let nobody = || MaskedDestination::show(Channel::Phone, None, &typed, &secret);
        assert_eq!(nobody().text().chars().count(), 10);
        assert_eq!(nobody(), nobody());
    }

    #[test]
    fn a_contact_that_cannot_be_written_to_is_none() {
        for (phone, email) in [("none", "nobody"), ("", ""), ("12\n345678", "a@b\r\nBcc: c@d")] {
            let record: IdRecord =
                serde_json::from_value(json!({ "UIN": "1234", "phone": phone, "email": email })).unwrap();
            assert!(Destination::of(&record, Channel::Phone).is_none(), "{phone}");
            assert!(Destination::of(&record, Channel::Email).is_none(), "{email}");
        }
    }
}
