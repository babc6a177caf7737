//! What a script in a browser calls. Answers that have parts are JSON.

use serde::Serialize;
use symbolon_crypto::UnixTime;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::asking::identifier_of;
use crate::counter::Counter;
use crate::pack::Fetching;

/// The number of this interface: a page for another one does not load this file.
#[wasm_bindgen]
#[must_use]
pub fn interface_number() -> u32 {
    4
}

/// The DID of a device whose key has this uncompressed point.
#[wasm_bindgen]
#[must_use]
pub fn device_identifier(key: &[u8]) -> Option<String> {
    identifier_of(key)
}

/// A [`Counter`] as scripts see it. Every `now` is in seconds since 1970-01-01T00:00:00Z. What is thrown is the name of the text that says why.
#[wasm_bindgen]
pub struct OfflineCounter(Counter);

#[wasm_bindgen]
impl OfflineCounter {
    /// A counter under a root of trust, or one that believes nobody yet.
    #[wasm_bindgen(constructor)]
    pub fn open(root_of_trust: Option<Vec<u8>>) -> Result<OfflineCounter, String> {
        let opened = match root_of_trust {
            Some(root) => Counter::open(&root),
            None => Counter::without_root(),
        };
        opened.map(Self).map_err(|_| "root-unreadable".to_owned())
    }

    /// Says how old what is known of a status may be; throws what is wrong with the rules.
    pub fn set_freshness(&mut self, rules: &[u8]) -> Result<(), String> {
        self.0.set_freshness(rules).map_err(|error| error.to_string())
    }

    /// Says what people can be asked for; throws what is wrong with the list.
    pub fn set_asks(&mut self, list: &[u8], now: f64) -> Result<(), String> {
        self.0
            .set_asks(list, time(now))
            .map_err(|error| error.to_string())
    }

    /// What people can be asked for.
    #[must_use]
    pub fn asks(&self) -> String {
        json(&self.0.asks())
    }

    /// The fingerprint of the root of trust.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        self.0.fingerprint().map(str::to_owned)
    }

    /// The same as operators say it.
    #[must_use]
    pub fn spoken_fingerprint(&self) -> Option<String> {
        self.0.spoken_fingerprint()
    }

    /// Accepts a pack, or what changed since the one in use.
    pub fn accept_pack(&mut self, incoming: &[u8], now: f64) -> Result<String, String> {
        let accepted = self.0.accept_pack(incoming, time(now));
        accepted
            .map(|known| json(&known))
            .map_err(|problem| problem.text().to_owned())
    }

    /// Goes on with what the page kept.
    pub fn resume_pack(
        &mut self,
        pack: Option<Vec<u8>>,
        form: Option<Vec<u8>>,
        memory: Option<String>,
        now: f64,
    ) {
        let memory = memory.map(String::into_bytes);
        self.0
            .resume_pack(pack, form.unwrap_or_default(), memory, time(now));
    }

    /// The pack in use, to be kept.
    #[must_use]
    pub fn pack(&self) -> Option<Vec<u8>> {
        self.0.pack().map(<[u8]>::to_vec)
    }

    /// Its form, to be kept beside it.
    #[must_use]
    pub fn pack_form(&self) -> Vec<u8> {
        self.0.pack_form().to_vec()
    }

    /// What is remembered of it and of those before, to be kept with both.
    #[must_use]
    pub fn pack_memory(&self) -> Option<String> {
        String::from_utf8(self.0.pack_memory()?).ok()
    }

    /// What an animation brought, once.
    #[must_use]
    pub fn brought_pack(&mut self) -> Option<Vec<u8>> {
        self.0.brought_pack()
    }

    /// What the page says of its pack and of whom it believes.
    #[must_use]
    pub fn standing(&self, now: f64) -> Option<String> {
        self.0.standing(time(now)).map(|standing| json(&standing))
    }

    /// Which file beside an index of packs is to be fetched.
    pub fn wanted(&self, index: &[u8], scope: Option<String>, whole: bool) -> Result<Option<String>, String> {
        let how = if whole { Fetching::Whole } else { Fetching::Changes };
        let wanted = self.0.wanted(index, scope.as_deref(), how);
        wanted.map_err(|problem| problem.text().to_owned())
    }

    /// Prepares a request: what the device's key is to sign.
    pub fn prepare_request(
        &mut self,
        label: &str,
        key: &[u8],
        random: Vec<u8>,
        now: f64,
    ) -> Result<Vec<u8>, String> {
        let prepared = self.0.prepare_request(label, key, random, time(now));
        prepared.map_err(|problem| problem.text().to_owned())
    }

    /// Shows the request that was prepared.
    pub fn pose(&mut self, signature: &[u8]) -> Result<String, String> {
        let posed = self.0.pose(signature);
        posed
            .map(|posed| json(&posed))
            .map_err(|problem| problem.text().to_owned())
    }

    /// Shows a request again that the page kept.
    pub fn resume_request(&mut self, kept: &str, now: f64) -> Result<String, String> {
        let posed = self.0.resume_request(kept, time(now));
        posed
            .map(|posed| json(&posed))
            .map_err(|problem| problem.text().to_owned())
    }

    /// Takes the request away.
    pub fn withdraw_request(&mut self) {
        self.0.withdraw_request();
    }

    /// The time of the request is over.
    pub fn expire_request(&mut self) {
        self.0.expire_request();
    }

    /// The request was answered.
    pub fn close_request(&mut self) {
        self.0.close_request();
    }

    /// A request that was answered before.
    pub fn remember_answered(&mut self, key_id: String) {
        self.0.remember_answered(key_id);
    }

    /// The modules of the next code of the request.
    #[must_use]
    pub fn next_code(&mut self) -> Option<Vec<u8>> {
        self.0.next_code()
    }

    /// Judges the answer whose nonce was spent.
    #[must_use]
    pub fn judge_answer(&mut self, language: &str, now: f64) -> String {
        json(&self.0.judge_answer(language, time(now)))
    }

    /// Whether a person has confirmed the onboarding code.
    pub fn confirm(&self, said: &str) -> Result<(), String> {
        self.0.confirm(said).map_err(|problem| problem.text().to_owned())
    }

    /// The root of trust that the confirmed onboarding code names, to be kept.
    pub fn join(&self, said: &str, root_of_trust: &[u8]) -> Result<Vec<u8>, String> {
        self.0
            .join(said, root_of_trust)
            .map_err(|problem| problem.text().to_owned())
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
