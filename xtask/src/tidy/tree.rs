//! The files that the rules look at.

use std::error::Error;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::rust::RustFile;

/// What holds no source: `target` is Cargo's, `dist` is maturin's. Names that start with a dot are left out as well.
const SKIPPED: [&str; 3] = ["target", "dist", "__pycache__"];
const READ: [&str; 5] = ["rs", "py", "pyi", "sh", "md"];

pub struct SourceFile {
    /// Relative to the root.
    pub path: PathBuf,
    pub text: String,
}

impl SourceFile {
    pub fn has_extension(&self, extensions: &[&str]) -> bool {
        self.path.extension().and_then(OsStr::to_str).is_some_and(|it| extensions.contains(&it))
    }

    /// Whether the file says in its first lines that a program wrote it.
    pub fn is_generated(&self) -> bool {
        self.text.lines().take(5).any(|line| line.contains("@generated"))
    }

    /// The lines with their numbers, counted from 1.
    pub fn numbered_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }
}

pub struct Tree {
    pub root: PathBuf,
    pub files: Vec<SourceFile>,
    pub rust: Vec<RustFile>,
}

impl Tree {
    pub fn read(root: &Path) -> Result<Self, Box<dyn Error>> {
        let mut files = Vec::new();
        collect(root, Path::new(""), &mut files)?;
        files.retain(|file: &SourceFile| !file.is_generated());
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let rust = RustFile::lex_all(&files)?;
        Ok(Self { root: root.to_path_buf(), files, rust })
    }
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<SourceFile>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') || SKIPPED.contains(&name.as_ref()) {
            continue;
        }
        let path = folder.join(name.as_ref());
        if entry.file_type()?.is_dir() {
            collect(root, &path, files)?;
        } else if path.extension().and_then(OsStr::to_str).is_some_and(|it| READ.contains(&it)) {
            let text = fs::read_to_string(root.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
            files.push(SourceFile { path, text });
        }
    }
    Ok(())
}
