//! The page on which the people of a relying party make requests, without a script.

use http::header::{CONTENT_TYPE, COOKIE};
use http::{HeaderName, Method};
use serde_json::{Value, json};
use symbolon_http::fetch::Fetched;
use symbolon_trust::status_list::Status;
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::store::TenantId;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::{BuilderCode, ScanAccess};

use crate::world::{TOKEN, World, json_of, master_secret, vct};

const PAGE: &str = "/request-builder";
const FORM: &str = "application/x-www-form-urlencoded";
const FAST: HeaderName = HeaderName::from_static("accept-language");

/// A bank with a policy and queries of its own, and a shop that may not use the page.
struct Office {
    world: World,
    bank: String,
}

fn configure(configuration: &mut VerifierConfiguration, vct: &str) {
    let document = json!({"purpose": "To know your <name>", "credentials": [{
        "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
        "claims": [{"path": ["given_name"], "pattern": "[A-Z][a-z]+"}], "keep_claims": [["given_name"]],
    }]});
    let policy = PolicyName::parse("known-by-name").unwrap();
    configuration
        .policies
        .insert(policy, serde_json::from_value(document).unwrap());
    let query = json!({"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]},
        "claims": [{"path": ["given_name"]}, {"path": ["family_name"]}]}]});
    configuration.queries.insert("names".to_owned(), query);
    for (name, document) in [
        (
            "bank",
            json!({"name": "First Bank", "policies": ["known-by-name"], "own_queries": "allowed",
                "request_builder": "allowed", "requests_per_minute": 6}),
        ),
        (
            "clinic",
            json!({"name": "Clinic", "request_builder": "allowed", "request_builder_generation": 2}),
        ),
        ("shop", json!({"name": "Shop", "policies": ["known-by-name"]})),
    ] {
        let name = RelyingPartyName::parse(name).unwrap();
        configuration
            .relying_parties
            .insert(name, serde_json::from_value(document).unwrap());
    }
}

fn link_of(party: &str, generation: u32) -> String {
    let name = RelyingPartyName::parse(party).unwrap();
    let tenant = TenantId::parse("default").unwrap();
    BuilderCode::derive(&master_secret(), &tenant, &name, generation)
        .entry(&name)
        .to_string()
}

fn form(fields: &[(&str, &str)]) -> String {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    body.finish()
}

/// A body without the marks around names that texts were filled with.
fn text(fetched: &Fetched) -> String {
    let text = String::from_utf8(fetched.body.clone()).unwrap();
    text.replace(['\u{2068}', '\u{2069}'], "")
}

fn location(fetched: &Fetched) -> &str {
    assert_eq!(fetched.status, 303, "{}", text(fetched));
    fetched.headers["location"].to_str().unwrap()
}

/// What stands between two marks of a page, as a browser reads it.
fn between(page: &str, start: &str, end: &str) -> String {
    let (_, rest) = page
        .split_once(start)
        .unwrap_or_else(|| panic!("no {start} in {page}"));
    let (found, _) = rest.split_once(end).unwrap();
    let decode = [
        ("&quot;", "\""),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ];
    decode
        .iter()
        .fold(found.to_owned(), |text, (from, to)| text.replace(from, to))
}

impl Office {
    async fn new() -> Self {
        let world = World::of_issuer(configure, ScanAccess::Open).await;
        let bank = make_key(&world, "bank").await;
        Self { world, bank }
    }

    async fn enter(&self, key: &str) -> Fetched {
        let body = form(&[("key", key)]);
        let path = format!("{PAGE}/enter");
        self.world
            .send(Method::POST, &path, &[(CONTENT_TYPE, FORM)], &body)
            .await
    }

    async fn signed_in(&self, key: &str) -> String {
        let entered = self.enter(key).await;
        assert_eq!(location(&entered), PAGE);
        let cookie = entered.headers["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn get(&self, cookie: &str, path: &str) -> Fetched {
        let path = format!("{PAGE}{path}");
        self.world.send(Method::GET, &path, &[(COOKIE, cookie)], "").await
    }

    async fn post(&self, cookie: &str, path: &str, fields: &[(&str, &str)]) -> Fetched {
        let headers = [(COOKIE, cookie), (CONTENT_TYPE, FORM)];
        let path = format!("{PAGE}{path}");
        self.world
            .send(Method::POST, &path, &headers, &form(fields))
            .await
    }

    /// Makes a request and returns the path of its page, below the builder's.
    async fn ask(&self, cookie: &str, fields: &[(&str, &str)]) -> String {
        let made = self.post(cookie, "/requests", fields).await;
        location(&made).strip_prefix(PAGE).unwrap().to_owned()
    }

    async fn page(&self, cookie: &str, path: &str) -> String {
        let page = self.get(cookie, path).await;
        assert_eq!(page.status, 200, "{}", text(&page));
        text(&page)
    }

    /// The holder answers the request whose link the page shows.
    async fn answer(&self, page: &str) -> u16 {
        let link = between(page, r#"id="link">"#, "</pre>");
        let request = self.world.open(&link).await;
        self.world.present_to(&request).await.status
    }
}

async fn make_key(world: &World, party: &str) -> String {
    let path = format!("/admin/v1/relying-parties/{party}/keys");
    let bearer = format!("Bearer {TOKEN}");
    let made = world
        .send(Method::POST, &path, &[(http::header::AUTHORIZATION, &bearer)], "")
        .await;
    json_of(&made)["key"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_has_a_key_or_the_link_of_a_relying_party_that_may_is_let_in() {
    let office = Office::new().await;
    let shop = make_key(&office.world, "shop").await;
    let asked = office.get("", "").await;
    assert_eq!(asked.status, 200);
    assert!(text(&asked).contains(r#"type="password""#));
    let policy = asked.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
    let almost = link_of("bank", 1).replace("bank", "clinic");
    for wrong in [
        "",
        "wrong",
        &shop,
        TOKEN,
        &link_of("shop", 1),
        &link_of("bank", 2),
        &link_of("clinic", 1),
        &almost,
    ] {
        let refused = office.enter(wrong).await;
        assert_eq!(refused.status, 403, "{wrong}");
        assert!(refused.headers.get("set-cookie").is_none());
    }
    for right in [
        &office.bank,
        &link_of("bank", 1),
        &link_of("bank", 1).to_lowercase(),
    ] {
        let cookie = office.signed_in(right).await;
        let home = office.page(&cookie, "").await;
        assert!(home.contains("Signed in for First Bank."), "{home}");
        assert!(home.contains("To know your &lt;name&gt;"), "{home}");
        assert!(!home.contains(&*office.bank), "a key is shown");
    }
    let clinic = office.signed_in(&link_of("clinic", 2)).await;
    let home = office.page(&clinic, "").await;
    assert!(!home.contains("known-by-name") && home.contains("You have no policies"));
    let left = office.post(&clinic, "/leave", &[]).await;
    assert!(left.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn a_session_is_nobody_elses_and_ends() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    let asks = async |cookie: &str| office.get(cookie, "/query").await.status;
    assert_eq!(asks(&cookie).await, 200);
    let clinic = office.signed_in(&link_of("clinic", 2)).await;
    let (_, proof) = clinic.rsplit_once('.').unwrap();
    let (claimed, own) = cookie.rsplit_once('.').unwrap();
    let longer = claimed.replacen("bank.key-", "bank.key-B", 1);
    for forged in [
        format!("{claimed}.{proof}"),
        format!("{claimed}.{}", &own[1..]),
        format!("{}.{own}", claimed.replace("bank", "clinic")),
        format!("{longer}.{own}"),
        format!("{cookie}; {clinic}"),
        String::new(),
    ] {
        assert_eq!(asks(&forged).await, 403, "{forged}");
    }
    // Without the permission there is nothing to compose.
    assert_eq!(asks(&clinic).await, 403);
    for fields in [[("dcql_query", "{}")], [("policy", "known-by-name")]] {
        let refused = office.post(&clinic, "/requests", &fields).await;
        assert_eq!(refused.status, 403, "{fields:?}");
    }
    office.world.advance(12 * 60 * 60);
    assert_eq!(asks(&cookie).await, 200);
    office.world.advance(1);
    assert_eq!(asks(&cookie).await, 403);
    let cookie = office.signed_in(&office.bank).await;
    let by_link = office.signed_in(&link_of("bank", 1)).await;
    let id = &office.bank["symbolon_rp_".len()..][..16];
    let path = format!("/admin/v1/relying-parties/bank/keys/{id}");
    let bearer = format!("Bearer {TOKEN}");
    let headers = [(http::header::AUTHORIZATION, &*bearer)];
    office.world.send(Method::DELETE, &path, &headers, "").await;
    assert_eq!(asks(&cookie).await, 403, "its key was revoked");
    assert_eq!(asks(&by_link).await, 200);
}

#[tokio::test]
async fn a_policy_is_asked_and_its_result_shown_rule_by_rule() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    let home = office.page(&cookie, "").await;
    let curl = between(&home, r#"aria-label="curl">"#, "</pre>");
    assert!(curl.contains(r#"-d '{"policy":"known-by-name"}'"#), "{curl}");
    let path = office.ask(&cookie, &[("policy", "known-by-name")]).await;
    let page = office.page(&cookie, &path).await;
    assert!(page.contains("<svg class=\"qr\"") && page.contains("Waiting for an answer"));
    assert_eq!(office.answer(&page).await, 200);
    let page = office.page(&cookie, &path).await;
    assert!(
        page.contains(r#"class="state valid" id="state" role="status">The policy is satisfied."#),
        "{page}"
    );
    assert!(page.contains("The claim has the right form") && page.contains("identity, given_name"));
    assert!(page.contains(r#"data-verdict="valid""#) && page.contains("Amina"));
    assert!(
        !page.contains("<svg class=\"qr\""),
        "an answered request is not shown to wallets"
    );
    let report: Value = serde_json::from_str(&between(&page, r#"id="report">"#, "</pre>")).unwrap();
    assert_eq!(
        report["result"]["outcome"]["presented"]["decision"]["outcome"],
        "satisfied"
    );
    // In the words of another language, right to left.
    let wish = office.get(&cookie, &format!("{path}?language=ar")).await;
    assert_eq!(location(&wish), format!("{PAGE}{path}"));
    let arabic = office
        .world
        .send(
            Method::GET,
            &format!("{PAGE}{path}"),
            &[(COOKIE, &*cookie), (FAST, "ar")],
            "",
        )
        .await;
    let arabic = text(&arabic);
    assert!(arabic.contains(r#"<html lang="ar" dir="rtl">"#) && arabic.contains("السياسة مستوفاة."));
    // Nobody else's.
    let clinic = office.signed_in(&link_of("clinic", 2)).await;
    assert_eq!(office.get(&clinic, &path).await.status, 404);
    assert_eq!(office.get(&clinic, &format!("{path}/events")).await.status, 404);
    assert_eq!(office.get("", &path).await.status, 403);
    assert_eq!(office.get("", &format!("{path}/events")).await.status, 403);
    let stream = text(&office.get(&cookie, &format!("{path}/events")).await);
    assert!(stream.starts_with("event: answered\ndata: "), "{stream}");
}

#[tokio::test]
async fn what_is_refused_says_which_rule_and_why() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    office.world.publish(Status::Invalid);
    let path = office.ask(&cookie, &[("policy", "known-by-name")]).await;
    let page = office.page(&cookie, &path).await;
    assert_eq!(office.answer(&page).await, 400);
    let page = office.page(&cookie, &path).await;
    assert!(page.contains("The policy is not satisfied."), "{page}");
    assert!(
        page.contains(r#"<li class="failed"><strong>No:</strong> It is in force"#),
        "{page}"
    );
    assert!(page.contains("It was revoked.") && page.contains(r#"data-verdict="invalid""#));
    let late = office.ask(&cookie, &[("policy", "known-by-name")]).await;
    office.world.advance(601);
    assert!(
        office
            .page(&cookie, &late)
            .await
            .contains("Nobody answered in time.")
    );
    office.world.advance(3_600);
    assert_eq!(office.get(&cookie, &late).await.status, 404, "kept no longer");
    for fields in [
        &[("policy", "other")][..],
        &[],
        &[("policy", "known-by-name"), ("dcql_query", "{}")],
    ] {
        assert_eq!(
            office.post(&cookie, "/requests", fields).await.status,
            403,
            "{fields:?}"
        );
    }
}

#[tokio::test]
async fn a_query_is_composed_checked_and_asked() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    let kind = format!("dc+sd-jwt {}", vct(&office.world.issuer));
    let added = text(
        &office
            .post(&cookie, "/query", &[("new", &kind), ("do", "add")])
            .await,
    );
    assert!(added.contains(r#"name="name:0" value="credential1""#), "{added}");
    assert!(
        added.contains(r#"<bdi>family_name</bdi>"#),
        "the claims of the operator's query"
    );
    let chosen = [
        ("type:0", &*kind),
        ("name:0", "identity"),
        ("need:0", "required"),
        (r#"ask:0:["given_name"]"#, "required"),
        (r#"values:0:["given_name"]"#, "Amina, Fatou"),
        ("more:0", "birthdate ?"),
    ];
    let shown = text(
        &office
            .post(&cookie, "/query", &[&chosen[..], &[("do", "show")]].concat())
            .await,
    );
    let json = between(&shown, r#"autocomplete="off" required>"#, "</textarea>");
    let query: Value = serde_json::from_str(&json).unwrap();
    let asked = &query["credentials"][0];
    assert_eq!(asked["id"], "identity");
    assert_eq!(asked["claims"][0]["values"], json!(["Amina", "Fatou"]));
    assert_eq!(asked["claim_sets"], json!([["claim0", "claim1"], ["claim0"]]));
    let removed = text(
        &office
            .post(&cookie, "/query", &[&chosen[..], &[("do", "remove:0")]].concat())
            .await,
    );
    assert!(!removed.contains("name:0"), "{removed}");
    let path = office.ask(&cookie, &[("dcql_query", &json)]).await;
    let page = office.page(&cookie, &path).await;
    assert_eq!(office.answer(&page).await, 200);
    let page = office.page(&cookie, &path).await;
    assert!(
        page.contains("Valid, and what was asked for.") && page.contains("Amina"),
        "{page}"
    );
}

#[tokio::test]
async fn a_mistake_in_a_query_is_told_by_its_place() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    let kind = format!("dc+sd-jwt {}", vct(&office.world.issuer));
    let alert = async |fields: &[(&str, &str)]| {
        let page = text(&office.post(&cookie, "/query", fields).await);
        between(&page, r#"role="alert">"#, "</div>")
    };
    let composed = async |more: &str| {
        alert(&[
            ("type:0", &kind),
            ("name:0", "a"),
            ("more:0", more),
            ("do", "show"),
        ])
        .await
    };
    assert!(
        composed("email ?")
            .await
            .contains("Credential 1: something must be needed.")
    );
    assert!(composed("email\n..").await.contains("Credential 1, line 2"));
    assert!(
        composed("email\nemail")
            .await
            .contains("two claims have the same path")
    );
    assert_eq!(composed("email").await, "");
    assert!(alert(&[("do", "show")]).await.contains("Add a credential first."));
    let written = async |json: &str| alert(&[("dcql_query", json)]).await;
    assert!(
        written("{\n\"credentials\": [\n}")
            .await
            .contains("line 3 column 1")
    );
    assert!(
        written(r#"{"credentials": []}"#)
            .await
            .contains("the query asks for no credential")
    );
    let script = written(r#"{"credentials": "<script>"}"#).await;
    assert!(script.contains("the query is malformed") && !script.contains("<script>"));
    let asked = office.post(&cookie, "/requests", &[("dcql_query", "{")]).await;
    assert_eq!(asked.status, 400);
    assert!(text(&asked).contains("EOF while parsing"), "{}", text(&asked));
}

#[tokio::test]
async fn the_page_spends_the_quota_of_its_relying_party() {
    let office = Office::new().await;
    let cookie = office.signed_in(&office.bank).await;
    let now = office.world.now().seconds();
    office.world.advance(60 - now.rem_euclid(60));
    for _ in 0..6 {
        office.ask(&cookie, &[("policy", "known-by-name")]).await;
    }
    let refused = office
        .post(&cookie, "/requests", &[("policy", "known-by-name")])
        .await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.headers["retry-after"], "60");
    assert!(text(&refused).contains("Your quota of requests is used up"));
}

/// Whoever is signed in by a form of another site would ask for a relying party that this site has chosen.
#[tokio::test]
async fn a_form_of_another_site_signs_nobody_in() {
    let office = Office::new().await;
    let body = form(&[("key", &office.bank)]);
    let path = format!("{PAGE}/enter");
    let site = HeaderName::from_static("sec-fetch-site");
    for (said, status) in [
        ("cross-site", 403),
        ("same-site", 403),
        ("same-origin", 303),
        ("none", 303),
    ] {
        let headers = [(CONTENT_TYPE, FORM), (site.clone(), said)];
        let entered = office.world.send(Method::POST, &path, &headers, &body).await;
        assert_eq!(entered.status, status, "{said}");
        assert_eq!(
            entered.headers.contains_key("set-cookie"),
            status == 303,
            "{said}"
        );
    }
}
