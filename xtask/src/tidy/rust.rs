//! Rust files as flat lists of tokens: comments and strings can't be mistaken for code, and tests can be told apart.

use std::collections::HashSet;
use std::error::Error;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::tree::SourceFile;

pub struct Token {
    /// An identifier, a literal, one character of punctuation, or a bracket.
    pub text: String,
    /// Counted from 1.
    pub line: usize,
    /// Inside an item that is compiled for tests alone.
    pub in_test: bool,
}

pub struct RustFile {
    pub path: PathBuf,
    pub tokens: Vec<Token>,
    /// The whole file is compiled for tests, benchmarks or examples alone.
    pub is_test: bool,
}

impl RustFile {
    /// Lexes every Rust file among `files`.
    pub fn lex_all(files: &[SourceFile]) -> Result<Vec<Self>, Box<dyn Error>> {
        let mut test_modules = HashSet::new();
        let mut files_with_tokens = Vec::new();
        for file in files.iter().filter(|file| file.has_extension(&["rs"])) {
            let stream: TokenStream =
                file.text.parse().map_err(|error| format!("{}: not Rust: {error}", file.path.display()))?;
            let mut lexer = Lexer { tokens: Vec::new(), test_modules: Vec::new() };
            lexer.flatten(stream, false);
            test_modules.extend(lexer.test_modules.iter().map(|name| module_folder(&file.path).join(name)));
            files_with_tokens.push((file.path.clone(), lexer.tokens));
        }
        let file = |(path, tokens): (PathBuf, Vec<Token>)| {
            let is_test =
                in_test_folder(&path) || path.ancestors().any(|it| test_modules.contains(&it.with_extension("")));
            Self { path, tokens, is_test }
        };
        Ok(files_with_tokens.into_iter().map(file).collect())
    }

    /// The starts of every run of tokens that reads as `pattern`.
    pub fn find<'a>(&'a self, pattern: &'a [&str]) -> impl Iterator<Item = &'a Token> {
        self.tokens
            .windows(pattern.len())
            .filter(move |window| window.iter().zip(pattern).all(|(token, text)| token.text == *text))
            .map(|window| &window[0])
    }
}

fn in_test_folder(path: &Path) -> bool {
    path.components().any(|part| ["tests", "benches", "examples"].iter().any(|name| part.as_os_str() == *name))
}

/// Where the files of the modules that `path` declares lie.
fn module_folder(path: &Path) -> PathBuf {
    let is_root = path.file_name().is_some_and(|name| name == "lib.rs" || name == "main.rs" || name == "mod.rs");
    if is_root { path.parent().unwrap_or(path).to_path_buf() } else { path.with_extension("") }
}

struct Lexer {
    tokens: Vec<Token>,
    test_modules: Vec<String>,
}

impl Lexer {
    fn flatten(&mut self, stream: TokenStream, in_test: bool) {
        let trees: Vec<TokenTree> = stream.into_iter().collect();
        let mut test_item = false;
        let mut whole_rest = false;
        for (index, tree) in trees.iter().enumerate() {
            match &trees[index..] {
                [hash, TokenTree::Group(attribute), ..] if is_punct(hash, '#') => test_item |= is_for_tests(attribute),
                [hash, bang, TokenTree::Group(attribute), ..] if is_punct(hash, '#') && is_punct(bang, '!') => {
                    whole_rest |= is_for_tests(attribute);
                }
                [TokenTree::Ident(keyword), TokenTree::Ident(name), end, ..]
                    if test_item && keyword == "mod" && is_punct(end, ';') =>
                {
                    self.test_modules.push(name.to_string());
                }
                _ => {}
            }
            self.push(tree, in_test || test_item || whole_rest);
            if ends_item(tree) {
                test_item = false;
            }
        }
    }

    fn push(&mut self, tree: &TokenTree, in_test: bool) {
        let TokenTree::Group(group) = tree else {
            self.tokens.push(Token { text: tree.to_string(), line: tree.span().start().line, in_test });
            return;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        let token = |text: &str, line| Token { text: text.to_string(), line, in_test };
        self.tokens.push(token(open, group.span_open().start().line));
        self.flatten(group.stream(), in_test);
        self.tokens.push(token(close, group.span_close().start().line));
    }
}

/// An item ends with its body, or with a semicolon.
fn ends_item(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => punct.as_char() == ';',
        _ => false,
    }
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, ..))]`; `any` and `not` compile outside of tests too.
fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    let all = text.strip_prefix("cfg(all(").and_then(|rest| rest.strip_suffix("))"));
    text == "test" || text == "cfg(test)" || all.is_some_and(|list| list.split(',').any(|it| it == "test"))
}

pub fn is_punct(tree: &TokenTree, character: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == character)
}
