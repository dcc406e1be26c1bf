//! Markdown as HTML that does nothing but look.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag};

/// Markdown as HTML that does nothing: HTML in the text is shown as text, and links lead to the web or stay here.
pub(in super::super) fn html(markdown: &str) -> String {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(markdown, options).map(|event| match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: harmless(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: harmless(dest_url), title, id })
        }
        other => other,
    });
    let mut html = String::with_capacity(markdown.len() + markdown.len() / 4);
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

/// A link, where it is relative or leads to the web; `#` instead of any other.
fn harmless(link: CowStr<'_>) -> CowStr<'_> {
    // Browsers drop blanks and control characters from schemes.
    let bare: String = link.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(4096).collect();
    let end = bare.find(['/', '?', '#']).unwrap_or(bare.len());
    let scheme = bare[..end].split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto") => link,
        Some(_) => CowStr::Borrowed("#"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_markdown_is_text_and_links_lead_nowhere_else() {
        let shown = html("# A\n\n<script>alert(1)</script>\n\nb <img src=x onerror=alert(1)> **c**");
        assert!(shown.starts_with("<h1>A</h1>") && shown.contains("<strong>c</strong>"), "{shown}");
        assert!(!shown.contains("<script") && !shown.contains("<img") && shown.contains("&lt;script&gt;"), "{shown}");
        for link in ["javascript:alert(1)", "JaVaScript:x", "java&#9;script:x", "data:text/html,x", "vbscript:x"] {
            let shown = html(&format!("[a]({link}) ![b]({link})"));
            assert!(shown.contains("href=\"#\"") && shown.contains("src=\"#\""), "{shown}");
        }
        let shown = html("[a](https://x.test/?a:b) ![b](resources/x.png) [c](other#a:b)");
        assert!(
            shown.contains("https://x.test/?a:b") && shown.contains("resources/x.png") && shown.contains("other#a:b")
        );
    }

    #[test]
    fn hostile_markdown_is_rendered_in_time_and_space_like_its_own() {
        let expanding = format!("[a]: http://x/{}\n{}", "x".repeat(50_000), "[a]\n".repeat(20_000));
        let table = format!("{0}\n{1}\n{2}", "|a".repeat(5_000), "|-".repeat(5_000), "|\n".repeat(20_000));
        let texts =
            ["> ".repeat(50_000), "[".repeat(50_000), "*a _b ".repeat(20_000), "- ".repeat(50_000), expanding, table];
        for text in texts {
            let start = text.chars().take(10).collect::<String>();
            assert!(html(&text).len() < 200 * text.len(), "{start}");
        }
    }
}
