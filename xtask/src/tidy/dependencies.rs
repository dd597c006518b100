//! Which crate may depend on which: sys <- engine <- net <- http, with python and rondel on top; and no runtime of others.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::{CargoOpt, DependencyKind, Metadata, MetadataCommand, Package};

use super::Finding;

/// Each crate, with those of this workspace that it may use. A new crate gets its row here when it arrives.
const LAYERS: [(&str, &[&str]); 7] = [
    ("rondel-sys", &[]),
    ("rondel-engine", &["rondel-sys"]),
    ("rondel-net", &["rondel-sys", "rondel-engine"]),
    ("rondel-http", &["rondel-engine", "rondel-net"]),
    ("rondel", &["rondel-sys", "rondel-engine", "rondel-net", "rondel-http"]),
    ("rondel-python", &["rondel-sys", "rondel-engine", "rondel-net", "rondel-http"]),
    ("xtask", &[]),
];

/// What only one crate may use: the others go through it.
const RESERVED: [(&str, &str); 7] = [
    ("rustix", "rondel-sys"),
    ("libc", "rondel-sys"),
    ("socket2", "rondel-sys"),
    ("nix", "rondel-sys"),
    ("mio", "rondel-sys"),
    ("pyo3", "rondel-python"),
    ("pyo3-ffi", "rondel-python"),
];

/// The parts of tokio that bring its runtime. Its sync and io-util need none of it.
const RUNTIME_FEATURES: [&str; 5] = ["rt", "rt-multi-thread", "net", "time", "full"];

pub fn check(root: &Path) -> Result<Vec<Finding>, Box<dyn Error>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .exec()
        .map_err(|error| format!("cargo metadata: {error}"))?;
    let mut findings = Vec::new();
    let members = metadata.workspace_packages();
    for package in &members {
        findings.extend(forbidden(root, &members, package)?);
    }
    findings.extend(foreign_runtime(root, &metadata)?);
    Ok(findings)
}

fn forbidden(root: &Path, members: &[&Package], package: &Package) -> Result<Vec<Finding>, Box<dyn Error>> {
    let manifest = Path::new(package.manifest_path.as_std_path());
    let manifest = relative(root, manifest);
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| package.name == *name) else {
        let what = format!("no rule says what `{}` may depend on", package.name);
        return Ok(vec![Finding::new(&manifest, 1, what, "add its row to LAYERS in xtask/src/tidy/dependencies.rs")]);
    };
    let text = fs::read_to_string(root.join(&manifest))?;
    let mut findings = Vec::new();
    for dependency in &package.dependencies {
        let name = dependency.name.as_str();
        let line = line_of(&text, name);
        let is_member = members.iter().any(|member| member.name == name);
        if is_member && !allowed.contains(&name) {
            let what = format!("`{}` may not depend on `{name}`", package.name);
            findings.push(Finding::new(
                &manifest,
                line,
                what,
                "dependencies point down: sys <- engine <- net <- http <- python, rondel",
            ));
        }
        let owner = RESERVED.iter().find(|(reserved, _)| *reserved == name);
        if let Some((_, owner)) = owner
            && package.name != *owner
            && dependency.kind != DependencyKind::Development
        {
            let what = format!("`{}` may not use `{name}`", package.name);
            findings.push(Finding::new(&manifest, line, what, format!("put what needs it into `{owner}`")));
        }
    }
    Ok(findings)
}

fn foreign_runtime(root: &Path, metadata: &Metadata) -> Result<Vec<Finding>, Box<dyn Error>> {
    let mut findings = Vec::new();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    for node in nodes.filter(|node| metadata[&node.id].name == "tokio") {
        let lock = fs::read_to_string(root.join("Cargo.lock"))?;
        for feature in node.features.iter().filter(|feature| RUNTIME_FEATURES.contains(&feature.as_str())) {
            let what = format!("tokio's feature `{feature}` brings a second runtime");
            let remedy = "`cargo tree -e features -i tokio` shows who asks for it: switch it off there";
            findings.push(Finding::new(Path::new("Cargo.lock"), line_of(&lock, "\"tokio\""), what, remedy));
        }
    }
    Ok(findings)
}

/// Cargo resolves symbolic links, and the root may stand behind one.
fn relative(root: &Path, path: &Path) -> PathBuf {
    let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
    path.strip_prefix(&root).unwrap_or(path).to_path_buf()
}

/// The first line that starts with `name`, or has it anywhere; 1 where none has.
fn line_of(text: &str, name: &str) -> usize {
    let position = |wanted: &dyn Fn(&str) -> bool| text.lines().position(wanted);
    position(&|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '.', '='])))
        .or_else(|| position(&|line| line.contains(name)))
        .map_or(1, |index| index + 1)
}
