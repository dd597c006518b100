//! Documents: a decision that no list names is never read, and a link into nothing helps nobody.

use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};

use super::Finding;
use super::tree::{SourceFile, Tree};

const DECISIONS: &str = "docs/decisions";

struct Link {
    line: usize,
    /// As written, and relative to the root.
    written: String,
    target: PathBuf,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = unlisted_decisions(tree);
    for file in tree.files.iter().filter(|file| file.has_extension(&["md"])) {
        for link in links(file).into_iter().filter(|link| !tree.root.join(&link.target).exists()) {
            let what = format!("the link to `{}` leads nowhere", link.written);
            findings.push(Finding::new(&file.path, link.line, what, "mend or remove it"));
        }
    }
    findings
}

fn unlisted_decisions(tree: &Tree) -> Vec<Finding> {
    let list = Path::new(DECISIONS).join("README.md");
    let listed: Vec<PathBuf> = match tree.files.iter().find(|file| file.path == list) {
        Some(file) => links(file).into_iter().map(|link| link.target).collect(),
        None => Vec::new(),
    };
    let decisions =
        tree.files.iter().filter(|file| file.path.parent() == Some(Path::new(DECISIONS)) && file.path != list);
    decisions
        .filter(|file| !listed.contains(&file.path))
        .map(|file| {
            Finding::new(&file.path, 1, "this decision stands in no list", format!("link it in {}", list.display()))
        })
        .collect()
}

/// The links to files of this repository: `](target)` outside of code blocks, with no scheme.
fn links(file: &SourceFile) -> Vec<Link> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (line, text) in file.numbered_lines() {
        if text.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        for part in text.split("](").skip(1).filter(|_| !in_code) {
            let written = part.split([')', '#', ' ']).next().unwrap_or_default();
            if !written.is_empty() && !written.contains("://") && !written.starts_with("mailto:") {
                let folder = file.path.parent().unwrap_or(Path::new(""));
                found.push(Link { line, written: written.to_string(), target: normalize(&folder.join(written)) });
            }
        }
    }
    found
}

/// Resolves `..` by name alone.
fn normalize(path: &Path) -> PathBuf {
    let mut parts: Vec<&OsStr> = Vec::new();
    for part in path.components() {
        match part {
            Component::ParentDir => _ = parts.pop(),
            Component::Normal(name) => parts.push(name),
            _ => {}
        }
    }
    parts.iter().collect()
}
