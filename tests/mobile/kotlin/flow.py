"""The Kotlin bindings on a JVM against the running issuer and verifier: `flow.py BINARY FOLDER JAVA_ARGUMENT...`."""

import subprocess
import sys
from pathlib import Path


from installation import Installation
from scene import Scene

KILLED = 137
STEPS = ["REQUESTING_ACCESS", "REQUESTING_CREDENTIAL", "VERIFYING_CREDENTIAL", "STORING"]


def main(binary, folder, java):
    def run(*arguments, status=0):
        ended = subprocess.run(["java", *java, *map(str, arguments)], capture_output=True, text=True)
        assert ended.returncode == status, (arguments, ended.stdout, ended.stderr)
        return ended.stdout.strip()

    with Installation(Path(binary), folder / "installation") as installation:
        scene = Scene(installation)
        link, request = scene.request()
        run("flow", folder / "first.redb", scene.trust_file, scene.offer()["link"], link)
        scene.was_found_valid(request)
        print("  receives, holds and presents with keys of the app's own")
        for step in STEPS:
            file = folder / f"{step}.redb"
            run("killed", file, scene.trust_file, step, scene.offer()["link"], status=KILLED)
            run("resume", file, scene.trust_file)
        print("  goes on after being killed")
        card = folder / "card.txt"
        card.write_text(scene.card()[0])
        older = scene.pack("older.pack")
        verify = ["verify", scene.trust_file, folder / "packs.redb", card]
        assert run(*verify, older) == "GENUINE GOOD"
        scene.revoke()
        newer = scene.pack("newer.pack")
        assert run(*verify, newer) == "INVALID REVOKED"
        assert run(*verify, older) == "PACK_OLDER"
        print("  verifies offline")


if __name__ == "__main__":
    work = Path(sys.argv[2]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("*.redb"):
        left.unlink()
    main(sys.argv[1], work, sys.argv[3:])
