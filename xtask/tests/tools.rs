//! The scripts behind the Makefile say in one line what a machine lacks. The machines are made up: a PATH with what the
//! scripts themselves call, and stand-ins for the tools in question.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// What the scripts call, on every machine.
const BASICS: [&str; 11] = ["bash", "cat", "cut", "dirname", "env", "grep", "head", "ls", "sed", "sh", "sort"];

struct Machine {
    path: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { path: TempDir::new().unwrap() };
        for name in BASICS {
            let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().unwrap();
            symlink(String::from_utf8(found.stdout).unwrap().trim(), machine.path.path().join(name)).unwrap();
        }
        machine
    }

    /// Puts a program there that prints one text whatever it is asked, and succeeds or not.
    fn with(self, name: &str, line: &str, code: u8) -> Self {
        let file = |suffix: &str| self.path.path().join(format!("{name}{suffix}"));
        // A link to a file that lies there already: one just written may still be open in a test that forks beside this
        // one, and the system runs no file that somebody may write to.
        symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/stand_in.sh"), file("")).unwrap();
        fs::write(file(".says"), line).unwrap();
        fs::write(file(".code"), code.to_string()).unwrap();
        self
    }

    /// A Python that reports this version, and this trouble (`-` for none), as the probe in `tools/python.sh` would.
    fn with_python(self, name: &str, version: &str, trouble: &str) -> Self {
        self.with(name, &format!("{version}\t/real/{name}\t{trouble}"), 0)
    }

    /// Runs a script of `tools/`; gives what it printed to both streams, and whether it succeeded.
    fn run(&self, script: &str, arguments: &[&str]) -> (String, bool) {
        // A copy: what .venv the repository has must not count.
        let root = TempDir::new().unwrap();
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        fs::create_dir(root.path().join("tools")).unwrap();
        fs::copy(repository.join("tools").join(script), root.path().join("tools").join(script)).unwrap();
        fs::write(root.path().join("Cargo.toml"), "rust-version = \"1.93\"\n").unwrap();
        let mut command = Command::new("bash");
        let output = command
            .arg(root.path().join("tools").join(script))
            .args(arguments)
            .env_clear()
            .env("PATH", self.path.path())
            .env("HOME", "/nowhere")
            .output()
            .unwrap();
        (String::from_utf8([output.stdout, output.stderr].concat()).unwrap(), output.status.success())
    }
}

#[test]
fn each_missing_tool_gets_one_line() {
    let (printed, succeeded) = Machine::new().run("need.sh", &["git", "cc", "cargo", "clippy"]);
    let lines: Vec<&str> = printed.lines().collect();
    assert!(!succeeded && lines.len() == 4, "{printed}");
    for (line, start) in lines.iter().zip([
        "missing: git: install",
        "missing: a C compiler",
        "missing: cargo: install",
        "missing: clippy: run",
    ]) {
        assert!(line.starts_with(start), "{printed}");
    }
}

#[test]
fn nothing_missing_is_silent() {
    let machine =
        Machine::new().with("git", "", 0).with("cc", "", 0).with("cargo", "cargo 1.93.0 (x)", 0).with("rustc", "", 0);
    assert_eq!(machine.run("need.sh", &["git", "cc", "cargo"]), (String::new(), true));
}

#[test]
fn an_old_cargo_is_named() {
    let machine = Machine::new().with("cargo", "cargo 1.75.0 (x)", 0).with("rustc", "", 0);
    let (printed, succeeded) = machine.run("need.sh", &["cargo"]);
    assert!(
        !succeeded && printed.starts_with("missing: cargo 1.93 or newer (found 1.75.0): run 'rustup update'"),
        "{printed}"
    );
}

#[test]
fn cargo_without_rustc_is_named() {
    let (printed, succeeded) = Machine::new().with("cargo", "cargo 1.93.0 (x)", 0).run("need.sh", &["cargo"]);
    assert!(!succeeded && printed.starts_with("missing: rustc: install"), "{printed}");
}

#[test]
fn the_newest_python_that_works_is_chosen() {
    let machine = Machine::new()
        .with("python3.13", "a shim that selects nothing", 127)
        .with_python("python3.12", "3.12.1", "-")
        .with_python("python3.11", "3.11.7", "-");
    assert_eq!(machine.run("python.sh", &["choose"]), ("/real/python3.12\n".into(), true));
    assert_eq!(machine.run("python.sh", &["choose", "3.11"]), ("/real/python3.11\n".into(), true));
    assert_eq!(machine.run("python.sh", &["each"]), ("/real/python3.12\n/real/python3.11\n".into(), true));
}

#[test]
fn a_python_of_no_use_is_explained() {
    let machine = Machine::new()
        .with_python("python3.13", "3.13.0", "headers")
        .with_python("python3.12", "3.12.1", "ensurepip")
        .with_python("python3.9", "3.9.1", "old")
        .with_python("pypy", "3.11.1", "implementation");
    for (name, start) in [
        (
            "",
            "missing: the headers (Python.h) of python3.13: install them (Debian, Ubuntu: apt install python3.13-dev)",
        ),
        ("python3.12", "missing: ensurepip of python3.12, needed for virtual environments"),
        ("python3.9", "python3.9 is Python 3.9.1: rondel needs 3.11 or newer"),
        ("pypy", "pypy is not CPython"),
        ("python3.14", "PYTHON=python3.14: no such Python that runs"),
    ] {
        let (printed, succeeded) = machine.run("python.sh", &["choose", name]);
        assert!(!succeeded && printed.starts_with(start) && printed.lines().count() == 1, "{name}: {printed}");
    }
}

#[test]
fn no_python_at_all_is_said() {
    let (printed, succeeded) = Machine::new().run("python.sh", &["choose"]);
    assert!(!succeeded && printed.starts_with("missing: Python 3.11 or newer: install it"), "{printed}");
}
