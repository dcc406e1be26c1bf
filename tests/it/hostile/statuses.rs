//! Servers that take a publication and do not tell what becomes of it.

use super::bounded;
use crate::support::{
    Asset, Sandbox, Workshop,
    hostile::{Hostile, json, text},
};

#[test]
fn what_ends_by_its_deadline_says_what_the_server_answered_last() {
    let page = "<html>maintenance";
    for (status, says) in [
        (200, "the body of this 200 is an HTML page and not the JSON expected"),
        (503, "/publication/status/1: 503: <html>maintenance"),
    ] {
        let sandbox = Sandbox::start(&[]);
        let server = Hostile::before(&sandbox, move |asked| match asked {
            _ if asked.publishes("never") => {
                Some(json(202, r#"{"publicationStatusLink":"/exchange/api/v2/never/publication/status/1"}"#))
            }
            _ => asked.line.contains("/status/").then(|| text(status, "text/html", page)),
        });
        let workshop = Workshop::with(&sandbox, "[publish]\ndeadline = \"1s\"\n").towards(server.url());
        workshop.asset(&Asset::new("never", "1.0.0"));
        workshop.asset(&Asset::new("there", "1.0.0"));
        bounded(workshop.run(&[])).exits(2);
        let (state, class, message) = workshop.item("never", "1.0.0");
        assert_eq!((state.as_str(), class.as_str()), ("failed", "deadline"), "{message}");
        assert!(message.contains("has not ended after") && message.contains(says), "{message}");
        // The asset is its own witness.
        assert_eq!(workshop.item("there", "1.0.0").0, "done");
    }
}

#[test]
fn a_publication_whose_status_is_told_elsewhere_is_asked_for_by_its_name_and_given_up_soon() {
    let sandbox = Sandbox::start(&[]);
    let elsewhere = Hostile::elsewhere();
    let link = format!("{}/status?token=abc", elsewhere.url());
    let server = Hostile::before(&sandbox, move |asked| {
        asked.publishes("away").then(|| json(202, &format!("{{\"publicationStatusLink\":\"{link}\"}}")))
    });
    let workshop = Workshop::with(&sandbox, "").towards(server.url());
    workshop.asset(&Asset::new("away", "1.0.0"));
    let began = std::time::Instant::now();
    bounded(workshop.run(&[])).exits(2);
    assert!(began.elapsed() < std::time::Duration::from_secs(40), "{:?}", began.elapsed());
    let (state, class, message) = workshop.item("away", "1.0.0");
    assert_eq!((state.as_str(), class.as_str()), ("failed", "foreign-origin"), "{message}");
    let address = format!("`{}/status`", elsewhere.url());
    assert!(message.contains(&address) && message.contains("was accepted"), "{message}");
    let sent = |server: &Hostile| server.asked().iter().filter(|asked| asked.publishes("away")).count();
    // What was accepted is not sent again, also not when it is tried anew.
    assert_eq!(sent(&server), 1);
    bounded(workshop.consign(&["retry", "job.toml", "--json"]).run()).exits(2);
    assert_eq!((sent(&server), elsewhere.asked().len()), (1, 0));
}
