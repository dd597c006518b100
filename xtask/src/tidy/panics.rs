//! Errors are values: what a peer, the system or a user can cause never panics.

use super::Finding;
use super::tree::Tree;

const CHECKED: [&str; 5] = ["crates/sys", "crates/engine", "crates/net", "crates/http", "crates/python"];
const METHODS: [&str; 4] = ["unwrap", "expect", "unwrap_err", "expect_err"];
const MACROS: [&str; 2] = ["todo", "unimplemented"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let checked = |path: &std::path::Path| CHECKED.iter().any(|folder| path.starts_with(folder));
    for file in tree.rust.iter().filter(|file| checked(&file.path) && !file.is_test) {
        for method in METHODS {
            for token in file.find(&[".", method, "("]).filter(|token| !token.in_test) {
                let what = format!("`.{method}()` outside of tests");
                let remedy = "return an error, or write it so that the case can't be expressed";
                findings.push(Finding::new(&file.path, token.line, what, remedy));
            }
        }
        for name in MACROS {
            for token in file.find(&[name, "!"]).filter(|token| !token.in_test) {
                findings.push(Finding::new(
                    &file.path,
                    token.line,
                    format!("`{name}!`"),
                    "write what is missing, or return an error",
                ));
            }
        }
    }
    findings
}
