//! The CBOR maps of a pack: small unsigned keys, closed sets of members.

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::cbor::{self, CborBudget};

use super::PackError;

/// A CBOR map from which each member is taken once, and nothing may be left.
pub(super) struct Fields(Vec<(u64, Value)>);

impl Fields {
    pub(super) fn parse(payload: &[u8]) -> Result<Self, PackError> {
        let budget = CborBudget {
            bytes: MAX_PAYLOAD_BYTES,
            depth: 3,
            items: 512,
        };
        let value = cbor::parse(payload, budget).map_err(|_| PackError::Payload)?;
        // One meaning has one encoding: a second one would be a second pack with the same content.
        if cbor::encode(&value) != payload {
            return Err(PackError::Payload);
        }
        let Value::Map(members) = value else {
            return Err(PackError::Payload);
        };
        members
            .into_iter()
            .map(|(key, value)| {
                let key = key
                    .as_integer()
                    .and_then(|key| u64::try_from(key).ok())
                    .ok_or(PackError::Payload)?;
                Ok((key, value))
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn take(&mut self, key: u64) -> Result<Value, PackError> {
        let place = self
            .0
            .iter()
            .position(|(found, _)| *found == key)
            .ok_or(PackError::Payload)?;
        Ok(self.0.swap_remove(place).1)
    }

    pub(super) fn unsigned(&mut self, key: u64) -> Result<u64, PackError> {
        self.take(key)?
            .as_integer()
            .and_then(|value| u64::try_from(value).ok())
            .ok_or(PackError::Payload)
    }

    pub(super) fn time(&mut self, key: u64) -> Result<UnixTime, PackError> {
        let seconds = i64::try_from(self.unsigned(key)?).map_err(|_| PackError::Payload)?;
        Ok(UnixTime::from_seconds(seconds))
    }

    /// At most 32 bits of seconds, so that no sum with a time overflows.
    pub(super) fn duration(&mut self, key: u64) -> Result<Duration, PackError> {
        let seconds = u32::try_from(self.unsigned(key)?).map_err(|_| PackError::Payload)?;
        Ok(Duration::from_secs(u64::from(seconds)))
    }

    pub(super) fn hash(&mut self, key: u64) -> Result<[u8; 32], PackError> {
        match self.take(key)? {
            Value::Bytes(bytes) => bytes.try_into().map_err(|_| PackError::Payload),
            _ => Err(PackError::Payload),
        }
    }

    pub(super) fn text(&mut self, key: u64) -> Result<String, PackError> {
        match self.take(key)? {
            Value::Text(text) => Ok(text),
            _ => Err(PackError::Payload),
        }
    }

    /// An array of texts, or nothing. An array without members would be a second way to say nothing.
    pub(super) fn optional_texts(&mut self, key: u64) -> Result<Vec<String>, PackError> {
        if !self.0.iter().any(|(found, _)| *found == key) {
            return Ok(Vec::new());
        }
        let Value::Array(texts) = self.take(key)? else {
            return Err(PackError::Payload);
        };
        if texts.is_empty() {
            return Err(PackError::Payload);
        }
        texts
            .into_iter()
            .map(|text| text.into_text().map_err(|_| PackError::Payload))
            .collect()
    }

    pub(super) fn optional_text(&mut self, key: u64) -> Result<Option<String>, PackError> {
        if self.0.iter().any(|(found, _)| *found == key) {
            self.text(key).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A member that this reader does not know could change the meaning of those it does.
    pub(super) fn finish(self) -> Result<(), PackError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(PackError::Payload)
        }
    }
}

/// Writes a map, deterministically.
pub(super) fn encode(members: Vec<(u64, Value)>) -> Vec<u8> {
    cbor::encode(&Value::Map(
        members
            .into_iter()
            .map(|(key, value)| (Value::from(key), value))
            .collect(),
    ))
}

/// A time as the format holds it. A time before 1970 becomes 0, which no reader takes for current.
pub(super) fn time(value: UnixTime) -> Value {
    Value::from(u64::try_from(value.seconds()).unwrap_or(0))
}

/// A duration in whole seconds, at most what 32 bits hold.
pub(super) fn duration(value: Duration) -> Value {
    Value::from(u32::try_from(value.as_secs()).unwrap_or(u32::MAX))
}

const MAX_PAYLOAD_BYTES: usize = 65_536;
