//! What happens before parsing: included files, and the part of the C preprocessor that rule files
//! use: `#include`, `#define` with and without parameters, `#` and `##`, `#undef`, `#ifdef` and its
//! like, `__FILE__`, `__LINE__`, `__INCL__`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use super::Include;
use super::lexer::Lexer;
use super::token::{Hidden, Kind, Token};
use crate::base::codes::{project, syntax as codes};
use crate::base::limits::MAX_NESTING;
use crate::base::{Diagnostic, FileId, SourceMap, Span};

mod condition;

/// Tokens that the macros of a program may make.
const MAX_MADE: usize = 1 << 21;
/// Tokens that one macro call may take and make.
const MAX_CALL: usize = 1_000_000;

#[derive(Debug)]
struct Macro {
    /// `None` for a macro that is called without parentheses.
    params: Option<Vec<Arc<str>>>,
    body: Vec<Token>,
}

struct File {
    name: String,
    lexer: Lexer,
    /// How many conditions were open where the file begins.
    conditions: usize,
    /// Where it is included.
    included: Option<Span>,
}

/// An `#if` that is open.
struct Condition {
    /// Whether its text is used now.
    live: bool,
    /// Whether one of its branches has been used.
    taken: bool,
    /// Whether what is around it is used.
    outer: bool,
    span: Span,
}

struct Preprocessor<'a> {
    sources: &'a mut SourceMap,
    include: &'a mut dyn Include,
    diagnostics: &'a mut Vec<Diagnostic>,
    files: Vec<File>,
    conditions: Vec<Condition>,
    macros: HashMap<Arc<str>, Rc<Macro>>,
    once: HashSet<String>,
    /// Read already, to be read again.
    pending: VecDeque<Token>,
    /// Tokens that macros have made.
    made: usize,
}

/// The tokens of the program called `name`, the last of kind [`Kind::End`].
pub(super) fn run(
    name: &str,
    text: Arc<str>,
    sources: &mut SourceMap,
    include: &mut dyn Include,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Token> {
    let file = sources.add(name, Arc::clone(&text));
    let main = File { name: name.to_owned(), lexer: Lexer::new(text, file), conditions: 0, included: None };
    let mut preprocessor = Preprocessor {
        sources,
        include,
        diagnostics,
        files: vec![main],
        conditions: Vec::new(),
        macros: HashMap::new(),
        once: HashSet::new(),
        pending: VecDeque::new(),
        made: 0,
    };
    for definition in preprocessor.include.macros() {
        preprocessor.define(&definition, Span::new(file, 0, 0));
    }
    let mut tokens = Vec::new();
    loop {
        let token = preprocessor.next();
        let (done, span) = (token.kind == Kind::End, token.span);
        tokens.push(token);
        if done {
            return tokens;
        }
        if preprocessor.made >= MAX_MADE {
            let message = format!("macros make more than {MAX_MADE} words");
            preprocessor.report(codes::TEXT_TOO_LONG, message, span);
            tokens.push(end(span));
            return tokens;
        }
    }
}

impl Preprocessor<'_> {
    fn report(&mut self, code: crate::base::Code, message: impl Into<String>, span: Span) {
        self.diagnostics.push(Diagnostic::new(code, message).at(span));
    }

    /// The next token that the parser sees.
    fn next(&mut self) -> Token {
        loop {
            let token = self.raw();
            match token.kind {
                Kind::Word if self.call(&token) => {}
                Kind::Word if &*token.text == "__FILE__" => {
                    let name = self.sources.file(token.span.file).name().into();
                    return Token { kind: Kind::Text, text: name, ..token };
                }
                Kind::Word if &*token.text == "__LINE__" => {
                    let line = self.sources.file(token.span.file).line_col(token.span.start).line;
                    return Token { kind: Kind::Number, text: line.to_string().into(), ..token };
                }
                Kind::Word if &*token.text == "__INCL__" => {
                    return Token { kind: Kind::Text, text: self.including().into(), ..token };
                }
                Kind::Directive if &*token.text == "include" => {
                    let path = self.raw();
                    if path.kind == Kind::Text {
                        self.enter(&path.text, token.span.to(path.span));
                    } else {
                        let message = format!("expected a file in quotes, found `{}`", path.written());
                        self.report(codes::UNEXPECTED, message, path.span);
                        self.pending.push_front(path);
                    }
                }
                Kind::Directive if &*token.text == "once" => self.enter_once(),
                _ => return token,
            }
        }
    }

    /// The next token, macros not called; lines for the preprocessor are done.
    fn raw(&mut self) -> Token {
        if let Some(token) = self.pending.pop_front() {
            return token;
        }
        loop {
            let Some(file) = self.files.last_mut() else { return end(Span::new(FileId(0), 0, 0)) };
            if self.conditions.len() > file.conditions && !self.conditions.last().is_none_or(|c| c.live) {
                self.skip();
                continue;
            }
            let token = file.lexer.next(self.diagnostics);
            if token.first && token.is("#") {
                let (line, span) = file.lexer.rest_of_line();
                self.line(&line, token.span.to(span));
                continue;
            }
            if token.kind != Kind::End {
                return token;
            }
            self.leave();
            if self.files.is_empty() {
                return token;
            }
        }
    }

    /// The places by which the file that is read now was included, outermost first.
    fn including(&self) -> String {
        let places = self.files.iter().filter_map(|file| {
            let span = file.included?;
            let from = self.sources.file(span.file);
            let at = from.line_col(span.start);
            Some(format!("{}:{}:{}", from.name(), at.line, at.column))
        });
        places.collect::<Vec<String>>().join(";")
    }

    fn enter_once(&mut self) {
        if let Some(file) = self.files.last()
            && !self.once.insert(file.name.clone())
        {
            self.leave();
        }
    }

    fn leave(&mut self) {
        if let Some(file) = self.files.pop() {
            for open in self.conditions.drain(file.conditions..) {
                let message = "this condition has no `#endif`";
                self.diagnostics.push(Diagnostic::new(codes::UNCLOSED, message).at(open.span));
            }
        }
    }

    fn enter(&mut self, path: &str, span: Span) {
        if self.files.len() >= MAX_NESTING {
            let message = "files include each other without end";
            self.report(project::INCLUDE_CYCLE, message, span);
            return;
        }
        let from = self.files.last().map_or(String::new(), |file| file.name.clone());
        match self.include.read(&from, path, span) {
            Ok((name, text)) => {
                let id = self.sources.add(name.clone(), Arc::clone(&text));
                let conditions = self.conditions.len();
                let lexer = Lexer::new(text, id);
                self.files.push(File { name, lexer, conditions, included: Some(span) });
            }
            Err(diagnostic) => {
                let diagnostic = if diagnostic.primary.is_none() { diagnostic.at(span) } else { diagnostic };
                self.diagnostics.push(diagnostic);
            }
        }
    }

    /// Passes over a line that is not used, unless it says something to the preprocessor.
    fn skip(&mut self) {
        let Some(file) = self.files.last_mut() else { return };
        if file.lexer.is_done() {
            return self.leave();
        }
        let (line, span) = file.lexer.rest_of_line();
        file.lexer.next_line();
        if let Some(directive) = line.trim_start().strip_prefix('#') {
            self.line(directive, span);
        }
    }

    /// Does what the line `#line` says.
    fn line(&mut self, line: &str, span: Span) {
        let line = line.trim();
        let length = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
        let (name, rest) = line.split_at(length);
        let rest = rest.trim();
        let live = self.conditions.last().is_none_or(|condition| condition.live);
        match name {
            "ifdef" | "ifndef" | "if" => {
                let holds = live && self.condition(name, rest, span);
                self.conditions.push(Condition { live: holds, taken: holds, outer: live, span });
            }
            "elif" | "else" | "endif" => self.branch(name, rest, span),
            _ if !live => {}
            "define" => self.define(rest, span),
            "undef" => {
                self.macros.remove(rest);
            }
            "include" => {
                let path = rest
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'))
                    .or(rest.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')));
                match path {
                    Some(path) => self.enter(path, span),
                    None => self.report(codes::UNEXPECTED, "expected a file in quotes", span),
                }
            }
            "error" => self.report(codes::UNEXPECTED, format!("`#error`: {rest}"), span),
            "" | "line" | "pragma" | "warning" | "ident" => {}
            number if number.bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => {
                let message = format!("`#{name}` is nothing that the preprocessor knows");
                self.report(codes::UNKNOWN_DIRECTIVE, message, span);
            }
        }
    }

    fn condition(&mut self, name: &str, rest: &str, span: Span) -> bool {
        match name {
            "ifdef" => self.macros.contains_key(rest),
            "ifndef" => !self.macros.contains_key(rest),
            _ => {
                let defined = |name: &str| self.macros.contains_key(name);
                let value = |name: &str| {
                    let found = self.macros.get(name)?;
                    let [token] = found.body.as_slice() else { return None };
                    Some(token.text.to_string())
                };
                match condition::holds(rest, &defined, &value) {
                    Some(holds) => holds,
                    None => {
                        self.report(codes::UNEXPECTED, "this condition cannot be read", span);
                        false
                    }
                }
            }
        }
    }

    fn branch(&mut self, name: &str, rest: &str, span: Span) {
        let floor = self.files.last().map_or(0, |file| file.conditions);
        if self.conditions.len() <= floor {
            self.report(codes::UNEXPECTED, format!("`#{name}` without an `#if` before it"), span);
            return;
        }
        if name == "endif" {
            self.conditions.pop();
            return;
        }
        let may = self.conditions.last().is_some_and(|condition| condition.outer && !condition.taken);
        let holds = may && (name == "else" || self.condition("if", rest, span));
        if let Some(condition) = self.conditions.last_mut() {
            condition.live = holds;
            condition.taken |= holds;
        }
    }

    fn define(&mut self, text: &str, span: Span) {
        let mut lexer = Lexer::new(Arc::from(text), span.file);
        let mut body = Vec::new();
        loop {
            let mut token = lexer.next(self.diagnostics);
            if token.kind == Kind::End {
                break;
            }
            token.span = span;
            token.first = false;
            body.push(token);
        }
        let Some(name) = body.first().filter(|token| token.kind == Kind::Word).cloned() else {
            self.report(codes::UNEXPECTED, "expected the name of a macro", span);
            return;
        };
        body.remove(0);
        let mut params = None;
        // Only a bracket that stands close to the name begins parameters.
        if body.first().is_some_and(|token| token.is("(") && !token.spaced) {
            let close = body.iter().position(|token| token.is(")"));
            let Some(close) = close else {
                self.report(codes::UNCLOSED, "the parameters of this macro are never closed", span);
                return;
            };
            let list: Vec<Token> = body.drain(..=close).collect();
            let words = list.iter().filter(|token| token.kind == Kind::Word);
            params = Some(words.map(|token| Arc::clone(&token.text)).collect());
        }
        self.macros.insert(name.text, Rc::new(Macro { params, body }));
    }

    /// Puts the text of a macro in the place of its name; whether `token` names one.
    fn call(&mut self, token: &Token) -> bool {
        let Some(found) = self.macros.get(&token.text).cloned() else { return false };
        let mut hidden = token.hidden.as_deref();
        while let Some(at) = hidden {
            if at.name == token.text {
                return false;
            }
            hidden = at.rest.as_deref();
        }
        let args = match &found.params {
            None => Vec::new(),
            Some(params) => {
                let next = self.raw();
                let opens = next.is("(");
                if !opens {
                    self.pending.push_front(next);
                    return false;
                }
                match self.arguments(token, params.len()) {
                    Some(args) => args,
                    None => return true,
                }
            }
        };
        let hidden = Some(Rc::new(Hidden { name: Arc::clone(&token.text), rest: token.hidden.clone() }));
        let params = found.params.as_deref().unwrap_or_default();
        let mut made = substitute(&found.body, params, &args, &hidden);
        self.made += made.len() + 1;
        if let Some(first) = made.first_mut() {
            first.spaced = token.spaced;
        }
        for mut token_made in made.into_iter().rev() {
            token_made.span = token.span;
            self.pending.push_front(token_made);
        }
        true
    }

    /// The arguments of a call whose bracket is open.
    fn arguments(&mut self, name: &Token, wanted: usize) -> Option<Vec<Vec<Token>>> {
        let mut args: Vec<Vec<Token>> = vec![Vec::new()];
        let mut depth = 0usize;
        let mut taken = 0;
        loop {
            let token = self.raw();
            taken += 1;
            if token.kind == Kind::End || taken > MAX_CALL {
                let message = format!("the arguments of `{}` are never closed", name.text);
                self.report(codes::UNCLOSED, message, name.span);
                self.pending.push_front(token);
                return None;
            }
            match token.kind {
                Kind::Sign(")") if depth == 0 => break,
                Kind::Sign(",") if depth == 0 && args.len() < wanted.max(1) => args.push(Vec::new()),
                Kind::Sign(sign) => {
                    match sign {
                        "(" => depth += 1,
                        ")" => depth -= 1,
                        _ => {}
                    }
                    args.last_mut()?.push(token);
                }
                _ => args.last_mut()?.push(token),
            }
        }
        let none = args.len() == 1 && args.first().is_some_and(Vec::is_empty) && wanted == 0;
        if args.len() != wanted && !none {
            let message = format!("`{}` takes {wanted} arguments, not {}", name.text, args.len());
            self.report(codes::UNEXPECTED, message, name.span);
            return None;
        }
        Some(args)
    }
}

fn end(span: Span) -> Token {
    Token { kind: Kind::End, text: Arc::from(""), span, first: false, spaced: false, hidden: None }
}

/// A macro's text with the arguments in the place of its parameters.
fn substitute(
    body: &[Token],
    params: &[Arc<str>],
    args: &[Vec<Token>],
    hidden: &Option<Rc<Hidden>>,
) -> Vec<Token> {
    let argument = |token: &Token| {
        let at = params.iter().position(|param| token.kind == Kind::Word && *param == token.text)?;
        args.get(at)
    };
    let mut made: Vec<Token> = Vec::new();
    let mut tokens = body.iter().peekable();
    let mut paste = false;
    while let Some(token) = tokens.next() {
        if token.is("##") {
            paste = true;
            continue;
        }
        let mut piece: Vec<Token> = Vec::new();
        if token.is("#")
            && let Some(arg) = tokens.peek().and_then(|next| argument(next))
        {
            tokens.next();
            let mut text = String::new();
            for part in arg {
                if part.spaced && !text.is_empty() {
                    text.push(' ');
                }
                text.push_str(&part.written());
            }
            piece.push(Token { kind: Kind::Text, text: text.into(), ..token.clone() });
        } else if let Some(arg) = argument(token) {
            piece.extend(arg.iter().cloned());
        } else {
            piece.push(Token { hidden: hidden.clone(), ..token.clone() });
        }
        if std::mem::replace(&mut paste, false)
            && !piece.is_empty()
            && let Some(last) = made.pop()
        {
            let first = piece.remove(0);
            let text: Arc<str> = format!("{}{}", last.written(), first.written()).into();
            let kind = if text.bytes().all(|byte| byte.is_ascii_digit()) { Kind::Number } else { Kind::Word };
            made.push(Token { kind, text, hidden: None, ..last });
        }
        made.extend(piece);
    }
    made
}
