//! What every command has in common: warnings, pipes, and the file that is not there.

use std::ffi::OsStr;
use std::io::pipe;
use std::process::Stdio;

use crate::support::gateway::{doorward, run};
use crate::support::setup::Setup;

/// A configuration that warns, with its database.
fn warning() -> (Setup, String) {
    let mut setup = Setup::new();
    setup.config.more = "[auth]\npassword_login = true\n".into();
    let file = setup.write().to_str().unwrap().to_owned();
    (setup, file)
}

#[test]
fn what_the_file_warns_of_is_said_when_it_is_checked_or_run_and_not_with_every_command() {
    let (setup, file) = warning();
    let warned = |arguments: &[&str]| {
        let output = run(&[arguments, &["--config", &file]].concat());
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(warned(&["check"]).starts_with("warning: "));
    for arguments in [
        &["migrate"][..],
        &["users", "list"],
        &["users", "show", "alice"],
        &["users", "grant", "--username", "alice", "--role", "admin"],
        &["roles", "list"],
        &["permissions", "list"],
        &["nodes"],
        &["explain", "--path", "/"],
    ] {
        assert_eq!(warned(arguments), "", "{arguments:?}");
    }
    let running = setup.start();
    let log = running.gateway.log.text();
    assert_eq!(log.matches("warning: ").count(), 1, "{log}");
    assert_eq!(warned(&["healthcheck", "--help"]), "");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let (_setup, file) = warning();
    for arguments in [
        &["users", "list", "--json"][..],
        &["users", "list"],
        &["users", "show", "alice", "--json"],
        &["users", "grant", "--username", "alice", "--role", "admin", "--json"],
        &["roles", "list", "--json"],
        &["permissions", "list"],
        &["migrate", "--json"],
        &["nodes", "--json"],
        &["explain", "--path", "/", "--json"],
        &["check"],
        &["--help"],
    ] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let mut command = doorward(arguments.iter().chain(&["--config", &file]).map(OsStr::new));
        let output = command.stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).replace("warning", "");
        assert!(output.status.success(), "{arguments:?}: {} {said}", output.status);
        assert!(!said.contains("annot write") && !said.contains("panicked"), "{arguments:?}: {said}");
    }
}

/// What a command is told to do is done, and held, whoever reads what it says.
#[test]
fn what_nobody_reads_is_done_all_the_same() {
    let (setup, file) = warning();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let arguments = ["users", "grant", "--username", "alice", "--role", "admin", "--config", &file];
    let done = doorward(arguments.map(OsStr::new)).stdout(writer).status().unwrap();
    assert!(done.success());
    let shown = run(&["users", "show", "alice", "--json", "--config", &file]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("\"admin\""), "{:?}", setup.database());
}

#[test]
fn nobody_who_hears_complaints_is_no_panic() {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut command = doorward(["users", "list", "--config", "/nonexistent.toml"].map(OsStr::new));
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(writer).status().unwrap();
    assert_eq!(status.code(), Some(1));
}

#[test]
fn what_cannot_be_written_is_a_failure() {
    let (_setup, file) = warning();
    for arguments in [&["users", "list"][..], &["explain", "--path", "/"], &["check"]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut command = doorward(arguments.iter().chain(&["--config", &file]).map(OsStr::new));
        let output = command.stdin(Stdio::null()).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("No space left"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_newcomer_without_a_file_is_shown_two_ways_on() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = doorward(["run".as_ref()]);
    let output = command.current_dir(&nowhere).env_remove("DOORWARD_CONFIG").stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.starts_with("doorward.toml: cannot be read (No such file or directory"), "{said}");
    assert!(said.contains("config/doorward.example.toml") && said.contains("`doorward dev`"), "{said}");
}
