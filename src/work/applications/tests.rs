use std::os::unix::fs::PermissionsExt;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::SecretString;
use serde_json::json;

use super::{
    compare::differences,
    deliver::in_words,
    ids::{Ids, write},
    vault::{Delivery, Vault, VaultError},
};
use crate::{
    asset::{ApplicationWish, Sourced},
    hub::Application,
    job::Secrets,
    journal::{Change, Journal, Offer, State},
    net::scripted::Scripted,
};

struct Folder {
    root: Utf8PathBuf,
    _keep: tempfile::TempDir,
}

fn folder() -> Folder {
    let keep = tempfile::tempdir().expect("a temporary folder");
    let root = Utf8Path::from_path(keep.path()).expect("utf-8").to_owned();
    Folder { root, _keep: keep }
}

fn file(path: &Utf8Path) -> Vault {
    Vault::new(Secrets::File(path.to_owned()))
}

fn command(words: &[&str]) -> Vault {
    Vault::new(Secrets::Command(words.iter().map(|&word| word.to_owned()).collect()))
}

async fn put(vault: &Vault, name: &str, secret: &str) -> Result<(), VaultError> {
    let secret = SecretString::from(secret);
    vault.deliver(&Delivery { name, id: name, client_id: Some("c"), client_secret: &secret }).await
}

fn chmod(path: &Utf8Path, mode: u32) {
    fs_err::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("is ours");
}

#[tokio::test]
async fn a_new_file_of_secrets_is_its_owners_alone_and_gets_a_line_for_each() {
    let folder = folder();
    let path = folder.root.join("new/secrets.jsonl");
    let vault = file(&path);
    vault.check().await.expect("can be made");
    assert!(!path.exists(), "nothing has been delivered");
    put(&vault, "a \"b\"", "s1").await.expect("arrives");
    put(&file(&path), "b", "s2").await.expect("arrives by another process too");
    let mode = fs_err::metadata(&path).expect("is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs_err::read_to_string(&path).expect("is there");
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).expect("is JSON")).collect();
    assert_eq!(lines[0], json!({"name": "a \"b\"", "id": "a \"b\"", "clientId": "c", "clientSecret": "s1"}));
    assert_eq!(lines.len(), 2);
    assert!(vault.has("b".to_owned()).await.expect("can be read"));
    assert!(!vault.has("c".to_owned()).await.expect("can be read"));
}

#[tokio::test]
async fn a_file_that_others_can_read_a_link_and_what_is_no_file_are_refused() {
    let folder = folder();
    let path = folder.root.join("s.jsonl");
    fs_err::write(&path, "").expect("writes");
    for mode in [0o640, 0o604, 0o602, 0o610] {
        chmod(&path, mode);
        assert!(matches!(file(&path).check().await, Err(VaultError::Mode { mode: told, .. }) if told == mode));
        assert!(matches!(put(&file(&path), "a", "s").await, Err(VaultError::Mode { .. })));
    }
    chmod(&path, 0o600);
    file(&path).check().await.expect("is ours alone");
    let link = folder.root.join("link");
    fs_err::os::unix::fs::symlink(&path, &link).expect("links");
    for place in [&link, &folder.root] {
        assert!(matches!(file(place).check().await, Err(VaultError::Kind { .. })), "{place}");
        assert!(matches!(put(&file(place), "a", "s").await, Err(VaultError::Kind { .. })), "{place}");
    }
    assert_eq!(fs_err::read_to_string(&path).expect("is there"), "");
}

#[tokio::test]
async fn a_line_that_was_cut_off_spoils_no_other_one() {
    let folder = folder();
    for (before, kept) in [
        ("{\"id\":\"a\"}\n{\"id\":\"b\",\"clientSec", "{\"id\":\"a\"}\n"),
        ("{\"id\":\"a\"}", "{\"id\":\"a\"}\n"),
        ("a note of somebody", "a note of somebody\n"),
        ("", ""),
    ] {
        let path = folder.root.join("s.jsonl");
        fs_err::write(&path, before).expect("writes");
        chmod(&path, 0o600);
        put(&file(&path), "z", "s").await.expect("arrives");
        let text = fs_err::read_to_string(&path).expect("is there");
        let last = text.strip_prefix(kept).unwrap_or_else(|| panic!("{before:?} became {text:?}"));
        assert!(last.starts_with("{\"name\":\"z\"") && last.ends_with("}\n") && last.lines().count() == 1, "{text:?}");
    }
}

#[tokio::test]
async fn a_command_is_given_a_line_and_tells_by_its_status_whether_that_went_well() {
    let folder = folder();
    let out = folder.root.join("out");
    let keep = format!("cat >> '{out}'");
    put(&command(&["sh", "-c", &keep]), "a", "s3cr3t").await.expect("arrives");
    let text = fs_err::read_to_string(&out).expect("was written");
    assert_eq!(text, "{\"name\":\"a\",\"id\":\"a\",\"clientId\":\"c\",\"clientSecret\":\"s3cr3t\"}\n");
    put(&command(&["true"]), "a", "s").await.expect("who reads nothing may have its reasons");
    let error = put(&command(&["sh", "-c", "echo no room >&2; exit 3"]), "a", "s").await.expect_err("fails");
    assert!(error.to_string().contains("exit status: 3: no room") && !error.is_about_all(), "{error}");
    let error = put(&command(&["/nowhere/put"]), "a", "s").await.expect_err("is not there");
    assert!(matches!(&error, VaultError::Start { .. }) && error.is_about_all(), "{error}");
    let flood = "i=0; while [ $i -lt 20000 ]; do echo 'much to say about it' >&2; i=$((i+1)); done; exit 1";
    let error = put(&command(&["sh", "-c", flood]), "a", "s").await.expect_err("fails");
    assert!(error.to_string().len() < 3_000, "what it says is bounded");
}

fn wish() -> ApplicationWish {
    ApplicationWish { name: "Shop".to_owned(), ..ApplicationWish::default() }
}

#[test]
fn only_what_the_row_says_is_compared_and_the_order_of_lists_does_not_count() {
    let there: Application = serde_json::from_value(json!({
        "id": "1", "name": "Shop", "description": "Old", "redirectUri": ["https://a", "https://b"],
        "grantTypes": ["x", "y"],
    }))
    .expect("is one");
    let texts = |texts: &[&str]| Some(texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>());
    let differing = |wish: ApplicationWish| -> Vec<&str> {
        differences(&wish, &there).into_iter().map(|known| known.datum).collect()
    };
    assert!(differing(wish()).is_empty());
    assert!(
        differing(ApplicationWish {
            url: Some(String::new()),
            redirect_uris: texts(&["https://b", "https://a"]),
            grant_types: texts(&["y", "x", "x"]),
            ..wish()
        })
        .is_empty(),
        "an address that is not there has been taken away"
    );
    let other = ApplicationWish {
        description: Some(String::new()),
        url: Some("https://shop".to_owned()),
        redirect_uris: texts(&["https://a"]),
        grant_types: texts(&[]),
        ..wish()
    };
    assert_eq!(differing(other.clone()), ["description", "url", "redirectUris", "grantTypes"]);
    let follows = ApplicationWish { api_endpoints: Some(true), ..other };
    assert_eq!(differing(follows), ["description", "url", "grantTypes"], "the others are those of its instances");
}

#[test]
fn another_id_is_another_application_and_what_cannot_be_read_is_found_out_anew() {
    let old = ApplicationWish { old_client_id: Some("o".to_owned()), ..wish() };
    let mut ids = Ids::of(&old, Some(r#"{"id":"1","clientId":"c","owed":true,"oldClientId":"before"}"#));
    ids.are_of("1");
    assert!(ids.owed && ids.client_id.is_some());
    assert_eq!(ids.to_json().as_deref(), Some(r#"{"id":"1","clientId":"c","oldClientId":"o","owed":true}"#));
    ids.are_of("2");
    assert!(!ids.owed && ids.client_id.is_none());
    assert_eq!(Ids::of(&wish(), Some("[")).to_json(), None);
}

#[test]
fn what_appears_under_a_name_that_a_run_began_to_make_is_owed_though_that_run_gave_it_up() {
    let again = |ids: &Ids| Ids::of(&wish(), ids.to_json().as_deref());
    let mut ids = Ids::of(&wish(), None);
    ids.are_awaited();
    assert_eq!(ids.to_json().as_deref(), Some(r#"{"owed":true}"#), "is written before anything is sent");
    let mut found = again(&ids);
    found.are_of("1");
    assert!(found.owed, "nobody else has made it");
    let mut ids = again(&ids);
    ids.owed = false;
    assert_eq!(ids.to_json().as_deref(), Some("{}"), "what was refused is written over");
    let mut found = again(&ids);
    found.are_of("2");
    assert!(!found.owed, "somebody else has made it");
    let mut ids = Ids::of(&wish(), Some(r#"{"id":"1","clientId":"c"}"#));
    ids.are_awaited();
    ids.are_of("2");
    assert!(ids.owed && ids.client_id.is_none(), "the first one was deleted");
}

#[tokio::test]
async fn ids_are_kept_beyond_the_end_of_an_item_and_written_down_whole() {
    let folder = folder();
    let (path, out) = (folder.root.join("j.db"), folder.root.join("new/ids.csv"));
    let journal = Journal::open(&path, "portal:t/p").await.expect("opens");
    let offers = ["Shop", "Büro, 2", "none"].map(|name| {
        let wish = ApplicationWish { name: name.to_owned(), path: "a.csv".into(), ..ApplicationWish::default() };
        Offer::new(Sourced::Application(Box::new(wish)), true)
    });
    journal.offer(offers.into()).await.expect("takes them");
    journal.put_in_order().await.expect("orders them");
    write(journal.reader(), "", &out).expect("has nothing to write");
    assert!(!out.exists(), "there is nothing to be told");
    for (item, ids) in journal
        .reader()
        .ready(2)
        .expect("are ready")
        .into_iter()
        .zip([r#"{"id":"1","clientId":"c1","oldId":"o","oldClientId":"oc"}"#, r#"{"id":"2","clientId":"c2"}"#])
    {
        let change = Change { ids: Some(ids.to_owned()), ..Change::to(item.id, State::Acting) };
        journal.apply(change).await.expect("is legal");
        journal.apply(Change::to(item.id, State::Done)).await.expect("is legal");
    }
    let none = journal.reader().ready(1).expect("is ready").swap_remove(0);
    let ids = Some(r#"{"owed":true}"#.to_owned());
    journal.apply(Change { ids, ..Change::to(none.id, State::Acting) }).await.expect("is legal");
    write(journal.reader(), "", &out).expect("writes");
    let text = fs_err::read_to_string(&out).expect("is there");
    let expected = "name,oldClientId,newClientId,oldId,newId\nShop,oc,c1,o,1\n\"Büro, 2\",,c2,,2\n";
    assert_eq!(text, expected);
    journal.close().await;
}

#[tokio::test]
async fn a_file_that_is_taken_away_or_opened_to_others_meanwhile_gets_no_more_secrets() {
    let folder = folder();
    let path = folder.root.join("s.jsonl");
    let vault = file(&path);
    put(&vault, "a", "s1").await.expect("arrives");
    chmod(&path, 0o644);
    assert!(matches!(put(&vault, "b", "s2").await, Err(VaultError::Mode { .. })));
    chmod(&path, 0o600);
    let moved = folder.root.join("moved");
    fs_err::rename(&path, &moved).expect("moves");
    assert!(matches!(put(&vault, "c", "s3").await, Err(VaultError::Kind { what: "not there any more", .. })));
    fs_err::write(&path, "").expect("writes");
    chmod(&path, 0o600);
    assert!(matches!(put(&vault, "d", "s4").await, Err(VaultError::Kind { .. })), "is another one");
    assert_eq!(fs_err::read_to_string(&moved).expect("is there").lines().count(), 1);
}

#[tokio::test]
async fn what_cannot_be_used_is_told_before_anything_is_made() {
    let missing = command(&["/nowhere/put"]).check().await;
    assert!(matches!(missing, Err(VaultError::Start { .. })));
    assert!(matches!(command(&["no-such-program-anywhere"]).check().await, Err(VaultError::Start { .. })));
    command(&["sh"]).check().await.expect("is found");
    assert!(matches!(file(Utf8Path::new("/proc/x/secrets.jsonl")).check().await, Err(VaultError::File { .. })));
}

#[tokio::test]
async fn a_command_has_ended_though_what_it_left_behind_has_not() {
    // Longer than a command may take.
    put(&command(&["sh", "-c", "cat >/dev/null; sleep 130 & exit 0"]), "a", "s").await.expect("arrives");
}

#[test]
fn a_secret_that_a_command_breaks_into_lines_is_not_told_either() {
    let client = Scripted::new([]).client(None);
    let secret = SecretString::from("c0ffee00c0ffee00c0ffee00c0ffee00");
    let _hidden = client.hide(&secret);
    let told = |said: &str| in_words(&client, said);
    assert_eq!(told("`put` ended with 3: the vault\nis sealed"), "`put` ended with 3: the vault\nis sealed");
    let whole = told("refused c0ffee00c0ffee00c0ffee00c0ffee00 of you");
    assert!(whole.contains("refused") && !whole.contains("c0ffee"), "{whole}");
    let broken = told("6330666665653030633066666565\n30306330666665653030633066666565 3030");
    assert!(!broken.contains("6330666665"), "{broken}");
}
