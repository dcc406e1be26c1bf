//! Promises of the door, on a paused clock and with scripted replies.

use http::Method;
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::*;
use crate::net::{
    Disposition,
    scripted::{Scripted, Step, reply, with_header},
};

fn app() -> Credentials {
    Credentials::ConnectedApp { id: "id".to_owned(), secret: SecretString::from("s3cret") }
}

fn token(name: &str, seconds: u32) -> Step {
    reply(200, &format!(r#"{{"access_token":"{name}","token_type":"bearer","expires_in":{seconds}}}"#))
}

fn post() -> Call {
    Call::new(Method::POST, "/x").body(Body::Json(serde_json::json!({})))
}

#[tokio::test(start_paused = true)]
async fn a_safe_call_outlives_everything_that_passes() {
    let steps = [
        reply(503, "busy"),
        Step::Fail(TransportKind::Reset, true),
        Step::Fail(TransportKind::Connect, false),
        reply(502, "<html>"),
        Step::Silence,
        reply(200, "[]"),
    ];
    let server = Scripted::new(steps);
    let client = server.client(None);
    let reply = client.call(Call::get("/x")).await.expect("gets through");
    assert_eq!((reply.status.as_u16(), server.asked().len(), client.counters().retries), (200, 6, 5));
}

#[tokio::test(start_paused = true)]
async fn tries_are_bounded() {
    let server = Scripted::new((0..50).map(|_| reply(502, "")));
    let error = server.client(None).call(Call::get("/x")).await.expect_err("gives up");
    assert_eq!((error.http(), server.asked().len()), (Some(502), 6));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_full_for_a_minute_costs_no_call() {
    let server = Scripted::new((0..15).map(|_| reply(429, "")));
    let client = server.client(None);
    client.call(post()).await.expect("gets through");
    let waited = server.asked()[15].at;
    assert!(waited > Duration::from_mins(1) && waited < Duration::from_mins(15), "{waited:?}");
    assert_eq!(client.counters().refused, 15);
    let server = Scripted::new((0..500).map(|_| reply(429, "")));
    let error = server.client(None).call(post()).await.expect_err("patience ends");
    assert!(matches!(error.disposition(), Disposition::Again { .. }) && server.asked().len() <= 100);
}

#[tokio::test(start_paused = true)]
async fn a_form_is_built_anew_for_the_new_token() {
    let form: crate::net::FormFactory =
        Arc::new(|| Box::pin(async { Ok(reqwest::multipart::Form::new().text("name", "value")) }));
    let server = Scripted::new([token("t1", 3600), reply(401, ""), token("t2", 3600), reply(201, "{}")]);
    let call = Call::new(Method::POST, "/x").body(Body::Multipart { form, length: 5 });
    server.client(Some(app())).call(call).await.expect("gets through");
    let asked = server.asked();
    assert!(asked[1].body.contains("value") && asked[3].body.contains("value"));
}

#[tokio::test(start_paused = true)]
async fn a_write_is_repeated_only_when_it_was_refused_untouched() {
    let server = Scripted::new([with_header(429, "retry-after", "5"), Step::Fail(TransportKind::Connect, false)]);
    server.client(None).call(post()).await.expect("gets through");
    assert_eq!(server.asked().len(), 3);
    assert!(server.asked()[1].at >= Duration::from_secs(5));
    for (step, expected) in [
        (reply(503, ""), Disposition::Doubt { after: None }),
        (reply(500, "oops"), Disposition::Doubt { after: None }),
        (Step::Fail(TransportKind::Reset, true), Disposition::Doubt { after: None }),
        (Step::Silence, Disposition::Doubt { after: None }),
        (reply(409, "{}"), Disposition::Final),
        (Step::Fail(TransportKind::Tls, false), Disposition::Final),
    ] {
        let server = Scripted::new([step]);
        let error = server.client(None).call(post()).await.expect_err("fails");
        assert_eq!((error.disposition(), server.asked().len()), (expected, 1), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_token_serves_all_workers() {
    let server = Scripted::new([token("t1", 3600)]);
    let client = server.client(Some(app()));
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        tasks.spawn(async move { client.call(Call::get("/x")).await.map(drop) });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    let asked = server.asked();
    assert_eq!(asked[0].line, "POST exchange.example/accounts/api/v2/oauth2/token");
    assert_eq!((asked[0].authorization.as_deref(), asked.len()), (None, 21));
    assert!(asked[1..].iter().all(|asked| asked.authorization.as_deref() == Some("Bearer t1")));
}

#[tokio::test(start_paused = true)]
async fn a_token_whose_reply_is_cut_short_is_asked_for_again() {
    let server = Scripted::new([reply(200, r#"{"access_tok"#), token("t1", 100), reply(200, "")]);
    server.client(Some(app())).call(Call::get("/x")).await.expect("gets through");
    let server = Scripted::new((0..50).map(|_| reply(200, "{")));
    let error = server.client(Some(app())).call(Call::get("/x")).await.expect_err("gives up");
    assert_eq!((matches!(error, CallError::Auth(AuthError::Unavailable(_))), server.asked().len()), (true, 6));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_before_it_ends() {
    let server = Scripted::new([token("t1", 100), reply(200, ""), reply(200, ""), token("t2", 100), reply(200, "")]);
    let client = server.client(Some(app()));
    for wait in [0, 70, 11] {
        tokio::time::sleep(Duration::from_secs(wait)).await;
        client.call(Call::get("/x")).await.expect("gets through");
    }
    let used: Vec<_> = server.asked().into_iter().filter_map(|asked| asked.authorization).collect();
    assert_eq!(used, ["Bearer t1", "Bearer t1", "Bearer t2"]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_renewed_once_for_everybody() {
    let slow_401 = || Step::Reply(401, Vec::new(), String::new(), Duration::from_millis(50));
    let mut steps = vec![token("t1", 3600)];
    steps.extend((0..8).map(|_| slow_401()));
    steps.push(token("t2", 3600));
    let server = Scripted::new(steps);
    let client = server.client(Some(app()));
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let client = client.clone();
        tasks.spawn(async move { client.call(post()).await.map(drop) });
    }
    assert!(tasks.join_all().await.iter().all(Result::is_ok));
    assert_eq!(client.counters().tokens, 2);
    assert_eq!(server.asked().iter().filter(|a| a.authorization.as_deref() == Some("Bearer t2")).count(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_fresh_token_that_is_refused_is_the_end() {
    let server = Scripted::new([token("t1", 3600), reply(401, ""), token("t2", 3600), reply(401, "no")]);
    let error = server.client(Some(app())).call(Call::get("/x")).await.expect_err("fails");
    assert!(matches!(error, CallError::Auth(AuthError::TokenRefused { status: 401, .. })), "{error:?}");
    assert_eq!((error.disposition(), server.asked().len()), (Disposition::Final, 4));
    assert!(error.hint().is_some());
    let server = Scripted::new([reply(401, "")]);
    let bearer = Some(Credentials::Bearer(SecretString::from("b")));
    server.client(bearer).call(Call::get("/x")).await.expect_err("cannot renew");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn wrong_credentials_are_tried_once_whoever_asks() {
    let server = Scripted::new([reply(401, r#"{"error":"invalid_client"}"#)]);
    let client = server.client(Some(app()));
    for _ in 0..3 {
        let error = client.call(Call::get("/x")).await.expect_err("fails");
        assert!(matches!(error, CallError::Auth(AuthError::Rejected { status: 401, .. })));
    }
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_is_redirected_says_so_and_where_but_no_more_than_the_host() {
    for (location, to) in [
        ("https://user:pw@sso.example:8443/login/s3cret?SAMLRequest=abc#x", "sso.example"),
        ("/accounts/login/page?x=1", "another page"),
        ("", "another page"),
    ] {
        let server = Scripted::new([with_header(302, "location", location)]);
        let client = server.client(Some(app()));
        for _ in 0..2 {
            let error = client.call(Call::get("/x")).await.expect_err("fails");
            let hint = error.hint().expect("has one").to_owned();
            let CallError::Auth(error) = error else { panic!("{error}") };
            assert_eq!(error.to_string(), format!("the login is redirected (302), to {to}"));
            assert!(hint.contains("host") && hint.contains("SSO"), "{hint}");
        }
        assert_eq!(server.asked().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_with_a_second_factor_is_told_apart() {
    let server = Scripted::new([reply(200, r#"{"url":"https://mfa","body":"x"}"#)]);
    let user = Credentials::User { name: "u".to_owned(), password: SecretString::from("p") };
    let error = server.client(Some(user)).call(Call::get("/x")).await.expect_err("fails");
    assert!(matches!(error, CallError::Auth(AuthError::SecondFactor)));
    assert_eq!(server.lines(), ["POST exchange.example/accounts/login"]);
}

#[tokio::test(start_paused = true)]
async fn basic_signs_every_call_itself() {
    let server = Scripted::new([]);
    let client = server.client(Some(app().into_basic()));
    client.call(Call::get("/x")).await.expect("gets through");
    let sent = server.asked()[0].authorization.clone().expect("is signed");
    assert_eq!(sent, "Basic fn5+Q2xpZW50fn5+Omlkfj9+czNjcmV0", "base64 of `~~~Client~~~:id~?~s3cret`");
}

#[tokio::test(start_paused = true)]
async fn another_origin_is_never_called() {
    let server = Scripted::new([]);
    let client = server.client(Some(app()));
    let error = client.call(Call::at(Method::GET, "https://evil.example/s?t=1".parse().expect("parses"))).await;
    let error = error.expect_err("is refused");
    assert!(matches!(&error, CallError::ForeignOrigin { address, .. } if address == "https://evil.example/s"));
    assert!(server.asked().is_empty());
}

#[tokio::test(start_paused = true)]
async fn redirects_are_followed_within_the_origin_only() {
    let elsewhere = with_header(302, "location", "https://evil.example/");
    let server = Scripted::new([token("t1", 3600), with_header(301, "location", "/new"), reply(200, "[]"), elsewhere]);
    let client = server.client(Some(app()));
    client.call(Call::get("/old")).await.expect("has moved");
    assert_eq!(client.call(Call::get("/x")).await.expect_err("leads elsewhere").http(), Some(302));
    assert_eq!(server.lines()[2..], ["GET exchange.example/new", "GET exchange.example/x"]);
    let server = Scripted::new((0..20).map(|_| with_header(301, "location", "/round")));
    assert_eq!(server.client(None).call(Call::get("/round")).await.expect_err("turns in circles").http(), Some(301));
    assert_eq!(server.asked().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn slow_is_fine_and_silent_is_not() {
    let pieces = vec!["[", "1", ",", "2", "]"];
    let server = Scripted::new([Step::Slow(pieces, Duration::from_secs(9))]);
    let call = Call::get("/x").idle(Duration::from_secs(10)).repeat(Repeat::OnlyIfRefused);
    let reply = server.client(None).call(call.clone()).await.expect("moves");
    assert_eq!(reply.json::<Vec<u8>>().expect("is JSON"), [1, 2]);
    let server = Scripted::new([Step::Slow(vec!["[", "]"], Duration::from_secs(11))]);
    let error = server.client(None).call(call).await.expect_err("stands still");
    assert!(
        matches!(&error, CallError::Transport { source, .. } if source.kind == TransportKind::Timeout),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_trickles_for_ever_is_left() {
    let minute = Duration::from_secs(59);
    let server = Scripted::new([Step::Slow(vec![" "; 100], minute), Step::Slow(vec!["no "; 100], minute)]);
    let client = server.client(None);
    let call = Call::get("/x").repeat(Repeat::OnlyIfRefused);
    let started = Instant::now();
    let error = client.call(call.clone()).await.expect_err("comes to no end");
    assert!(
        matches!(&error, CallError::Transport { source, .. } if source.kind == TransportKind::Timeout),
        "{error:?}"
    );
    assert!(started.elapsed() < Duration::from_mins(11), "{:?}", started.elapsed());
    // So is a file, and the beginning of what says no is kept.
    let server = Scripted::new((0..7).map(|_| Step::Slow(vec![" "; 100], minute)));
    let client = server.client(None);
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().expect("is made"));
    let url = client.origin().join("/file");
    let error =
        client.download(url, super::super::Attach::Nothing, &mut file, 1000).await.expect_err("comes to no end");
    assert!(error.to_string().contains("no reply"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_turn_gives_up_when_the_run_is_to_end() {
    let server = Scripted::new([with_header(429, "retry-after", "99999999999")]);
    let client = server.client(None);
    let stop = tokio_util::sync::CancellationToken::new();
    client.stop_with(stop.clone());
    let started = Instant::now();
    let waiting = tokio::spawn(async move { client.call(post()).await });
    tokio::time::sleep(Duration::from_secs(20)).await;
    stop.cancel();
    let error = waiting.await.expect("ends").expect_err("is given up");
    assert!(matches!(error, CallError::Stopped), "{error:?}");
    assert_eq!(error.disposition(), Disposition::Again { after: None });
    assert!(started.elapsed() < Duration::from_secs(30), "{:?}", started.elapsed());
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_of_any_life_and_of_no_other_kind_is_used() {
    for life in ["1e18", "18446744073709551615", "-1", "0", "1e308"] {
        let token = reply(200, &format!("{{\"access_token\":\"t\",\"expires_in\":{life},\"token_type\":\"Bearer\"}}"));
        let server = Scripted::new([token, reply(200, "[]"), reply(200, "[]")]);
        let client = server.client(Some(app()));
        client.call(Call::get("/x")).await.expect("is signed");
        client.call(Call::get("/x")).await.expect("is signed");
        assert_eq!(server.asked()[2].authorization.as_deref(), Some("Bearer t"), "{life}");
    }
    let server = Scripted::new([reply(200, r#"{"access_token":"t","token_type":"mac\u001b"}"#)]);
    let error = server.client(Some(app())).call(Call::get("/x")).await.expect_err("is no bearer token");
    assert!(matches!(&error, CallError::Auth(AuthError::TokenKind(kind)) if kind == "mac"), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_too_many_values_and_one_of_endless_words_are_refused_in_few() {
    let many = format!("[{}{{}}]", "{},".repeat(300_000));
    let long = format!("[{:?}]", "\u{1b}x".repeat(1 << 20));
    let strings = format!("[{}\"\"]", "\"{[,\\\"{[,\",".repeat(150_000));
    let server = Scripted::new([many, long, strings].map(|body| reply(200, &body)));
    let client = server.client(None);
    let error = client.call(Call::get("/x")).await.expect("arrives").json::<Vec<Refused>>().expect_err("too many");
    assert!(error.to_string().contains("too many values"), "{error}");
    let error = client.call(Call::get("/x")).await.expect("arrives").json::<Vec<u8>>().expect_err("no number");
    let told = format!("{error} {:?}", std::error::Error::source(&error).expect("a cause").to_string());
    assert!(told.len() < 2_000 && !told.contains('\u{1b}'), "{told}");
    let texts = client.call(Call::get("/x")).await.expect("arrives").json::<Vec<String>>().expect("only texts");
    assert_eq!(texts.len(), 150_001);
}

/// Something that takes anything.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
struct Refused {}

#[tokio::test(start_paused = true)]
async fn replies_are_bounded() {
    let server = Scripted::new([reply(200, "12345")]);
    let error = server.client(None).call(Call::get("/x").max_reply(4)).await.expect_err("is too large");
    assert!(matches!(error, CallError::TooLarge { limit: 4 }));
}

#[tokio::test(start_paused = true)]
async fn tokens_and_repeats_are_paced_too() {
    let steps = [token("t1", 3600), reply(502, ""), reply(401, ""), token("t2", 3600), reply(429, "")];
    let server = Scripted::new(steps);
    let pace = PaceSettings { requests_per_second: Some(1.0), concurrency: 1, ..PaceSettings::default() };
    let client = server.paced(Some(app()), pace);
    client.call(Call::get("/x")).await.expect("gets through");
    let asked = server.asked();
    assert_eq!(asked.len(), 6);
    let times: Vec<Duration> = asked.iter().map(|asked| asked.at).collect();
    assert!(times.windows(2).all(|pair| pair[1] >= pair[0] + Duration::from_millis(999)), "{times:?}");
    assert_eq!(client.counters().refused, 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_secret_is_shown() {
    let server = Scripted::new([token("t0ken", 3600), reply(403, "no")]);
    let client = server.client(Some(app()));
    let error = client.call(post()).await.expect_err("fails");
    let shown = format!("{error} {error:?} {client:?} {:?} {:?}", app(), client.inner.keeper);
    assert!(!shown.contains("s3cret") && !shown.contains("t0ken"), "{shown}");
}

#[tokio::test]
async fn a_download_loses_its_credentials_on_the_way_to_another_host() {
    let server = Scripted::new([
        token("t1", 3600),
        with_header(302, "location", "https://store.example/file?signature=x"),
        reply(200, "content"),
    ]);
    let client = server.client(Some(app()));
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().expect("is made"));
    let url = client.origin().join("/file");
    let done = client.download(url, super::super::Attach::Credentials, &mut file, 100).await.expect("arrives");
    assert_eq!((done.length, hex::encode(done.md5).as_str()), (7, "9a0364b9e99bb480dd25e1f0284c8555"));
    let asked = server.asked();
    assert_eq!(asked[1].authorization.as_deref(), Some("Bearer t1"));
    assert_eq!((asked[2].line.as_str(), &asked[2].authorization), ("GET store.example/file?signature=x", &None));
}

#[tokio::test(start_paused = true)]
async fn a_download_shows_strangers_nothing_of_ours_and_opens_nothing_for_them() {
    let server = Scripted::new([
        token("t1", 3600),
        with_header(302, "location", "https://store.example/file"),
        with_header(302, "location", "https://exchange.example/somebody-elses"),
        reply(200, "content"),
    ]);
    let client = server.client(Some(app()));
    let mut file = tokio::fs::File::from_std(tempfile::tempfile().expect("is made"));
    let url = client.origin().join("/file");
    client.download(url.clone(), super::super::Attach::Credentials, &mut file, 100).await.expect("arrives");
    let signed: Vec<bool> = server.asked().iter().map(|asked| asked.authorization.is_some()).collect();
    assert_eq!(signed, [false, true, false, false], "{:?}", server.lines());
    assert_eq!(server.asked()[2].headers, ["accept", "user-agent"]);

    let server = Scripted::new((0..20).map(|_| with_header(302, "location", "https://store.example/round")));
    let error = server.client(None).download(url.clone(), super::super::Attach::Nothing, &mut file, 100).await;
    assert!(error.expect_err("goes round").to_string().contains("more than 5 redirects"));
    assert_eq!(server.asked().len(), 6);

    for location in ["http://store.example/file", "ftp://store.example/file", "https://u:p@store.example/file"] {
        let server = Scripted::new([with_header(302, "location", location)]);
        let error = server.client(None).download(url.clone(), super::super::Attach::Nothing, &mut file, 100).await;
        assert!(matches!(error, Err(CallError::ForeignOrigin { .. })), "{location}");
        assert_eq!(server.asked().len(), 1, "{location}");
    }
}
