//! One file, from where it broke off to its end ([RFC 9110 §14]).
//!
//! [RFC 9110 §14]: https://www.rfc-editor.org/rfc/rfc9110#section-14

use http::HeaderValue;
use http::header::{CONTENT_RANGE, ETAG, HeaderMap, IF_RANGE, RANGE};
use symbolon_http::fetch::{Download, Fetch, GuardedFetcher};
use symbolon_trust::distribution::PublishedFile;

use super::folder::Partial;
use super::{PullError, PullFolder, PullSource, Watcher};

/// How often a file is begun anew within one pull: what an earlier try left may be damaged or of another server.
const BEGINNINGS: u8 = 2;

pub(super) struct Downloading<'a> {
    pub(super) source: &'a PullSource,
    pub(super) folder: &'a PullFolder,
    pub(super) fetcher: &'a GuardedFetcher,
    pub(super) watcher: &'a dyn Watcher,
}

/// What one request led to.
enum Came {
    /// The body ended where it should.
    ToItsEnd,
    /// What is there and what was served do not belong together.
    Useless,
}

impl Downloading<'_> {
    /// The file that was announced, and how many bytes came over the network for it.
    pub(super) async fn get(&self, file: &PublishedFile) -> Result<(Vec<u8>, u64), PullError> {
        let partial = self.folder.partial(file);
        let mut came = 0;
        for _ in 0..BEGINNINGS {
            if partial.have()? < file.bytes || file.bytes == 0 {
                match self.ask(file, &partial, &mut came).await? {
                    Came::ToItsEnd => {}
                    Came::Useless => {
                        partial.discard()?;
                        continue;
                    }
                }
            }
            if let Some(bytes) = partial.whole()? {
                return Ok((bytes, came));
            }
            partial.discard()?;
        }
        Err(PullError::NotAsAnnounced)
    }

    async fn ask(&self, file: &PublishedFile, partial: &Partial, came: &mut u64) -> Result<Came, PullError> {
        let have = partial.have()?;
        let tag = partial.tag()?;
        let mut download = self.begin(file, have, tag.as_deref()).await?;
        let served = tag_of(download.headers());
        let mut out = match download.status() {
            200 => {
                let out = partial.begin(served.as_deref())?;
                self.watcher.begins(file, 0);
                out
            }
            206 if have > 0
                && continues(download.headers(), have, file.bytes)
                && (tag.is_none() || tag == served) =>
            {
                self.watcher.begins(file, have);
                partial.go_on()?
            }
            206 | 416 => return Ok(Came::Useless),
            status => return Err(PullError::Status(status)),
        };
        let mut at = if download.status() == 206 { have } else { 0 };
        while let Some(piece) = download.piece().await? {
            at = at.saturating_add(piece.len() as u64);
            if at > file.bytes {
                return Ok(Came::Useless);
            }
            partial.add(&mut out, &piece)?;
            *came = came.saturating_add(piece.len() as u64);
            self.watcher.has(at);
        }
        if at < file.bytes {
            return Err(PullError::BrokenOff);
        }
        Ok(Came::ToItsEnd)
    }

    async fn begin(&self, file: &PublishedFile, have: u64, tag: Option<&str>) -> Result<Download, PullError> {
        // A name has no slash, so this stays in the folder of the index.
        let url = self
            .source
            .index
            .join(file.name.as_str())
            .map_err(|_| PullError::NotAsAnnounced)?;
        let limit = usize::try_from(file.bytes).unwrap_or(usize::MAX);
        let mut fetch = Fetch::document(url, limit);
        if have > 0
            && let Ok(range) = HeaderValue::from_str(&format!("bytes={have}-"))
        {
            fetch = fetch.with_header(RANGE, range);
            if let Some(tag) = tag.and_then(|tag| HeaderValue::from_str(tag).ok()) {
                fetch = fetch.with_header(IF_RANGE, tag);
            }
        }
        Ok(self.fetcher.download(fetch, self.source.patience).await?)
    }
}

/// The strong tag of an answer: a weak one promises no bytes.
fn tag_of(headers: &HeaderMap) -> Option<String> {
    let tag = headers.get(ETAG)?.to_str().ok()?;
    (!tag.starts_with("W/")).then(|| tag.to_owned())
}

/// Whether a partial answer goes on exactly where the download broke off, of a file of the announced length.
fn continues(headers: &HeaderMap, have: u64, bytes: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    let parts = range
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split_once('/'))
        .and_then(|(range, total)| Some((range.split_once('-')?, total)));
    let Some(((first, last), total)) = parts else {
        return false;
    };
    first.parse() == Ok(have) && last.parse() == Ok(bytes.saturating_sub(1)) && total.parse() == Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_range_that_was_asked_for_goes_on() {
        let goes_on = |range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_RANGE, HeaderValue::from_str(range).unwrap());
            continues(&headers, 10, 100)
        };
        assert!(goes_on("bytes 10-99/100"));
        for range in [
            "bytes 0-99/100",
            "bytes 11-99/100",
            "bytes 10-98/100",
            "bytes 10-99/101",
            "bytes 10-99/*",
            "bytes */100",
            "items 10-99/100",
            "",
        ] {
            assert!(!goes_on(range), "{range}");
        }
        assert!(!continues(&HeaderMap::new(), 10, 100));
    }
}
