"""The ports for Android over a phone of the checks' own, against the running issuer and verifier: `flow.py BINARY FOLDER JAVA_ARGUMENT...`."""

import subprocess
import sys
from pathlib import Path

from installation import Installation
from scene import Scene


def main(binary, folder, java):
    def run(*arguments):
        ended = subprocess.run(["java", *java, *map(str, arguments)], capture_output=True, text=True)
        assert ended.returncode == 0, (arguments, ended.stdout, ended.stderr)

    keystore, password = folder / "tls.p12", "password of the check"
    keystore.unlink(missing_ok=True)
    made = ["keytool", "-genkeypair", "-alias", "tls", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", "CN=localhost"]
    made += ["-ext", "SAN=dns:localhost", "-storetype", "PKCS12", "-keystore", str(keystore), "-storepass", password]
    subprocess.run(made, check=True, capture_output=True)
    java = [f"-Djavax.net.ssl.trustStore={keystore}", f"-Djavax.net.ssl.trustStorePassword={password}", *java]
    run("ports", keystore, password)
    print("  keys, lock and transport do as they are told")
    with Installation(Path(binary), folder / "installation") as installation:
        scene = Scene(installation)
        link, request = scene.request()
        later, _ = scene.request()
        run("flow", folder / "phone.redb", scene.trust_file, scene.offer()["link"], link, later)
        scene.was_found_valid(request)
        print("  receives and presents with keys of the Keystore, waits for the person, and notices a key that ended")


if __name__ == "__main__":
    work = Path(sys.argv[2]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("*.redb"):
        left.unlink()
    main(sys.argv[1], work, sys.argv[3:])
