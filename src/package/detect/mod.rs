//! Detection: what a file is, what it says about itself, and which other files belong to it.
//!
//! Everything here judges by content. A name only decides which question is asked first (`.json` is read as JSON), and
//! never makes a file an asset. Nothing is expanded (no YAML alias, no XML entity), and every reader is bounded by the
//! size of the file.
//!
//! What is told here is remembered as long as a file does not change: whoever changes what is told raises the version in
//! `package::reading`.

mod archive;
mod closure;
mod lexical;
mod outline;
mod pom;
mod project;
mod raise;
mod refs;
mod spec;
mod syntax;
mod text;
mod xml;
mod xml_tree;
mod yaml_tree;

pub(crate) use archive::{Archive, MAX_ENTRY, MAX_INSIDE, read as read_archive};
pub(crate) use closure::{Closure, Dangling, Follower, MAX_DESCRIPTOR, MAX_READ, Wrong, place, references_in};
pub(crate) use lexical::{is_raml_without_header, may_refer};
pub(crate) use pom::{InvalidPom, Pom, PomError, is_unresolved, read as read_pom, read_alone as read_pom_alone};
pub(crate) use project::{Project, ProjectError, parse as parse_project};
pub(crate) use raise::{Raised, raise, text_of as raised_text};
pub(crate) use refs::{Strength, Target, join as join_reference, percent_decode, target as reference_target};
pub(crate) use spec::{Format, Spec, SpecError, is_candidate, is_worth_a_look, meant_as, read as read_spec};
pub(crate) use text::{Encoding, decode, newlines};
pub(crate) use yaml_tree::{Key as YamlKey, Node as YamlNode, Value as YamlValue, read as read_yaml};
