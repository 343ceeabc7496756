"""Peers of npm: installed once into the cache from the list beside this file, and asked line by line."""

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).parent
LISTS = ["package.json", "package-lock.json"]


def folder():
    """Where the list's packages are; raises OSError or CalledProcessError when they cannot be had."""
    if not shutil.which("npm") or not shutil.which("node"):
        raise OSError("missing: node npm")
    lists = [(HERE / name).read_bytes() for name in LISTS]
    cache = Path(os.environ.get("KABAO_CACHE", Path.home() / ".cache/kabao"))
    home = cache / f"npm-{hashlib.sha256(b''.join(lists)).hexdigest()[:16]}"
    if (home / "stamp").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    for name, content in zip(LISTS, lists):
        (home / name).write_bytes(content)
    line = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(line, cwd=home, check=True, capture_output=True, text=True, timeout=300)
    (home / "stamp").write_text("whole")
    return home


def missing():
    try:
        folder()
    except subprocess.CalledProcessError as error:
        return "npm: " + (error.stderr.strip().splitlines() or ["no output"])[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)


def ask(name, questions):
    """The answers of a peer of ask.cjs, in order."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    environment = {**os.environ, "NODE_PATH": str(folder() / "node_modules")}
    line = ["node", str(HERE / "ask.cjs"), name]
    done = subprocess.run(line, input=lines, env=environment, capture_output=True, text=True, timeout=120, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]
