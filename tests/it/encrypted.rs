//! Nobody is believed without a certificate, and a sandbox that speaks TLS is believed by whoever is given its authority.

use crate::support::{Sandbox, Workshop};

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
