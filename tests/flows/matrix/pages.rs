//! What stands on a page of the verifier's, as a camera and a browser see it.

use reqwest::{Client, Response};
use symbolon_qr_picture::{LumaPicture, encode_png};

use super::{Case, code_in};

const QUIET_ZONE: u32 = 4;
const MODULE_PIXELS: u32 = 4;

/// What a camera sees of the code on a page: its drawing, with the light border around it.
pub(super) fn photograph(page: &str) -> Vec<u8> {
    let (_, path) = page.split_once("<path d=\"").unwrap_or_else(|| panic!("{page}"));
    let (path, _) = path.split_once('"').unwrap();
    // Each run of dark modules: `M{x} {y}h{width}v1h-{width}z`.
    let runs = path.split_terminator('z').map(|run| {
        let (start, width) = run.strip_prefix('M').unwrap().split_once('h').unwrap();
        let (x, y) = start.split_once(' ').unwrap();
        let (width, _) = width.split_once('v').unwrap();
        [x, y, width].map(|number| number.parse::<u32>().unwrap())
    });
    let runs: Vec<_> = runs.collect();
    let modules = runs.iter().map(|[x, _, width]| x + width).max().unwrap();
    let mut dark = vec![false; (modules * modules) as usize];
    for [x, y, width] in runs {
        dark[(y * modules + x) as usize..][..width as usize].fill(true);
    }
    let side = (modules + 2 * QUIET_ZONE) * MODULE_PIXELS;
    let picture = LumaPicture::from_fn(side, side, |x, y| {
        let module = |at: u32| (at / MODULE_PIXELS).checked_sub(QUIET_ZONE);
        let is_dark = module(x)
            .zip(module(y))
            .is_some_and(|(x, y)| x < modules && y < modules && dark[(y * modules + x) as usize]);
        if is_dark { 0 } else { 255 }
    });
    encode_png(&picture).unwrap()
}

/// A browser with a cookie, which follows nothing by itself.
pub(super) struct Browser<'c> {
    client: &'c Client,
    cookie: Option<String>,
}

impl<'c> Browser<'c> {
    pub(super) const fn new(client: &'c Client) -> Self {
        Self { client, cookie: None }
    }

    pub(super) async fn open(&mut self, url: &str) -> Response {
        let mut request = self.client.get(url);
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        let opened = request.send().await.unwrap();
        if let Some(cookie) = opened.headers().get("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next();
            self.cookie = cookie.map(str::to_owned);
        }
        opened
    }

    /// The code with which this page sends the browser on to the relying party.
    pub(super) async fn sent_on(&mut self, case: &Case<'_>, url: &str) -> String {
        let opened = self.open(url).await;
        assert_eq!(opened.status(), 303, "{case}");
        code_in(case, opened.headers()["location"].to_str().unwrap())
    }
}
