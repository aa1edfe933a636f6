//! Codes of group 2 and 3: names, types, safety and stratification.

codes! {}
