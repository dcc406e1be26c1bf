//! The icon of an asset, which all its versions share (EXCHANGE.md §2.6).

use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

use super::{Exchange, api::asset_path};
use crate::net::{Body, Call, CallError, Repeat};

/// What kind of image an icon is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IconKind {
    /// PNG.
    Png,
    /// JPEG.
    Jpg,
    /// GIF.
    Gif,
    /// SVG.
    Svg,
}

impl IconKind {
    /// What the bytes are, whatever their name says: the server compares too.
    #[must_use]
    pub fn of(content: &[u8]) -> Option<Self> {
        /// An SVG may begin with a prologue and comments.
        const HEAD: usize = 4096;
        match content {
            [0x89, b'P', b'N', b'G', ..] => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpg),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            _ => {
                let head = &content[..content.len().min(HEAD)];
                head.windows(4).any(|window| window == b"<svg").then_some(Self::Svg)
            }
        }
    }

    /// The extension: the packaging of the file `icon`.
    #[must_use]
    pub fn packaging(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpg => "jpg",
            Self::Gif => "gif",
            Self::Svg => "svg",
        }
    }

    /// The content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpg => "image/jpeg",
            Self::Gif => "image/gif",
            Self::Svg => "image/svg+xml",
        }
    }
}

impl Exchange {
    /// Puts an icon in the place of the one that is there.
    ///
    /// From the specification: `PUT v2:/assets/{g}/{a}/icon` with the bytes of the image, 201. The publish call takes an
    /// icon from the first version only; this is how it is changed. The same image twice leaves the same, so the call may
    /// be repeated. How large an icon may be is not documented; the pages name 100 KB for SVG.
    ///
    /// # Errors
    /// [`CallError`]; 400 where the bytes are not what their kind says.
    pub async fn put_icon(
        &self,
        group_id: &str,
        asset_id: &str,
        kind: IconKind,
        content: Bytes,
    ) -> Result<(), CallError> {
        let body = Body::Bytes { content_type: kind.content_type().to_owned(), content };
        let call = Call::new(Method::PUT, asset_path(group_id, asset_id, &[&"icon"])?);
        self.client().call(call.repeat(Repeat::Safe).body(body)).await.map(drop)
    }

    /// Takes the icon away; `false` where the server says that there was none.
    ///
    /// From the specification: `DELETE v2:/assets/{g}/{a}/icon`, 204. May be repeated.
    ///
    /// # Errors
    /// [`CallError`]
    pub async fn delete_icon(&self, group_id: &str, asset_id: &str) -> Result<bool, CallError> {
        self.remove(asset_path(group_id, asset_id, &[&"icon"])?).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_known_by_its_bytes() {
        assert_eq!(IconKind::of(b"\x89PNG\r\n\x1a\n"), Some(IconKind::Png));
        assert_eq!(IconKind::of(b"\xff\xd8\xff\xe0"), Some(IconKind::Jpg));
        assert_eq!(IconKind::of(b"GIF89a"), Some(IconKind::Gif));
        assert_eq!(IconKind::of(b"<?xml version=\"1.0\"?>\n<!-- x -->\n<svg/>"), Some(IconKind::Svg));
        assert_eq!((IconKind::of(b"<html>"), IconKind::of(b"")), (None, None));
    }
}
