//! Certificates for tests, made when they are needed.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer},
};

/// A certificate authority.
pub(crate) struct Authority {
    pub(crate) pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// What a certificate says of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Says<'a> {
    pub(crate) name: &'a str,
    /// The first and the last year in which it holds.
    pub(crate) years: (i32, i32),
}

impl Says<'static> {
    pub(crate) fn of(name: &'static str) -> Self {
        Self { name, years: (2020, 2090) }
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("signs itself").pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    /// TLS for a server whose certificate this authority signed.
    pub(crate) fn serve(&self, says: Says<'_>) -> Arc<ServerConfig> {
        let key = KeyPair::generate().expect("a key");
        let certificate = params(says).signed_by(&key, &self.issuer).expect("is signed");
        config(certificate.der().clone(), &key)
    }
}

/// TLS for a server that vouches for itself, and its certificate.
pub(crate) fn self_signed(says: Says<'_>) -> (Arc<ServerConfig>, String) {
    signs_itself(&params(says))
}

/// The same, with a certificate that says that it is one of an authority, as `openssl req -x509` makes them.
pub(crate) fn self_signed_authority(says: Says<'_>) -> (Arc<ServerConfig>, String) {
    let mut params = params(says);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    signs_itself(&params)
}

fn signs_itself(params: &CertificateParams) -> (Arc<ServerConfig>, String) {
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("signs itself");
    (config(certificate.der().clone(), &key), certificate.pem())
}

fn params(says: Says<'_>) -> CertificateParams {
    let mut params = CertificateParams::new([says.name.to_owned()]).expect("a name");
    params.not_before = date_time_ymd(says.years.0, 1, 1);
    params.not_after = date_time_ymd(says.years.1, 1, 1);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn config(certificate: CertificateDer<'static>, key: &KeyPair) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider has them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .expect("fits its key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}
