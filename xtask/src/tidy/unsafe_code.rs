//! `unsafe` lives in the two crates that talk to the system and to Python; every other crate forbids it.

use std::path::Path;

use super::Finding;
use super::rust::RustFile;
use super::tree::Tree;

const ALLOWED: [&str; 2] = ["crates/sys", "crates/python"];
const FORBID: [&str; 8] = ["#", "!", "[", "forbid", "(", "unsafe_code", ")", "]"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.rust.iter().filter(|file| !ALLOWED.iter().any(|folder| file.path.starts_with(folder))) {
        for token in file.find(&["unsafe"]) {
            let remedy = "move it into crates/sys or crates/python, behind a safe function";
            findings.push(Finding::new(
                &file.path,
                token.line,
                "`unsafe` outside of crates/sys and crates/python",
                remedy,
            ));
        }
        if is_crate_root(&file.path) && !forbids_unsafe(file) {
            let what = "this crate does not forbid unsafe code";
            findings.push(Finding::new(&file.path, 1, what, "add #![forbid(unsafe_code)] under its first comment"));
        }
    }
    findings
}

fn is_crate_root(path: &Path) -> bool {
    path.ends_with("src/lib.rs") || path.ends_with("src/main.rs")
}

fn forbids_unsafe(file: &RustFile) -> bool {
    file.find(&FORBID).next().is_some()
}
