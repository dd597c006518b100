//! Which backend `RONDEL_SELECTOR` chooses. The variable is read in a process of its own: this one has threads, which
//! may read the environment at any time.

use std::process::Command;

use rondel_sys::Backend;

/// Not a test: what the tests below run.
#[test]
#[ignore = "run by the other tests, as a process of its own"]
fn report() {
    match Backend::from_env() {
        Ok(backend) => println!("chosen: {}", backend.name()),
        Err(error) => println!("refused: {error}"),
    }
}

fn with_variable(value: Option<&str>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "report", "--ignored", "--nocapture"]).env_remove("RONDEL_SELECTOR");
    if let Some(value) = value {
        command.env("RONDEL_SELECTOR", value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn nothing_chooses_the_best_of_the_platform() {
    let best = if cfg!(target_os = "linux") { "chosen: epoll\n" } else { "chosen: poll\n" };
    for value in [None, Some("")] {
        let output = with_variable(value);
        assert!(output.contains(best), "{value:?}: {output}");
    }
}

#[test]
fn a_name_chooses_that_backend() {
    let output = with_variable(Some("poll"));
    assert!(output.contains("chosen: poll\n"), "{output}");
    if cfg!(target_os = "linux") {
        let output = with_variable(Some("epoll"));
        assert!(output.contains("chosen: epoll\n"), "{output}");
    }
}

#[test]
fn another_name_is_refused_with_those_that_there_are() {
    let output = with_variable(Some("kqueue"));
    let told = if cfg!(target_os = "linux") { "it has: epoll, poll\n" } else { "it has: poll\n" };
    assert!(output.contains("refused: RONDEL_SELECTOR=kqueue") && output.contains(told), "{output}");
}
