//! A small repository in a temporary folder, with the crates that the rules know.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

const SAFE: &str = "#![forbid(unsafe_code)]\n";

pub struct Repository {
    folder: TempDir,
}

impl Repository {
    /// Breaks no rule.
    pub fn clean() -> Self {
        let repository = Self { folder: TempDir::new().unwrap() };
        let workspace = "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\nexclude = [\"vendored\"]\n";
        repository.write("Cargo.toml", workspace);
        repository.write("docs/decisions/README.md", "# Decisions\n");
        repository.package("crates/sys", "rondel-sys", "//! Talks to the system.\n");
        repository.package("crates/engine", "rondel-engine", SAFE);
        repository.package("crates/net", "rondel-net", SAFE);
        repository.package("crates/http", "rondel-http", SAFE);
        repository.package("crates/python", "rondel-python", "//! Talks to Python.\n");
        repository
    }

    /// Adds a crate, with an empty list of dependencies at the end of its manifest.
    pub fn package(&self, folder: &str, name: &str, root: &str) {
        let manifest =
            format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\n");
        self.write(&format!("{folder}/Cargo.toml"), &manifest);
        self.write(&format!("{folder}/src/lib.rs"), root);
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn append(&self, path: &str, text: &str) {
        let old = fs::read_to_string(self.folder.path().join(path)).unwrap();
        self.write(path, &(old + text));
    }

    /// What `cargo xtask tidy` prints here.
    pub fn tidy(&self) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("tidy").arg(self.folder.path()).output().unwrap();
        let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.success(), printed == "tidy: all clean\n", "{printed}");
        printed
    }

    /// Checks that one of the findings starts with `expected`.
    pub fn finds(&self, expected: &str) {
        let printed = self.tidy();
        assert!(
            printed.lines().any(|line| line.starts_with(expected)),
            "no line starts with {expected:?} in:\n{printed}"
        );
    }
}
