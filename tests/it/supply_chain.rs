//! What consign is built of: everything from one registry, locked by its checksum, and nothing that is banned. `cargo deny`
//! tells more where it is installed; this holds everywhere.

use camino::{Utf8Path, Utf8PathBuf};
use toml::{Table, Value};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

fn root() -> &'static Utf8Path {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> Table {
    let text = fs_err::read_to_string(root().join(name)).unwrap();
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The lock files: our own, and those of crates beside it.
fn locks() -> Vec<Utf8PathBuf> {
    let beside = ["Cargo.lock", "fuzz/Cargo.lock"];
    beside.iter().map(|name| root().join(name)).filter(|path| path.exists()).collect()
}

fn text<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(Value::as_str)
}

#[test]
fn every_crate_is_locked_and_comes_from_the_one_registry_and_none_is_banned() {
    let deny = read("deny.toml");
    let banned = deny["bans"]["deny"].as_array().unwrap().iter();
    let banned: Vec<&str> = banned.map(|entry| entry["crate"].as_str().unwrap()).collect();
    assert!(banned.contains(&"openssl-sys") && banned.contains(&"native-tls"), "{banned:?}");
    let locks = locks();
    assert!(!locks.is_empty(), "Cargo.lock is committed");
    for lock in locks {
        let packages = read(lock.as_str());
        let packages = packages["package"].as_array().unwrap().iter().map(|package| package.as_table().unwrap());
        for package in packages {
            let name = text(package, "name").unwrap();
            assert!(!banned.contains(&name), "{lock}: {name} is banned");
            if let Some(source) = text(package, "source") {
                assert_eq!(source, REGISTRY, "{lock}: {name}");
                assert!(text(package, "checksum").is_some(), "{lock}: {name} has no checksum");
            } else {
                assert!(name.starts_with("consign"), "{lock}: {name} is from nowhere");
            }
        }
    }
}

#[test]
fn dependencies_name_a_version_and_no_other_place() {
    let manifest = read("Cargo.toml");
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        let Some(dependencies) = manifest.get(section).and_then(Value::as_table) else { continue };
        for (name, dependency) in dependencies {
            let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str());
            let version = version.unwrap_or_else(|| panic!("{name} names no version"));
            assert!(!version.contains('*') && !version.starts_with('>'), "{name}: {version}");
            for place in ["git", "path", "registry"] {
                assert!(dependency.get(place).is_none(), "{name} comes from a {place}");
            }
        }
    }
    for replaced in ["patch", "replace"] {
        assert!(manifest.get(replaced).is_none(), "[{replaced}] changes what the registry holds");
    }
    let reqwest = &manifest["dependencies"]["reqwest"];
    assert_eq!(reqwest["default-features"], Value::Boolean(false));
    let features: Vec<&str> = reqwest["features"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(features.contains(&"rustls") && !features.iter().any(|name| name.contains("native")), "{features:?}");
}

#[test]
fn unsafe_code_is_forbidden_in_every_target_and_nobody_switches_verification_off() {
    let manifest = read("Cargo.toml");
    assert_eq!(manifest["lints"]["rust"]["unsafe_code"].as_str(), Some("forbid"));
    // In pieces, so that this file does not find itself.
    let words = ["danger_accept", "dangerous()", "SslVerifyMode", "custom_certificate_verifier"];
    let mut files = 0;
    for entry in walkdir::WalkDir::new(root().join("src")) {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let source = fs_err::read_to_string(entry.path()).unwrap();
            for word in words {
                assert!(!source.contains(word), "{} speaks of {word}", entry.path().display());
            }
            files += 1;
        }
    }
    assert!(files > 300, "{files} files");
}

#[test]
fn what_may_be_built_in_is_decided_and_the_checks_keep_to_the_lock_file() {
    let deny = read("deny.toml");
    let sources = &deny["sources"];
    for key in ["unknown-registry", "unknown-git"] {
        assert_eq!(sources[key].as_str(), Some("deny"), "sources.{key}");
    }
    let registries = sources["allow-registry"].as_array().unwrap();
    assert_eq!(registries.len(), 1);
    assert_eq!(deny["bans"]["wildcards"].as_str(), Some("deny"));
    let licences = deny["licenses"]["allow"].as_array().unwrap();
    for licence in licences.iter().filter_map(Value::as_str) {
        assert!(!licence.contains("GPL"), "{licence} asks for more than its name");
    }
    let script = fs_err::read_to_string(root().join(".ci/run")).unwrap();
    let mut found = 0;
    for line in script.lines().map(str::trim_start).filter(|line| !line.starts_with('#')) {
        let builds = ["cargo clippy", "cargo test", "cargo doc", "cargo build", "cargo run", "cargo bench"];
        if builds.iter().any(|command| line.contains(command)) {
            assert!(line.contains("--locked"), ".ci/run: {line}");
            found += 1;
        }
    }
    assert!(found >= 3, "{script}");
}
