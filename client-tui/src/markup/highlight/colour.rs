//! From the scopes of a grammar to the few colours of a terminal.

use crate::markup::{Look, Run, Syntax, push_run};
use std::{
    collections::HashSet,
    ops::Range,
    time::{Duration, Instant},
};
use two_face::re_exports::syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

/// Longer lines, and what is behind them, are plain: some grammars take very long for them.
const LINE: usize = 512;
/// What is not done by then is plain, so that somebody's worst code does not keep the others' waiting.
const TIME: Duration = Duration::from_secs(5);
/// Languages that are kept ready at a time: each takes ten megabytes or more when it is used, but little time to get ready
/// again.
const READY: usize = 6;

/// Scopes by their first words. The longest that fits counts; without a colour, nothing around it gives one.
const SCOPES: &[(&str, Option<Syntax>)] = &[
    ("comment", Some(Syntax::Comment)),
    ("constant", Some(Syntax::Number)),
    ("constant.character.escape", Some(Syntax::Other)),
    ("constant.other.placeholder", Some(Syntax::Other)),
    ("entity.name.class", Some(Syntax::Type)),
    ("entity.name.enum", Some(Syntax::Type)),
    ("entity.name.function", Some(Syntax::Function)),
    ("entity.name.impl", Some(Syntax::Type)),
    ("entity.name.interface", Some(Syntax::Type)),
    ("entity.name.section", Some(Syntax::Keyword)),
    ("entity.name.struct", Some(Syntax::Type)),
    ("entity.name.tag", Some(Syntax::Keyword)),
    ("entity.name.trait", Some(Syntax::Type)),
    ("entity.name.type", Some(Syntax::Type)),
    ("entity.name.union", Some(Syntax::Type)),
    ("entity.other.attribute-name", Some(Syntax::Other)),
    ("entity.other.inherited-class", Some(Syntax::Type)),
    ("keyword", Some(Syntax::Keyword)),
    ("markup.deleted", Some(Syntax::Other)),
    ("markup.heading", Some(Syntax::Keyword)),
    ("markup.inserted", Some(Syntax::String)),
    ("meta.annotation", Some(Syntax::Other)),
    ("meta.diff", Some(Syntax::Comment)),
    ("meta.embedded", None),
    ("meta.interpolation", None),
    ("source", None),
    ("storage", Some(Syntax::Keyword)),
    ("string", Some(Syntax::String)),
    ("support.class", Some(Syntax::Type)),
    ("support.constant", Some(Syntax::Number)),
    ("support.function", Some(Syntax::Function)),
    ("support.macro", Some(Syntax::Function)),
    ("support.type", Some(Syntax::Type)),
    ("variable.annotation", Some(Syntax::Other)),
    ("variable.function", Some(Syntax::Function)),
    ("variable.language", Some(Syntax::Keyword)),
];

/// Names that people give to languages, where grammars call them otherwise.
const NAMES: &[(&str, &str)] = &[
    ("console", "sh"),
    ("csharp", "cs"),
    ("dockerfile", "Dockerfile"),
    ("fsharp", "f#"),
    ("golang", "go"),
    ("jsonc", "json"),
    ("jsx", "tsx"),
    ("node", "js"),
    ("objc", "m"),
    ("python3", "py"),
    ("shell", "sh"),
    ("shell-session", "sh"),
    ("terminal", "sh"),
];

/// All languages.
pub(super) struct Languages {
    set: SyntaxSet,
    /// Their names, those that were used.
    ready: HashSet<String>,
    /// The longest are first.
    scopes: Vec<(Scope, Option<Syntax>)>,
    operator: Scope,
}

impl Languages {
    pub(super) fn load() -> Self {
        let mut scopes: Vec<_> = SCOPES.iter().map(|&(name, syntax)| (scope(name), syntax)).collect();
        scopes.sort_by_key(|(scope, _)| std::cmp::Reverse(scope.len()));
        Self {
            set: two_face::syntax::extra_newlines(),
            ready: HashSet::new(),
            scopes,
            operator: scope("keyword.operator"),
        }
    }

    fn find(&self, language: &str) -> Option<&SyntaxReference> {
        let name = NAMES.iter().find(|(name, _)| *name == language).map_or(language, |(_, name)| name);
        self.set.find_syntax_by_token(name)
    }

    /// Forgets what was made of other languages if it has become much.
    fn make_room(&mut self, language: &str) {
        let Some(name) = self.find(language).map(|syntax| syntax.name.clone()) else { return };
        if self.ready.len() >= READY && !self.ready.contains(&name) {
            self.set = two_face::syntax::extra_newlines();
            self.ready.clear();
        }
        self.ready.insert(name);
    }

    /// The stretches of code that have a colour.
    pub(super) fn colour(&mut self, language: &str, code: &str) -> Vec<Run> {
        self.make_room(language);
        let mut runs = Vec::new();
        let Some(syntax) = self.find(language) else { return runs };
        let (mut state, mut scopes) = (ParseState::new(syntax), ScopeStack::new());
        let end = Instant::now() + TIME;
        let mut start = 0;
        for line in code.split('\n') {
            let is_in_time = line.len() <= LINE && Instant::now() < end;
            if !is_in_time || self.colour_line(line, start, &mut state, &mut scopes, &mut runs).is_none() {
                break;
            }
            start += line.len() + 1;
        }
        runs
    }

    /// None: the grammar is at odds with itself.
    fn colour_line(
        &self,
        line: &str,
        start: usize,
        state: &mut ParseState,
        scopes: &mut ScopeStack,
        runs: &mut Vec<Run>,
    ) -> Option<()> {
        let changes = state.parse_line(&format!("{line}\n"), &self.set).ok()?;
        let mut at = 0;
        let mut push = |piece: Range<usize>, scopes: &ScopeStack| {
            let syntax = line.get(piece.clone()).and_then(|text| self.syntax(scopes, text));
            if syntax.is_some() {
                push_run(runs, start + piece.start..start + piece.end, Look { syntax, ..Look::default() });
            }
        };
        for (next, change) in changes {
            let next = next.min(line.len());
            push(at..next, scopes);
            scopes.apply(&change).ok()?;
            at = next;
        }
        push(at..line.len(), scopes);
        Some(())
    }

    /// The colour of a piece of code: that of the innermost scope that has one.
    fn syntax(&self, scopes: &ScopeStack, piece: &str) -> Option<Syntax> {
        if piece.trim().is_empty() {
            return None;
        }
        scopes.scopes.iter().rev().find_map(|&scope| {
            // `and` is a word like `if`; `+` is none.
            if self.operator.is_prefix_of(scope) && !piece.trim().starts_with(char::is_alphabetic) {
                return Some(None);
            }
            self.scopes.iter().find(|(prefix, _)| prefix.is_prefix_of(scope)).map(|&(_, syntax)| syntax)
        })?
    }
}

fn scope(name: &str) -> Scope {
    Scope::new(name).expect("a scope of few words")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASTED: &str = "
        rust rs python py python3 javascript js node typescript ts tsx jsx go golang c c++ cpp h java kotlin
        kt swift c# cs csharp ruby rb php html css scss json jsonc yaml yml toml xml sql sh bash zsh shell
        console fish diff patch markdown md dockerfile make makefile cmake lua perl haskell hs elixir erlang
        scala r zig nix ini vim latex tex proto graphql terraform objc fsharp ocaml clojure lisp nginx";

    #[test]
    fn languages_that_people_paste() {
        let languages = Languages::load();
        let unknown: Vec<_> = PASTED.split_whitespace().filter(|name| languages.find(name).is_none()).collect();
        assert!(unknown.is_empty(), "{unknown:?}");
    }

    #[test]
    fn every_kind_has_its_colour() {
        let mut languages = Languages::load();
        let mut colours = |language, code: &str| {
            let runs = languages.colour(language, code).into_iter();
            runs.map(|run| (code[run.bytes].to_owned(), run.look.syntax.unwrap())).collect::<Vec<_>>()
        };
        let mut expect = |language, code, pieces: &[(&str, Syntax)]| {
            let pieces: Vec<_> = pieces.iter().map(|(piece, syntax)| ((*piece).to_owned(), *syntax)).collect();
            assert_eq!(colours(language, code), pieces, "{language}");
        };
        expect(
            "python",
            "def 加(x):\n    return x + 1  # 好\nif a and \"b\": pass",
            &[
                ("def", Syntax::Keyword),
                ("加", Syntax::Function),
                ("return", Syntax::Keyword),
                ("1", Syntax::Number),
                ("# 好", Syntax::Comment),
                ("if", Syntax::Keyword),
                ("and", Syntax::Keyword),
                ("\"b\"", Syntax::String),
                ("pass", Syntax::Keyword),
            ],
        );
        expect("rust", "struct Ab;", &[("struct", Syntax::Keyword), ("Ab", Syntax::Type)]);
        expect("c", "\"a\\n\"", &[("\"a", Syntax::String), ("\\n", Syntax::Other), ("\"", Syntax::String)]);
        expect("diff", "-a\n+b\n c", &[("-a", Syntax::Other), ("+b", Syntax::String)]);
    }

    #[test]
    fn a_very_long_line_is_plain() {
        let mut languages = Languages::load();
        let code = format!("1\n{}\n1", "1 ".repeat(LINE));
        assert_eq!(languages.colour("c", &code).len(), 1);
    }

    #[test]
    fn few_languages_are_kept_ready() {
        let mut languages = Languages::load();
        for language in ["c", "go", "ini", "java", "lua", "r", "toml", "c", "klingon"] {
            assert_eq!(languages.colour(language, "1").is_empty(), language == "klingon", "{language}");
            assert!(languages.ready.len() <= READY);
        }
        assert_eq!(languages.ready.len(), 2);
    }
}
