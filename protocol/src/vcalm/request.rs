//! Strict reading of requests: members and options are taken out one by one, and whatever is left over is an error.

use serde_json::{Map, Value};
use symbolon_credential::data_integrity::ecdsa_sd_2023::JsonPointer;
use symbolon_credential::w3c::W3cBudget;
use symbolon_crypto::encoding::json::{self, JsonBudget};

use super::MAX_REQUEST_BYTES;
use super::problem::RequestRefused;

/// How deep and how large the JSON of a request may be: that of a presentation of several credentials.
const JSON_BUDGET: JsonBudget = JsonBudget {
    bytes: MAX_REQUEST_BYTES,
    depth: 36,
    items: 40_000,
};

/// What a presentation within a request may hold.
pub(super) const DOCUMENT_BUDGET: W3cBudget = W3cBudget::DEFAULT;

/// JSON pointers that one option may name. A credential has some fifty statements.
const MAX_POINTERS: usize = 512;

/// The longest text of an option, in bytes.
const MAX_TEXT_BYTES: usize = 2048;

/// The members of a request.
pub(super) struct Members(Map<String, Value>);

impl Members {
    pub(super) fn parse(body: &[u8]) -> Result<Self, RequestRefused> {
        if body.len() > MAX_REQUEST_BYTES {
            return Err(RequestRefused::TooLarge);
        }
        match json::parse_value(body, JSON_BUDGET) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            _ => Err(RequestRefused::NotJson),
        }
    }

    pub(super) const fn from_object(members: Map<String, Value>) -> Self {
        Self(members)
    }

    pub(super) fn take(&mut self, member: &'static str) -> Option<Value> {
        self.0.shift_remove(member)
    }

    pub(super) fn take_object(&mut self, member: &'static str) -> Result<Map<String, Value>, RequestRefused> {
        match self.take(member) {
            Some(Value::Object(object)) => Ok(object),
            _ => Err(RequestRefused::Member { member }),
        }
    }

    pub(super) fn take_text(&mut self, member: &'static str) -> Result<String, RequestRefused> {
        match self.take(member) {
            Some(Value::String(text)) if is_short(&text) => Ok(text),
            _ => Err(RequestRefused::Member { member }),
        }
    }

    pub(super) fn take_optional_text(
        &mut self,
        member: &'static str,
    ) -> Result<Option<String>, RequestRefused> {
        match self.take(member) {
            None => Ok(None),
            Some(Value::String(text)) if is_short(&text) => Ok(Some(text)),
            Some(_) => Err(RequestRefused::Member { member }),
        }
    }

    pub(super) fn take_flag(&mut self, member: &'static str) -> Result<bool, RequestRefused> {
        match self.take(member) {
            Some(Value::Bool(flag)) => Ok(flag),
            _ => Err(RequestRefused::Member { member }),
        }
    }

    pub(super) fn take_options(&mut self) -> Result<Options, RequestRefused> {
        match self.take("options") {
            None => Ok(Options(Map::new())),
            Some(Value::Object(options)) => Ok(Options(options)),
            Some(_) => Err(RequestRefused::Member { member: "options" }),
        }
    }

    /// Nothing may be left: "implementations MUST throw an error if an endpoint receives data … that it does not
    /// understand".
    pub(super) fn end(self) -> Result<(), RequestRefused> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RequestRefused::UnknownMember)
        }
    }
}

/// The options of a request.
pub(super) struct Options(Map<String, Value>);

impl Options {
    pub(super) fn take(&mut self, option: &'static str) -> Option<Value> {
        self.0.shift_remove(option)
    }

    pub(super) fn take_text(&mut self, option: &'static str) -> Result<Option<String>, RequestRefused> {
        match self.take(option) {
            None => Ok(None),
            Some(Value::String(text)) if is_short(&text) => Ok(Some(text)),
            Some(_) => Err(RequestRefused::Option { option }),
        }
    }

    pub(super) fn take_flag(&mut self, option: &'static str) -> Result<Option<bool>, RequestRefused> {
        match self.take(option) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(_) => Err(RequestRefused::Option { option }),
        }
    }

    pub(super) fn take_pointers(
        &mut self,
        option: &'static str,
    ) -> Result<Option<Vec<JsonPointer>>, RequestRefused> {
        let items = match self.take(option) {
            None => return Ok(None),
            Some(Value::Array(items)) if items.len() <= MAX_POINTERS => items,
            Some(_) => return Err(RequestRefused::Option { option }),
        };
        let read = |item: &Value| {
            let pointer = item.as_str().and_then(|text| JsonPointer::parse(text).ok());
            pointer.ok_or(RequestRefused::Option { option })
        };
        items.iter().map(read).collect::<Result<_, _>>().map(Some)
    }

    pub(super) fn end(self) -> Result<(), RequestRefused> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(RequestRefused::UnknownOption)
        }
    }
}

/// A text that a header, a proof or a log can hold: neither empty nor long, without control characters.
fn is_short(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_TEXT_BYTES && !text.chars().any(char::is_control)
}
