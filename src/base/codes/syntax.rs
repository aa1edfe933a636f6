//! Codes of group 1: the rule language's syntax.

codes! {}
