//! Reads a crate as its compiler would: from the root file along every `mod`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::str::FromStr as _;

use anyhow::{Context as _, Result, bail};
use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::visit::Visit;

use crate::source::{File, FileId, Import, InherentImpl, Module, ModuleId, Region, Source};
use crate::tokens::flatten;

/// Reads the crate whose root is the file `root`. Paths are kept from the folder `workspace`.
///
/// # Errors
///
/// If a file is missing or is no Rust code.
pub(crate) fn read(workspace: &Path, root: &Path) -> Result<Source> {
    let mut reader = Reader { workspace, source: Source::default(), follows_modules: true };
    let folder = root.parent().context("a root file lies in a folder")?;
    reader.file(root, folder, Vec::new(), None, false)?;
    Ok(reader.source)
}

/// Reads one file by itself, without the files of modules that it declares.
///
/// # Errors
///
/// If it is no Rust code.
pub(crate) fn read_alone(workspace: &Path, file: &Path) -> Result<Source> {
    let mut reader = Reader { workspace, source: Source::default(), follows_modules: false };
    let folder = file.parent().context("a file lies in a folder")?;
    reader.file(file, folder, Vec::new(), None, false)?;
    Ok(reader.source)
}

struct Reader<'a> {
    workspace: &'a Path,
    source: Source,
    follows_modules: bool,
}

impl Reader<'_> {
    fn file(
        &mut self,
        path: &Path,
        children: &Path,
        name: Vec<String>,
        parent: Option<ModuleId>,
        is_test: bool,
    ) -> Result<FileId> {
        let in_workspace = path.strip_prefix(self.workspace).unwrap_or(path).to_path_buf();
        let read = || -> Result<(TokenStream, syn::File)> {
            let text = fs::read_to_string(path)?;
            let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
            let stream = TokenStream::from_str(text).map_err(syn::Error::from)?;
            Ok((stream.clone(), syn::parse2(stream)?))
        };
        let (stream, parsed) = read().with_context(|| format!("cannot read {}", in_workspace.display()))?;
        let is_all_tests = is_test || is_for_tests(&parsed.attrs);
        let file = FileId(self.source.files.len());
        let module = self.module(name, parent, file);
        self.source.files.push(File {
            path: in_workspace,
            module,
            tokens: flatten(stream),
            inline: Vec::new(),
            is_all_tests,
            tests: Vec::new(),
            imports: Vec::new(),
            impls: Vec::new(),
            declares: Vec::new(),
        });
        let folder = path.parent().context("a file lies in a folder")?;
        let place = Place { file, module, folder, children, is_test: is_all_tests };
        self.items(&parsed.items, &place)?;
        Ok(file)
    }

    fn module(&mut self, path: Vec<String>, parent: Option<ModuleId>, file: FileId) -> ModuleId {
        let id = ModuleId(self.source.modules.len());
        if let (Some(parent), Some(name)) = (parent, path.last()) {
            self.source.modules[parent.0].children.insert(name.clone(), id);
        }
        self.source.modules.push(Module {
            path,
            parent,
            file,
            children: BTreeMap::new(),
            items: BTreeSet::new(),
        });
        id
    }

    fn items(&mut self, items: &[syn::Item], place: &Place<'_>) -> Result<()> {
        for item in items {
            let is_test = place.is_test || is_for_tests(attributes(item));
            if is_test {
                self.source.files[place.file.0].tests.push(Region::of(item.span()));
            }
            if let syn::Item::Mod(declaration) = item {
                self.declared_module(declaration, &Place { is_test, ..*place })?;
                continue;
            }
            if let Some(name) = defined_name(item)
                && !is_test
            {
                if is_exported_macro(item) {
                    self.source.exported_macros.insert(name.clone(), place.module);
                }
                self.source.modules[place.module.0].items.insert(name);
            }
            let mut inside =
                Inside { module: place.module, is_test, file: &mut self.source.files[place.file.0] };
            inside.visit_item(item);
        }
        Ok(())
    }

    fn declared_module(&mut self, declaration: &syn::ItemMod, place: &Place<'_>) -> Result<()> {
        let name = declaration.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name).to_owned();
        let line = declaration.ident.span().start().line;
        let mut path = self.source.modules[place.module.0].path.clone();
        path.push(name.clone());
        if let Some((_, items)) = &declaration.content {
            let module = self.module(path, Some(place.module), place.file);
            self.source.files[place.file.0].inline.push((Region::of(declaration.span()), module));
            let children = place.children.join(&name);
            return self.items(items, &Place { module, children: &children, folder: &children, ..*place });
        }
        if !self.follows_modules {
            return Ok(());
        }
        let (file, children) = module_file(declaration, &name, place)?;
        let file = self.file(&file, &children, path, Some(place.module), place.is_test)?;
        if !place.is_test {
            self.source.files[place.file.0].declares.push((file, line));
        }
        Ok(())
    }
}

/// Where the reader is.
#[derive(Clone, Copy)]
struct Place<'a> {
    file: FileId,
    module: ModuleId,
    /// Which folder `#[path]` counts from.
    folder: &'a Path,
    /// Which folder the files of child modules lie in.
    children: &'a Path,
    is_test: bool,
}

/// The file of `mod name;`, and the folder of its own children.
fn module_file(declaration: &syn::ItemMod, name: &str, place: &Place<'_>) -> Result<(PathBuf, PathBuf)> {
    if let Some(path) = path_attribute(&declaration.attrs) {
        let file = place.folder.join(path);
        let children = file.parent().unwrap_or(place.folder).to_path_buf();
        return Ok((file, children));
    }
    let flat = place.children.join(name).with_extension("rs");
    let nested = place.children.join(name).join("mod.rs");
    let children = place.children.join(name);
    match (flat.is_file(), nested.is_file()) {
        (true, _) => Ok((flat, children)),
        (false, true) => Ok((nested, children)),
        (false, false) => bail!("the module `{name}` has no file {}", flat.display()),
    }
}

fn path_attribute(attributes: &[syn::Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

/// Whether something is compiled for tests alone: `#[cfg(test)]`, `#[test]`, or `#[cfg(all(test, ...))]`.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::Path(path) => path.is_ident("test"),
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let words = list.tokens.to_string().replace(' ', "");
            words == "test" || words.starts_with("all(test,")
        }
        _ => false,
    })
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Enum(item) => &item.attrs,
        syn::Item::ExternCrate(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::ForeignMod(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Trait(item) => &item.attrs,
        syn::Item::TraitAlias(item) => &item.attrs,
        syn::Item::Type(item) => &item.attrs,
        syn::Item::Union(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn defined_name(item: &syn::Item) -> Option<String> {
    let name = match item {
        syn::Item::Const(item) => &item.ident,
        syn::Item::Enum(item) => &item.ident,
        syn::Item::Fn(item) => &item.sig.ident,
        syn::Item::Macro(item) => item.ident.as_ref()?,
        syn::Item::Static(item) => &item.ident,
        syn::Item::Struct(item) => &item.ident,
        syn::Item::Trait(item) => &item.ident,
        syn::Item::TraitAlias(item) => &item.ident,
        syn::Item::Type(item) => &item.ident,
        syn::Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn is_exported_macro(item: &syn::Item) -> bool {
    let exported = |attribute: &syn::Attribute| attribute.path().is_ident("macro_export");
    matches!(item, syn::Item::Macro(item) if item.attrs.iter().any(exported))
}

/// What is collected from the inside of an item.
struct Inside<'a> {
    module: ModuleId,
    is_test: bool,
    file: &'a mut File,
}

impl Inside<'_> {
    fn add_import(&mut self, tree: &syn::UseTree, mut before: Vec<String>, is_test: bool) {
        let word = |word: &syn::Ident| word.to_string().trim_start_matches("r#").to_owned();
        let (name, line) = match tree {
            syn::UseTree::Path(step) => {
                before.push(word(&step.ident));
                return self.add_import(&step.tree, before, is_test);
            }
            syn::UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_import(tree, before.clone(), is_test);
                }
                return;
            }
            syn::UseTree::Name(last) => {
                if last.ident != "self" {
                    before.push(word(&last.ident));
                }
                (before.last().cloned(), last.ident.span())
            }
            syn::UseTree::Rename(last) => {
                if last.ident != "self" {
                    before.push(word(&last.ident));
                }
                (Some(word(&last.rename)), last.ident.span())
            }
            syn::UseTree::Glob(glob) => (None, glob.star_token.span()),
        };
        let (module, line) = (self.module, line.start().line);
        self.file.imports.push(Import { module, path: before, name, line, is_test });
    }

    fn add_test(&mut self, attributes: &[syn::Attribute], span: Span) -> bool {
        let is_test = is_for_tests(attributes);
        if is_test {
            self.file.tests.push(Region::of(span));
        }
        is_test
    }
}

impl<'ast> Visit<'ast> for Inside<'_> {
    fn visit_item_use(&mut self, declaration: &'ast syn::ItemUse) {
        let is_test = self.is_test || is_for_tests(&declaration.attrs);
        // `::name` is a crate, whatever is called so here.
        let before = if declaration.leading_colon.is_some() { vec![String::new()] } else { Vec::new() };
        self.add_import(&declaration.tree, before, is_test);
    }

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let (None, syn::Type::Path(of)) = (&block.trait_, &*block.self_ty)
            && !self.is_test
        {
            let of = of.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            let line = block.impl_token.span().start().line;
            self.file.impls.push(InherentImpl { module: self.module, of, line });
        }
        for item in &block.items {
            let attributes = match item {
                syn::ImplItem::Const(item) => item.attrs.as_slice(),
                syn::ImplItem::Fn(item) => &item.attrs,
                syn::ImplItem::Macro(item) => &item.attrs,
                syn::ImplItem::Type(item) => &item.attrs,
                _ => &[],
            };
            if !self.add_test(attributes, item.span()) {
                self.visit_impl_item(item);
            }
        }
    }
}
