//! What a person can do when two sides do not agree on TLS: told apart by the types of rustls, never by texts.

use std::error::Error as StdError;

use tokio_rustls::rustls::{self, AlertDescription, CertificateError};

use super::transport::below;

/// What to do about the failure at the bottom of an error.
pub(super) fn advice(error: &(dyn StdError + 'static)) -> &'static str {
    let mut cause = Some(error);
    while let Some(current) = cause {
        if let Some(found) = current.downcast_ref::<rustls::Error>() {
            return of(found);
        }
        cause = below(current);
    }
    UNKNOWN
}

const UNKNOWN: &str = "check the host and the proxy variables: what answers there does not speak TLS as it should";

fn of(error: &rustls::Error) -> &'static str {
    match error {
        rustls::Error::InvalidCertificate(found) => certificate(found),
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure) => {
            "what answers there speaks neither TLS 1.2 nor 1.3 as consign does"
        }
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server asks for a certificate of the client, and consign has none to show"
        }
        _ => UNKNOWN,
    }
}

/// The verifier's own word for it is of a crate that rustls does not show: its text is all there is.
fn is_authority(error: &rustls::OtherError) -> bool {
    format!("{error:?}").contains("CaUsedAsEndEntity")
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server has to renew its certificate; where it is fresh, the clock of this machine is wrong"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "check the clock of this machine: the server's certificate is not valid yet"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "check the host: the certificate of what answers there is for another name"
        }
        CertificateError::Other(other) if is_authority(other) => {
            "the server shows the certificate of an authority, which cannot be its own as well: make one without CA:TRUE"
        }
        // The issuer is unknown, or the certificate vouches for itself.
        _ => "a server or proxy with a certificate of its own needs that to be given: target.ca_file",
    }
}
