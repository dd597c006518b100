//! The rules, one file a subject; each takes the sources and gives back what breaks it.

mod comments;
mod dependencies;
mod documents;
mod exceptions;
mod length;
mod panics;
mod rust;
mod tree;
mod unsafe_code;

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};

use tree::Tree;

/// One place that breaks a rule, with what to do about it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Relative to the root of the repository.
    path: PathBuf,
    /// Counted from 1.
    line: usize,
    what: String,
    remedy: String,
}

impl Finding {
    fn new(path: &Path, line: usize, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { path: path.to_path_buf(), line, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path.display(), self.line, self.what, self.remedy)
    }
}

/// Checks every rule in the repository at `root`; the findings come sorted by path and line.
pub fn check(root: &Path) -> Result<Vec<Finding>, Box<dyn Error>> {
    let tree = Tree::read(root)?;
    let mut findings = dependencies::check(root)?;
    findings.extend(unsafe_code::check(&tree));
    findings.extend(panics::check(&tree));
    findings.extend(length::check(&tree));
    findings.extend(comments::check(&tree));
    findings.extend(exceptions::check(&tree));
    findings.extend(documents::check(&tree));
    findings.sort();
    Ok(findings)
}
