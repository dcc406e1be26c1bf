//! One project after the other.

use std::ops::ControlFlow;

use camino::Utf8Path;

use super::descriptor;
use super::project::Builder;
use crate::asset::Sourced;
use crate::package::detect::Follower;
use crate::source::{Options, SourceError, columns};

/// Scans a descriptor. See [`crate::source::Source::scan`].
pub(crate) fn scan(
    path: &Utf8Path,
    options: &Options,
    sink: &mut dyn FnMut(Sourced) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    let descriptor = descriptor::read(path)?;
    let base = columns::base(path);
    let follower = Follower::new(&base, &options.reading);
    let mut builder = Builder { path, base, follower, options };
    for (line, project) in descriptor.projects {
        let built = project.map_err(|wrong| builder.diagnosed(wrong)).and_then(|project| builder.build(line, project));
        let sourced = match built {
            Ok(draft) => Sourced::Draft(Box::new(draft)),
            Err(diagnosis) => Sourced::Diagnosis(diagnosis),
        };
        if sink(sourced).is_break() {
            break;
        }
    }
    Ok(())
}
