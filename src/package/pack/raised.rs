//! Packing a main file that lies below the root of its archive.

use std::{collections::BTreeMap, io::Read};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Content, Job, PackedFile, member_names, open_inside, real_folder, unreadable};
use crate::{
    asset::{Diagnosis, Problem},
    package::detect,
};

impl Job<'_> {
    /// Makes an archive of the members, and of the main file as it reads from the root.
    pub(super) fn raised(
        &self,
        root: &Utf8Path,
        main: &Utf8Path,
        members: &[Utf8PathBuf],
    ) -> Result<PackedFile, Diagnosis> {
        let (folder, path) = (real_folder(root)?, root.join(main));
        let (_, file, _) = open_inside(&folder, &path)?;
        let mut bytes = Vec::new();
        file.take(detect::MAX_READ).read_to_end(&mut bytes).map_err(|error| unreadable(&path, &error))?;
        let text = detect::raised_text(root, main, &bytes).ok_or_else(|| {
            Diagnosis::failed(&path, Problem::Reference, "its references cannot be rewritten any more")
                .hint("run again when nothing writes to it, or move it to a folder that holds everything it refers to")
        })?;
        let names = member_names(root, members)?;
        let mut content: BTreeMap<&str, Content<'_>> =
            names.iter().map(|(name, member)| (name.as_str(), Content::File(root.join(member)))).collect();
        content.insert(main.file_name().unwrap_or_default(), Content::Text(&text));
        self.demand_main_file(root, content.keys().copied())?;
        self.write(root, &folder, &content)
    }
}
