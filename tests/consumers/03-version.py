"""A library of another version: the app gets a typed error before anything of the wallet is touched, and does not end."""

import re
import shutil

from consumers import LIBRARY, ROOT, SCRATCH, Checks, last, need, not_run, packages, run

need("mvn", "java", "objdump")
made, maven = packages()
library = LIBRARY / "libkabao_ffi.so"


def patched(name, function):
    """A copy of the library in which a function that gives one number gives another."""
    text = run(["objdump", "-d", "-F", f"--disassemble={function}", library])[1]
    start = re.search(r"\(File Offset: (0x[0-9a-f]+)\):", text)
    found = re.search(r"^\s*([0-9a-f]+):\s+((?:[0-9a-f]{2} )+)\s+(?:mov\s+\$0x[0-9a-f]+,%e?ax)", text, re.M)
    if not start or not found:
        not_run(f"{function} is compiled otherwise than expected")
    begin = int(re.search(rf"([0-9a-f]+) <{function}>", text).group(1), 16)
    bytes_ = bytearray(library.read_bytes())
    place = int(start.group(1), 16) + int(found.group(1), 16) - begin
    code = bytes.fromhex(found.group(2))
    assert bytes_[place : place + len(code)] == code, function
    # The number stands behind the operation: one byte of operation, or two with the prefix for sixteen bits.
    place += 2 if code[0] == 0x66 else 1
    bytes_[place] ^= 1
    folder = SCRATCH / name
    folder.mkdir()
    (folder / library.name).write_bytes(bytes_)
    return folder


MAIN = """
import app.kabao.kit.*
import app.kabao.wallet.*

object None : SecretStore, DeviceKeys {
    override fun load(name: String): ByteArray? = null
    override fun store(name: String, value: ByteArray) {}
    override fun remove(name: String) {}
    override fun make(role: KeyRole): ByteArray = error("not asked")
    override fun publicKey(role: KeyRole): ByteArray? = null
    override fun sign(role: KeyRole, text: ByteArray): ByteArray = error("not asked")
}

suspend fun main() {
    val settings = WalletSettings("wallet", ServiceSettings("https://localhost:9", "", listOf(), "", "", null), "en")
    repeat(2) {
        try {
            Wallet.open(settings, Device(None, None))
        } catch (unusable: LibraryException) {
            println("LibraryException " + unusable::class.java.simpleName)
        } catch (refused: WalletException) {
            println("WalletException " + refused.failure.code)
        }
    }
}
"""

checks = Checks()
app = SCRATCH / "app"
shutil.copytree(ROOT / "tests/consumers/maven", app)
(app / "src/main/kotlin").mkdir(parents=True, exist_ok=True)
(app / "src/main/kotlin/Main.kt").write_text(MAIN)
code, text = run([*maven, "-Dexec.skip=true", "package"], app)
if not checks.check(code == 0, "the program compiles"):
    print(last(text))
    checks.close()
path = ":".join(map(str, [app / "target/classes", *sorted((app / "target/lib").glob("*.jar"))]))
contract = patched("contract", "ffi_kabao_ffi_uniffi_contract_version")
checksum = patched("checksum", "uniffi_kabao_ffi_checksum_method_payclient_confirm")
empty = SCRATCH / "empty"
empty.mkdir()
for folder, said in [
    (LIBRARY, "WalletException bad_argument"),
    (contract, "LibraryException OtherVersion"),
    (checksum, "LibraryException OtherVersion"),
    (empty, "LibraryException Missing"),
]:
    # Without the folders that cargo gives what it runs: this library is there.
    code, text = run(["java", f"-Djna.library.path={folder}", "-cp", path, "MainKt"], SCRATCH, LD_LIBRARY_PATH="")
    if not checks.check(code == 0 and text.split("\n")[:2] == [said, said], f"library {folder.name}: {said}, twice, and the program goes on"):
        print(last(text))
checks.check(not (SCRATCH / "wallet").exists(), "nothing of the wallet was made")
checks.close()
