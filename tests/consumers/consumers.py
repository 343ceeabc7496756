"""What the consumer projects share: the reference service as a child, the program in a README, and finding the packages."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "outside"))

from outside import KABAO, ROOT, Checks, need, not_run  # noqa: E402, F401

SCRATCH = Path(os.environ.get("TMPDIR", "/tmp"))
LIBRARY = Path(os.environ.get("KABAO_LIBRARY_DIR", ROOT / "target/debug"))


def packages():
    """The folder of the packages of this run, and what Maven is told to use it and no older package of the same version."""
    made = Path(os.environ.get("KABAO_MAVEN", ROOT / "target/xtask/maven"))
    if not (made / "app/kabao/kabao-kit").is_dir():
        not_run("no packages: the stage kotlin makes them (cargo xtask test --only kotlin)")
    # A store of artefacts of its own: in the person's, a package of the same version would win over the one just made.
    store = Path(os.environ.get("KABAO_CACHE", SCRATCH)) / "maven"
    shutil.rmtree(store / "app/kabao", ignore_errors=True)
    return made, ["mvn", "-B", "-ntp", f"-Dmaven.repo.local={store}", f"-Dkabao.repository=file://{made}"]


class Service:
    """The reference service; `arguments` are what the README's program is given."""

    def __init__(self, name="service"):
        self.data = SCRATCH / name.replace(" ", "-")
        self.child = subprocess.Popen(
            [KABAO, "serve", "--data", str(self.data), "--until-stdin-ends"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for line in self.child.stdout:
            if line.startswith("for wallets"):
                break
        said = json.loads((self.data / "service.json").read_text())
        self.arguments = [said["url"], said["tls_ca_pem"], said["spki_pins"][0], said["root_key"], said["guid"]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.child.stdin.close()
        self.child.wait(timeout=30)


def program(readme, language):
    """The one program of a README in that language, as it stands there."""
    blocks = re.findall(rf"```{language}\n(.*?)```", (ROOT / readme).read_text(), re.S)
    whole = [block for block in blocks if "main" in block or "await Wallet.open" in block]
    assert len(whole) == 1, f"{readme}: {len(whole)} programs in {language}"
    return whole[0]


def run(command, where=None, seconds=600, **env):
    """Runs it to its end; gives exit code and output."""
    done = subprocess.run(
        [str(word) for word in command], cwd=where, env={**os.environ, **env}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds,
    )
    return done.returncode, done.stdout


def last(text, lines=25):
    """The end of an output."""
    return "\n".join(text.strip().splitlines()[-lines:])
