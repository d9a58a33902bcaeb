"""Images of releases, written after the specifications and without the code that is tested."""

import base64
import gzip
import hashlib
import io
import json
import subprocess
import tarfile

from conftest import PROJECT, shipworthy
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
STATEMENT = "application/vnd.dsse.envelope.v1+json"
SBOM = "application/vnd.cyclonedx+json"
PROVENANCE = "https://slsa.dev/provenance/v1"


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def tar(entries):
    """A tar archive of names and bytes."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in entries:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def untar(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]


class Release:
    """A release of a small project, signed with a key of the test's."""

    def __init__(self, place):
        project, state = place / "project", place / "state"
        project.mkdir(parents=True)
        (project / "shipworthy.toml").write_text(PROJECT)
        rows = [f"{x / 100},{int(x * x % 7 > 3)}" for x in range(200)]
        (project / "data.csv").write_text("\n".join(["x,y", *rows]) + "\n")
        for line in ("init -q", "add -A", "-c user.name=a -c user.email=a@b.example commit -q -m a"):
            subprocess.run(["git", "-C", project, *line.split()], check=True)
        self.project = project
        self.key, self.state = ed25519.Ed25519PrivateKey.generate(), state
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        self.private = place / "key.pem"
        self.private.write_bytes(self.key.private_bytes(serialization.Encoding.PEM, *private))
        self.trusted = place / "trusted.pem"
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        self.trusted.write_bytes(self.key.public_key().public_bytes(serialization.Encoding.PEM, public))
        der = self.key.public_key().public_bytes(serialization.Encoding.DER, public)
        self.key_id = hashlib.sha256(der).hexdigest()
        made = ["release", project, "--state", state, "--signing-key", self.private, "--json"]
        made = json.loads(shipworthy(*made))
        self.id, self.commit = made["release"], made["commit"]
        file = place / "release.tar"
        shipworthy("release", "export", self.id, "--state", state, "--output", file)
        files = untar(file.read_bytes())
        self.statements = [data for name, data in files if name.startswith("statements/")]
        self.archive = tar([entry for entry in files if not entry[0].startswith("statements/")])

    def sign(self, subject, predicate_type=PROVENANCE):
        """The envelope of a statement about a digest."""
        statement = {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "image", "digest": {"sha256": subject.removeprefix("sha256:")}}],
            "predicateType": predicate_type,
            "predicate": {},
        }
        payload, kind = canonical(statement), b"application/vnd.in-toto+json"
        signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
        signature = {"keyid": self.key_id, "sig": base64.b64encode(self.key.sign(signed)).decode()}
        encoded = base64.b64encode(payload).decode()
        return canonical({"payload": encoded, "payloadType": kind.decode(), "signatures": [signature]})


class Image:
    """An image of a release with everything that belongs to it, or of other layers; `name` is for who
    loads it."""

    def __init__(self, release, name=None, layers=None):
        self.blobs, self.name = {}, name
        base = tar([("etc/passwd", b"nobody:x:65532:65532::/:\n")])
        layers = layers or [base, tar([("srv/shipworthy/release.tar", release.archive)])]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"User": "65532", "Entrypoint": ["/usr/bin/shipworthy"], "Cmd": ["serve"]},
            "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        }
        annotations = {
            "io.shipworthy.release": release.id,
            "org.opencontainers.image.revision": release.commit,
            "org.opencontainers.image.base.name": "tests/base",
        }
        # What is not packed skopeo packs, and then it is another image.
        layers = [self.blob(LAYER, gzip.compress(layer, mtime=0)) for layer in layers]
        config = self.blob("application/vnd.oci.image.config.v1+json", canonical(config))
        self.image = self.manifest(config, layers, annotations=annotations)
        self.digest, self.attached = self.image["digest"], []
        self.attach(SBOM, b'{"bomFormat":"CycloneDX"}')
        for envelope in [release.sign(self.digest), *release.statements]:
            self.attach(STATEMENT, envelope)

    def blob(self, media_type, data):
        self.blobs[digest(data)] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data)}

    def manifest(self, config, layers, **more):
        parts = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        return self.blob(MANIFEST, canonical(parts | more))

    def attach(self, kind, data):
        empty = self.blob("application/vnd.oci.empty.v1+json", b"{}")
        layer = self.blob(kind, data)
        manifest = self.manifest(empty, [layer], artifactType=kind, subject=self.image)
        self.attached.append(manifest | {"artifactType": kind})

    def write(self, path):
        listed = canonical({"schemaVersion": 2, "mediaType": INDEX, "manifests": self.attached})
        listed = self.blob(INDEX, listed)
        named = {"annotations": {"org.opencontainers.image.ref.name": self.name}} if self.name else {}
        index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [self.image | named]}
        index["annotations"] = {"io.shipworthy.referrers": listed["digest"]}
        entries = [("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'), ("index.json", canonical(index))]
        entries += [("blobs/" + name.replace(":", "/"), data) for name, data in self.blobs.items()]
        path.write_bytes(tar(entries))
        return path
