//! Comments: no code that is switched off, and no wish without the reason why it waits. (Python's code in comments is
//! ruff's to find, by its rule ERA001.)

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Finding;
use super::rust::is_punct;
use super::tree::{SourceFile, Tree};

const WISHES: [&str; 2] = ["TODO", "FIXME"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in &tree.files {
        let marker = if file.has_extension(&["rs"]) { "//" } else { "#" };
        if file.has_extension(&["rs", "py", "pyi", "sh"]) {
            findings.extend(unexplained_wishes(file, marker));
        }
        if file.has_extension(&["rs"]) {
            findings.extend(code_in_comments(file));
        }
    }
    findings
}

/// A wish reads `TODO(why it waits): what is missing`.
fn unexplained_wishes(file: &SourceFile, marker: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.numbered_lines() {
        let Some((_, comment)) = line.split_once(marker) else { continue };
        for wish in WISHES {
            let Some((_, rest)) = comment.split_once(wish) else { continue };
            if !is_explained(rest) {
                let what = format!("`{wish}` without a reason");
                let remedy = format!("write `{wish}(why it waits): what is missing`, or do it");
                findings.push(Finding::new(&file.path, number, what, remedy));
            }
        }
    }
    findings
}

fn is_explained(rest: &str) -> bool {
    let parts = rest.strip_prefix('(').and_then(|rest| rest.split_once("):"));
    parts.is_some_and(|(why, what)| !why.trim().is_empty() && !what.trim().is_empty())
}

fn code_in_comments(file: &SourceFile) -> Vec<Finding> {
    let comments = file.numbered_lines().filter_map(|(number, line)| {
        let text = line.trim_start().strip_prefix("//")?;
        (!text.starts_with(['/', '!'])).then_some((number, text.trim()))
    });
    comments
        .filter(|(_, text)| is_code(text))
        .map(|(number, _)| Finding::new(&file.path, number, "code in a comment", "remove it: the history keeps it"))
        .collect()
}

/// Whether a line of a comment reads as a statement, and can't be read as a sentence.
fn is_code(text: &str) -> bool {
    if let Some(head) = text.strip_suffix('{') {
        // No sentence ends with an opening brace.
        return !head.trim().is_empty() && head.parse::<TokenStream>().is_ok();
    }
    let Ok(stream) = text.parse::<TokenStream>() else { return false };
    let mut trees: Vec<TokenTree> = stream.into_iter().collect();
    if !matches!(trees.pop(), Some(TokenTree::Punct(last)) if last.as_char() == ';') {
        return false;
    }
    match trees.first().map(ToString::to_string).as_deref() {
        Some("let") => trees.iter().any(|tree| is_punct(tree, '=')),
        Some("use" | "return") => is_expression(&trees[1..]),
        _ => is_expression(&trees),
    }
}

/// Words joined by punctuation, with a call, a path or an assignment among them. Two words side by side are a sentence,
/// and `read(2)` is a page of the manual.
fn is_expression(trees: &[TokenTree]) -> bool {
    let side_by_side =
        |pair: &[TokenTree]| !matches!(pair[0], TokenTree::Punct(_)) && matches!(pair[1], TokenTree::Ident(_));
    let starts_well =
        matches!(trees.first(), Some(TokenTree::Ident(_))) || trees.first().is_some_and(|it| is_punct(it, '*'));
    let does_something = trees.iter().any(|it| is_call(it) || is_punct(it, '=') || is_punct(it, ':'));
    starts_well && does_something && !trees.windows(2).any(side_by_side)
}

fn is_call(tree: &TokenTree) -> bool {
    let TokenTree::Group(group) = tree else { return false };
    let arguments: Vec<TokenTree> = group.stream().into_iter().collect();
    group.delimiter() == Delimiter::Parenthesis && !matches!(&arguments[..], [only] if is_number(only))
}

fn is_number(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Literal(literal) if literal.to_string().starts_with(|it: char| it.is_ascii_digit()))
}
