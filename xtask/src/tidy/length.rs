//! A file has one subject: one that grows past the limit has several.

use super::Finding;
use super::tree::Tree;

const LONGEST: usize = 400;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let files = tree.files.iter().filter(|file| file.has_extension(&["rs", "py"]));
    files
        .filter_map(|file| {
            let lines = file.text.lines().count();
            let what = format!("{lines} lines, more than {LONGEST}");
            (lines > LONGEST).then(|| Finding::new(&file.path, LONGEST + 1, what, "give each of its subjects a file"))
        })
        .collect()
}
