//! What is sent and answered.

use std::time::Duration;

use http::HeaderValue;
use http::header::{AUTHORIZATION, SET_COOKIE};
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::json::{JsonBudget, parse_value};
use symbolon_http::fetch::Fetched;
use symbolon_issuer::record::{CalendarDate, RecordSchema, Uin, Vid};
use symbolon_issuer::record_source::{Bar, RecordState};
use zeroize::Zeroizing;

use super::{Failure, MAX_ANSWER_BYTES};

/// No such record.
const NO_RECORD: &str = "IDR-IDC-007";
/// The number is none that the repository gives out.
const INVALID_PARAMETER: &str = "IDR-IDC-002";
/// The virtual identifier is expired, used up, revoked or deactivated.
const VID_NOT_IN_FORCE: &str = "IDR-VID-001";
/// The number that a virtual identifier stands for is not active.
const UIN_OF_VID_NOT_IN_FORCE: &str = "IDR-VID-004";
/// The token is not, or no longer, accepted. It comes with the status 200 as well as 401.
const AUTHENTICATION_FAILED: &str = "KER-ATH-401";
/// The status of a record that is in force. Every other status (`DEACTIVATED`, `BLOCKED`, and what countries add) bars it.
const ACTIVATED: &str = "ACTIVATED";

/// How long a token is used where its cookie does not say.
const DEFAULT_TOKEN_LIFETIME: Duration = Duration::from_secs(600);
/// A token is renewed so long before it ends.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);
/// The longest token: a JSON Web Token with every role there is.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

const BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_ANSWER_BYTES,
    depth: 24,
    items: 8_000,
};

/// What a record is asked for by.
#[derive(Clone, Copy)]
pub(super) enum Number<'a> {
    /// Its own number.
    Uin(&'a Uin),
    /// An alias of it.
    Vid(&'a Vid),
}

impl Number<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Uin(uin) => uin.as_str(),
            Self::Vid(vid) => vid.as_str(),
        }
    }

    pub(super) const fn id_type(&self) -> &'static str {
        match self {
            Self::Uin(_) => "UIN",
            Self::Vid(_) => "VID",
        }
    }

    /// Whether an error says that nobody has this number, or nobody any more.
    fn is_unknown_by(&self, code: &str) -> bool {
        match self {
            Self::Uin(_) => [NO_RECORD, INVALID_PARAMETER].contains(&code),
            Self::Vid(_) => [
                NO_RECORD,
                INVALID_PARAMETER,
                VID_NOT_IN_FORCE,
                UIN_OF_VID_NOT_IN_FORCE,
            ]
            .contains(&code),
        }
    }
}

/// The token of a client.
pub(super) struct Token {
    cookie: HeaderValue,
    until: UnixTime,
}

impl Token {
    /// The token of an answer to a login.
    pub(super) fn read(answer: &Fetched, now: UnixTime) -> Option<Self> {
        let envelope = parse_value(&answer.body, BUDGET).ok()?;
        if answer.status != 200 || has_errors(&envelope) {
            return None;
        }
        let cookies = answer.headers.get_all(SET_COOKIE).iter();
        let cookie = cookies.filter_map(|value| value.to_str().ok()).find_map(|value| {
            let mut parts = value.split(';').map(str::trim);
            let token = parts.next()?.strip_prefix("Authorization=")?;
            let lifetime = parts
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| name.eq_ignore_ascii_case("max-age"))
                .and_then(|(_, seconds)| seconds.parse().ok())
                .map(Duration::from_secs);
            Some((token.to_owned(), lifetime))
        });
        let header = || Some((answer.headers.get(AUTHORIZATION)?.to_str().ok()?.to_owned(), None));
        let (token, lifetime) = cookie.or_else(header)?;
        let plain = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b';' | b',' | b'"' | b'\\');
        if token.is_empty() || token.len() > MAX_TOKEN_BYTES || !token.bytes().all(plain) {
            return None;
        }
        let mut cookie = HeaderValue::from_str(&Zeroizing::new(format!("Authorization={token}"))).ok()?;
        cookie.set_sensitive(true);
        let lifetime = lifetime.unwrap_or(DEFAULT_TOKEN_LIFETIME);
        Some(Self {
            cookie,
            until: now.plus(lifetime.saturating_sub(TOKEN_MARGIN)),
        })
    }

    pub(super) const fn cookie(&self) -> &HeaderValue {
        &self.cookie
    }

    pub(super) fn is_in_force(&self, now: UnixTime) -> bool {
        now < self.until
    }
}

/// The body of a login.
pub(super) fn login(app_id: &str, client_id: &str, secret: &str, now: UnixTime) -> Zeroizing<Vec<u8>> {
    let body = json!({
        "id": "string",
        "version": "v1",
        "requesttime": time(now),
        "metadata": {},
        "request": { "appId": app_id, "clientId": client_id, "secretKey": secret },
    });
    Zeroizing::new(body.to_string().into_bytes())
}

/// The body of a question for a record.
pub(super) fn question(number: Number<'_>, now: UnixTime) -> Vec<u8> {
    let body = json!({
        "id": "mosip.id.read",
        "version": "v1",
        "requesttime": time(now),
        "metadata": {},
        "request": { "id": number.as_str(), "idType": number.id_type() },
    });
    body.to_string().into_bytes()
}

/// With milliseconds, as its services want it.
fn time(now: UnixTime) -> String {
    now.rfc3339().replace('Z', ".000Z")
}

/// An answer to a question for a record.
pub(super) struct Answer {
    status: u16,
    envelope: Value,
}

impl Answer {
    pub(super) fn read(fetched: &Fetched) -> Result<Self, Failure> {
        let envelope = parse_value(&fetched.body, BUDGET);
        let envelope = match (fetched.status, envelope) {
            (_, Ok(envelope)) => envelope,
            // Whoever stands in front of the repository answers without its envelope.
            (401, Err(_)) => Value::Null,
            (200, Err(_)) => return Err(Failure::Form),
            (status, Err(_)) => return Err(Failure::Status(status)),
        };
        Ok(Self {
            status: fetched.status,
            envelope,
        })
    }

    pub(super) fn is_unauthorized(&self) -> bool {
        self.status == 401 || self.codes().any(|code| code == AUTHENTICATION_FAILED)
    }

    /// What it says of the number that was asked for.
    pub(super) fn state(
        self,
        number: Number<'_>,
        schema: &RecordSchema,
        now: UnixTime,
    ) -> Result<RecordState, Failure> {
        if self.status != 200 {
            return Err(Failure::Status(self.status));
        }
        if has_errors(&self.envelope) {
            return if self.codes().all(|code| number.is_unknown_by(code)) {
                Ok(RecordState::Unknown)
            } else {
                Err(Failure::Error)
            };
        }
        let mut response = self.envelope;
        let mut response = response
            .get_mut("response")
            .map(Value::take)
            .ok_or(Failure::Form)?;
        let status = response
            .get("status")
            .and_then(Value::as_str)
            .ok_or(Failure::Form)?;
        let active = status == ACTIVATED;
        let identity = response
            .get_mut("identity")
            .filter(|identity| identity.is_object())
            .map(Value::take)
            .ok_or(Failure::Form)?;
        // Whose record it is comes before what it says, so that another's is never taken for a reason of this one.
        let told = match identity.get("UIN") {
            Some(Value::String(number)) => Some(number.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let told = told.ok_or(Failure::OtherPerson)?;
        match number {
            Number::Uin(uin) if told != uin.as_str() => return Err(Failure::OtherPerson),
            // Whose an alias is the repository alone knows.
            Number::Uin(_) | Number::Vid(_) => {}
        }
        if !active {
            return Ok(RecordState::Barred(Bar::Inactive));
        }
        let today = CalendarDate::of(now).map_err(|_| Failure::Form)?;
        match schema.read(identity, today) {
            Ok(record) if record.uin().as_str() == told => Ok(RecordState::Known(record)),
            Ok(_) => Err(Failure::OtherPerson),
            Err(reason) => {
                // The reason names fields and never what is in them.
                tracing::warn!(%reason, "a record of the ID Repository does not fit the identity schema");
                Ok(RecordState::Barred(Bar::Unreadable))
            }
        }
    }

    fn codes(&self) -> impl Iterator<Item = &str> {
        let errors = self.envelope.get("errors").and_then(Value::as_array);
        errors
            .into_iter()
            .flatten()
            .map(|error| error.get("errorCode").and_then(Value::as_str).unwrap_or_default())
    }
}

fn has_errors(envelope: &Value) -> bool {
    match envelope.get("errors") {
        None | Some(Value::Null) => false,
        Some(Value::Array(errors)) => !errors.is_empty(),
        Some(_) => true,
    }
}
