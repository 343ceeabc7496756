"""The parts of check 11: each makes input, asks a peer, and names the reasons for which verdicts may differ.

A part has PEER (who), SET (of `kabao check`), REFUSED (the verdict for what is not read), `missing()` (why it cannot run
here), `cases(dice, count)`, `verdict(case, answer)` (ours), `peer(cases)`, `turned(verdict)` (a wrong one, to see that it is
noticed) and REASONS: name to a test of (case, ours, theirs). Who is right, and why, stands in docs/vectors.md.
"""
