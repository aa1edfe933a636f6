//! RON: lexer, lossless tree, parser and printer.
