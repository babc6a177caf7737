"""The Kotlin bindings on a JVM against the running issuer and verifier: `flow.py BINARY FOLDER JAVA_ARGUMENT...`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from installation import Installation
from resident import Browser
from scene import Scene

KILLED = 137
STEPS = ["REQUESTING_ACCESS", "REQUESTING_CREDENTIAL", "VERIFYING_CREDENTIAL", "STORING"]


def main(binary, folder, java):
    def run(*arguments, status=0):
        ended = subprocess.run(["java", *java, *map(str, arguments)], capture_output=True, text=True)
        assert ended.returncode == status, (arguments, ended.stdout, ended.stderr)
        return ended.stdout.strip()

    os.environ["SYMBOLON_ISSUER_AUTHORIZATION_UNKNOWN_CLIENTS"] = "public"
    os.environ["SYMBOLON_ISSUER_AUTHORIZATION_REFRESH_TOKEN_DAYS"] = "30"
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
        shows_and_signs_in(run, scene, folder)
        card = folder / "card.txt"
        card.write_text(scene.card()[0])
        older = scene.pack("older.pack")
        verify = ["verify", scene.trust_file, folder / "packs.redb", card]
        assert run(*verify, older) == "GENUINE GOOD"
        assert run(*verify, older) == "GENUINE GOOD", "by the form that was kept"
        scene.revoke()
        newer = scene.pack("newer.pack")
        assert run(*verify, newer) == "INVALID REVOKED"
        assert run(*verify, older) == "PACK_OLDER"
        print("  verifies offline")


def shows_and_signs_in(run, scene, folder):
    installation = scene.installation
    file = folder / "sign-in.redb"
    page = run("begin-sign-in", file, scene.trust_file, installation.issuer)
    run("end-sign-in", file, scene.trust_file, Browser(installation).sign_in(page))
    run("restore", file, folder / "restored.redb", scene.trust_file)
    print("  signs in, renews, and restores a backup")
    run("receive", file, scene.trust_file, scene.offer()["link"])
    keys, queries = installation.folder / "data" / "keys", installation.folder / "queries"
    shop = [folder / "shop.redb", scene.pack("shop.pack"), keys]
    run("codes", file, scene.trust_file, *shop, queries / "age-over-18.json")
    run("face-to-face", file, scene.trust_file, *shop, queries / "age-over-18-mdoc.json")
    asked = ["--query", "age-over-18", "--digital-credentials", "asked.json", "--json"]
    request = json.loads(installation.run("request", "create", *asked))["request_id"]
    files = [installation.folder / name for name in ["asked.json", "answer.json"]]
    run("page", file, scene.trust_file, files[0], installation.verifier, files[1])
    assert "what was asked for" in installation.run("request", "answer", request, "answer.json")
    print("  shows by codes, face to face and to a page")


if __name__ == "__main__":
    work = Path(sys.argv[2]).resolve()
    work.mkdir(parents=True, exist_ok=True)
    for left in work.glob("*.redb"):
        left.unlink()
    main(sys.argv[1], work, sys.argv[3:])
