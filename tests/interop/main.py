"""Symbolon against libraries that are not ours: ours read by theirs, theirs read by ours, and altered ones refused both ways.

Everything of Symbolon goes through its binary: a fresh installation, its servers on loopback, its wallet and `symbolon verify`.
The run writes the table into the project's README and fails when any cell is red.
"""

import json
import subprocess
import sys
import traceback
from pathlib import Path

from installation import Installation
from peers import Npm, PyPI
from formats import claim169, data_integrity, mdoc, openid_connect, rsa_signature_2018, sd_jwt_vc, vc_jwt

HERE = Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
BEGIN, END = "<!-- interop: written by tests/interop/run -->", "<!-- interop: end -->"
DIRECTIONS = {
    "ours-by-theirs": "ours, read by theirs",
    "theirs-by-ours": "theirs, read by ours",
    "ours-altered": "ours altered, refused by theirs",
    "theirs-altered": "theirs altered, refused by ours",
}


class Row:
    """One format with one peer: the checks of each direction and how they ended."""

    def __init__(self, form, peer, directions=DIRECTIONS):
        self.form, self.peer = form, peer
        self.checks = {direction: [] for direction in directions}

    def run(self, direction, name, check):
        try:
            check()
            problem = None
        except Exception as error:
            problem = str(error) or type(error).__name__
            if not isinstance(error, AssertionError):
                traceback.print_exc()
        self.checks[direction].append((name, problem))
        mark = "ok " if problem is None else "RED"
        print(f"  {mark} {DIRECTIONS[direction]}: {name}" + (f": {problem}" if problem else ""), flush=True)

    def break_off(self, error):
        """A step between the checks failed: the row is red, and the others are still made."""
        said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else ""

        def fail():
            raise AssertionError(f"{error} {said}")

        for direction, checks in self.checks.items():
            if not checks:
                self.run(direction, "getting there", fail)

    def is_green(self):
        return all(checks and all(problem is None for _, problem in checks) for checks in self.checks.values())

    def cells(self):
        for direction in DIRECTIONS:
            if direction not in self.checks:
                yield "read only"
                continue
            checks = self.checks[direction]
            passed = sum(problem is None for _, problem in checks)
            yield f"{'✓' if checks and passed == len(checks) else '✗'} {passed} of {len(checks)}"


def table(rows):
    """The rows as the README shows them."""
    lines = ["| format | peer | " + " | ".join(DIRECTIONS.values()) + " |", "|---|---|" + "---|" * len(DIRECTIONS)]
    lines += [f"| {row.form} | {row.peer} | " + " | ".join(row.cells()) + " |" for row in rows]
    return "\n".join(lines)


def write_readme(rows):
    """Replaces the table between the two marks."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    README.write_text(f"{before}{BEGIN}\n{table(rows)}\n{END}{after}", encoding="utf-8")


def main(binary, work):
    npm, pypi = Npm(HERE / "npm", work / "npm"), PyPI(HERE / "pypi")
    rows = []
    with Installation(binary, work / "installation") as ours:
        for module, peers in [
            (sd_jwt_vc, [sd_jwt_vc.peer_of_npm(npm), sd_jwt_vc.peer_of_pypi(pypi)]),
            (mdoc, [mdoc.peer_of_npm(npm)]),
            (data_integrity, data_integrity.peers_of_npm(npm)),
            (vc_jwt, [vc_jwt.peer_of_npm(npm)]),
            (rsa_signature_2018, [rsa_signature_2018.peer_of_npm(npm)]),
            (claim169, [claim169.peer_of_pypi(pypi)]),
            (openid_connect, [openid_connect.peer_of_npm(npm), openid_connect.peer_of_pypi(pypi)]),
        ]:
            for peer in peers:
                print(f"{module.FORMAT} with {peer.name}", flush=True)
                row = Row(module.FORMAT, peer.name, getattr(module, "DIRECTIONS", DIRECTIONS))
                try:
                    module.compare(ours, peer, row.run)
                except Exception as error:
                    row.break_off(error)
                rows.append(row)
    write_readme(rows)
    red = [row for row in rows if not row.is_green()]
    print(f"{len(rows) - len(red)} of {len(rows)} rows are green")
    return 1 if red else 0


if __name__ == "__main__":
    try:
        sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
    except subprocess.CalledProcessError as error:
        print(error.stdout, error.stderr, sep="\n", file=sys.stderr)
        raise
