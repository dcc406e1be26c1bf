//! A sandbox in a process of its own, and a client of it that shares nothing with consign's.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Cursor, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// How long something may take that happens at once on any machine worth the name.
const PATIENCE: Duration = Duration::from_mins(2);

/// A running `consign sandbox`; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Sandbox {
    child: Child,
    ready: Value,
}

/// What the sandbox answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{}: {error}: {:?}", self.status, self.body))
    }
}

impl Sandbox {
    /// Starts a sandbox on a free port, and waits until it says that it is ready.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::listening("127.0.0.1:0", args)
    }

    /// Ends it as `kill -9` does, waits, and starts one in its place: on the same port, with these arguments.
    pub(crate) fn killed_and_back(self, after: Duration, args: &[&str]) -> Self {
        let address = self.url().strip_prefix("http://").expect("a plain origin").to_owned();
        self.kill();
        std::thread::sleep(after);
        Self::listening(&address, args)
    }

    fn listening(address: &str, args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_consign"))
            .args(["sandbox", "--listen", address])
            .args(args)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary is built with its tests");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("stdout is piped"))
            .read_line(&mut line)
            .expect("a pipe of our child");
        let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("the sandbox said {line:?}: {error}"));
        Self { child, ready }
    }

    fn said(&self, key: &str) -> &str {
        self.ready[key].as_str().unwrap_or_else(|| panic!("the sandbox names no {key}: {}", self.ready))
    }

    pub(crate) fn url(&self) -> &str {
        self.said("url")
    }

    /// The file with the certificate to trust, of a sandbox that speaks TLS.
    pub(crate) fn ca(&self) -> &str {
        self.said("ca")
    }

    pub(crate) fn organization(&self) -> &str {
        self.said("organization")
    }

    pub(crate) fn client_id(&self) -> &str {
        self.said("clientId")
    }

    pub(crate) fn client_secret(&self) -> &str {
        self.said("clientSecret")
    }

    pub(crate) fn username(&self) -> &str {
        self.said("username")
    }

    pub(crate) fn password(&self) -> &str {
        self.said("password")
    }

    pub(crate) fn token(&self) -> &str {
        self.said("token")
    }

    /// What a role of the main organization signs in with.
    pub(crate) fn role(&self, role: &str, key: &str) -> String {
        let told = &self.ready["organizations"][0][role][key];
        told.as_str().unwrap_or_else(|| panic!("the sandbox names no {key} of {role}: {}", self.ready)).to_owned()
    }

    /// The administrator of an organization: what signs in as one.
    pub(crate) fn administrator(&self, organization: &str) -> &Value {
        let known = self.ready["organizations"].as_array().expect("a ready sandbox names its organizations");
        let found = known.iter().find(|known| known["id"] == organization);
        &found.unwrap_or_else(|| panic!("no organization {organization}: {}", self.ready))["admin"]
    }

    /// Sends a request as the administrator of an organization; a body is JSON.
    pub(crate) fn send_as(&self, organization: &str, method: &str, path: &str, body: &str) -> Answer {
        let token = self.administrator(organization)["token"].as_str().expect("an administrator has a token");
        self.request(token, method, path, body)
    }

    /// Ends it as `kill -9` does.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("our own child");
        self.child.wait().expect("our own child");
    }

    /// Ends it in good order.
    pub(crate) fn stop(mut self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
        let status = self.child.wait().expect("our own child");
        assert!(status.success(), "the sandbox ended with {status}");
    }

    /// Sends a request with the sandbox's token.
    pub(crate) fn send(&self, method: &str, path: &str) -> Answer {
        self.request(self.token(), method, path, "")
    }

    /// The same, with a JSON body.
    pub(crate) fn send_json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.request(self.token(), method, path, &body.to_string())
    }

    /// Deletes a version for good: its number is free again.
    pub(crate) fn remove(&self, asset: &str, version: &str) {
        let path = format!("/exchange/api/v2/assets/{}/{asset}/{version}", self.organization());
        let answer = self.request_with(self.token(), "DELETE", &path, "X-Delete-Type: hard-delete\r\n", "");
        assert_eq!(answer.status, 204, "{}", answer.body);
    }

    fn request(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        self.request_with(token, method, path, "", body)
    }

    fn request_with(&self, token: &str, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let host = self.url().strip_prefix("http://").expect("a plain origin");
        let mut stream = TcpStream::connect(host).expect("the sandbox listens");
        let head = if body.is_empty() {
            String::new()
        } else {
            format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())
        };
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nHost: {host}\r\nAuthorization: bearer {token}\r\nConnection: close\r\n\
             {headers}{head}\r\n{body}"
        )
        .expect("the sandbox reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the sandbox answers");
        let text = String::from_utf8(bytes).expect("answers in UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {path}: {text:?}"));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Answer { status: status.unwrap_or_else(|| panic!("no status: {head}")), body: body.to_owned() }
    }

    /// A page as a browser gets it, with its head.
    pub(crate) fn page(&self, path: &str) -> String {
        let mut stream =
            TcpStream::connect(self.url().strip_prefix("http://").expect("a plain origin")).expect("listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: a\r\nAccept: text/html\r\n\r\n").expect("the sandbox reads");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("the sandbox answers");
        page
    }

    /// What happened in the sandbox so far.
    pub(crate) fn stats(&self) -> Value {
        self.send("GET", "/_sandbox/stats").json()
    }

    /// The same, of a sandbox that speaks TLS.
    pub(crate) fn encrypted_stats(&self) -> Value {
        let certificate = std::fs::read(self.ca()).expect("is there");
        let certificate = reqwest::Certificate::from_pem(&certificate).expect("a certificate");
        let client = reqwest::Client::builder().tls_certs_only([certificate]).no_proxy().build().expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let url = format!("{}/_sandbox/stats", self.url());
        runtime.block_on(async { client.get(url).send().await?.json().await }).expect("the sandbox answers")
    }

    /// The requests that change something, by endpoint.
    pub(crate) fn writes(&self) -> BTreeMap<String, u64> {
        let stats = self.stats();
        let endpoints = stats["requests"].as_object().expect("are counted").iter();
        let writes =
            endpoints.filter(|(endpoint, _)| !endpoint.starts_with("GET ") && !endpoint.contains("/accounts/"));
        let count =
            |by_status: &Value| by_status.as_object().expect("by status").values().filter_map(Value::as_u64).sum();
        writes.map(|(endpoint, by_status)| (endpoint.clone(), count(by_status))).collect()
    }

    /// Waits until the sandbox's statistics say so.
    #[track_caller]
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let started = Instant::now();
        let mut stats = self.stats();
        while !holds(&stats) {
            assert!(started.elapsed() < PATIENCE, "no {what} within {PATIENCE:?}: {stats:#}");
            std::thread::sleep(Duration::from_millis(10));
            stats = self.stats();
        }
    }

    /// One version of an asset of the sandbox's organization; `None` when it is not there.
    pub(crate) fn asset(&self, asset: &str, version: &str) -> Option<Value> {
        let path = format!("/exchange/api/v2/assets/{}/{asset}/{version}", self.organization());
        let answer = self.send("GET", &path);
        (answer.status == 200).then(|| answer.json())
    }

    /// What the zip of an asset holds, by name; text is all there is in it.
    #[track_caller]
    pub(crate) fn archive(&self, asset: &str, version: &str, classifier: &str) -> BTreeMap<String, String> {
        let body = self.asset(asset, version).unwrap_or_else(|| panic!("{asset}/{version} is not there"));
        let files = body["files"].as_array().expect("a list").iter();
        let mut files = files.filter(|file| file["classifier"] == classifier && file["packaging"] == "zip");
        let link = files.next().and_then(|file| file["externalLink"].as_str()).expect("a file with a link");
        let path = link.strip_prefix(self.url()).expect("a link of its own");
        let host = self.url().strip_prefix("http://").expect("a plain origin");
        let mut stream = TcpStream::connect(host).expect("the sandbox listens");
        write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n").expect("the sandbox reads");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the sandbox answers");
        let head = bytes.windows(4).position(|end| end == b"\r\n\r\n").expect("an answer");
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes.split_off(head + 4))).expect("an archive");
        let count = zip.len();
        let read = |at| {
            let mut entry = zip.by_index(at).expect("is there");
            let mut text = String::new();
            entry.read_to_string(&mut text).expect("UTF-8");
            (entry.name().expect("UTF-8").into_owned(), text)
        };
        (0..count).map(read).collect()
    }

    /// Every version the sandbox holds, as `asset/version`, sorted; the sandbox must answer without faults.
    pub(crate) fn versions(&self) -> Vec<String> {
        let organization = self.organization();
        let mut found = Vec::new();
        for page in 0..100 {
            let offset = page * 250;
            let path = format!("/exchange/api/v2/assets?organizationId={organization}&limit=250&offset={offset}");
            let assets = self.send("GET", &path).json();
            let assets = assets.as_array().expect("a list").clone();
            let last = assets.len() < 250;
            for asset in assets {
                let id = asset["assetId"].as_str().expect("an id");
                let full = self.send("GET", &format!("/exchange/api/v2/assets/{organization}/{id}/asset")).json();
                let own = full["version"].as_str().map(str::to_owned);
                let others = full["versions"].as_array().cloned().unwrap_or_default();
                let others = others.iter().map(|v| v.as_str().or(v["version"].as_str()).unwrap_or_default().to_owned());
                found.extend(own.into_iter().chain(others).map(|version| format!("{id}/{version}")));
            }
            if last {
                break;
            }
        }
        found.sort();
        found.dedup();
        found
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have been killed already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
