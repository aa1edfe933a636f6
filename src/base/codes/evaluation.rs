//! Codes of group 9: what can go wrong while rules are evaluated.

codes! {}
