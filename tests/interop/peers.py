"""The peers: small programs around other people's libraries, one order on standard input, one answer on standard output."""

import json
import re
import shutil
import subprocess
import sys

TIME_LIMIT_SECONDS = 60


def ask(command, order, folder):
    """Gives a peer an order and returns its answer."""
    ended = subprocess.run(
        command, input=json.dumps(order), capture_output=True, text=True, cwd=folder, timeout=TIME_LIMIT_SECONDS
    )
    if ended.returncode != 0:
        raise RuntimeError(f"the peer failed: {ended.stderr.strip()[-2000:]}")
    return json.loads(ended.stdout)


class Npm:
    """Scripts that run in the folder where their packages were installed."""

    def __init__(self, sources, folder):
        self.folder = folder
        self.packages = json.loads((sources / "package.json").read_text())["dependencies"]
        for script in sources.glob("*.mjs"):
            shutil.copy(script, folder)

    def name(self, package):
        return f"npm `{package}` {self.packages[package]}"

    def ask(self, script, order):
        return ask(["node", script], order, self.folder)


class PyPI:
    """Scripts that run with the interpreter that runs this one, which has the packages."""

    def __init__(self, sources):
        self.folder = sources
        pins = re.findall(r"^([\w-]+)==(\S+)$", (sources / "requirements.txt").read_text(), re.MULTILINE)
        self.packages = dict(pins)

    def name(self, package):
        return f"PyPI `{package}` {self.packages[package]}"

    def ask(self, script, order):
        return ask([sys.executable, script], order, self.folder)
