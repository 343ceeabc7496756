import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/**
 * Folds fetched AARs and jars into one folder of classes, and sets aside what is no class: `res/NAME`, `manifests/NAME.xml`.
 *
 * <p>{@code java Fold.java FETCHED TARGET}. Does nothing when the list of files is that of the last run.
 */
class Fold {
    public static void main(String[] args) throws IOException {
        Path fetched = Path.of(args[0]);
        Path target = Path.of(args[1]);
        List<Path> archives;
        try (var files = Files.list(fetched)) {
            archives = files.filter(file -> file.toString().endsWith(".aar") || file.toString().endsWith(".jar")).sorted().toList();
        }
        StringBuilder list = new StringBuilder();
        for (Path archive : archives) {
            list.append(archive.getFileName()).append(' ').append(Files.size(archive)).append('\n');
        }
        Path stamp = target.resolve("folded");
        if (Files.exists(stamp) && Files.readString(stamp).contentEquals(list)) {
            return;
        }
        Files.deleteIfExists(stamp);
        Fold fold = new Fold(target);
        for (Path archive : archives) {
            fold.archive(archive);
        }
        fold.services();
        Files.writeString(stamp, list);
        System.out.println("folded " + archives.size() + " archives, " + fold.classes + " classes");
    }

    private final Path target;
    private final TreeMap<String, StringBuilder> services = new TreeMap<>();
    private int classes;

    private Fold(Path target) {
        this.target = target;
    }

    private void archive(Path archive) throws IOException {
        String file = archive.getFileName().toString();
        String name = file.substring(0, file.length() - 4);
        try (InputStream in = Files.newInputStream(archive)) {
            if (file.endsWith(".jar")) {
                jar(in);
                return;
            }
            ZipInputStream zip = new ZipInputStream(in);
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String inside = entry.getName();
                if (inside.equals("classes.jar") || (inside.startsWith("libs/") && inside.endsWith(".jar"))) {
                    jar(zip);
                } else if (inside.startsWith("res/") && !entry.isDirectory()) {
                    write(target.resolve("res").resolve(name).resolve(inside.substring(4)), zip.readAllBytes());
                } else if (inside.equals("AndroidManifest.xml")) {
                    write(target.resolve("manifests").resolve(name + ".xml"), zip.readAllBytes());
                }
            }
        }
    }

    private void jar(InputStream in) throws IOException {
        ZipInputStream zip = new ZipInputStream(in);
        for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
            String inside = entry.getName();
            if (entry.isDirectory() || inside.equals("META-INF/MANIFEST.MF") || inside.equals("module-info.class")) {
                continue;
            }
            if (inside.startsWith("META-INF/services/")) {
                services.computeIfAbsent(inside, key -> new StringBuilder())
                    .append(new String(zip.readAllBytes(), StandardCharsets.UTF_8)).append('\n');
                continue;
            }
            classes += inside.endsWith(".class") ? 1 : 0;
            write(target.resolve("classes").resolve(inside), zip.readAllBytes());
        }
    }

    private void services() throws IOException {
        for (var service : services.entrySet()) {
            write(target.resolve("classes").resolve(service.getKey()), service.getValue().toString().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void write(Path to, byte[] bytes) throws IOException {
        if (!to.normalize().startsWith(target)) {
            throw new IOException("an archive names a file outside: " + to);
        }
        Files.createDirectories(to.getParent());
        Files.write(to, bytes);
    }
}
