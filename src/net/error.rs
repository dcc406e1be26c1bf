//! Why a call failed, and what that means for whoever made it.

use std::{error::Error as StdError, time::Duration};

use super::{AuthError, Refusal, TransportError, TransportKind};

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The server answered something other than 2xx.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// No reply came, or it broke off.
    #[error("{request}: no reply")]
    Transport {
        /// Method and path.
        request: String,
        /// What happened.
        #[source]
        source: TransportError,
    },
    /// There is no way in: wrong credentials, or a login that asks for a second factor.
    #[error("not signed in")]
    Auth(#[from] AuthError),
    /// An address that the server gave leads to another server, where no credentials may go.
    #[error("`{address}` does not belong to {origin}")]
    ForeignOrigin {
        /// The address, without its query.
        address: String,
        /// The origin that the client is bound to.
        origin: String,
    },
    /// The server said yes with words that make no sense.
    #[error("unreadable reply: {reason}")]
    BadReply {
        /// What is wrong with it.
        reason: String,
        /// The server's id of the request.
        request_id: Option<String>,
        /// The cause.
        #[source]
        source: Option<Box<dyn StdError + Send + Sync>>,
    },
    /// The reply is larger than the caller allows.
    #[error("the reply is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A file of this machine could not be read or written.
    #[error("cannot read or write a local file")]
    Local(#[source] std::io::Error),
    /// The run is to end, and this was still waiting for its turn: it has not been sent.
    #[error("the run was to end before this could be sent")]
    Stopped,
    /// What was to be sent cannot be: a name that would make another path, a value that is no header.
    #[error("cannot be sent: {reason}")]
    Unsendable {
        /// What is wrong with it.
        reason: String,
    },
}

/// What a failed call means for whoever made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Sending it again would fail again.
    Final,
    /// The server has surely not done it; it may be sent again.
    Again {
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
    /// It may have been done: look before sending it again.
    Doubt {
        /// How long the server asks to wait.
        after: Option<Duration>,
    },
}

impl CallError {
    /// What the failure means for whoever made the call.
    #[must_use]
    pub fn disposition(&self) -> Disposition {
        match self {
            Self::Refused(refusal) => {
                let after = refusal.retry_after;
                match refusal.status {
                    425 | 429 => Disposition::Again { after },
                    408 | 500 | 502..=504 | 507 | 509 | 520..=599 => Disposition::Doubt { after },
                    _ => Disposition::Final,
                }
            }
            Self::Transport { source, .. } => match (source.kind, source.sent) {
                (TransportKind::Tls | TransportKind::Body | TransportKind::Other, _) => Disposition::Final,
                (_, false) => Disposition::Again { after: None },
                (_, true) => Disposition::Doubt { after: None },
            },
            Self::Auth(error) if error.is_passing() => Disposition::Again { after: None },
            Self::Stopped => Disposition::Again { after: None },
            Self::BadReply { .. } => Disposition::Doubt { after: None },
            Self::Auth(_)
            | Self::ForeignOrigin { .. }
            | Self::TooLarge { .. }
            | Self::Local(_)
            | Self::Unsendable { .. } => Disposition::Final,
        }
    }

    /// The status of the server's answer, where there was one.
    #[must_use]
    pub fn http(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::Auth(error) => error.http(),
            _ => None,
        }
    }

    /// The server's answer, where it refused.
    #[must_use]
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// What a person can do about it, where that is known.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Auth(error) => error.hint(),
            Self::Refused(refusal) if refusal.status == 403 => Some(
                "the credentials are valid but lack the right; see the roles and scopes of the user or connected app",
            ),
            Self::Transport { source, .. } if source.kind == TransportKind::Tls => source.advice(),
            Self::Transport { source, .. } if source.kind == TransportKind::Connect => {
                Some("check the host, the network and the proxy variables, then run again to go on")
            }
            _ => None,
        }
    }

    /// Whether the door itself may try again, given that repeating is harmless.
    pub(super) fn is_passing(&self) -> bool {
        !matches!(self, Self::BadReply { .. } | Self::Auth(_) | Self::Stopped)
            && self.disposition() != Disposition::Final
    }

    /// Whether the server has surely not acted, so that even a call that must not be repeated blindly may be.
    pub(super) fn is_untouched(&self) -> bool {
        !matches!(self, Self::Auth(_) | Self::Stopped) && matches!(self.disposition(), Disposition::Again { .. })
    }
}
