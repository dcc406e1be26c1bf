//! The server that a client talks to, and the check that an address belongs to it.

use std::{fmt, str::FromStr};

use url::{Host, Url};

/// Scheme, host and port of a server. Credentials are only ever sent to the origin that they were configured for.
///
/// Read from a bare host (`eu1.anypoint.mulesoft.com`, which means https) or from a full origin
/// (`http://127.0.0.1:4180`). Plain http is taken only for this machine (`localhost`, `127.0.0.0/8`, `::1`): over any
/// other way it would show the token to whoever listens.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Origin(Url);

/// Why a text does not name a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Not a host and not a URL.
    #[error("`{0}` is neither a host nor an origin like https://anypoint.mulesoft.com")]
    Invalid(String),
    /// A path, a query, a user or a password beside scheme, host and port.
    #[error("`{0}` must be scheme, host and port only")]
    Extra(String),
    /// A scheme other than https and http.
    #[error("the scheme of `{0}` is neither https nor http")]
    Scheme(String),
    /// Plain http to another machine.
    #[error("`{0}` would send credentials unencrypted to another machine; use https")]
    Unencrypted(String),
}

impl Origin {
    /// The address of a path of this server. The path is encoded where it has to be, and can never lead elsewhere.
    ///
    /// A query may follow a `?`.
    #[must_use]
    pub fn join(&self, path: &str) -> Url {
        let mut url = self.0.clone();
        match path.split_once('?') {
            Some((path, query)) => {
                url.set_path(path);
                url.set_query(Some(query));
            }
            None => url.set_path(path),
        }
        url
    }

    /// Whether an address is one of this server.
    #[must_use]
    pub fn owns(&self, url: &Url) -> bool {
        url.scheme() == self.0.scheme()
            && url.host() == self.0.host()
            && url.port_or_known_default() == self.0.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none()
    }

    /// Whether the server is this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }

    /// Whether the way to the server is encrypted.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// The host, without the port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }
}

/// Whether an address is one of this machine.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let invalid = || OriginError::Invalid(shown(text));
        let full = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        let url = Url::parse(&full).map_err(|_| invalid())?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(invalid());
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(OriginError::Scheme(shown(text)));
        }
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::Extra(shown(text)));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(OriginError::Unencrypted(shown(text)));
        }
        Ok(Self(url))
    }
}

/// The text as a message may show it: a user and a password before an `@`, a query and what stands for a port may be
/// secrets.
fn shown(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(200).collect();
    let address = text.split(['?', '#']).next().unwrap_or_default();
    let more = if address.len() < text.len() { "…" } else { "" };
    if let Some((_, host)) = address.rsplit_once('@') {
        return format!("…@{host}{more}");
    }
    let (scheme, rest) =
        address.split_once("://").map_or(("", address), |(_, rest)| address.split_at(address.len() - rest.len()));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.split_once(':') {
        Some((host, port)) if !host.starts_with('[') && !port.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{scheme}{host}:…{more}")
        }
        _ => format!("{scheme}{authority}{path}{more}"),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.as_str().trim_end_matches('/'))
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Origin({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse().expect("parses")
    }

    #[test]
    fn a_bare_host_means_https() {
        for (text, expected) in [
            ("anypoint.mulesoft.com", "https://anypoint.mulesoft.com"),
            ("localhost:8443", "https://localhost:8443"),
            ("http://127.0.0.1:4180/", "http://127.0.0.1:4180"),
            ("http://[::1]:1", "http://[::1]:1"),
            ("HTTPS://EU1.anypoint.mulesoft.com:443", "https://eu1.anypoint.mulesoft.com"),
        ] {
            assert_eq!(origin(text).to_string(), expected);
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for text in ["", "ftp://h", "https://h/path", "https://h?q", "https://u:p@h", "http://example.org", "a b"] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
        for text in ["https://u:secret@h", "https://user:secret", "u:secret", "https://h?token=secret", "h/#secret"] {
            let error = text.parse::<Origin>().expect_err("is more than an origin").to_string();
            assert!(!error.contains("secret"), "{error}");
        }
        let error = "https://h/path".parse::<Origin>().expect_err("has a path").to_string();
        assert!(error.contains("https://h/path"), "{error}");
    }

    #[test]
    fn a_path_never_leads_to_another_host() {
        let origin = origin("https://a.example");
        for path in ["//evil.example/x", "/../x", "https://evil.example/", "\\\\evil.example", "/x?y=//evil", "@evil"] {
            assert!(origin.owns(&origin.join(path)), "{path}");
        }
        assert_eq!(origin.join("/a b?c=d").as_str(), "https://a.example/a%20b?c=d");
    }

    #[test]
    fn another_scheme_host_port_or_user_is_foreign() {
        let origin = origin("https://a.example");
        assert!(origin.owns(&"https://a.example:443/x".parse().expect("parses")));
        for url in ["http://a.example/", "https://a.example.evil/", "https://a.example:444/", "https://u@a.example/"] {
            assert!(!origin.owns(&url.parse().expect("parses")), "{url}");
        }
    }
}
