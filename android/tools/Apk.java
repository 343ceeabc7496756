import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * Makes an APK: dexes the libraries (once) and the app's own classes, puts them beside the linked resources, aligns, signs
 * with a key of this machine and has the signature verified.
 *
 * <p>{@code java Apk.java OUT R8_JAR PLATFORM_JAR APP_FOLDER LEGAL_FOLDER CLASSPATH}. Native libraries are taken
 * from APP_FOLDER/jniLibs/ABI and assets from APP_FOLDER/assets when they are there; notice and licences from LEGAL_FOLDER.
 */
class Apk {
    private final Path out;
    private final Path r8;
    private final Path platform;

    private Apk(Path out, Path r8, Path platform) {
        this.out = out;
        this.r8 = r8;
        this.platform = platform;
    }

    public static void main(String[] args) throws Exception {
        new Apk(Path.of(args[0]), Path.of(args[1]), Path.of(args[2])).make(Path.of(args[3]), Path.of(args[4]), args[5].split(File.pathSeparator));
    }

    private void make(Path app, Path legal, String[] classpath) throws Exception {
        List<Path> libraries = new ArrayList<>();
        List<Path> own = new ArrayList<>();
        for (String part : classpath) {
            Path path = Path.of(part);
            boolean library = Files.isRegularFile(path) || path.endsWith(Path.of("aars", "target", "classes"));
            (library ? libraries : own).add(path);
        }
        Path libraryDex = out.resolve("libraries-dex.zip");
        Path stamp = out.resolve("dexed");
        StringBuilder state = new StringBuilder();
        for (Path library : libraries) {
            Path folded = library.resolveSibling("folded");
            state.append(library).append(' ').append(Files.isDirectory(library) ? Files.readString(folded) : Files.size(library)).append('\n');
        }
        if (!Files.exists(stamp) || !Files.readString(stamp).contentEquals(state)) {
            Files.deleteIfExists(stamp);
            dex(jar(libraries, out.resolve("libraries.jar")), libraryDex, null);
            Files.writeString(stamp, state);
        }
        Path ownDex = out.resolve("own-dex.zip");
        dex(jar(own, out.resolve("own.jar")), ownDex, out.resolve("libraries.jar"));

        Path plain = out.resolve("plain.apk");
        List<String> natives = pack(plain, List.of(libraryDex, ownDex), app, legal);
        Path aligned = out.resolve("aligned.apk");
        Files.deleteIfExists(aligned);
        run(List.of("zipalign", "-p", "4", plain.toString(), aligned.toString()));
        Path apk = out.resolve("kabao.apk");
        run(List.of("apksigner", "sign", "--ks", keys().toString(), "--ks-pass", "pass:android", "--min-sdk-version", "26",
            "--out", apk.toString(), aligned.toString()));
        System.out.print(run(List.of("apksigner", "verify", "--verbose", "--min-sdk-version", "26", apk.toString())).lines()
            .filter(line -> line.startsWith("Verified using v3") || line.startsWith("Verifies")).reduce("", (a, b) -> a + b + "\n"));
        System.out.println(apk.normalize() + ": " + Files.size(apk) + " bytes, signed with a key of this machine");
        System.out.println(natives.isEmpty()
            ? "It carries no native library: on a phone it starts, says so, and does nothing else."
            : "native libraries: " + String.join(" ", natives));
    }

    /** One jar out of folders and jars; the first of two entries of a name stays. */
    private Path jar(List<Path> parts, Path to) throws IOException {
        Set<String> known = new HashSet<>();
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(to))) {
            for (Path part : parts) {
                if (Files.isDirectory(part)) {
                    try (Stream<Path> files = Files.walk(part)) {
                        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                            put(zip, known, part.relativize(file).toString().replace(File.separatorChar, '/'), Files.readAllBytes(file));
                        }
                    }
                } else {
                    try (ZipInputStream in = new ZipInputStream(Files.newInputStream(part))) {
                        for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                            put(zip, known, entry.getName(), in.readAllBytes());
                        }
                    }
                }
            }
        }
        return to;
    }

    private static void put(ZipOutputStream zip, Set<String> known, String name, byte[] bytes) throws IOException {
        if (name.endsWith(".class") && !name.startsWith("META-INF/") && !name.equals("module-info.class") && known.add(name)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(bytes);
        }
    }

    private void dex(Path jar, Path to, Path with) throws Exception {
        List<String> line = new ArrayList<>(List.of("java", "-Xmx1500m", "-cp", r8.toString(), "com.android.tools.r8.D8", "--release",
            "--min-api", "26", "--lib", platform.toString(), "--output", to.toString()));
        if (with != null) {
            line.addAll(List.of("--classpath", with.toString()));
        }
        line.add(jar.toString());
        run(line);
    }

    private List<String> pack(Path to, List<Path> dexes, Path app, Path legal) throws IOException {
        List<String> natives = new ArrayList<>();
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(to))) {
            try (ZipInputStream in = new ZipInputStream(Files.newInputStream(out.resolve("resources.apk")))) {
                for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                    // Read from the file as it lies there: the system maps it.
                    add(zip, entry.getName(), in.readAllBytes(), entry.getName().equals("resources.arsc"));
                }
            }
            int number = 0;
            for (Path dex : dexes) {
                try (ZipInputStream in = new ZipInputStream(Files.newInputStream(dex))) {
                    for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                        number += 1;
                        add(zip, number == 1 ? "classes.dex" : "classes" + number + ".dex", in.readAllBytes(), false);
                    }
                }
            }
            // The terms of what is packed ask to be handed on with it.
            for (String text : List.of("NOTICE", "LICENSE-APACHE", "LICENSE-MIT")) {
                add(zip, "assets/" + text, Files.readAllBytes(legal.resolve(text)), false);
            }
            for (String kind : List.of("assets", "jniLibs")) {
                Path folder = app.resolve(kind);
                if (!Files.isDirectory(folder)) {
                    continue;
                }
                try (Stream<Path> files = Files.walk(folder)) {
                    for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                        boolean library = kind.equals("jniLibs");
                        String name = (library ? "lib/" : "assets/") + folder.relativize(file).toString().replace(File.separatorChar, '/');
                        add(zip, name, Files.readAllBytes(file), library);
                        if (library) {
                            natives.add(name);
                        }
                    }
                }
            }
        }
        return natives;
    }

    private static void add(ZipOutputStream zip, String name, byte[] bytes, boolean stored) throws IOException {
        ZipEntry entry = new ZipEntry(name);
        if (stored) {
            CRC32 sum = new CRC32();
            sum.update(bytes);
            entry.setMethod(ZipEntry.STORED);
            entry.setSize(bytes.length);
            entry.setCrc(sum.getValue());
        }
        zip.putNextEntry(entry);
        zip.write(bytes);
    }

    /** A key for trying it out. A release is signed with the key of who publishes it. */
    private Path keys() throws Exception {
        Path keys = out.resolve("trial.keystore");
        if (!Files.exists(keys)) {
            run(List.of("keytool", "-genkeypair", "-keystore", keys.toString(), "-storepass", "android", "-alias", "trial", "-keyalg", "EC",
                "-groupname", "secp256r1", "-validity", "10000", "-dname", "CN=Kabao trial"));
        }
        return keys;
    }

    private static String run(List<String> line) throws Exception {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said;
        try (InputStream in = process.getInputStream(); OutputStream nothing = process.getOutputStream()) {
            said = new String(in.readAllBytes());
        }
        if (process.waitFor() != 0) {
            throw new IOException(line.get(0) + " failed:\n" + said);
        }
        return said;
    }
}
