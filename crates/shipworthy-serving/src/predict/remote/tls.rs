//! Whom a connection over https trusts, and why it may fail.

use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, Error as Failure, RootCertStore};

use super::client::Error;

/// TLS 1.2 and 1.3. Trusted are the authorities in `SSL_CERT_FILE` and `SSL_CERT_DIR`, or without
/// these the system's; nobody is where `needs_roots` is false, and then nothing is read.
///
/// # Errors
/// When no certificate is found.
pub(super) fn config(needs_roots: bool) -> Result<ClientConfig, Error> {
    let roots = if needs_roots { roots()? } else { RootCertStore::empty() };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has what TLS 1.2 and 1.3 need");
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let errors: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
    let errors = errors.join("; ");
    let mut roots = RootCertStore::empty();
    let (added, ignored) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let nothing = || format!("{ignored} that cannot be read");
        return Err(Error::Certificates {
            found: if errors.is_empty() { nothing() } else { errors },
        });
    }
    if !errors.is_empty() {
        tracing::warn!(%errors, "some of the certificates to trust cannot be read");
    }
    Ok(roots)
}

/// What TLS says of a failure, wherever in its causes that is.
pub(super) fn failure<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Failure> {
    if let Some(found) = error.downcast_ref() {
        return Some(found);
    }
    // What such an error holds is not its source, but the source of what it holds.
    let held = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let held = held.and_then(|held| failure(held));
    held.or_else(|| error.source().and_then(failure))
}

/// What is wrong and what to do.
pub(super) const fn advice(failure: &Failure) -> &'static str {
    let Failure::InvalidCertificate(certificate) = failure else {
        return "does its port speak TLS 1.2 or 1.3, and not plain http, and ask for no \
                certificate of its callers?";
    };
    match certificate {
        CertificateError::UnknownIssuer => {
            "the issuer of its certificate is not trusted here; name a PEM file with the \
             certificate of the authority that issued it in SSL_CERT_FILE"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host; call it by a name in the certificate, or give \
             it a certificate for this one"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid at this time; renew it, or mend the clock here"
        }
        _ => {
            "its certificate is not accepted; give it one for its host, issued by an authority \
             that is trusted here, and no authority's own"
        }
    }
}
