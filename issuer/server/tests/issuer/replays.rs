//! Everything that a wallet sent, sent again (ATTACKS.md row 12).

use reqwest::StatusCode;

use crate::wallet::{ASSERTING, ATTESTED, PUBLIC, Tokens, Wallet, policy, world_of};

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_sent_is_good_a_second_time() {
    let world = world_of(policy()).await;
    for wallet in [
        Wallet::new(&world, PUBLIC).with_dpop(),
        Wallet::new(&world, ASSERTING),
        Wallet::new(&world, ATTESTED).with_dpop(),
    ] {
        let tokens = wallet.tokens().await;
        assert_eq!(wallet.credential(&tokens.access).await.status(), StatusCode::OK);
        Tokens::of(wallet.refresh(&tokens.refresh.unwrap()).await).await;
        let sent = std::mem::take(&mut *wallet.sent.lock().unwrap());
        let paths: Vec<_> = sent
            .iter()
            .map(|request| request.url().path().to_owned())
            .collect();
        assert_eq!(paths, ["/par", "/authorize", "/token", "/credential", "/token"]);
        // From the end, so that no refusal rests on the second use of the code.
        for request in sent.into_iter().rev() {
            let path = request.url().path().to_owned();
            let again = wallet.http.execute(request).await.unwrap();
            assert!(again.status().is_client_error(), "{path} of {}", wallet.client_id);
        }
    }
}
