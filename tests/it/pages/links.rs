//! Every link from a page to a file of the repository.

use std::path::{Path, PathBuf};

use regex::Regex;

use super::page;

#[test]
fn every_link_of_a_page_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let link = Regex::new(r"\]\(([^)#:]+)(?:#[^)]*)?\)").unwrap();
    let mut pages =
        vec![PathBuf::from("README.md"), PathBuf::from("keycloak/README.md"), PathBuf::from("deploy/README.md")];
    for folder in ["docs", "docs/decisions"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        pages.extend(files.map(|name| Path::new(folder).join(name)).filter(|path| path.extension().is_some()));
    }
    for path in pages {
        let text = page(path.to_str().unwrap());
        for found in link.captures_iter(&text) {
            let target = root.join(path.parent().unwrap()).join(&found[1]);
            assert!(target.exists(), "{}: {}", path.display(), &found[1]);
        }
    }
}
