import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.tools.ToolProvider;

/**
 * Links the resources of the libraries and of the app with aapt2, and compiles the R classes that the libraries ask for.
 *
 * <p>{@code java Resources.java OUT PLATFORM MANIFEST PACKAGE TARGET...}: OUT/resources.apk, OUT/classes with the R classes
 * and with Robolectric's test_config.properties. PLATFORM is a jar with Android's own resources. Each TARGET is a
 * folder with `res` (folders of resources, one a library, or one itself) and perhaps `manifests`, as Fold.java leaves them.
 */
class Resources {
    private static final Pattern PACKAGE = Pattern.compile("package=\"([^\"]+)\"");

    public static void main(String[] args) throws Exception {
        Path out = Path.of(args[0]);
        Path manifest = Path.of(args[2]);
        List<Path> targets = Arrays.stream(args).skip(4).map(Path::of).toList();
        StringBuilder state = new StringBuilder(String.join(" ", args)).append(Files.readString(manifest));
        for (Path target : targets) {
            Path folded = target.resolve("folded");
            state.append(Files.exists(folded) ? Files.readString(folded) : listed(target.resolve("res")));
        }
        Path stamp = out.resolve("linked");
        if (Files.exists(stamp) && Files.readString(stamp).contentEquals(state)) {
            return;
        }
        Files.deleteIfExists(stamp);
        Path flat = emptied(out.resolve("flat"));
        Path generated = emptied(out.resolve("generated-r"));

        List<String> packages = new ArrayList<>();
        List<String> link = new ArrayList<>(List.of("aapt2", "link", "-o", out.resolve("resources.apk").toString(), "-I", args[1],
            "--manifest", manifest.toString(), "--java", generated.toString(), "--auto-add-overlay",
            "--custom-package", args[3], "--min-sdk-version", "26", "--target-sdk-version", "35"));
        for (Path target : targets) {
            for (Path folder : resources(target.resolve("res"))) {
                Path zip = flat.resolve(link.size() + ".zip");
                run(List.of("aapt2", "compile", "--dir", folder.toString(), "-o", zip.toString()));
                link.addAll(List.of("-R", zip.toString()));
            }
            if (Files.isDirectory(target.resolve("manifests"))) {
                for (Path library : sorted(target.resolve("manifests"))) {
                    Matcher found = PACKAGE.matcher(Files.readString(library));
                    if (found.find() && !packages.contains(found.group(1))) {
                        packages.add(found.group(1));
                    }
                }
            }
        }
        if (!packages.isEmpty()) {
            link.addAll(List.of("--extra-packages", String.join(":", packages)));
        }
        run(link);

        Path classes = out.resolve("classes");
        Files.createDirectories(classes);
        List<String> compile = new ArrayList<>(List.of("-nowarn", "-d", classes.toString(), "--release", "17"));
        try (Stream<Path> files = Files.walk(generated)) {
            files.filter(file -> file.toString().endsWith(".java")).map(Path::toString).forEach(compile::add);
        }
        if (ToolProvider.getSystemJavaCompiler().run(null, null, null, compile.toArray(String[]::new)) != 0) {
            throw new IOException("the R classes do not compile");
        }
        Path config = classes.resolve("com/android/tools/test_config.properties");
        Files.createDirectories(config.getParent());
        Files.writeString(config, "android_merged_manifest=" + manifest.toAbsolutePath().normalize() + "\nandroid_resource_apk="
            + out.resolve("resources.apk").toAbsolutePath().normalize() + "\nandroid_custom_package=" + args[3] + "\n");
        Files.writeString(stamp, state);
        System.out.println("linked the resources of " + packages.size() + " packages");
    }

    /** The folders that hold `values`, `drawable` and so on: the folder itself, or one a library. */
    private static List<Path> resources(Path res) throws IOException {
        if (!Files.isDirectory(res)) {
            return List.of();
        }
        return Files.isDirectory(res.resolve("values")) ? List.of(res) : sorted(res);
    }

    private static List<Path> sorted(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    private static String listed(Path res) throws IOException {
        if (!Files.isDirectory(res)) {
            return "";
        }
        StringBuilder text = new StringBuilder();
        try (Stream<Path> files = Files.walk(res)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                text.append(file).append(' ').append(Files.getLastModifiedTime(file)).append('\n');
            }
        }
        return text.toString();
    }

    private static Path emptied(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        return Files.createDirectories(folder);
    }

    private static void run(List<String> line) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes());
        if (process.waitFor() != 0) {
            throw new IOException(String.join(" ", line.subList(0, 2)) + " failed:\n" + said);
        }
    }
}
