"""An app may have a SQLite of its own: each engine answers with its own version, whichever is linked first."""

import re
import shutil

from consumers import LIBRARY, ROOT, SCRATCH, Checks, last, need, not_run, run

need("gcc", "nm")
library = LIBRARY / "libkabao_ffi.so"
if not library.is_file():
    not_run("no libkabao_ffi.so: cargo build")
other = run(["gcc", "-print-file-name=libsqlite3.so"])[1].strip()
if other == "libsqlite3.so":
    not_run("another SQLite is missing: libsqlite3-dev")

checks = Checks()
exported = [line.split()[-1] for line in run(["nm", "-D", "--defined-only", library])[1].splitlines()]
checks.check(len(exported) > 50, f"the library exports its scaffolding: {len(exported)} names")
strange = [name for name in exported if not re.match(r"(ffi|uniffi)_kabao_|UNIFFI_META_|uniffi_", name)]
checks.equal(strange, [], "and nothing else")

PROGRAM = r"""
#include <stdint.h>
#include <stdio.h>
#include <string.h>
typedef struct { uint64_t capacity, len; uint8_t *data; } Buffer;
typedef struct { int8_t code; Buffer error; } Status;
extern Buffer uniffi_kabao_ffi_fn_func_engine_version(Status *);
extern const char *sqlite3_libversion(void);
typedef struct sqlite3 sqlite3;
extern int sqlite3_open(const char *, sqlite3 **), sqlite3_close(sqlite3 *);
extern int sqlite3_exec(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *, char **);
static int row(void *to, int count, char **values, char **names) { (void)count; (void)names; strcpy(to, values[0]); return 0; }
int main(void) {
    Status status;
    char asked[64] = "";
    sqlite3 *db;
    memset(&status, 0, sizeof status);
    Buffer ours = uniffi_kabao_ffi_fn_func_engine_version(&status);
    if (status.code || sqlite3_open(":memory:", &db) || sqlite3_exec(db, "select sqlite_version()", row, asked, 0) || sqlite3_close(db)) return 1;
    Buffer again = uniffi_kabao_ffi_fn_func_engine_version(&status);
    if (again.len != ours.len || memcmp(again.data, ours.data, ours.len)) return 2;
    printf("%.*s %s %s\n", (int)ours.len, ours.data, sqlite3_libversion(), asked);
    return 0;
}
"""
(SCRATCH / "two.c").write_text(PROGRAM)
shutil.copy(library, SCRATCH)
ours = ["-L", SCRATCH, "-lkabao_ffi"]
theirs = {"shared": ["-lsqlite3"]}
if run(["gcc", "-print-file-name=libsqlite3.a"])[1].strip() != "libsqlite3.a":
    theirs["static"] = ["-l:libsqlite3.a", "-lm", "-lz"]
wanted = re.search(r"SQLITE_VERSION\s+\"([^\"]+)\"", run(["gcc", "-E", "-dM", "-include", "sqlite3.h", "-x", "c", "/dev/null"])[1]).group(1)
seen = set()
for kind, flags in theirs.items():
    for order, words in [("ours first", ours + flags), ("theirs first", flags + ours)]:
        name = f"{kind}, {order}"
        program = SCRATCH / name.replace(", ", "-").replace(" ", "-")
        code, text = run(["gcc", "-Wall", "-Werror", SCRATCH / "two.c", "-o", program, *words, f"-Wl,-rpath,{SCRATCH}", "-lm", "-ldl", "-lpthread"])
        if not checks.check(code == 0, f"{name}: it links"):
            print(last(text))
            continue
        code, text = run([program])
        versions = text.split()
        if checks.check(code == 0 and len(versions) == 3, f"{name}: both engines answer: {text.strip()}"):
            checks.check(versions[0] != wanted and versions[1:] == [wanted, wanted], f"{name}: each with its own version")
            seen.add(versions[0])
checks.equal(len(seen), 1, "ours is the same each time")
checks.close()
