"""A weak network between two network namespaces. The check itself goes on in one of them, beside the service; phones are started
in the other. What lies between is the kernel's: real TCP with its retransmissions, its connections that only one side knows of, its
time-outs. `tc netem` loses and delays where the kernel has it. Where it does not, two TUN devices and a relay (a process of its own,
the last part of this file) lose and delay the same packets alike: IP packets, each way by itself.

    network.enter()                     # first of all: the program starts anew in a namespace of its own
    with network.between(seed=7) as net:
        net.weather(loss=0.3, delay_ms=400)
        subprocess.run([*net.there, "kabao", ...])
        net.calm()
"""

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import struct
import subprocess
import sys
import time
from pathlib import Path

from outside import need, not_run
from wallet import until

HERE, THERE = "10.77.0.1", "10.77.0.{}"
ENTERED = "KABAO_IN_NAMESPACE"
# As many packets wait as netem lets wait in a queue of this size.
QUEUE = 10_000
TUN = Path("/dev/net/tun")


def run(*line):
    """Runs a command that must work."""
    done = subprocess.run([str(word) for word in line], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, line))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def works(*line):
    return subprocess.run(line, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


def enter():
    """Starts this program anew in a network namespace of its own, unless it is in one; ends the check where there is none."""
    if os.environ.get(ENTERED):
        run("ip", "link", "set", "lo", "up")
        return
    need("ip", "unshare", "nsenter")
    # Whoever is not root may be so in a user namespace.
    way = next((way for way in (["-n"], ["-rn"]) if works("unshare", *way, "ip", "link", "set", "lo", "up")), None)
    if way is None:
        not_run("no network namespace: neither as root nor in a user namespace")
    os.environ[ENTERED] = "1"
    os.execvp("unshare", ["unshare", *way, sys.executable, *sys.argv])


def between(seed):
    """The network to a second namespace, of the first kind that this machine can make."""
    other = subprocess.Popen(["unshare", "-n", "cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    own = os.readlink("/proc/self/ns/net")
    until(lambda: os.readlink(f"/proc/{other.pid}/ns/net") != own, "the second namespace is there")
    probe = ["nsenter", f"--net=/proc/{other.pid}/ns/net", "tc", "qdisc"]
    if works("tc", "-V") and works(*probe, "add", "dev", "lo", "root", "netem", "delay", "1ms"):
        run(*probe, "del", "dev", "lo", "root")
        return Netem(other)
    if not os.access(TUN, os.R_OK | os.W_OK):
        not_run(f"the kernel has no netem, and {TUN} cannot be opened")
    return Relayed(other, seed)


class Network:
    """Two namespaces and a way between them; `there` stands before the command line of what runs in the other one."""

    kind = ""

    def __init__(self, other):
        self.other, self.far, self.place = other, None, 1
        self.there = ["nsenter", f"--net=/proc/{other.pid}/ns/net"]
        run(*self.there, "ip", "link", "set", "lo", "up")

    def join(self, near, far):
        """Gives both ends their addresses."""
        run("ip", "addr", "add", f"{HERE}/24", "dev", near)
        run("ip", "link", "set", near, "up")
        run(*self.there, "ip", "link", "set", far, "up")
        self.far = far
        self.move()

    def move(self):
        """The other side has another address from now on, as a phone that changes from one network to another: no packet of a connection
        that stands finds its way any more, and neither end is told."""
        old, self.place = self.place, 2 + (self.place - 1) % 250
        run(*self.there, "ip", "addr", "add", f"{THERE.format(self.place)}/32", "dev", self.far)
        run(*self.there, "ip", "route", "replace", HERE, "dev", self.far, "src", THERE.format(self.place))
        if old > 1:
            run(*self.there, "ip", "addr", "del", f"{THERE.format(old)}/32", "dev", self.far)

    def tcp(self):
        """What the kernel counted: connections that the phones began, and segments sent again on both sides."""
        counted = []
        for place in (self.there, []):
            lines = [line.split() for line in run(*place, "cat", "/proc/net/snmp").splitlines() if line.startswith("Tcp:")]
            counted.append(dict(zip(lines[0][1:], map(int, lines[1][1:]))))
        return {"begun": counted[0]["ActiveOpens"], "again": sum(side["RetransSegs"] for side in counted)}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # A namespace goes with the last process in it, and its devices with it.
        self.other.stdin.close()
        self.other.wait(20)


class Netem(Network):
    """A veth pair with the kernel's own queueing discipline at both ends."""

    kind = "tc netem at both ends of a veth pair"

    def __init__(self, other):
        super().__init__(other)
        run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", other.pid)
        self.join("near", "far")
        self.ends = (["tc", "qdisc"], [*self.there, "tc", "qdisc"])
        self.bad = False

    def weather(self, loss, delay_ms):
        rule = ["root", "netem", "limit", QUEUE, "delay", f"{delay_ms}ms", "loss", f"{loss * 100:g}%"]
        for end, device in zip(self.ends, ("near", "far")):
            run(*end, "replace", "dev", device, *rule)
        self.bad = True

    def calm(self):
        if self.bad:
            for end, device in zip(self.ends, ("near", "far")):
                run(*end, "del", "dev", device, "root")
        self.bad = False

    def packets(self):
        """What it did to how many packets, as far as it says."""
        return {}


class Relayed(Network):
    """Two TUN devices and a relay between them."""

    kind = "two TUN devices and a relay (this kernel has no netem)"

    def __init__(self, other, seed):
        super().__init__(other)
        line = [sys.executable, __file__, str(other.pid), str(seed)]
        self.relay = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        said = self.relay.stdout.readline().strip()
        if said != "ready":
            not_run(f"the kernel has no netem, and no TUN device can be made: {said}")
        self.join("near", "far")

    def _say(self, **what):
        self.relay.stdin.write(json.dumps(what) + "\n")
        return json.loads(self.relay.stdout.readline())

    def weather(self, loss, delay_ms):
        self._say(loss=loss, delay_ms=delay_ms)

    def calm(self):
        self._say(loss=0, delay_ms=0)

    def packets(self):
        return self._say()

    def __exit__(self, *what):
        self.relay.stdin.close()
        self.relay.wait(20)
        super().__exit__(*what)


# The relay. Everything below runs in its process.

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
CLONE_NEWNET = 0x40000000
MOST = 65_536


def tun(name):
    """A TUN device of the present namespace: whole IP packets, nothing before them."""
    device = os.open(TUN, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return device


def go_over(pid):
    """This process goes on in the network namespace of another."""
    place = os.open(f"/proc/{pid}/ns/net", os.O_RDONLY)
    if ctypes.CDLL(None, use_errno=True).setns(place, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
    os.close(place)


class Relay:
    """Takes packets from each device and gives them to the other: late, or never."""

    def __init__(self, near, far, seed):
        self.over = {near: far, far: near}
        self.dice = {near: random.Random(f"{seed} here"), far: random.Random(f"{seed} there")}
        self.loss, self.delay = 0.0, 0.0
        self.waiting = []
        self.taken = self.lost = self.number = 0

    def take(self, device):
        """Everything that a device has now."""
        while True:
            try:
                packet = os.read(device, MOST)
            except BlockingIOError:
                return
            if packet[0] >> 4 != 4:
                continue
            self.taken += 1
            if self.dice[device].random() < self.loss or len(self.waiting) >= QUEUE:
                self.lost += 1
                continue
            # The number keeps the order of those that are due together.
            self.number += 1
            heapq.heappush(self.waiting, (time.monotonic() + self.delay, self.number, self.over[device], packet))

    def give(self):
        """Everything that is due; how long the next has to wait."""
        while self.waiting:
            left = self.waiting[0][0] - time.monotonic()
            if left > 0:
                return left
            _, _, device, packet = heapq.heappop(self.waiting)
            try:
                os.write(device, packet)
            except OSError:
                # The device is full or down: a packet less, as on any network.
                self.lost += 1
        return None

    def work(self):
        """Until the standard input ends; each of its lines is a new weather, or a question."""
        ears = select.poll()
        for ear in (0, *self.over):
            ears.register(ear, select.POLLIN)
        while True:
            left = self.give()
            for ear, _ in ears.poll(None if left is None else left * 1000):
                if ear != 0:
                    self.take(ear)
                    continue
                line = sys.stdin.readline()
                if not line:
                    return
                said = json.loads(line)
                self.loss, self.delay = said.get("loss", self.loss), said.get("delay_ms", self.delay * 1000) / 1000
                print(json.dumps({"taken": self.taken, "lost": self.lost}), flush=True)


def main(pid, seed):
    try:
        near = tun("near")
        go_over(pid)
        far = tun("far")
    except OSError as error:
        print(error, flush=True)
        return
    print("ready", flush=True)
    Relay(near, far, seed).work()


if __name__ == "__main__":
    main(*sys.argv[1:])
