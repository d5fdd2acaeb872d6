//! Targets of files: what an agent would send.

use crate::{document, nines, output, start, text, write};

fn target(base_url: &str) -> String {
    format!(
        r#"
[[target]]
id = "chat"
provider = "sim"
credential = "main"
interval_s = 60
deadline_ms = 5000
request = {{ kind = "call", preset = "litellm", base_url = "{base_url}/v1", model = "sim-1", stream = true, ask = "echo", max_output_tokens = 77 }}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_nines_toml_brings_its_key_and_its_deadline() {
    let simulator = start(&["sim-key-1"]).await;
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "sim.key", "sim-key-1\n");
    let up = format!(
        "[credential.main]\nkey_file = \"sim.key\"\n{}",
        target(&simulator.base_url())
    );
    let file = write(dir.path(), "nines.toml", &up);
    let (status, json) = document(&mut nines(&[&format!("--target={file}:chat")]));
    assert_eq!(status, Some(0), "{json:#}");
    let asked = &json["asked"];
    assert_eq!(asked["deadline_ms"], 5_000);
    assert_eq!(asked["max_output_tokens"], 77);
    assert_eq!(
        (&asked["preset"], &asked["stream"]),
        (&"litellm".into(), &true.into())
    );

    let none = output(&mut nines(&[&format!("--target={file}:other")]));
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("has no target `other`; it has `chat`"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_of_a_plan_takes_its_key_from_the_command_line() {
    let simulator = start(&["sim-key-1"]).await;
    let dir = tempfile::tempdir().unwrap();
    let plan = format!(
        "revision = 1\neffective_from_ms = 0\n[[agent]]\nid = \"a\"\nnetwork = \"n\"\nregion = \"r\"\n{}",
        target(&simulator.base_url())
    );
    let file = write(dir.path(), "plan.toml", &plan);
    let place = format!("--target={file}:chat");
    let (status, json) = document(nines(&[&place, "--key-env=MINE"]).env("MINE", "sim-key-1"));
    assert_eq!(status, Some(0), "{json:#}");
    let (status, json) = document(nines(&[&place]).env("LITELLM_API_KEY", "wrong"));
    assert_eq!((status, &json["outcome"]), (Some(3), &"auth".into()));
}

#[test]
fn a_key_that_is_missing_is_said_before_anything_is_sent() {
    let dir = tempfile::tempdir().unwrap();
    let up = format!(
        "[credential.main]\nkey_env = \"NONE_SUCH\"\n{}",
        target("http://127.0.0.1:9")
    );
    let file = write(dir.path(), "nines.toml", &up);
    let output = output(&mut nines(&[&format!("--target={file}:chat")]));
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("`NONE_SUCH` is not set"));
}
