//! The icon.

use serde_json::json;

use super::{place::describer_of, *};
use crate::net::scripted::{Scripted, Step, reply};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";

#[tokio::test]
async fn an_icon_is_put_where_its_bytes_differ() {
    let place = Place::new().await;
    let (first, other) = (place.file("a/icon.png", PNG), place.file("b/icon.svg", SVG));
    assert_eq!(place.settles(&wish(json!({ "icon": first }))).await, "icon: added");
    assert_eq!(place.writes().len(), 1);
    assert_eq!(place.settles(&wish(json!({ "icon": other }))).await, "icon: replaced");
    // The kind is that of the bytes, whatever the file is called.
    place.unchanged(&wish(json!({"icon": place.file("c/icon.png", SVG)}))).await;
    place.settles(&wish(json!({"icon": place.file("d/icon.gif", PNG)}))).await;
}

#[tokio::test]
async fn a_file_that_is_no_icon_is_refused_before_anything_is_sent() {
    let place = Place::new().await;
    for (path, class) in [
        (place.file("icon.png", "no image"), "invalid"),
        (place.file("large.svg", vec![b' '; 200 << 10]), "too-large"),
        ("gone.png".into(), "missing"),
    ] {
        let failure = place.refuses(&wish(json!({"icon": path, "tags": ["a"]}))).await;
        assert_eq!(failure.class, class, "{failure:?}");
    }
    assert_eq!(place.writes(), [] as [String; 0]);
}

/// What differs from an icon that a server shows at an address.
async fn elsewhere(icon: &camino::Utf8Path, address: &str, answer: Step) -> (Differences, Scripted) {
    let asset = json!({"groupId": "g", "assetId": "a", "version": "1.0.0", "type": "custom", "icon": address});
    let server = Scripted::new([reply(200, &asset.to_string()), answer]);
    let gav = "g/a/1.0.0".parse().expect("parses");
    let found = describer_of(&server).compare(&gav, &wish(json!({ "icon": icon }))).await.expect("compares");
    (found, server)
}

#[tokio::test]
async fn an_icon_elsewhere_is_fetched_without_credentials() {
    let folder = tempfile::tempdir().expect("is made");
    let path = camino::Utf8Path::from_path(folder.path()).expect("is UTF-8").join("icon.svg");
    std::fs::write(&path, SVG).expect("is written");
    let same = std::str::from_utf8(SVG).expect("is text");
    let (found, server) = elsewhere(&path, "https://cdn.example/icon.svg", reply(200, same)).await;
    assert_eq!(found, Differences::Found(Vec::new()));
    let asked = server.asked();
    assert_eq!((asked[1].line.as_str(), asked[1].authorization.as_deref()), ("GET cdn.example/icon.svg", None));
    assert!(asked[0].authorization.is_some());
    for answer in [reply(200, "<svg>another</svg>"), reply(403, "")] {
        let (found, _) = elsewhere(&path, "https://cdn.example/icon.svg", answer).await;
        let Differences::Found(found) = found else { panic!("is there") };
        assert_eq!(found[0].to_string(), "icon: replaced");
    }
}
