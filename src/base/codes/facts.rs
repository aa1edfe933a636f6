//! Codes of group 4: facts and their sources.

codes! {}
