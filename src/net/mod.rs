//! The one door to the network: pace → auth → retry → transport.
//!
//! Every request of every API passes [`Client::call`] or [`Client::download`], so that four promises are kept in one
//! place:
//!
//! - **Pace.** No request is sent above the configured rate, tokens, polls and retries included, and a server that
//!   asks everybody to wait is obeyed by everybody ([`PaceSettings`]).
//! - **Credentials** go to the configured [`Origin`] and nowhere else; one token is shared by all workers.
//! - **Retry.** Whether a call may be repeated is stated where it is built ([`Repeat`]); what is left to the caller is
//!   said by [`CallError::disposition`].
//! - **Silence, not slowness, is a failure.** A transfer that moves never times out; one that stands still does.
//!
//! Nothing secret is shown by `Debug`, `Display` or `tracing`: events carry method, path, status, time and request id.
//! What a server repeats of the secrets that it was told is taken out of its replies before anybody sees them.

mod auth;
mod backoff;
mod call;
mod client;
mod clock;
mod counters;
mod credentials;
mod download;
mod error;
mod idle;
mod in_process;
mod limits;
mod origin;
mod pace;
mod path;
mod redact;
mod refusal;
mod spelling;
mod transport;
mod trust;

#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod socket_tests;

pub use auth::AuthError;
pub use call::{Body, Call, FormFactory, Lane, Repeat, Reply};
pub use client::{Client, ClientSettings, RetrySettings};
pub use counters::Counters;
pub use credentials::{Credentials, CredentialsError, VariableNames};
pub use download::{Attach, Downloaded};
pub use error::{CallError, Disposition};
pub use in_process::InProcessTransport;
pub use limits::LONGEST_WAIT;
pub use origin::{Origin, OriginError};
pub use pace::{Learned, PaceSettings};
pub(crate) use path::{Segment, joined, path_of};
pub use redact::Hidden;
pub use refusal::Refusal;
pub use transport::{
    ReqwestTransport, SetupError, Transport, TransportError, TransportKind, TransportSettings, UploadError,
};
