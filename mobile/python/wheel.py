"""Packs the Python bindings and the library of this machine as a wheel: `wheel.py BINDINGS FOLDER VERSION`. Prints where it is."""

import base64
import hashlib
import sys
import sysconfig
import zipfile
from pathlib import Path

NAME = "symbolon"
# Wheels are zip files, which can tell no earlier time; two builds of the same files are the same wheel.
EPOCH = (1980, 1, 1, 0, 0, 0)


def record(name, contents):
    digest = base64.urlsafe_b64encode(hashlib.sha256(contents).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(contents)}\n"


def main(bindings, folder, version):
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    tag = f"py3-none-{platform}"
    about = f"{NAME}-{version}.dist-info"
    files = {path.name: path.read_bytes() for path in sorted(bindings.iterdir()) if path.is_file()}
    metadata = f"Metadata-Version: 2.4\nName: {NAME}\nVersion: {version}\nSummary: wallet and verifier\n" \
        "License-Expression: Apache-2.0\nRequires-Python: >=3.10\n"
    files[f"{about}/METADATA"] = metadata.encode()
    wheel = f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: false\nTag: {tag}\n"
    files[f"{about}/WHEEL"] = wheel.encode()
    listed = "".join(record(name, contents) for name, contents in files.items())
    files[f"{about}/RECORD"] = f"{listed}{about}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, contents in files.items():
            packed.writestr(zipfile.ZipInfo(name, EPOCH), contents, zipfile.ZIP_DEFLATED)
    print(path)


main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
