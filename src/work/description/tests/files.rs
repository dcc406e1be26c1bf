//! The icon.

use serde_json::json;

use super::*;

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
