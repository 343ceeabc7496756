"""An app with SwiftPM: the program of bindings/swift/README.md as written; then linked with a library of another version."""

import os
import shutil

from consumers import ROOT, SCRATCH, Checks, Service, last, not_run, program, run

tree = os.environ.get("KABAO_SWIFT_TREE")
if not tree and not shutil.which("swift"):
    not_run("no Swift: neither a tree (cargo xtask setup) nor a compiler on the path")
if not (ROOT / "bindings/swift/lib").is_dir():
    not_run("no generated sources: cargo xtask bindings swift")

checks = Checks()
# Kept from run to run: only what changed is compiled.
app = SCRATCH.parent / "swiftpm-app"
shutil.copytree(ROOT / "tests/consumers/swiftpm", app, dirs_exist_ok=True)
(app / "Sources/consumer").mkdir(exist_ok=True)
(app / "Sources/consumer/main.swift").write_text(program("bindings/swift/README.md", "swift"))


def swift(*command, where=app):
    """Runs a command where Swift and its libraries are."""
    inside = ["bash", ROOT / "xtask/scripts/swift-tree.sh", "run", tree, ROOT, where] if tree else []
    return run([*inside, *command], where, KABAO_ROOT=str(ROOT))


def build(*more):
    return swift("swift", "build", "-Xlinker", "--allow-shlib-undefined", *more)


code, text = build("--product", "consumer")
if code == 0:
    code, text = build("--product", "other")
if not checks.check(code == 0, "the program of the README compiles against the package by its path"):
    print(last(text))
    checks.close()
with Service() as service:
    code, text = swift(app / ".build/debug/consumer", *service.arguments, where=service.data)
    if not checks.check(code == 0 and "138****8000" in text, "it registers at the reference service and says where the code went"):
        print(last(text))
for what, symbol, said in [
    ("the library of this version", None, "WalletError bad_argument"),
    ("another version", "ffi_kabao_ffi_uniffi_contract_version", "LibraryMismatch"),
    ("another shape of one call", "uniffi_kabao_ffi_checksum_method_payclient_confirm", "LibraryMismatch"),
]:
    if symbol:
        code, text = build("-Xlinker", f"--wrap={symbol}", "--product", "other")
        checks.check(code == 0, f"{what}: it links")
    code, text = swift(app / ".build/debug/other", where=SCRATCH)
    if not checks.check(code == 0 and text.split("\n")[:2] == [said, said], f"{what}: {said}, twice, and the program goes on"):
        print(last(text))
checks.close()
