//! Codes of group 1: the rule language's syntax.

codes! {
    UNEXPECTED = "FL100", "unexpected-token", Error, "The text does not continue as the grammar wants.";
    UNTERMINATED = "FL101", "unterminated-text", Error, "A string or a block comment is never closed.";
    BAD_ESCAPE = "FL102", "unknown-escape", Error, "A backslash in a string is followed by nothing known.";
    BAD_NUMBER = "FL103", "malformed-number", Error, "A number cannot be read or does not fit.";
    STRAY_CHARACTER = "FL104", "stray-character", Error, "A character has no meaning in the language.";
    BIDI_CONTROL = "FL105", "hidden-direction", Error, "A bidirectional control character stands outside a string.";
    MERGE_CONFLICT = "FL106", "unresolved-merge", Error, "A rule file holds the markers of a merge conflict.";
    TOO_DEEP = "FL107", "nested-too-deep", Error, "Brackets or operators are nested deeper than allowed.";
    MISSING_DOT = "FL108", "missing-dot", Error, "A clause does not end with a full stop.";
    MISSING_COMMA = "FL109", "missing-comma", Error, "Two literals or arguments stand side by side without a comma.";
    UNCLOSED = "FL110", "unclosed-bracket", Error, "A bracket is opened and never closed.";
    MIXED_ARGUMENTS = "FL111", "mixed-arguments", Error, "An atom has both named and positional arguments.";
    UNKNOWN_DIRECTIVE = "FL112", "unknown-directive", Error, "A word behind a dot is no directive.";
    RESERVED_WORD = "FL113", "reserved-name", Error, "A reserved word is used as a name.";
    FOREIGN_SYNTAX = "FL114", "foreign-syntax", Error, "A spelling from another language is used.";
    AGGREGATE_FORM = "FL115", "aggregate-form", Error, "An aggregate lacks its colon or its value.";
    TEXT_TOO_LONG = "FL116", "text-too-long", Error, "A string is longer than allowed.";
}
