//! Reads the generated Kotlin and Swift and writes what the fake wallets need from it: a blank of every record, and in
//! Swift a class for every client that asks a table of answers. A record that gains a field changes nothing by hand.
//!
//! It reads the text that the generator writes, and nothing else: one field a line, one function a line.

use std::collections::BTreeMap;

/// The two languages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Named arguments, `null`, one package a crate.
    Kotlin,
    /// Labels, `nil`, one module.
    Swift,
}

/// What the generated sources declare.
#[derive(Default)]
pub struct Declared {
    /// Records by their name: where they stand, and their fields with types.
    records: BTreeMap<String, (String, Vec<(String, String)>)>,
    /// Choices by their name: how their plainest case is written, without the fields, and those.
    choices: BTreeMap<String, (String, Vec<(String, String)>)>,
    /// Clients by their name, and their functions as declared.
    clients: BTreeMap<String, Vec<String>>,
    /// Functions of the library that give the version and the shape of each export, and what they have to give.
    marks: Vec<(String, String)>,
}

impl Declared {
    /// Adds what one source declares.
    pub fn read(&mut self, language: Language, text: &str) {
        let text = without_comments(text);
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        if language == Language::Swift {
            self.marks(&lines);
        }
        let package = lines.iter().find_map(|line| line.strip_prefix("package ")).unwrap_or_default().to_owned();
        for (at, line) in lines.iter().enumerate() {
            let body = || lines[at + 1..].iter().take_while(|line| !line.starts_with('}')).copied();
            match language {
                Language::Kotlin => self.kotlin(&package, line, body),
                Language::Swift => self.swift(line, body),
            }
        }
    }

    fn kotlin<'a, I: Iterator<Item = &'a str>>(&mut self, package: &str, line: &str, body: impl Fn() -> I) {
        let full = |name: &str| format!("{package}.{name}");
        if let Some(name) = line.strip_prefix("data class ").and_then(first_word) {
            let fields = body().take_while(|line| !line.starts_with(')')).filter_map(|line| field(line, "val ")).collect();
            self.records.insert(name.to_owned(), (full(name), fields));
        } else if let Some(name) = line.strip_prefix("enum class ").and_then(first_word) {
            let first = body().find_map(|line| first_word(line.trim()).filter(|word| word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')));
            if let Some(first) = first {
                self.choices.insert(name.to_owned(), (format!("{}.{first}", full(name)), Vec::new()));
            }
        } else if let Some(name) = line.strip_prefix("sealed class ").and_then(first_word) {
            let mut cases: Vec<(String, Vec<(String, String)>)> = Vec::new();
            for line in body() {
                let case = line.strip_prefix("    ").unwrap_or_default();
                if let Some(case) = case.strip_prefix("object ").or(case.strip_prefix("data class ")).or(case.strip_prefix("class ")).and_then(first_word) {
                    cases.push((format!("{}.{case}", full(name)), Vec::new()));
                } else if let (Some(field), Some((_, fields))) = (field(line, "val "), cases.last_mut()) {
                    fields.push(field);
                }
            }
            if let Some(plainest) = cases.into_iter().min_by_key(|(_, fields)| fields.len()) {
                self.choices.insert(name.to_owned(), plainest);
            }
        }
    }

    fn marks(&mut self, lines: &[&str]) {
        let after = |before: &str| lines.iter().find_map(|line| line.trim().strip_prefix(before));
        let version = after("let bindings_contract_version = ");
        let asked = after("let scaffolding_contract_version = ").and_then(|call| call.strip_suffix("()"));
        if let (Some(version), Some(asked)) = (version, asked) {
            self.marks.push((asked.to_owned(), version.to_owned()));
        }
        for line in lines {
            let check = line.trim().strip_prefix("if (").and_then(|line| line.strip_suffix(") {"));
            if let Some((function, number)) = check.and_then(|check| check.split_once("() != ")).filter(|(name, _)| name.contains("_checksum_")) {
                self.marks.push((function.to_owned(), number.to_owned()));
            }
        }
    }

    fn swift<'a, I: Iterator<Item = &'a str>>(&mut self, line: &str, body: impl Fn() -> I) {
        if let Some(name) = line.strip_prefix("public struct ").and_then(first_word).filter(|name| !name.starts_with("FfiConverter")) {
            let fields = body().filter_map(|line| field(line, "public let ")).collect();
            self.records.insert(name.to_owned(), (name.to_owned(), fields));
        } else if let Some(name) = line.strip_prefix("public enum ").and_then(first_word) {
            let mut cases: Vec<(String, Vec<(String, String)>)> = Vec::new();
            let mut inside = false;
            for line in body().map(str::trim) {
                if let Some(case) = line.strip_prefix("case ") {
                    let word: String = case.chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '`')).collect();
                    cases.push((format!(".{word}"), Vec::new()));
                    inside = case.contains('(');
                } else if inside && line.starts_with(')') {
                    inside = false;
                } else if let (true, Some(field), Some((_, fields))) = (inside, field(line, ""), cases.last_mut()) {
                    fields.push(field);
                }
            }
            if let Some(plainest) = cases.into_iter().min_by_key(|(_, fields)| fields.len()) {
                self.choices.insert(name.to_owned(), plainest);
            }
        } else if let Some(name) = line.strip_prefix("public protocol ").and_then(first_word).and_then(|name| name.strip_suffix("ClientProtocol")) {
            let functions = body().map(str::trim).filter(|line| line.starts_with("func ")).map(str::to_owned).collect();
            self.clients.insert(name.to_owned(), functions);
        }
    }

    /// How nothing of a type is written: empty, zero, false, the plainest case.
    fn blank(&self, language: Language, kind: &str) -> Result<String, String> {
        let kind = kind.trim().trim_end_matches(',');
        let simple = kind.strip_prefix("kotlin.").unwrap_or(kind);
        if simple.ends_with('?') {
            return Ok(if language == Language::Kotlin { "null" } else { "nil" }.into());
        }
        let text = match (language, simple) {
            (_, "String") => "\"\"",
            (_, "Boolean" | "Bool") => "false",
            (Language::Kotlin, "UByte") => "0u.toUByte()",
            (Language::Kotlin, "UShort") => "0u.toUShort()",
            (Language::Kotlin, "UInt") => "0u",
            (Language::Kotlin, "ULong") => "0uL",
            (Language::Kotlin, "Long") => "0L",
            (Language::Kotlin, "Byte" | "Short" | "Int") => "0",
            (Language::Kotlin, "ByteArray") => "byteArrayOf()",
            (Language::Kotlin, "Timestamp") => "java.time.Instant.EPOCH",
            (Language::Swift, "Int8" | "Int16" | "Int32" | "Int64" | "UInt8" | "UInt16" | "UInt32" | "UInt64") => "0",
            (Language::Swift, "Data") => "Data()",
            (Language::Swift, "Timestamp" | "Date") => "Date(timeIntervalSince1970: 0)",
            (Language::Kotlin, list) if list.starts_with("List<") => "emptyList()",
            (Language::Kotlin, map) if map.starts_with("Map<") => "emptyMap()",
            (Language::Swift, map) if map.starts_with('[') && map.contains(':') => "[:]",
            (Language::Swift, list) if list.starts_with('[') => "[]",
            _ => "",
        };
        if !text.is_empty() {
            return Ok(text.into());
        }
        let name = simple.rsplit('.').next().unwrap_or(simple);
        if self.records.contains_key(name) {
            return Ok(if language == Language::Kotlin { format!("blank{name}()") } else { ".blank()".into() });
        }
        match self.choices.get(name) {
            // An object of Kotlin, a case of either: nothing to give.
            Some((case, fields)) if fields.is_empty() => Ok(case.clone()),
            Some((case, fields)) => Ok(format!("{case}({})", self.arguments(language, fields)?)),
            None => Err(format!("no blank for {kind}: teach xtask/src/blanks.rs")),
        }
    }

    fn arguments(&self, language: Language, fields: &[(String, String)]) -> Result<String, String> {
        let equals = if language == Language::Kotlin { " =" } else { ":" };
        let given: Result<Vec<String>, String> =
            fields.iter().map(|(name, kind)| Ok(format!("{name}{equals} {}", self.blank(language, kind)?))).collect();
        Ok(given?.join(", "))
    }

    /// Kotlin: one function a record.
    pub fn kotlin_blanks(&self) -> Result<String, String> {
        let mut text = String::from("package app.kabao.fake\n");
        for (name, (full, fields)) in &self.records {
            let about = format!("A [{full}] in which everything is empty, zero, false or the first of its kind: `copy` it with what matters.");
            text += &format!("\n/** {about} */\npublic fun blank{name}(): {full} = {full}({})\n", self.arguments(Language::Kotlin, fields)?);
        }
        Ok(text)
    }

    /// Swift: one function a record, whose every argument can be left out.
    pub fn swift_blanks(&self) -> Result<String, String> {
        let mut text = String::from("import Foundation\nimport KabaoKit\n");
        for (name, (_, fields)) in &self.records {
            let mut parameters = Vec::new();
            for (field, kind) in fields {
                parameters.push(format!("{field}: {kind} = {}", self.blank(Language::Swift, kind)?));
            }
            let handed: Vec<String> = fields.iter().map(|(field, _)| format!("{field}: {field}")).collect();
            text += &format!(
                "\nextension {name} {{\n    /// Everything that is not given is empty, zero, false or the first of its kind.\n    public static func blank({}) -> {name} {{\n        {name}({})\n    }}\n}}\n",
                parameters.join(", "),
                handed.join(", ")
            );
        }
        Ok(text)
    }

    /// Swift: one class a client, whose functions ask the table of answers.
    pub fn swift_clients(&self) -> Result<String, String> {
        let mut text = String::from("import Foundation\nimport KabaoKit\n");
        for (name, functions) in &self.clients {
            let part = name.to_lowercase();
            text += &format!("\n/// The client of `{part}` of a fake wallet.\npublic final class Fake{name}: {name}ClientProtocol {{\n    let answers: Answers\n\n    init(_ answers: Answers) {{ self.answers = answers }}\n");
            for function in functions {
                let (head, result) = function.split_once("->").map_or((function.as_str(), "Void"), |(head, result)| (head, result.trim()));
                let call = head.trim_start_matches("func ").split('(').next().unwrap_or_default();
                let inner = head.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map(|(inner, _)| inner).unwrap_or_default();
                let names: Vec<&str> = inner.split(", ").filter_map(|one| one.split_once(':')).map(|(name, _)| name.trim()).collect();
                let handed = names.join(", ");
                let key = format!("{part}.{}", call.trim_matches('`'));
                let body = match head.contains("async throws") {
                    true if result == "Void" => format!("try await answers.give(\"{key}\", [{handed}]) as Void"),
                    true => format!("try await answers.give(\"{key}\", [{handed}])"),
                    false if result == "Void" => format!("answers.note(\"{key}\")"),
                    false => format!("answers.now(\"{key}\", [{handed}]) ?? {}", self.blank(Language::Swift, result)?),
                };
                let head = head.trim_end();
                let arrow = if result == "Void" { String::new() } else { format!(" -> {result}") };
                text += &format!("\n    public {head}{arrow} {{ {body} }}\n");
            }
            text += "}\n";
        }
        let mut known = Vec::new();
        for (name, functions) in &self.clients {
            for function in functions {
                let call = function.trim_start_matches("func ").split('(').next().unwrap_or_default().trim_matches('`');
                known.push(format!("    \"{}.{call}\",\n", name.to_lowercase()));
            }
        }
        text += &format!("\n/// Every call of every client.\nlet everyCall: Set<String> = [\n{}]\n", known.concat());
        Ok(text)
    }

    /// Swift: whether the library is the one that the sources were made from. Their own check ends the program.
    pub fn swift_matches(&self) -> Result<String, String> {
        if self.marks.len() < 2 {
            return Err("the generated Swift checks no version: xtask/src/blanks.rs reads it otherwise than it is written".into());
        }
        let lines: String = self.marks.iter().map(|(function, number)| format!("    if {function}() != {number} {{ return false }}\n")).collect();
        let about = "/// Whether the library is of the version that this module was made from. Where it is not, any other call ends the program.";
        Ok(format!("import KabaoCoreFFI\n\n{about}\npublic let libraryMatches: Bool = {{\n{lines}    return true\n}}()\n"))
    }

    /// Whether anything was found.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }
}

/// A field of a line: `val x: T`, `public let x: T`, `x: T,`.
fn field(line: &str, before: &str) -> Option<(String, String)> {
    let (name, kind) = line.trim().strip_prefix(before)?.split_once(": ")?;
    let plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '`'));
    // What stands behind an equals sign is the default of a field; behind a bracket, what a case of Kotlin belongs to.
    let kind = kind.split(" = ").next().unwrap_or(kind).split(") :").next().unwrap_or(kind);
    plain.then(|| (name.to_owned(), kind.trim().trim_end_matches(',').trim().to_owned()))
}

fn first_word(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).filter(|word| !word.is_empty())
}

/// Without `/* … */`; lines stay apart.
fn without_comments(text: &str) -> String {
    let mut left = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("/*") {
        left.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    left.push_str(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    const KOTLIN: &str = "package app.kabao.wallet\n\ndata class PageView (\n    /** How many. */\n    val `count`: kotlin.UInt\n    , \n    val `next`: kotlin.String? = null\n    , \n    val `state`: app.kabao.money.State\n    , \n    val `way`: Way\n){\n    val x: kotlin.Int get() = 1\n}\n\nenum class State {\n    \n    OPEN,\n    \n    SHUT;\n}\n\nsealed class Way {\n    \n    data class Card(\n        val `id`: kotlin.String) : Way() {\n    }\n    \n    object Balance : Way()\n}\n";
    const SWIFT: &str = "public struct PageView: Equatable, Hashable {\n    /* How many. */\n    public let count: UInt32\n    public let at: Timestamp\n    public let step: Step\n\n    public init(count: UInt32) {\n    }\n}\n\npublic enum Step: Equatable {\n    case send(\n        command: Data\n    )\n    case done(\n        message: Data\n    )\n}\n\npublic protocol PayClientProtocol: AnyObject, Sendable {\n    func list(cursor: String?, most: UInt32) async throws  -> PageView\n    func decline(askId: String) async throws \n    func names()  -> [String]\n}\n";

    #[test]
    fn a_blank_gives_every_field_of_kotlin_in_its_type() {
        let mut declared = Declared::default();
        declared.read(Language::Kotlin, KOTLIN);
        let text = declared.kotlin_blanks().unwrap();
        let wanted = "app.kabao.wallet.PageView(`count` = 0u, `next` = null, `state` = app.kabao.wallet.State.OPEN, `way` = app.kabao.wallet.Way.Balance)";
        assert!(text.contains(wanted), "{text}");
    }

    #[test]
    fn swift_gets_blanks_with_defaults_and_clients_that_ask() {
        let mut declared = Declared::default();
        declared.read(Language::Swift, SWIFT);
        let blanks = declared.swift_blanks().unwrap();
        assert!(blanks.contains("blank(count: UInt32 = 0, at: Timestamp = Date(timeIntervalSince1970: 0), step: Step = .send("), "{blanks}");
        let clients = declared.swift_clients().unwrap();
        assert!(clients.contains("public func list(cursor: String?, most: UInt32) async throws -> PageView { try await answers.give(\"pay.list\", [cursor, most]) }"), "{clients}");
        assert!(clients.contains("public func decline(askId: String) async throws { try await answers.give(\"pay.decline\", [askId]) as Void }"), "{clients}");
        assert!(clients.contains("public func names() -> [String] { answers.now(\"pay.names\", []) ?? [] }"), "{clients}");
    }

    #[test]
    fn swift_asks_the_library_before_the_generated_code_ends_the_program() {
        let mut declared = Declared::default();
        assert!(declared.swift_matches().is_err());
        declared.read(Language::Swift, "    let bindings_contract_version = 30\n    let scaffolding_contract_version = ffi_x_uniffi_contract_version()\n    if (uniffi_x_checksum_func_a() != 7) {\n");
        let text = declared.swift_matches().unwrap();
        assert!(text.contains("    if ffi_x_uniffi_contract_version() != 30 { return false }\n    if uniffi_x_checksum_func_a() != 7 { return false }\n    return true"), "{text}");
    }

    #[test]
    fn a_type_that_nobody_knows_is_named() {
        let mut declared = Declared::default();
        declared.read(Language::Swift, "public struct A {\n    public let x: Mystery\n}\n");
        assert!(declared.swift_blanks().unwrap_err().contains("Mystery"));
    }
}
