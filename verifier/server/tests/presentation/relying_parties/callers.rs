//! Who calls: keys, quotas, and that nobody sees what is another's.

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::{REQUESTS, Town, make_key, operate, party};
use crate::world::{TOKEN, json_of};

/// Whoever has a key of one sees nothing of another, not even that it is there.
#[tokio::test]
async fn nobody_sees_what_another_has_asked() {
    let town = Town::new().await;
    let shops = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let (operators, _) = town
        .world
        .make_request(&json!({"dcql_query": town.world.query()}))
        .await;
    for id in [&shops, &operators] {
        for (method, suffix) in [
            (Method::GET, ""),
            (Method::GET, "/events"),
            (Method::GET, "/evidence"),
            (Method::DELETE, ""),
        ] {
            let path = format!("{REQUESTS}/{id}{suffix}");
            let theirs = town.call(&town.bank, method.clone(), &path, &Value::Null).await;
            let none = town
                .call(
                    &town.bank,
                    method,
                    &format!("{REQUESTS}/none{suffix}"),
                    &Value::Null,
                )
                .await;
            assert_eq!(theirs.status, 404, "{path}");
            assert_eq!(theirs.body, none.body, "{path}");
        }
    }
    let listed = json_of(&town.call(&town.bank, Method::GET, REQUESTS, &Value::Null).await);
    assert_eq!(listed["requests"], json!([]));
    // The operator runs the verifier and does not read what others were shown.
    for suffix in ["", "/events", "/evidence"] {
        let read = town
            .world
            .administer(Method::GET, &format!("/{shops}{suffix}"), "")
            .await;
        assert_eq!(read.status, 404, "{suffix}");
    }
    assert_eq!(town.result(&town.shop, &shops).await["state"], "answered");
}

#[tokio::test]
async fn a_key_opens_its_own_door_alone() {
    let town = Town::new().await;
    let other = format!("{}A", &town.bank[..town.bank.len() - 1]);
    let other = if other == town.bank {
        format!("{}B", &town.bank[..town.bank.len() - 1])
    } else {
        other
    };
    for key in ["", "wrong", TOKEN, &other] {
        let refused = town.call(key, Method::GET, REQUESTS, &Value::Null).await;
        assert_eq!(refused.status, 401, "{key}");
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.starts_with(r#"Bearer realm="relying-party""#),
            "{challenge}"
        );
        assert!(refused.body.is_empty());
    }
    for path in ["presentation-requests/x", "relying-party-keys", "deliveries"] {
        let bearer = format!("Bearer {}", town.bank);
        let path = format!("/admin/v1/{path}");
        let refused = town
            .world
            .send(Method::GET, &path, &[(AUTHORIZATION, &bearer)], "")
            .await;
        assert_eq!(refused.status, 401, "{path}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_nobodys_at_once() {
    let town = Town::new().await;
    let second = make_key(&town.world, "bank").await;
    let listed = json_of(&operate(&town.world, Method::GET, "relying-party-keys").await);
    assert_eq!(listed["keys"].as_array().unwrap().len(), 3);
    assert!(
        !listed.to_string().contains(&town.bank[28..]),
        "a key is told twice"
    );
    let id = &town.bank["symbolon_rp_".len()..][..16];
    // Under another's name it is not found.
    let path = |owner: &str| format!("relying-parties/{owner}/keys/{id}");
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("shop")).await.status,
        404
    );
    assert_eq!(
        town.call(&town.bank, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("bank")).await.status,
        204
    );
    assert_eq!(
        town.call(&town.bank, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
    assert_eq!(
        town.call(&second, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        200
    );
    assert_eq!(
        operate(&town.world, Method::DELETE, &path("bank")).await.status,
        404
    );
    // A key of somebody whom the configuration does not have opens nothing.
    let stranger = make_key(&town.world, "stranger").await;
    assert_eq!(
        town.call(&stranger, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn with_a_relying_party_goes_everything_of_it() {
    let town = Town::new().await;
    let shops = town.answered(&town.shop, &json!({"policy": "name-kept"})).await;
    let banks = town.answered(&town.bank, &json!({"policy": "name"})).await;
    let removed = operate(&town.world, Method::DELETE, "relying-parties/shop").await;
    assert_eq!(json_of(&removed), json!({"keys": 1, "requests": 1}));
    assert_eq!(town.result(&town.bank, &banks).await["state"], "answered");
    assert_eq!(
        town.call(&town.shop, Method::GET, REQUESTS, &Value::Null)
            .await
            .status,
        401
    );
    let again = make_key(&town.world, "shop").await;
    assert_eq!(town.result(&again, &shops).await["error"], "not_found");
}

#[tokio::test]
async fn a_quota_ends_and_begins_anew() {
    let town = Town::configured(|configuration| {
        for (name, minute, day) in [("few", 3, 5), ("many", 100, 1_000)] {
            let document = json!({
                "name": name, "policies": ["name"], "requests_per_minute": minute, "requests_per_day": day,
            });
            party(configuration, name, document);
        }
    })
    .await;
    let few = make_key(&town.world, "few").await;
    let second = make_key(&town.world, "few").await;
    // The clock of the test stands in the middle of a minute and a day; go to the beginning of the next minute.
    let now = town.world.now().seconds();
    town.world.advance(60 - now.rem_euclid(60));
    let status = async |key: &str| town.call(key, Method::GET, REQUESTS, &Value::Null).await;
    for key in [&few, &second, &few] {
        assert_eq!(status(key).await.status, 200);
    }
    let refused = status(&second).await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    assert_eq!(json_of(&refused)["error"], "quota_exhausted");
    assert_eq!(status(&town.bank).await.status, 200, "another's quota");
    town.world.advance(60);
    assert_eq!(status(&few).await.status, 200);
    assert_eq!(status(&few).await.status, 200);
    let refused = status(&few).await;
    assert_eq!(refused.status, 429, "five in a day");
    let seconds: i64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
    let now = town.world.now().seconds();
    assert_eq!(seconds, 86_400 - now.rem_euclid(86_400));
    town.world.advance(seconds);
    assert_eq!(status(&few).await.status, 200);
    let many = make_key(&town.world, "many").await;
    let uses = (0..120).map(|_| status(&many));
    let uses = futures_util::future::join_all(uses).await;
    let permitted = uses.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(permitted, 100);
}
