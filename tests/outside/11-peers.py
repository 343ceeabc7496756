"""Seeded, changed input read by us and by published software: agreements are counted, and a disagreement that none of
the reasons in docs/vectors.md explains fails."""

import collections
import importlib
import json
import os
import random
import subprocess
import sys

from outside import KABAO, ROOT, Checks

SEED = os.environ.get("KABAO_PEERS_SEED", "11")
COUNT = int(os.environ.get("KABAO_PEERS_COUNT", "10000"))
PARTS = ["phones", "identity", "taps", "tap_contents", "merchant_codes", "merchant_codes_sdk", "amounts", "categories", "one_time"]
DOCUMENT = (ROOT / "docs/vectors.md").read_text(encoding="utf-8")


def ask(name, cases):
    """Our answer to each case, in order: what stands in `actual`."""
    lines = b"".join(json.dumps({"id": at, **case}).encode() + b"\n" for at, case in enumerate(cases))
    done = subprocess.run([KABAO, "check", name], input=lines, capture_output=True, timeout=120)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if [answer.get("id") for answer in answers] != list(range(len(cases))):
        raise SystemExit(f"{name}: {len(answers)} answers to {len(cases)} cases: {done.stderr.decode(errors='replace')[:300]}")
    return [answer["actual"] for answer in answers]


def reason(part, case, ours, theirs):
    """Why two verdicts differ: the first reason of the part that holds, else None."""
    return next((name for name, holds in part.REASONS.items() if holds(case, ours, theirs)), None)


def run(checks, name):
    part = importlib.import_module(f"peers.{name}")
    missing = part.missing()
    if missing:
        print(f"not run: {part.PEER}: {missing}")
        return
    dice = random.Random(f"{SEED} {name}")
    cases = part.cases(dice, COUNT)
    ours = [part.verdict(case, answer) for case, answer in zip(cases, ask(part.SET, cases), strict=True)]
    theirs = part.peer(cases)
    found, left, agreed = collections.Counter(), [], []
    for case, one, other in zip(cases, ours, theirs, strict=True):
        if one == other:
            agreed.append((case, one))
            continue
        why = reason(part, case, one, other)
        found[why] += 1
        if why is None:
            left.append((case, one, other))
    for case, one, other in left[:5]:
        print(f"  {json.dumps(case, ensure_ascii=False)[:400]}\n    we   {str(one)[:300]}\n    peer {str(other)[:300]}")
    counted = ", ".join(f"{count} {why}" for why, count in found.most_common() if why)
    read = sum(1 for _, one in agreed if one != part.REFUSED)
    checks.check(not left, f"{part.PEER}: {len(cases)} inputs, {len(agreed)} alike ({read} of them read), {len(left)} unexplained; {counted or 'none explained'}")
    # Neither side may do nothing but refuse, or the comparison says little.
    checks.check(read * 12 >= len(cases), f"{part.PEER}: a twelfth of the inputs is read by both")
    # A reason that fits anything would hide a fault of ours: a verdict turned around has to be noticed.
    turned = [(case, one) for case, one in agreed][:: max(1, len(agreed) // 200)]
    noticed = sum(1 for case, one in turned if reason(part, case, part.turned(one), one) is None)
    checks.check(turned and noticed * 10 >= len(turned) * 9, f"{part.PEER}: {noticed} of {len(turned)} verdicts that were turned around are noticed")
    undocumented = [why for why in part.REASONS if f"`{why}`" not in DOCUMENT]
    checks.check(not undocumented, f"{part.PEER}: every reason stands in docs/vectors.md {' '.join(undocumented)}")
    if SEED == "11" and COUNT >= 10000:
        unused = [why for why in part.REASONS if not found[why]]
        checks.check(not unused, f"{part.PEER}: every reason is met {' '.join(unused)}")


def main():
    checks = Checks()
    for name in sys.argv[1:] or PARTS:
        run(checks, name)
    checks.close()


if __name__ == "__main__":
    main()
