"""An app with Maven: the program of bindings/kotlin/README.md as written, on the packaged artefacts; then again after ProGuard."""

import shutil
import zipfile

from consumers import LIBRARY, ROOT, SCRATCH, Checks, Service, last, need, packages, program, run

need("mvn", "java")
made, maven = packages()
checks = Checks()
app = SCRATCH / "app"
shutil.copytree(ROOT / "tests/consumers/maven", app)
source = app / "src/main/kotlin/Main.kt"
source.parent.mkdir(parents=True, exist_ok=True)
source.write_text(program("bindings/kotlin/README.md", "kotlin"))

kit = next((made / "app/kabao/kabao-kit/0.1.0").glob("kabao-kit-0.1.0.jar"))
(app / "target").mkdir()
with zipfile.ZipFile(kit) as jar:
    (app / "target/kabao-kit.pro").write_bytes(jar.read("META-INF/proguard/kabao-kit.pro"))
    names = jar.namelist()
checks.check(not any(name.endswith((".so", ".dylib", ".dll")) for name in names), "the jar of the kit carries no native code")

code, text = run([*maven, "package"], app)
if not checks.check(code == 0, "the program of the README compiles against the packages, and ProGuard takes it with our rules"):
    print(last(text, 40))
    checks.close()

plain = [app / "target/classes", *sorted((app / "target/lib").glob("*.jar"))]
shrunk = [app / "target/shrunk.jar"]
java = ["java", f"-Djna.library.path={LIBRARY}", "-cp"]
for name, path in [("as compiled", plain), ("shrunk", shrunk)]:
    with Service(name) as service:
        code, text = run([*java, ":".join(map(str, path)), "MainKt", *service.arguments], service.data)
    if not checks.check(code == 0 and "138****8000" in text, f"{name}: it registers at the reference service and says where the code went"):
        print(last(text))
nobody = ["https://localhost:9", *service.arguments[1:]]
code, text = run([*java, str(shrunk[0]), "MainKt", *nobody], SCRATCH)
if not checks.check(code == 0 and "internet" in text.lower() or "network" in text.lower(), "shrunk: a failure has its words"):
    print(last(text))
size = sum(jar.stat().st_size for jar in (app / "target/lib").glob("*.jar"))
checks.check(0 < shrunk[0].stat().st_size < size, f"shrunk: {shrunk[0].stat().st_size} bytes of {size}")
mapping = (app / "target/mapping.txt").read_text()
checks.check("app.kabao.kit.Wallet -> " in mapping and "app.kabao.kit.Wallet -> app.kabao.kit.Wallet:" not in mapping, "the rules keep no more than is needed: the wallet itself is renamed")
checks.close()
