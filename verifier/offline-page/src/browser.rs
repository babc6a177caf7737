//! What a script in a browser calls. Answers that have parts are JSON.

use serde::Serialize;
use symbolon_crypto::UnixTime;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::counter::Counter;

/// The number of this interface: a page for another one does not load this file.
#[wasm_bindgen]
#[must_use]
pub fn interface_number() -> u32 {
    2
}

/// A [`Counter`] as scripts see it. Every `now` is in seconds since 1970-01-01T00:00:00Z.
#[wasm_bindgen]
pub struct OfflineCounter(Counter);

#[wasm_bindgen]
impl OfflineCounter {
    /// A counter under a root of trust; throws a text where it cannot be read.
    #[wasm_bindgen(constructor)]
    pub fn open(root_of_trust: &[u8]) -> Result<OfflineCounter, String> {
        Counter::open(root_of_trust)
            .map(Self)
            .map_err(|_| "root-unreadable".to_owned())
    }

    /// Says how old what is known of a status may be; throws a text where the rules cannot be used.
    pub fn set_freshness(&mut self, rules: &[u8]) -> Result<(), String> {
        self.0.set_freshness(rules).map_err(|error| error.to_string())
    }

    /// The fingerprint of the root of trust.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint().to_owned()
    }

    /// Accepts a pack, or what changed since the one in use; throws the name of the text that says why not.
    pub fn accept_pack(
        &mut self,
        incoming: &[u8],
        last_seen: Option<String>,
        now: f64,
    ) -> Result<String, String> {
        let last_seen = last_seen.as_deref().map(str::as_bytes);
        match self.0.accept_pack(incoming, last_seen, time(now)) {
            Ok(accepted) => Ok(json(&accepted)),
            Err(problem) => Err(problem.text().to_owned()),
        }
    }

    /// Uses a pack that was accepted before.
    pub fn keep_pack(&mut self, pack: Vec<u8>) {
        self.0.keep_pack(pack);
    }

    /// The pack in use, to be kept.
    #[must_use]
    pub fn pack(&self) -> Option<Vec<u8>> {
        self.0.pack().map(<[u8]>::to_vec)
    }

    /// What an animation brought, once.
    #[must_use]
    pub fn brought_pack(&mut self) -> Option<Vec<u8>> {
        self.0.brought_pack()
    }

    /// What the page shows of its pack; nothing where there is none.
    #[must_use]
    pub fn known_pack(&self, now: f64) -> Option<String> {
        self.0.known_pack(time(now)).map(|known| json(&known))
    }

    /// The next person.
    pub fn begin(&mut self) {
        self.0.begin();
    }

    /// The other code of the same card.
    pub fn begin_other_code(&mut self) {
        self.0.begin_other_code();
    }

    /// Looks at a picture of the camera.
    #[must_use]
    pub fn look(&mut self, width: u32, height: u32, rgba: &[u8], language: &str, now: f64) -> String {
        json(&self.0.look(width, height, rgba, language, time(now)))
    }

    /// Looks at a photo or a screenshot.
    #[must_use]
    pub fn examine(&mut self, width: u32, height: u32, rgba: &[u8], language: &str, now: f64) -> String {
        json(&self.0.examine(width, height, rgba, language, time(now)))
    }

    /// Takes a text or a file.
    #[must_use]
    pub fn take(&mut self, bytes: Vec<u8>, language: &str, now: f64) -> String {
        json(&self.0.take(vec![bytes], language, time(now)))
    }
}

fn time(seconds: f64) -> UnixTime {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a script's clock is far from the bounds of an i64, and the conversion saturates"
    )]
    UnixTime::from_seconds(seconds as i64)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
