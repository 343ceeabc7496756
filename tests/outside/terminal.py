"""A real terminal (xterm on an invisible display) that runs a command, and pictures of its window.

    with Terminal([KABAO, "wallet", "code"]) as terminal:
        terminal.wait_for(r"\\d{24}")
        terminal.picture("code.png")

What is pictured is what a person would see: font, line spacing and colours are xterm's. A picture is taken
when the terminal has answered that it has drawn everything it was given.
"""

import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import tty

from PIL import ImageGrab

# A cell of 10 by 20: half blocks are squares, and block characters touch. A scaled font leaves seams between
# the lines in most sizes, which readers of pictures take for modules.
FONT = ["-fn", "-misc-fixed-medium-r-normal--20-200-75-75-c-100-iso10646-1"]


class Terminal:
    """Runs one command in a terminal of its own; leaving the block ends both."""

    def __init__(self, command, columns=100, rows=56, dark=False, env=None, seconds=120):
        self.command, self.columns, self.rows, self.dark = list(command), columns, rows, dark
        self.env, self.seconds = {**os.environ, **(env or {})}, seconds
        self.text, self.exit_code = "", None
        self._change = threading.Condition()
        self._programs = []

    def __enter__(self):
        try:
            self._open()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _open(self):
        number_read, number_write = os.pipe()
        screen = f"{self.columns * 10 + 10}x{self.rows * 20 + 10}x24"
        self._start(
            ["Xvfb", "-displayfd", str(number_write), "-screen", "0", screen, "-nolisten", "tcp", "-ac"],
            pass_fds=[number_write],
        )
        os.close(number_write)
        with os.fdopen(number_read) as number:
            self.display = ":" + number.readline().strip()
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(self.seconds)
            port = str(server.getsockname()[1])
            colours = ["-bg", "black", "-fg", "white"] if self.dark else ["-bg", "white", "-fg", "black"]
            size = ["-geometry", f"{self.columns}x{self.rows}+0+0"]
            inside = ["-e", sys.executable, os.path.abspath(__file__), port, *self.command]
            # Without a UTF-8 locale it draws no block characters.
            env = {**self.env, "DISPLAY": self.display, "LC_ALL": "C.UTF-8"}
            self._start(["xterm", "-u8", "+sb", *FONT, *colours, *size, *inside], env=env)
            self._control = server.accept()[0]
            self._control.settimeout(self.seconds)
            output = server.accept()[0]
        threading.Thread(target=self._read, args=[output], daemon=True).start()

    def _start(self, line, **more):
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._programs.append(subprocess.Popen(line, **quiet, **more))

    def _read(self, output):
        held = b""
        while piece := output.recv(65536):
            held += piece
            with self._change:
                self.text = held.decode(errors="replace")
                self._change.notify_all()
        with self._change:
            end = re.search(r"\x00exit (-?\d+)$", self.text)
            self.exit_code = int(end[1]) if end else -1
            self.text = self.text[: end.start()] if end else self.text
            self._change.notify_all()

    def wait_for(self, pattern):
        """Waits until the command has written this (a regular expression); returns the match."""
        with self._change:
            self._change.wait_for(lambda: re.search(pattern, self.text) or self.exit_code is not None, self.seconds)
            found = re.search(pattern, self.text)
        if not found:
            raise AssertionError(f"{pattern!r} did not appear in:\n{self.text}")
        return found

    def wait(self):
        """Waits until the command has ended; returns its exit code. The window stays open."""
        with self._change:
            if not self._change.wait_for(lambda: self.exit_code is not None, self.seconds):
                raise AssertionError(f"{self.command} did not end; it wrote:\n{self.text}")
        return self.exit_code

    def type(self, text):
        """Types into the terminal."""
        self._control.sendall(b"T" + len(text.encode()).to_bytes(4, "big") + text.encode())

    def picture(self, path):
        """Writes a picture (PNG) of the window as it is now."""
        self._control.sendall(b"P")
        if self._control.recv(1) != b"D":
            raise AssertionError("the terminal is gone")
        # Drawn by the terminal, not yet by the display: two equal pictures in a row are a finished one.
        last, now = None, ImageGrab.grab(xdisplay=self.display)
        while last is None or last.tobytes() != now.tobytes():
            last, now = now, ImageGrab.grab(xdisplay=self.display)
        now.save(path)

    def __exit__(self, *_):
        for program in reversed(self._programs):
            program.terminate()
            program.wait()


def inside(port, command):
    """Runs in the terminal: the command on a pseudo-terminal, its output to the window and to the check."""
    control = socket.create_connection(("127.0.0.1", port))
    output = socket.create_connection(("127.0.0.1", port))
    window = sys.stdin.fileno()
    size = os.get_terminal_size(window)
    tty.setraw(window)
    child, pseudo = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
        try:
            os.execvp(command[0], command)
        except OSError as error:
            print(error)
            os._exit(127)
    open_for, ended = [control, pseudo, window], False
    while True:
        for ready in select.select(open_for, [], [])[0]:
            if ready is control:
                kind = control.recv(1)
                if kind == b"":
                    return
                if kind == b"T":
                    length = int.from_bytes(control.recv(4, socket.MSG_WAITALL), "big")
                    os.write(pseudo, control.recv(length, socket.MSG_WAITALL))
                if kind == b"P":
                    # The terminal answers in order: its answer means that all before it is drawn.
                    os.write(window, b"\x1b[?25l\x1b[6n")
                    answer = b""
                    while not answer.endswith(b"R"):
                        answer += os.read(window, 1)
                    control.sendall(b"D")
            elif ready == window:
                os.write(pseudo, os.read(window, 4096))
            else:
                try:
                    piece = os.read(pseudo, 65536)
                except OSError:
                    piece = b""
                if piece:
                    os.write(window, piece)
                    output.sendall(piece)
                elif not ended:
                    ended = True
                    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                    output.sendall(f"\x00exit {code}".encode())
                    output.shutdown(socket.SHUT_WR)
                    open_for = [control]


if __name__ == "__main__":
    inside(int(sys.argv[1]), sys.argv[2:])
