//! The facade only hands on. Whatever decides, repeats or computes stands in `convert`, or in the core.
#![allow(clippy::unwrap_used, reason = "the whole file is tests")]

use std::fs;
use std::path::{Path, PathBuf};
use syn::visit::{self, Visit};

/// What a file does besides handing on.
#[derive(Default)]
struct Found {
    what: Vec<&'static str>,
    functions: usize,
}

impl Visit<'_> for Found {
    fn visit_expr(&mut self, expression: &syn::Expr) {
        match expression {
            syn::Expr::If(_) => self.what.push("if"),
            syn::Expr::Match(_) => self.what.push("match"),
            syn::Expr::While(_) => self.what.push("while"),
            syn::Expr::Loop(_) => self.what.push("loop"),
            syn::Expr::ForLoop(_) => self.what.push("for"),
            syn::Expr::Binary(_) => self.what.push("an operator"),
            syn::Expr::Unary(syn::ExprUnary { op: syn::UnOp::Neg(_), .. }) => self.what.push("a minus"),
            syn::Expr::Unsafe(_) => self.what.push("unsafe"),
            _ => {}
        }
        visit::visit_expr(self, expression);
    }

    fn visit_local(&mut self, local: &syn::Local) {
        if local.init.as_ref().is_some_and(|init| init.diverge.is_some()) {
            self.what.push("let else");
        }
        visit::visit_local(self, local);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.functions += 1;
        visit::visit_impl_item_fn(self, function);
    }

    fn visit_item_mod(&mut self, module: &syn::ItemMod) {
        let test = |attribute: &syn::Attribute| {
            attribute.path().is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|name| name == "test")
        };
        if !module.attrs.iter().any(test) {
            visit::visit_item_mod(self, module);
        }
    }
}

fn look(text: &str) -> Found {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(text).unwrap());
    found
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|kind| kind == "rs"));
    all.sort();
    all
}

#[test]
fn the_facade_has_no_branch_no_loop_and_no_arithmetic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut functions = 0;
    for path in sources(&folder) {
        let found = look(&fs::read_to_string(&path).unwrap());
        functions += found.functions;
        assert!(found.what.is_empty(), "{}: {:?}: it belongs into the core, or into convert", path.display(), found.what);
    }
    assert!(functions > 60, "only {functions} functions were read");
    // The one place that may decide exists, and does.
    let inside: usize = sources(&folder.join("convert")).iter().map(|path| look(&fs::read_to_string(path).unwrap()).what.len()).sum();
    assert!(inside > 0);
}

#[test]
fn what_decides_is_seen_wherever_it_hides() {
    for (text, what) in [
        ("fn f(a: bool) -> u8 { if a { 1 } else { 2 } }", "if"),
        ("impl A { fn f(&self) -> u8 { self.run(|x| async move { match x { _ => 1 } }) } }", "match"),
        ("fn f(a: u8) -> u8 { a + 1 }", "an operator"),
        ("fn f() { for _ in 0..2 {} }", "for"),
        ("fn f(a: Option<u8>) { let Some(_) = a else { return }; }", "let else"),
        ("mod inner { fn f() { loop {} } }", "loop"),
    ] {
        assert_eq!(look(text).what, [what], "{text}");
    }
    assert!(look("#[cfg(test)] mod tests { fn f() { loop {} } } fn g(a: A) -> u8 { a.b().c() }").what.is_empty());
}
