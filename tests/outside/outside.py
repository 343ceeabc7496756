"""What the checks share: saying why one cannot run, and counting."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(os.environ.get("KABAO_ROOT", Path(__file__).resolve().parents[2]))
KABAO = os.environ.get("KABAO", str(ROOT / "target/debug/kabao"))


def not_run(reason):
    """Ends the check: it cannot run on this machine."""
    print(f"not run: {reason}")
    sys.exit(77)


def need(*programs):
    """Ends the check unless every program is on the path."""
    missing = [program for program in programs if not shutil.which(program)]
    if missing:
        not_run("missing: " + " ".join(missing))


def need_working(*command):
    """Ends the check unless this harmless command ends well (a right that the machine may not give)."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no output"]
        not_run(f"{' '.join(command)}: {last[0]}")


class Checks:
    """Counts single findings. `close()` prints the closing line and ends the program."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, holds, what):
        """Notes one finding; returns whether it held."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
        print(("ok    " if holds else "FAILED ") + what, flush=True)
        return bool(holds)

    def equal(self, got, wanted, what):
        """Notes whether two values are equal, and shows them when they are not."""
        return self.check(got == wanted, what if got == wanted else f"{what}: {got!r}, wanted {wanted!r}")

    def close(self):
        """Prints the count; the exit code is 1 when something failed or nothing was checked."""
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(0 if self.failed == 0 and self.passed > 0 else 1)
