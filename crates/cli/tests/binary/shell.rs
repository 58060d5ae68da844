//! Completions and manual pages: they know all commands and flags.

use std::process::Command;

use crate::support::process::{narthex, run};

const COMMANDS: &[&str] = &["run", "check", "write", "receive", "replay", "generate", "completions", "man"];

/// The flags that `--help` of a command tells.
async fn flags(command: &str) -> Vec<String> {
    let help = run(narthex([command, "--help"]), "").await;
    let text = String::from_utf8_lossy(&help.stdout).into_owned();
    let lines = text.lines().map(str::trim_start).filter(|line| line.starts_with('-'));
    lines
        .filter_map(|line| line.split([' ', ',']).find(|word| word.starts_with("--")))
        .map(Into::into)
        .collect()
}

#[tokio::test]
async fn completions_know_every_command_and_flag() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = run(narthex(["completions", shell]), "").await;
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let script = String::from_utf8_lossy(&ended.stdout).into_owned();
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
            for flag in flags(command).await {
                assert!(script.contains(flag.trim_start_matches('-')), "{shell}: {command} {flag}");
            }
        }
    }
    let ended = run(narthex(["completions", "cmd"]), "").await;
    assert_eq!(ended.code, Some(64));
}

#[tokio::test]
async fn bash_takes_its_completions() {
    let script = run(narthex(["completions", "bash"]), "").await.stdout;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("narthex.bash");
    std::fs::write(&path, script).expect("a file");
    let asked = "source \"$1\"; COMP_WORDS=(narthex ru); COMP_CWORD=1; _narthex narthex ru narthex; echo \"${COMPREPLY[@]}\"";
    let ended = Command::new("bash").args(["-c", asked, "-"]).arg(&path).output().expect("bash");
    assert_eq!(
        String::from_utf8_lossy(&ended.stdout).trim(),
        "run",
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[tokio::test]
async fn there_is_a_manual_page_for_every_command_with_its_flags() {
    let folder = tempfile::tempdir().expect("a folder");
    let into = folder.path().display().to_string();
    let ended = run(narthex(["man", "--into", &into]), "").await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for command in COMMANDS {
        let page =
            std::fs::read_to_string(folder.path().join(format!("narthex-{command}.1"))).expect(command);
        // Hyphens are escaped there.
        let page = page.replace('\\', "");
        assert!(page.contains(&format!("narthex-{command}")), "{command}");
        for flag in flags(command).await {
            assert!(page.contains(&flag), "{command}: {flag}");
        }
    }
    let main = run(narthex(["man"]), "").await;
    assert_eq!(main.stdout, std::fs::read(folder.path().join("narthex.1")).expect("the main page"));
    let ended = run(narthex(["man", "--into", "/no/such/folder"]), "").await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("cannot write /no/such/folder/narthex.1"), "{}", ended.stderr);
}
