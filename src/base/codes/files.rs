//! Codes of group 0: files and RON.

codes! {}
