//! A check that is switched off says why, on the same line or on the one above.

use super::Finding;
use super::rust::RustFile;
use super::tree::{SourceFile, Tree};

/// What switches off a check of ruff or mypy for one line.
const PYTHON_MARKERS: [&str; 2] = ["# noqa", "# type: ignore"];
const REMEDY: &str = "say why in a comment on the same line or on the one above";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.rust {
        if let Some(source) = tree.files.iter().find(|source| source.path == file.path) {
            findings.extend(unexplained_attributes(file, source));
        }
    }
    for file in tree.files.iter().filter(|file| file.has_extension(&["py", "pyi"])) {
        findings.extend(unexplained_markers(file));
    }
    findings
}

fn unexplained_attributes(file: &RustFile, source: &SourceFile) -> Vec<Finding> {
    let lines: Vec<&str> = source.text.lines().collect();
    let mut findings = Vec::new();
    for (index, token) in file.tokens.iter().enumerate() {
        let level = token.text.as_str();
        let is_attribute = matches!(level, "allow" | "expect") && opens_attribute(file, index);
        if !is_attribute {
            continue;
        }
        let rest = &file.tokens[index..];
        let attribute = &rest[..rest.iter().position(|it| it.text == "]").unwrap_or(rest.len())];
        let last = attribute.last().map_or(token.line, |it| it.line);
        let explained = attribute.iter().any(|it| it.text == "reason")
            || lines[token.line - 1..last].iter().any(|line| line.contains("//"))
            || token.line >= 2 && is_comment(lines[token.line - 2]);
        if !explained {
            let what = format!("`{level}` switches off a check without a reason");
            findings.push(Finding::new(&file.path, token.line, what, REMEDY));
        }
    }
    findings
}

/// Whether the token at `index` comes right after `#[` or `#![`.
fn opens_attribute(file: &RustFile, index: usize) -> bool {
    let before: Vec<&str> = file.tokens[index.saturating_sub(3)..index].iter().map(|it| it.text.as_str()).collect();
    matches!(before[..], [.., "#", "["] | [.., "#", "!", "["])
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") && !line.starts_with("///") && !line.starts_with("//!")
}

fn unexplained_markers(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut above = "";
    for (number, line) in file.numbered_lines() {
        for marker in PYTHON_MARKERS {
            let unexplained = line.find(marker).is_some_and(|at| !has_reason(&line[at + marker.len()..]));
            if unexplained && !above.trim_start().starts_with('#') {
                let what = format!("`{marker}` switches off a check without a reason");
                findings.push(Finding::new(&file.path, number, what, REMEDY));
            }
        }
        above = line;
    }
    findings
}

/// Whether words follow the codes of a marker: `: E501  why`, `[arg-type]  # why`.
fn has_reason(rest: &str) -> bool {
    let rest = match rest.split_once(']') {
        Some((codes, rest)) if codes.starts_with('[') => rest,
        _ => rest,
    };
    let code =
        |character: char| character.is_ascii_uppercase() || character.is_ascii_digit() || ":, #".contains(character);
    !rest.trim_start_matches(code).is_empty()
}
