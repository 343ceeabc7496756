"""What a call costs in Kotlin and in Swift, against the same call in Rust; and whether opening and closing leaves memory behind.

`cargo xtask bindings figures` runs it after the packages are made. It prints a table for docs/bindings.md. One wallet with fifty
records is set up; every program gets a copy of it. `KABAO_CYCLES=10000` (a tenth of it is the mark that is compared with).
"""

import base64
import json
import os
import shutil
import statistics

from consumers import LIBRARY, ROOT, SCRATCH, need, packages, run
from wallet import Service

need("mvn", "java")
cycles = int(os.environ.get("KABAO_CYCLES", "10000"))
rounds = int(os.environ.get("KABAO_ROUNDS", "3"))
tree = os.environ.get("KABAO_SWIFT_TREE")
SCRATCH.mkdir(parents=True, exist_ok=True)

programs = {"Rust": ([], LIBRARY / "examples/figures")}
made, maven = packages()
app = SCRATCH / "maven"
shutil.rmtree(app, ignore_errors=True)
shutil.copytree(ROOT / "tests/consumers/maven", app)
code, text = run([*maven, "-Dexec.skip=true", "package"], app)
assert code == 0, text[-3000:]
path = ":".join(map(str, [app / "target/classes", *sorted((app / "target/lib").glob("*.jar"))]))
programs["Kotlin"] = (["java", "-Xmx256m", f"-Djna.library.path={LIBRARY}", "-cp", path], "Figures")
# A heap that is whole from the start: what then grows is not the collector taking its time.
HEAP = ["-Xms32m", "-Xmx32m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC"]
if tree:
    swift = SCRATCH.parent / "swiftpm-app"
    shutil.copytree(ROOT / "tests/consumers/swiftpm", swift, dirs_exist_ok=True)
    inside = ["bash", ROOT / "xtask/scripts/swift-tree.sh", "run", tree, ROOT]
    code, text = run([*inside, swift, "swift", "build", "-Xlinker", "--allow-shlib-undefined", "--product", "figures"], swift, 1800, KABAO_ROOT=str(ROOT))
    assert code == 0, text[-3000:]
    programs["Swift"] = ([*inside, SCRATCH], swift / ".build/debug/figures")

took = {name: {} for name in programs}
with Service(data=SCRATCH / "service") as service:
    phone = service.phone(profile=SCRATCH / "phone").set_up(top_up="100.00")
    for number in range(49):
        phone.call("top-up", f"1.{number:02}", say=phone.person.pin)
    showing = phone.showing()["showing_id"]
    said = json.loads(service.file.read_text())
    given = [said["url"], said["tls_ca_pem"], said["spki_pins"][0], said["root_key"], said["guid"]]
    secrets = SCRATCH / "secrets"
    secrets.write_text("".join(f"{name} {base64.b64decode(text).hex()}\n" for name, text in json.loads(phone.keys.read_text()).items()))
    for turn in range(rounds):
        for name, (before, main) in programs.items():
            copy = SCRATCH / f"copy-{name}-{turn}"
            shutil.copytree(phone.files, copy)
            mode = [] if name == "Rust" else ["calls"]
            code, text = run([*before, main, *mode, copy, secrets, showing, *given], SCRATCH)
            assert code == 0, text[-3000:]
            for line in text.splitlines():
                call, _, number = line.partition(" ")
                if number.isdigit():
                    took[name].setdefault(call, []).append(int(number))
    for name in [name for name in programs if name != "Rust"]:
        before, main = programs[name]
        folder = SCRATCH / f"cycles-{name}"
        before = [before[0], *HEAP, *before[2:]] if name == "Kotlin" else before
        code, text = run([*before, main, "cycles", folder, cycles // 10, cycles, *given], SCRATCH, 3600)
        assert code == 0, text[-3000:]
        few, many = (int(line.split()[1]) for line in text.splitlines() if line.startswith("resident_"))
        print(f"{name}: {few} kB resident after {cycles // 10} openings, {many} kB after {cycles}: {100 * (many - few) / few:+.1f} %", flush=True)
        took[name]["resident"] = [few, many]

for name in programs:
    assert took[name]["records"][0] == 50, took[name]
print("\n| call, microseconds | " + " | ".join(programs) + " |\n|---|" + "---|" * len(programs))
for call in ["no_op_at_once", "no_op", "page_of_50", "payer_code", "error"]:
    row = [f"{statistics.median(took[name][call]) / 1000:,.1f}" for name in programs]
    print(f"| {call.replace('_', ' ')} | " + " | ".join(row) + " |")
lines = {
    "facade": sorted((ROOT / "bindings/ffi/src").rglob("*.rs")),
    "Kotlin kit": sorted((ROOT / "bindings/kotlin/kit/src/main").rglob("*.kt")),
    "Kotlin fake": sorted((ROOT / "bindings/kotlin/fake/src/main").rglob("*.kt")),
    "Swift kit": sorted((ROOT / "bindings/swift/Sources/KabaoKit").rglob("*.swift")),
    "Swift fake": sorted((ROOT / "bindings/swift/Sources/KabaoFake").glob("*.swift")),
    "generated Kotlin": sorted((ROOT / "bindings/kotlin/ffi/target/generated-sources").rglob("*.kt")),
    "generated Swift": sorted((ROOT / "bindings/swift/Sources/KabaoCoreGenerated").rglob("*.swift")),
}
print("\n| lines | |\n|---|---|")
for name, files in lines.items():
    print(f"| {name} | {sum(len(file.read_text().splitlines()) for file in files):,} |")
