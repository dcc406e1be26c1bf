//! Nobody is believed without a certificate that holds, and a way through a proxy is as safe as a straight one.

use std::{
    io::{Read, Write},
    net::TcpListener,
};

use base64::{Engine, prelude::BASE64_STANDARD};

use crate::support::{
    Asset, Consign, ORGANIZATION, Sandbox, Secret, Workshop, assert_absent,
    certificates::{Authority, Says, self_signed, self_signed_authority},
    tunnel::Tunnel,
};

#[test]
fn the_sample_catalog_is_published_over_https_to_whom_the_job_trusts() {
    let sandbox = Sandbox::start(&["--tls"]);
    let workshop = Workshop::for_sandbox(&sandbox);
    let samples = camino::Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/catalog");
    let job = |trust: &str| {
        format!(
            "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{}\"\n{trust}\n[source]\ndirectory = \"{samples}\"\n",
            sandbox.url()
        )
    };
    workshop.write("job.toml", job(""));
    let refused = workshop.run(&[]).exits(1);
    assert!(refused.stderr.contains("target.ca_file"), "{}", refused.stderr);

    workshop.write("job.toml", job(&format!("ca_file = \"{}\"\n", sandbox.ca())));
    let first = workshop.run(&[]).exits(0).summary();
    assert!(first["published"].as_u64() >= Some(31), "{first}");
    assert_eq!(workshop.run(&[]).exits(0).summary()["published"], 0);
}

/// A workshop with one asset for a server elsewhere, which is reached through a proxy only.
fn elsewhere(sandbox: &Sandbox, host: &str, trust: &str) -> Workshop {
    let workshop = Workshop::for_sandbox(sandbox);
    workshop.write(
        "job.toml",
        format!(
            "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"{host}\"\norganization = \"{ORGANIZATION}\"\n\
             {trust}\n[source]\ndirectory = \"assets\"\n"
        ),
    );
    workshop.asset(&Asset::new("orders", "1.0.0"));
    workshop
}

fn run(workshop: &Workshop) -> Consign {
    workshop.consign(&["run", "job.toml", "--json", "-vvv"]).env("CONSIGN_LOG", "trace")
}

#[test]
fn a_server_elsewhere_is_reached_through_the_proxy_of_the_environment_with_its_password() {
    let sandbox = Sandbox::start(&["--tls"]);
    let authority = Authority::new("ours");
    let password = "pr0xy+Pa55/word=42";
    let given = BASE64_STANDARD.encode(format!("some one:{password}"));
    let secrets = [Secret::new("password of the proxy", password), Secret::new("header for the proxy", &given)];
    let config = authority.serve(Says::of("exchange.test"));
    let tunnel = Tunnel::start(&sandbox, config, Some(&format!("Basic {given}")));
    let proxy = format!("http://some%20one:pr0xy%2BPa55%2Fword%3D42@{}", tunnel.address());
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let workshop = elsewhere(&sandbox, "exchange.test", "ca_file = \"ca.pem\"\n");
        workshop.write("ca.pem", &authority.pem);
        let before = tunnel.asked().len();
        // What is for plain http does not count, nor does an empty exception.
        let ran =
            run(&workshop).env(variable, &proxy).env("HTTP_PROXY", "http://127.0.0.1:9").env("NO_PROXY", "").run();
        let ran = ran.exits(0);
        assert_eq!(ran.summary()["outcome"], "complete", "{variable}");
        let asked = tunnel.asked();
        assert!(
            asked.len() > before && asked.iter().all(|line| line == "CONNECT exchange.test:443 HTTP/1.1"),
            "{asked:?}"
        );
        assert_absent(&secrets, "stdout", ran.stdout.as_bytes());
        assert_absent(&secrets, "stderr", ran.stderr.as_bytes());
    }
    let workshop = elsewhere(&sandbox, "exchange.test", "ca_file = \"ca.pem\"\n");
    workshop.write("ca.pem", &authority.pem);
    let ran = run(&workshop).env("HTTPS_PROXY", &proxy.replace("42@", "43@")).run().exits(1);
    assert!(ran.stderr.contains("proxy authorization required"), "{}", ran.stderr);
    assert!(ran.stderr.contains("proxy variables"), "{}", ran.stderr);
    let wrong = [Secret::new("wrong password", "pr0xy+Pa55/word=43")];
    assert_absent(&wrong, "stderr", ran.stderr.as_bytes());
    assert_absent(&wrong, "stdout", ran.stdout.as_bytes());
}

#[test]
fn a_proxy_is_left_out_for_this_machine_and_for_those_that_no_proxy_names() {
    let sandbox = Sandbox::start(&["--tls"]);
    let authority = Authority::new("ours");
    let tunnel = Tunnel::start(&sandbox, authority.serve(Says::of("exchange.test")), None);
    let proxy = format!("http://{}", tunnel.address());
    let here = elsewhere(&sandbox, sandbox.url(), &format!("ca_file = \"{}\"\n", sandbox.ca()));
    run(&here).env("HTTPS_PROXY", &proxy).env("ALL_PROXY", &proxy).run().exits(0);
    // Nobody is called so, and it takes a while until that is believed: all at once.
    let exceptions = [("NO_PROXY", "other.test,.test"), ("no_proxy", "exchange.test"), ("NO_PROXY", "*")];
    let started = exceptions.map(|(variable, names)| {
        let there = elsewhere(&sandbox, "exchange.test", "ca_file = \"ca.pem\"\n");
        there.write("ca.pem", &authority.pem);
        let running = run(&there).env("HTTPS_PROXY", &proxy).env(variable, names).start();
        (there, running)
    });
    for (_there, running) in started {
        let ran = running.wait().exits(1);
        assert!(ran.stderr.contains("cannot connect"), "{}", ran.stderr);
    }
    assert_eq!(tunnel.asked(), [""; 0]);
}

#[test]
fn a_certificate_that_does_not_hold_is_refused_and_told_by_what_is_wrong_with_it() {
    let sandbox = Sandbox::start(&["--tls"]);
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let says = Says::of("exchange.test");
    let (own, own_pem) = self_signed(says);
    let (both, both_pem) = self_signed_authority(says);
    let cases = [
        ("expired", ours.serve(Says { years: (2020, 2021), ..says }), &ours.pem, "expired", "renew its certificate"),
        ("early", ours.serve(Says { years: (2089, 2090), ..says }), &ours.pem, "not valid yet", "check the clock"),
        ("name", ours.serve(Says::of("another.test")), &ours.pem, "exchange.test", "for another name"),
        ("authority", other.serve(says), &ours.pem, "UnknownIssuer", "target.ca_file"),
        ("itself", own, &ours.pem, "UnknownIssuer", "target.ca_file"),
        ("an authority as a server", both, &both_pem, "CaUsedAsEndEntity", "make one without CA:TRUE"),
    ];
    for (case, shown, trusted, words, hint) in cases {
        let tunnel = Tunnel::start(&sandbox, shown, None);
        let workshop = elsewhere(&sandbox, "exchange.test", "ca_file = \"ca.pem\"\n");
        workshop.write("ca.pem", trusted);
        let proxy = format!("http://{}", tunnel.address());
        for args in [&["run", "job.toml", "--json"][..], &["plan", "job.toml"]] {
            let ran = workshop.consign(args).env("HTTPS_PROXY", &proxy).run().exits(1);
            assert!(ran.stderr.contains(words), "{case}: {}", ran.stderr);
            let told = ran.stderr.lines().find(|line| line.trim_start().starts_with("hint:")).unwrap_or_default();
            assert!(told.contains(hint), "{case}: {}", ran.stderr);
        }
        assert_eq!(sandbox_asked(&sandbox), 0, "{case}: nothing was told to the server");
    }
    // A server that vouches for itself is believed by whom its certificate is given, and by nobody else.
    let (shown, pem) = (self_signed(says), own_pem);
    assert_ne!(shown.1, pem);
    let tunnel = Tunnel::start(&sandbox, shown.0, None);
    let workshop = elsewhere(&sandbox, "exchange.test", "ca_file = \"ca.pem\"\n");
    workshop.write("ca.pem", &shown.1);
    run(&workshop).env("HTTPS_PROXY", &format!("http://{}", tunnel.address())).run().exits(0);
}

/// How many requests a sandbox that speaks TLS has answered.
fn sandbox_asked(sandbox: &Sandbox) -> u64 {
    let stats = sandbox.encrypted_stats();
    let requests = stats["requests"].as_object().expect("are counted").iter();
    let requests = requests.filter(|(endpoint, _)| !endpoint.contains("_sandbox"));
    requests
        .flat_map(|(_, by_status)| by_status.as_object().expect("by status").values())
        .filter_map(serde_json::Value::as_u64)
        .sum()
}

#[test]
fn the_variables_that_name_the_systems_certificates_are_obeyed() {
    let sandbox = Sandbox::start(&["--tls"]);
    let workshop = elsewhere(&sandbox, sandbox.url(), "");
    let other = Authority::new("other");
    workshop.write("other.pem", &other.pem);
    // Instead of the system's; and what the job names comes on top.
    run(&workshop).env("SSL_CERT_FILE", sandbox.ca()).run().exits(0);
    run(&workshop).env("SSL_CERT_FILE", "other.pem").run().exits(1);
    let both = elsewhere(&sandbox, sandbox.url(), &format!("ca_file = \"{}\"\n", sandbox.ca()));
    both.write("other.pem", &other.pem);
    run(&both).env("SSL_CERT_FILE", "other.pem").run().exits(0);
}

#[test]
fn a_file_of_certificates_that_holds_none_is_told_before_anything_is_sent() {
    let sandbox = Sandbox::start(&["--tls"]);
    let workshop = elsewhere(&sandbox, sandbox.url(), "ca_file = \"ca.pem\"\n");
    let missing = run(&workshop).run().exits(1);
    assert!(
        missing.stderr.contains("cannot read the certificates") && missing.stderr.contains("ca.pem"),
        "{}",
        missing.stderr
    );
    for text in ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        workshop.write("ca.pem", text);
        let empty = run(&workshop).run().exits(1);
        assert!(empty.stderr.contains("ca.pem holds no certificate"), "{text:?}: {}", empty.stderr);
    }
}

#[test]
fn nothing_older_than_tls_1_2_is_offered_or_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).unwrap();
        let mut hello = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut hello).unwrap();
        // A ServerHello of TLS 1.1: version, random, no session, a cipher suite of that time, no compression.
        let mut answer = vec![2, 0, 0, 38, 3, 2];
        answer.extend([7; 32]);
        answer.extend([0, 0, 0x2f, 0]);
        let mut record = vec![22, 3, 2, 0, u8::try_from(answer.len()).unwrap()];
        record.extend(answer);
        stream.write_all(&record).unwrap();
        // Its alert, then the end.
        stream.read_to_end(&mut Vec::new()).ok();
        hello
    });
    let workshop = Workshop::empty();
    let job = format!(
        "kind = \"publish\"\nname = \"test\"\n\n[target]\nhost = \"https://{address}\"\n\n\
         [source]\ndirectory = \"assets\"\n"
    );
    workshop.write("job.toml", job);
    workshop.asset(&Asset::new("orders", "1.0.0"));
    let ran = run(&workshop).env("ANYPOINT_USERNAME", "me").env("ANYPOINT_PASSWORD", "not-told").run();
    assert_ne!(ran.code, Some(0));
    assert!(ran.stderr.contains("neither TLS 1.2 nor 1.3"), "{}", ran.stderr);
    let hello = server.join().unwrap();
    // The extension supported_versions (43): its length, that of the list, and the list.
    let at = hello.windows(4).position(|bytes| bytes == [0, 43, 0, 5]).expect("two versions are offered");
    assert_eq!(hello[at + 4..at + 9], [4, 3, 4, 3, 3], "TLS 1.3 and 1.2");
}

#[test]
fn clear_text_goes_to_this_machine_only() {
    let sandbox = Sandbox::start(&[]);
    let workshop = elsewhere(&sandbox, "http://exchange.test", "");
    let refused = run(&workshop).run().exits(1);
    assert!(refused.stderr.contains("unencrypted") && refused.stderr.contains("use https"), "{}", refused.stderr);
    for host in ["http://192.0.2.1:80", "http://localhost.exchange.test", "ftp://exchange.test"] {
        let workshop = elsewhere(&sandbox, host, "");
        run(&workshop).run().exits(1);
    }
}
