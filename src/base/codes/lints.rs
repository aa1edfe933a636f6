//! Codes of group 5: lints of rules.

codes! {}
