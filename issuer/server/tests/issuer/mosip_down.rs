//! What the pages say while the repository of ID records is down.

use std::sync::Arc;

use http::StatusCode;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::sign_in::SendCode;
use symbolon_issuer_server::Retrieval;
use symbolon_issuer_server::sign_in::CodeSender;

use crate::harness::{HASSAN, World};
use crate::mosip_on_loopback::{Mood, Repository};
use crate::resident::{Browser, Postbox, by_code};
use crate::wallet::policy;

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_when_to_come_back() {
    let repository = Repository::start().await;
    let postbox: Arc<dyn SendCode> = Arc::new(Postbox::default());
    let sign_in = by_code(CodeSender::Sent(postbox));
    let shape = repository.shape(Retrieval::Body);
    let world = World::start_as(IssuerPolicy::default(), policy(), sign_in, shape).await;
    repository.is(Mood::Answers(500, String::new()));
    // The first failures, and those after which nobody asks the repository for a while.
    for expected in ["5", "5", "5", "5", "15", "15"] {
        let mut browser = Browser::sent(&world).await;
        let shown = browser.type_number(HASSAN).await;
        assert_eq!(shown.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(shown.headers["retry-after"], expected);
    }
}
