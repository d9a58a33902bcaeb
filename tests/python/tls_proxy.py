"""A proxy that ends TLS and lets in whoever has the token, and who issues its certificate."""

import datetime
import http.client
import ipaddress
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

PEM = serialization.Encoding.PEM
DAY = datetime.timedelta(days=1)


def name(text):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def host(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Authority:
    """Made for one run; `file` is what those trust who trust it."""

    def __init__(self, place):
        self.place, self.key = place, ec.generate_private_key(ec.SECP256R1())
        self.file = place / "authority.pem"
        itself = x509.BasicConstraints(ca=True, path_length=None)
        self.file.write_bytes(self.sign("authority", self.key, itself))

    def sign(self, subject, key, extension, end=DAY):
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = x509.CertificateBuilder(name("authority"), name(subject), key.public_key())
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - 2 * DAY).not_valid_after(now + end)
        signed = builder.add_extension(extension, critical=True).sign(self.key, hashes.SHA256())
        return signed.public_bytes(PEM)

    def issue(self, *hosts, end=DAY):
        """A file with a certificate for these hosts, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self.place / f"{hosts[0]}{end.days}.pem"
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        names = x509.SubjectAlternativeName([host(text) for text in hosts])
        file.write_bytes(secret + self.sign("server", key, names, end))
        return file


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # One write an answer.
    wbufsize = -1

    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append((self.client_address, self.path, self.headers))
        shown = self.headers["Authorization"]
        if shown != f"Bearer {self.server.token}":
            # As some do, it says whom it did not let in.
            return self.answer(401, [], f"{shown} is not let in".encode())
        upstream = http.client.HTTPConnection(*self.server.upstream)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        self.answer(answer.status, answer.getheaders(), answer.read())
        upstream.close()

    do_GET = do_POST = forward

    def answer(self, status, headers, body):
        self.send_response(status)
        for key, value in headers:
            if key.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Proxy(ThreadingHTTPServer):
    """In front of `url`; `token` may be set anew, and `seen` is every request."""

    def __init__(self, url, certificate, token):
        super().__init__(("127.0.0.1", 0), Handler)
        authority, self.path = url.removeprefix("http://").split("/", 1)
        self.upstream = authority.split(":")
        self.token, self.seen = token, []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_port}/{self.path}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()
