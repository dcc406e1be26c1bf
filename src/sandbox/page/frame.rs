//! What all pages have in common.

use axum::{
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use jiff::Timestamp;
use maud::{DOCTYPE, Markup, html};

use super::super::problem::Problem;

/// A way back: the text and the address of a page above.
pub(super) type Crumb<'a> = (&'a str, String);

/// A whole page.
pub(super) fn page(title: &str, crumbs: &[Crumb<'_>], content: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · consign sandbox" }
                link rel="stylesheet" href="/_sandbox/style.css";
                link rel="icon" href="data:,";
                script src="/_sandbox/live.js" defer {}
            }
            body {
                header {
                    nav aria-label="Where you are" {
                        a.brand href="/" { "consign sandbox" }
                        @for (text, address) in crumbs { a href=(address) { (text) } }
                    }
                }
                main { (content) }
                footer { "An Exchange in a box. Nothing here leaves this machine." }
            }
        }
    };
    Html(page.into_string()).into_response()
}

/// The page of what cannot be shown.
pub(super) struct Refusal(Problem);

impl<E: Into<Problem>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status: StatusCode = self.0.status();
        let content = html! {
            h1 { (self.0.message) }
            p { "Status " (status.as_u16()) ". " a href="/" { "Back to the overview" } }
        };
        (status, page(&self.0.message, &[], &content)).into_response()
    }
}

/// An address below the root, with every segment escaped.
pub(super) fn address<'a>(segments: impl IntoIterator<Item = &'a str>) -> String {
    const ESCAPED: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');
    let mut address = String::from("/_sandbox");
    for segment in segments {
        address.push('/');
        address.extend(percent_encoding::utf8_percent_encode(segment, ESCAPED));
    }
    address
}

/// A state, in its colour.
pub(super) fn state(name: &str) -> Markup {
    html! { span.state data-state=(name) { (name) } }
}

/// A time, to the second.
pub(super) fn time(milliseconds: i64) -> Markup {
    let moment = Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    let text = moment.strftime("%Y-%m-%d %H:%M:%S").to_string();
    html! { time datetime=(format!("{moment:.3}")) { (text) } }
}

/// A size, as people read it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KB", "MB", "GB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut tenths = bytes / 100;
    let mut unit = UNITS[0];
    for next in &UNITS[1..] {
        if tenths < 10_000 {
            break;
        }
        tenths /= 1000;
        unit = next;
    }
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_in_thousands() {
        let all = [0, 999, 1000, 5_242_880, 1_000_000_000].map(size);
        assert_eq!(all, ["0 B", "999 B", "1.0 KB", "5.2 MB", "1.0 GB"]);
    }

    #[test]
    fn addresses_cannot_be_broken_out_of() {
        assert_eq!(address(["assets", "a/b", "<x>\"?#"]), "/_sandbox/assets/a%2Fb/%3Cx%3E%22%3F%23");
    }
}
