import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Makes the screens' labels from the wallet's word files, which are the only place with sentences.
 *
 * <p>{@code java Words.java FOLDER_OF_WORDS SOURCES RES}. Writes {@code app/kabao/model/Label.kt} below SOURCES, and
 * {@code values/strings.xml} and {@code values-zh/strings.xml} below RES with the app's name, which the system asks for.
 */
class Words {
    /** The tables that hold labels of screens; the others the core says by itself. */
    private static final Set<String> TABLES = Set.of("screen", "receipt", "wait");

    private static final Pattern LINE = Pattern.compile("([a-z0-9_]+) = \"((?:[^\"\\\\]|\\\\.)*)\"");

    public static void main(String[] args) throws IOException {
        Map<String, String> chinese = read(Path.of(args[0], "zh-CN.toml"));
        Map<String, String> english = read(Path.of(args[0], "en.toml"));
        if (chinese.isEmpty() || !chinese.keySet().equals(english.keySet())) {
            throw new IOException("the two word files differ in their labels, or have none");
        }
        StringBuilder out = new StringBuilder("""
            package app.kabao.model

            /** A label of a screen. Made from the wallet's word files; not to be edited. */
            public enum class Label(internal val chinese: String, internal val english: String) {
            """);
        for (String key : chinese.keySet()) {
            String name = key.replace('.', '_').toUpperCase(Locale.ROOT);
            out.append("    ").append(name).append('(').append(literal(chinese.get(key))).append(", ")
                .append(literal(english.get(key))).append("),\n");
        }
        write(Path.of(args[1], "app/kabao/model/Label.kt"), out.append("}\n").toString());
        write(Path.of(args[2], "values/strings.xml"), strings(english.get("screen.home")));
        write(Path.of(args[2], "values-zh/strings.xml"), strings(chinese.get("screen.home")));
    }

    private static Map<String, String> read(Path file) throws IOException {
        Map<String, String> found = new LinkedHashMap<>();
        String table = "";
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            Matcher entry = LINE.matcher(line);
            if (line.startsWith("[") && line.endsWith("]")) {
                table = line.substring(1, line.length() - 1);
            } else if (TABLES.contains(table) && entry.matches()) {
                if (entry.group(2).contains("\\")) {
                    throw new IOException(file + ": an escape, which is not read here: " + line);
                }
                found.put(table + "." + entry.group(1), entry.group(2));
            } else if (TABLES.contains(table) && !line.isBlank() && !line.startsWith("#")) {
                throw new IOException(file + ": not understood: " + line);
            }
        }
        return found;
    }

    private static String literal(String text) {
        return '"' + text.replace("$", "\\$") + '"';
    }

    private static String strings(String name) {
        String safe = name.replace("&", "&amp;").replace("<", "&lt;").replace("'", "\\'");
        return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<resources>\n    <string name=\"app_name\">" + safe + "</string>\n</resources>\n";
    }

    /** A file whose text did not change is left alone, so that the compiler stays incremental. */
    private static void write(Path to, String text) throws IOException {
        if (Files.exists(to) && Files.readString(to).equals(text)) {
            return;
        }
        Files.createDirectories(to.getParent());
        Files.writeString(to, text);
    }
}
