//! Finds the library, and declares what its headers do. The headers are regular: comments, constants, and one
//! declaration a sentence; whatever this does not understand ends the build.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Words of Rust's that a C parameter may have as its name.
const KEYWORDS: [&str; 15] =
    ["as", "fn", "impl", "in", "let", "loop", "match", "mod", "mut", "pub", "ref", "trait", "type", "use", "where"];

fn main() {
    println!("cargo:rerun-if-env-changed=XDOMAIN_INCLUDE_DIR");
    println!("cargo:rerun-if-env-changed=XDOMAIN_LIB_DIR");
    let include = folder("XDOMAIN_INCLUDE_DIR", "--variable=includedir").join("xdomain");
    println!("cargo:rustc-link-search=native={}", folder("XDOMAIN_LIB_DIR", "--variable=libdir").display());
    println!("cargo:rustc-link-lib=dylib=xdomain");
    println!("cargo:rerun-if-changed={}", include.display());
    let to = PathBuf::from(env::var_os("OUT_DIR").expect("OUT_DIR")).join("declarations.rs");
    fs::write(to, declarations(&include)).expect("declarations.rs");
}

/// A folder from the environment, otherwise from pkg-config.
fn folder(variable: &str, question: &str) -> PathBuf {
    if let Some(folder) = env::var_os(variable) {
        return PathBuf::from(folder);
    }
    let answer = Command::new("pkg-config")
        .args([question, "xdomain"])
        .output()
        .unwrap_or_else(|error| panic!("{variable} is not set, and pkg-config does not run: {error}"));
    assert!(answer.status.success(), "{variable} is not set, and pkg-config knows no xdomain");
    let answer = String::from_utf8(answer.stdout).expect("UTF-8 of pkg-config");
    PathBuf::from(answer.trim_end_matches('\n').replace("\\ ", " ")) // as a shell would take it
}

/// The declarations of the headers of one folder and of its unstable/.
fn declarations(include: &Path) -> String {
    let mut paths: Vec<PathBuf> = [include, &include.join("unstable")]
        .into_iter()
        .flat_map(|folder| fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "h"))
        .collect();
    paths.sort();
    let mut out = Output::default();
    for path in paths {
        let text = without_comments(&fs::read_to_string(&path).expect("a header"));
        let mut code = String::new();
        let mut continued = false;
        for line in text.lines() {
            if continued || line.trim_start().starts_with('#') {
                out.directive(line);
                continued = line.ends_with('\\');
            } else {
                code.push_str(line);
                code.push('\n');
            }
        }
        Reader::new(&code, &path.display().to_string()).read(&mut out);
    }
    out.finish()
}

fn without_comments(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(begin) = rest.find("/*") {
        kept.push_str(&rest[..begin]);
        kept.push(' ');
        let end = rest[begin..].find("*/").expect("the end of a comment");
        rest = &rest[begin + end + 2..];
    }
    kept + rest
}

#[derive(Default)]
struct Output {
    text: String,
    functions: String,
    described: BTreeSet<String>,
    named: BTreeSet<String>,
}

impl Output {
    /// `#define XD_NAME 5`, and nothing else of the preprocessor's.
    fn directive(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["#define", name, value] = words[..] {
            if !name.starts_with("XD_") || name.contains('(') {
                return;
            }
            let number = value.trim_end_matches(['u', 'U', 'l', 'L']);
            let whole = match number.strip_prefix("0x") {
                Some(digits) => u64::from_str_radix(digits, 16),
                None => number.parse::<u64>(),
            };
            if let Ok(whole) = whole {
                let kind = if whole <= u32::MAX.into() { "u32" } else { "u64" };
                let _ = writeln!(self.text, "pub const {name}: {kind} = {whole};");
            } else if number.parse::<f64>().is_ok() {
                let _ = writeln!(self.text, "pub const {name}: f64 = {number};");
            }
        }
    }

    fn finish(mut self) -> String {
        for name in self.named.difference(&self.described) {
            let _ = write!(
                self.text,
                "#[repr(C)]\npub struct {name} {{\n    _opaque: [u8; 0],\n    \
                 _not_auto: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,\n}}\n"
            );
        }
        self.text + "extern \"C\" {\n" + &self.functions + "}\n"
    }
}

struct Reader<'a> {
    words: Vec<&'a str>,
    at: usize,
    name: &'a str,
}

impl<'a> Reader<'a> {
    fn new(code: &'a str, name: &'a str) -> Self {
        let mut words = Vec::new();
        let mut rest = code.trim_start();
        while !rest.is_empty() {
            let letters = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let length = letters.max(1);
            words.push(&rest[..length]);
            rest = rest[length..].trim_start();
        }
        Reader { words, at: 0, name }
    }

    fn peek(&self) -> &'a str {
        self.words.get(self.at).copied().unwrap_or("")
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.at += 1;
        word
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == word;
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, word: &str) {
        let found = self.next();
        assert!(found == word, "{}: {found:?} where {word:?} was expected", self.name);
    }

    fn read(&mut self, out: &mut Output) {
        loop {
            match self.next() {
                "" => return,
                "XD_BEGIN_DECLS" | "XD_END_DECLS" => {}
                "enum" => self.read_enum(out),
                "XD_API" => self.read_function(out),
                "typedef" => self.read_typedef(out),
                "struct" => {
                    out.named.insert(self.next().to_string());
                    self.expect(";");
                }
                other => panic!("{}: {other:?} was not understood", self.name),
            }
        }
    }

    fn read_enum(&mut self, out: &mut Output) {
        self.expect("{");
        while !self.take("}") {
            let name = self.next();
            self.expect("=");
            let sign = if self.take("-") { "-" } else { "" };
            // Statuses are signed; whatever else is counted is not.
            let kind = if name == "XD_OK" || name.starts_with("XD_ERROR_") { "i32" } else { "u32" };
            let _ = writeln!(out.text, "pub const {name}: {kind} = {sign}{};", self.next());
            self.take(",");
        }
        self.expect(";");
    }

    fn read_typedef(&mut self, out: &mut Output) {
        if self.peek() == "struct" && self.words.get(self.at + 2) == Some(&"{") {
            return self.read_struct(out);
        }
        let kind = self.read_type(out);
        if self.take("(") {
            self.expect("*");
            let name = self.next();
            self.expect(")");
            let signature = self.read_signature(out, &kind);
            let _ = writeln!(out.text, "pub type {name} = Option<unsafe extern \"C\" fn{signature}>;");
        } else {
            let name = self.next();
            if kind != name {
                let _ = writeln!(out.text, "pub type {name} = {kind};");
                out.described.insert(name.to_string());
            }
        }
        self.expect(";");
    }

    fn read_struct(&mut self, out: &mut Output) {
        self.expect("struct");
        let name = self.next();
        self.expect("{");
        let mut text = format!("#[repr(C)]\n#[derive(Clone, Copy)]\npub struct {name} {{\n");
        while !self.take("}") {
            let kind = self.read_type(out);
            if self.take("(") {
                self.expect("*");
                let field = self.next();
                self.expect(")");
                let signature = self.read_signature(out, &kind);
                let _ = writeln!(text, "    pub {field}: Option<unsafe extern \"C\" fn{signature}>,");
            } else {
                loop {
                    let field = self.next();
                    let kind = self.read_array(&kind);
                    let _ = writeln!(text, "    pub {field}: {kind},");
                    if !self.take(",") {
                        break;
                    }
                }
            }
            self.expect(";");
        }
        assert!(self.next() == name, "{}: the struct {name} has two names", self.name);
        self.expect(";");
        out.described.insert(name.to_string());
        out.text += &text;
        out.text += "}\n";
    }

    fn read_function(&mut self, out: &mut Output) {
        let result = self.read_type(out);
        let name = self.next();
        let signature = self.read_signature(out, &result);
        self.expect(";");
        let _ = writeln!(out.functions, "    pub fn {name}{signature};");
    }

    /// `(parameters) -> result`
    fn read_signature(&mut self, out: &mut Output, result: &str) -> String {
        let mut text = String::from("(");
        self.expect("(");
        let mut count = 0;
        while !self.take(")") {
            let kind = self.read_type(out);
            if kind != "()" {
                let mut name = String::from(if self.peek() == "," || self.peek() == ")" { "" } else { self.next() });
                if name.is_empty() || KEYWORDS.contains(&name.as_str()) {
                    name = format!("p{count}");
                }
                let _ = write!(text, "{}{name}: {kind}", if count > 0 { ", " } else { "" });
                count += 1;
            }
            self.take(",");
        }
        text.push(')');
        if result != "()" {
            let _ = write!(text, " -> {result}");
        }
        text
    }

    fn read_array(&mut self, kind: &str) -> String {
        if !self.take("[") {
            return kind.to_string();
        }
        let text = format!("[{kind}; {}]", self.next());
        self.expect("]");
        text
    }

    fn read_type(&mut self, out: &mut Output) -> String {
        let mut constant = self.take("const");
        self.take("struct");
        let name = self.next();
        let plain = match name {
            "void" => "()",
            "char" => "core::ffi::c_char",
            "int" => "core::ffi::c_int",
            "float" => "f32",
            "double" => "f64",
            "size_t" => "usize",
            "ptrdiff_t" => "isize",
            "uint8_t" => "u8",
            "int32_t" => "i32",
            "uint32_t" => "u32",
            "uint64_t" => "u64",
            _ => name,
        };
        assert!(plain.starts_with("xd_") || plain != name || name.starts_with('u'), "{}: the type {name:?}", self.name);
        let mut kind = plain.to_string();
        constant |= self.take("const");
        while self.take("*") {
            let pointed = if kind == "()" { "core::ffi::c_void" } else { &kind };
            if pointed == name && name.starts_with("xd_") {
                self.note(out, name);
            }
            kind = format!("*{} {pointed}", if constant { "const" } else { "mut" });
            constant = self.take("const");
        }
        if kind == name && self.words.get(self.at) == Some(&name) {
            self.note(out, name);
        }
        kind
    }

    /// Structs that are named and never described are opaque.
    fn note(&self, out: &mut Output, name: &str) {
        out.named.insert(name.to_string());
    }
}
