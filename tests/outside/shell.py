"""One process that lives through a whole day: `kabao wallet shell`, and its memory as gdb writes it down."""

import json
import re
import shlex
import shutil
import subprocess
from types import SimpleNamespace

from wallet import Wallet, folder


class Shell(Wallet):
    """A phone whose calls are all made by one process. The service must know the profile by then or be named."""

    def __init__(self, service, person, profile=None, env=None):
        super().__init__(service, person, profile, env)
        self.errors = open(self.log, "ab")
        self.process = subprocess.Popen(self.line("shell"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors,
                                        env=self.env, start_new_session=True)

    def run(self, *words, say=None, **_):
        """Types a line, and after it what is secret; what the process answers."""
        # Quoted by hand: the shell knows both quotes and no escapes.
        typed = " ".join(word if word == shlex.quote(word) else f'"{word}"' for word in map(str, words))
        self.process.stdin.write((typed + "\n" + (say + "\n" if say is not None else "")).encode())
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode()
        if not answer:
            raise AssertionError(f"the shell ended with {self.process.wait(20)}: {self.log.read_text()[-1500:]}")
        return SimpleNamespace(stdout=answer, stderr="", returncode=2 if "failure" in json.loads(answer) else 0)

    def end(self):
        """The input ends, and with it the process; its exit code."""
        self.process.stdin.close()
        code = self.process.wait(30)
        self.errors.close()
        return code


def memory(pid, files=False):
    """The memory of a process, as gdb writes it down, with the files that it maps or without; None where one process may not
    read another."""
    if not shutil.which("gcore"):
        print("not run: the core dump: missing: gcore")
        return None
    place = folder("core")
    done = subprocess.run(["gcore", *["-a"][:files], "-o", str(place / "core"), str(pid)], capture_output=True, text=True, timeout=120)
    written = list(place.iterdir())
    if not written:
        print(f"not run: the core dump: {(done.stderr.strip().splitlines() or ['no output'])[-1]}")
        return None
    # Wiped memory is long and says nothing.
    raw = re.sub(rb"\0{64,}", b"\0" * 64, written[0].read_bytes())
    written[0].unlink()
    return raw
