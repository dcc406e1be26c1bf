//! Disks that are full or may not be written to: tiny file systems in a mount namespace of the test's own, where the
//! system lets anybody have one.

use std::{
    process::Command,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
};

use camino::Utf8Path;

use super::{COUNT, Scene};
use crate::support::{Asset, Consign, Ran, at_once};

/// Whether namespaces are at hand; says so where they are not.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn can_mount(folder: &Utf8Path) -> bool {
    let mounts = Command::new("unshare").args(["-rm", "mount", "-t", "tmpfs", "none", folder.as_str()]).output();
    let can = mounts.is_ok_and(|mounts| mounts.status.success());
    if !can {
        eprintln!("skipped: no mount namespaces for this user");
    }
    can
}

/// Runs a script in which `state` is a small file system and `consign` the command on the journal in it, or on what `JOB`
/// and `JOURNAL` name; what the n-th call came to is in `n.code` and `n.err`.
fn script(scene: &Scene, size: &str, script: &str) -> Ran {
    let path = |name: &str| scene.workshop.path(name).into_string();
    let text = format!(
        "set -u; n=0; mount -t tmpfs -o size={size} none {state} || exit 90\n\
         consign() {{ n=$((n + 1)); {bin} run ${{JOB:-job.toml}} --json --journal ${{JOURNAL:-state/j.db}} >{folder}/$n.out 2>{folder}/$n.err; \
         echo $? >{folder}/$n.code; }}\n\
         {script}\n",
        state = path("state"),
        folder = scene.workshop.folder(),
        bin = env!("CARGO_BIN_EXE_consign"),
    );
    scene.workshop.write("script.sh", text);
    let shell = Consign::other(scene.workshop.folder(), "unshare").args(&["-rm", "sh", "script.sh"]);
    let shell =
        ["TMPDIR", "HOME", "ANYPOINT_CLIENT_ID", "ANYPOINT_CLIENT_SECRET"].iter().fold(
            shell,
            |shell, name| match *name {
                "ANYPOINT_CLIENT_ID" => shell.env(name, scene.sandbox.client_id()),
                "ANYPOINT_CLIENT_SECRET" => shell.env(name, scene.sandbox.client_secret()),
                _ => shell.env(name, &path("tmp")),
            },
        );
    shell.run().exits(0)
}

/// Exit code and messages of the n-th call of a script.
fn outcome(scene: &Scene, n: usize) -> (i32, String) {
    let read = |kind: &str| fs_err::read_to_string(scene.workshop.path(&format!("{n}.{kind}"))).unwrap();
    (read("code").trim().parse().unwrap(), read("err"))
}

fn all_are_there(scene: &Scene) {
    let versions: Vec<String> = (0..COUNT).map(|n| format!("a{n}/1.0.0")).collect();
    assert_eq!(scene.sandbox.versions(), versions);
    let stats = scene.sandbox.stats();
    assert_eq!(stats["duplicatePublishes"], serde_json::json!({}));
    assert_eq!(stats["publications"]["accepted"], COUNT, "{stats:#}");
}

#[test]
fn a_disk_that_is_full_at_any_time_is_told_and_once_there_is_room_the_next_run_goes_on() {
    let in_the_middle = AtomicU32::new(0);
    let probe = Scene::new("0");
    fs_err::create_dir(probe.workshop.path("state")).unwrap();
    if !can_mount(&probe.workshop.path("state")) {
        return;
    }
    at_once((40..=400).step_by(40), |size| {
        let scene = Scene::new("10ms");
        fs_err::create_dir(scene.workshop.path("state")).unwrap();
        let free = "consign; mount -o remount,size=16m state || exit 91; consign; consign";
        script(&scene, &format!("{size}k"), free);
        let (code, told) = outcome(&scene, 1);
        // Where there is room for everything there is nothing to tell.
        if code != 0 {
            assert!(matches!(code, 1 | 3), "{size}k: {code}: {told}");
            assert!(told.contains("j.db") && told.contains("hint: ") && told.contains("free"), "{size}k: {told}");
            assert!(!told.contains("panicked"), "{size}k: {told}");
        }
        in_the_middle.fetch_add(u32::from(code == 3), Relaxed);
        let goes_on = outcome(&scene, 2);
        assert_eq!(goes_on.0, 0, "{size}k, after {told}: {}", goes_on.1);
        all_are_there(&scene);
    });
    assert!(in_the_middle.into_inner() > 0, "no disk became full in the middle of a run");
}

#[test]
fn a_journal_that_may_not_be_written_to_is_refused_and_can_still_be_looked_at() {
    let scene = Scene::new("0");
    fs_err::create_dir(scene.workshop.path("state")).unwrap();
    if !can_mount(&scene.workshop.path("state")) {
        return;
    }
    let bin = env!("CARGO_BIN_EXE_consign");
    script(
        &scene,
        "16m",
        &format!(
            "consign\n\
             mount -o remount,ro state || exit 91; consign\n\
             {bin} status job.toml --journal state/j.db >status.out || exit 92\n\
             mount -o remount,rw state || exit 93\n\
             mount --bind state/j.db state/j.db && mount -o remount,ro,bind state/j.db || exit 94; consign\n\
             umount state/j.db || exit 95; consign"
        ),
    );
    for (n, expected) in [(1, 0), (2, 1), (3, 1), (4, 0)] {
        let (code, told) = outcome(&scene, n);
        assert_eq!(code, expected, "{n}: {told}");
        assert!(
            code == 0 || (told.contains("j.db") && told.contains("hint: ") && told.contains("writable")),
            "{n}: {told}"
        );
    }
    assert!(fs_err::read_to_string(scene.workshop.path("status.out")).unwrap().contains("done"));
    all_are_there(&scene);
}

#[test]
fn an_export_stops_where_there_is_no_room_and_goes_on_where_there_is() {
    let scene = Scene::new("0");
    fs_err::create_dir(scene.workshop.path("state")).unwrap();
    if !can_mount(&scene.workshop.path("state")) {
        return;
    }
    let mut random = fastrand::Rng::with_seed(7);
    for n in 0..COUNT {
        let noise: String = std::iter::repeat_with(|| random.alphanumeric()).take(50_000).collect();
        scene.workshop.asset(&Asset::new(&format!("a{n}"), "1.0.0").says(&noise));
    }
    scene.run().exits(0);
    let job = "kind = \"export\"\n[source]\nhost = \"HOST\"\n[export]\ndirectory = \"state/inventory\"\n";
    scene.workshop.write("export.toml", job.replace("HOST", scene.sandbox.url()));
    let mut in_the_middle = 0;
    // A file system gives whole pages: some sizes have room for some versions, and some for all but the summary.
    for size in (40..=360).step_by(40) {
        let free = "JOB=export.toml JOURNAL=export.db; rm -f export.db*; consign
            mount -o remount,size=16m state || exit 91; consign; ls state/inventory/assets/* >brought";
        script(&scene, &format!("{size}k"), free);
        let (code, told) = outcome(&scene, 1);
        if code != 0 {
            assert!(matches!(code, 1 | 3), "{size}k: {code}: {told}");
            assert!(told.contains("state/inventory") && told.contains("hint: "), "{size}k: {told}");
        }
        in_the_middle += u32::from(code == 3);
        let goes_on = outcome(&scene, 2);
        assert_eq!(goes_on.0, 0, "{size}k, after {told}: {}", goes_on.1);
        let brought = fs_err::read_to_string(scene.workshop.path("brought")).unwrap();
        assert_eq!(brought.lines().count(), COUNT, "{size}k: {brought}");
    }
    assert!(in_the_middle > 0, "no disk became full in the middle of an export");
}
