//! Codes of group 0: files and RON.

codes! {
    NOT_UTF8 = "FL001", "not-utf8", Error, "The file is not UTF-8 text.";
    FILE_TOO_LARGE = "FL002", "file-too-large", Error, "The file is larger than the limit.";
    MERGE_CONFLICT = "FL003", "merge-conflict", Error, "The file holds the markers of an unresolved merge conflict.";
    RON_NESTING = "FL004", "ron-nesting", Error, "Brackets are nested deeper than 64.";
    BIDI_CONTROL = "FL005", "bidi-control", Error, "A bidirectional control character stands outside a string.";
    BIDI_IN_STRING = "FL006", "bidi-in-string", Warning, "A string holds a bidirectional control character.";
    RON_UNCLOSED = "FL007", "ron-unclosed", Error, "A bracket is never closed.";
    RON_UNCLOSED_STRING = "FL008", "ron-unclosed-string", Error, "A string is never closed.";
    RON_UNCLOSED_COMMENT = "FL009", "ron-unclosed-comment", Error, "A block comment is never closed.";
    RON_STRAY_BRACKET = "FL010", "ron-stray-bracket", Error, "A closing bracket does not fit the open ones.";
    RON_MISSING_COMMA = "FL011", "ron-missing-comma", Error, "A comma is missing between two values or fields.";
    RON_MISSING_VALUE = "FL012", "ron-missing-value", Error, "A value is missing.";
    RON_FIELD = "FL013", "ron-field", Error, "A field is not written as `name: value`.";
    RON_TRAILING = "FL014", "ron-trailing", Error, "Something follows the one value of the file.";
    RON_NUMBER = "FL015", "ron-number", Error, "A number is not written as RON writes numbers.";
    RON_NUMBER_RANGE = "FL016", "ron-number-range", Error, "A number is too large for its type.";
    RON_ESCAPE = "FL017", "ron-escape", Error, "A backslash begins no escape that RON knows.";
    RON_CHARACTER = "FL018", "ron-character", Error, "Between single quotes stands one character.";
    RON_STRING_TOO_LONG = "FL019", "ron-string-too-long", Error, "A string is longer than 16 MiB.";
    RON_DUPLICATE_FIELD = "FL020", "ron-duplicate-field", Error, "A struct has one field twice.";
    RON_DUPLICATE_KEY = "FL021", "ron-duplicate-key", Error, "A map has one key twice.";
    RON_ATTRIBUTE = "FL022", "ron-attribute", Error, "A document attribute is not one that RON knows.";
    RON_EXTENSION = "FL023", "ron-extension", Error, "`#![enable(…)]` names an extension that RON does not have.";
    RON_STRUCT_NAME = "FL024", "ron-struct-name", Error, "A struct has no name although the file demands names.";
    RON_CHARACTER_OUTSIDE = "FL025", "ron-unexpected-character", Error, "A character stands where no value can begin.";
    RON_SOME = "FL026", "ron-some", Error, "`Some` holds exactly one value in parentheses.";
    TOO_MANY_MISTAKES = "FL027", "too-many-mistakes", Error, "The rest of the file was not read for the many mistakes in it.";
}
