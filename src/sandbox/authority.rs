//! Who vouches for the sandbox where it speaks TLS: a certificate authority of its own.
//!
//! The authority is made once and kept in the data directory, so that a client that trusts it goes on trusting after a
//! restart. `ca.pem` is what clients are given; `authority.json` holds the key as well, and only its owner may read it.
//! The certificate of the server is made anew at every start and lives in memory.

use std::{
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use camino::{Utf8Path, Utf8PathBuf};
use fs_err as fs;
use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::{self, ServerConfig, pki_types::PrivateKeyDer};
use uuid::Uuid;

/// The certificate that clients trust.
const CERTIFICATE: &str = "ca.pem";

/// The authority as it is kept.
const KEPT: &str = "authority.json";

/// The names that a certificate holds for: those of this machine, and those of the platform, for clients that insist on
/// them and come through a tunnel (EXCHANGE.md §1.4).
const NAMES: [&str; 5] = [
    "localhost",
    "anypoint.mulesoft.com",
    "*.anypoint.mulesoft.com",
    "platform.mulesoft.com",
    "*.platform.mulesoft.com",
];

/// How long an authority lives. Nobody revokes it, and nobody should have to install it twice.
const AUTHORITY_YEARS: i16 = 10;

/// How long the certificate of a server lives; the authority outlives every certificate that it signs.
const SERVER_YEARS: i16 = 1;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The files cannot be read or written.
    #[error("cannot keep the certificate authority in {path}")]
    Io {
        /// The directory.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A certificate cannot be made.
    #[error("cannot make a certificate")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library does not take what was made.
    #[error("cannot prepare TLS")]
    Tls(#[from] rustls::Error),
}

/// A certificate authority, as it is kept. The name differs from authority to authority, so that one trust store can
/// hold several.
#[derive(Serialize, Deserialize)]
struct Authority {
    name: String,
    /// The last day.
    ends: Date,
    /// PEM.
    certificate: String,
    /// PEM.
    key: String,
}

/// TLS for a server, and the file that makes clients trust it.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) config: Arc<ServerConfig>,
    pub(super) authority: Utf8PathBuf,
}

impl Identity {
    /// Makes a certificate for a server that listens on an address, signed by the authority of a directory.
    ///
    /// # Errors
    /// When the authority cannot be read or written, or a certificate cannot be made.
    pub(super) fn issue(directory: &Utf8Path, listen: SocketAddr) -> Result<Self, AuthorityError> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        // Clients need not start where the sandbox did.
        let directory = &directory
            .canonicalize_utf8()
            .map_err(|source| AuthorityError::Io { path: directory.to_owned(), source })?;
        let authority = Authority::of(directory, today)?;
        Ok(Self { config: Arc::new(authority.serve(listen, today)?), authority: directory.join(CERTIFICATE) })
    }
}

impl Authority {
    /// The authority of a directory: the one that is kept there, while it lives longer than what it would sign.
    fn of(directory: &Utf8Path, today: Date) -> Result<Self, AuthorityError> {
        let failed = |source| AuthorityError::Io { path: directory.to_owned(), source };
        let kept = match fs::read(directory.join(KEPT)) {
            // One that cannot be understood is as good as none: a new one is trusted by nobody yet, and breaks nothing.
            Ok(bytes) => serde_json::from_slice(&bytes).ok(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let authority = if let Some(kept) = kept.filter(|kept: &Self| kept.ends > in_years(today, SERVER_YEARS)) {
            kept
        } else {
            let new = Self::new(today)?;
            new.keep(directory).map_err(failed)?;
            new
        };
        let shown = directory.join(CERTIFICATE);
        if fs::read(&shown).ok().as_deref() != Some(authority.certificate.as_bytes()) {
            fs::write(&shown, &authority.certificate).map_err(failed)?;
        }
        Ok(authority)
    }

    fn new(today: Date) -> Result<Self, AuthorityError> {
        let name = format!("consign sandbox {}", Uuid::new_v4());
        let ends = in_years(today, AUTHORITY_YEARS);
        let mut params = CertificateParams::default();
        params.distinguished_name = distinguished(&name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        valid(&mut params, today, ends);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Self { name, ends, certificate, key: key.serialize_pem() })
    }

    /// Writes the authority whole or not at all, for the eyes of its owner.
    fn keep(&self, directory: &Utf8Path) -> io::Result<()> {
        // A temporary file is born with the mode 0600, and keeps it under its new name.
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&serde_json::to_vec_pretty(self)?)?;
        file.as_file().sync_all()?;
        file.persist(directory.join(KEPT))?;
        Ok(())
    }

    /// TLS with a new certificate, for every name that a client may use.
    fn serve(&self, listen: SocketAddr, today: Date) -> Result<ServerConfig, AuthorityError> {
        let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
        let mut addresses = vec![IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        if !listen.ip().is_unspecified() && !addresses.contains(&listen.ip()) {
            addresses.push(listen.ip());
        }
        params.subject_alt_names.extend(addresses.into_iter().map(SanType::IpAddress));
        params.distinguished_name = distinguished("localhost");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        valid(&mut params, today, in_years(today, SERVER_YEARS));
        let mut issuer = CertificateParams::default();
        issuer.distinguished_name = distinguished(&self.name);
        let issuer = Issuer::new(issuer, KeyPair::from_pem(&self.key)?);
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &issuer)?;
        // The process may have no default provider, and it is not for the sandbox to choose one.
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }
}

fn distinguished(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}

/// Valid from yesterday, since clocks differ, until a day.
fn valid(params: &mut CertificateParams, today: Date, ends: Date) {
    let start = |date: Date| rcgen::date_time_ymd(date.year().into(), calendar(date.month()), calendar(date.day()));
    params.not_before = start(today.yesterday().unwrap_or(today));
    params.not_after = start(ends);
}

/// A month or a day of a month, which is never negative.
fn calendar(number: i8) -> u8 {
    number.unsigned_abs()
}

fn in_years(date: Date, years: i16) -> Date {
    date.saturating_add(Span::new().years(years))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = Utf8PathBuf::try_from(directory.path().to_owned()).expect("utf-8");
        (directory, path)
    }

    fn day(year: i16) -> Date {
        Date::new(year, 2, 28).expect("a day")
    }

    #[test]
    fn an_authority_stays_until_a_certificate_would_outlive_it() {
        let (_directory, path) = directory();
        let authority = |year| Authority::of(&path, day(year)).expect("is made").certificate;
        let first = authority(2030);
        assert_eq!(fs::read_to_string(path.join(CERTIFICATE)).expect("reads"), first);
        assert_eq!(authority(2038), first);
        let second = authority(2039);
        assert_ne!(second, first);
        assert_eq!(fs::read_to_string(path.join(CERTIFICATE)).expect("reads"), second);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_the_key_and_what_clients_get_has_none() {
        use std::os::unix::fs::PermissionsExt;
        let (_directory, path) = directory();
        Identity::issue(&path, ([127, 0, 0, 1], 0).into()).expect("is issued");
        let mode = |name: &str| fs::metadata(path.join(name)).expect("is there").permissions().mode() & 0o777;
        assert_eq!(mode(KEPT), 0o600);
        assert!(!fs::read_to_string(path.join(CERTIFICATE)).expect("reads").contains("PRIVATE"));
    }

    #[test]
    fn a_broken_authority_gives_way_to_a_new_one() {
        let (_directory, path) = directory();
        fs::write(path.join(KEPT), "{\"name\":").expect("writes");
        Identity::issue(&path, ([127, 0, 0, 1], 0).into()).expect("is issued");
        assert!(fs::read_to_string(path.join(CERTIFICATE)).expect("reads").starts_with("-----BEGIN CERTIFICATE-----"));
    }
}
