//! Codes of group 5: lints of rules.

codes! {
    SINGLE_USE = "FL500", "single-use", Warning, "A variable that occurs only once in its rule.";
    DISJOINT_TYPES = "FL501", "disjoint-types", Warning, "A value of one entity type where only another can stand, so that nothing matches.";
    UNBOUNDED = "FL502", "unbounded", Warning, "A recursive rule that makes a new value in every round without a bound.";
    NIL_DROPPED = "FL503", "nil-dropped", Warning, "A head column that is not optional, given a variable that can be nil.";
    NAME_NOT_NFC = "FL504", "name-not-normalized", Warning, "A name that is not in Unicode's normal form C.";
    NAME_MIXED_SCRIPT = "FL505", "name-mixed-script", Warning, "A name whose letters belong to scripts that look alike.";
    BIDI_IN_TEXT = "FL506", "bidi-in-text", Warning, "A string with a character that reorders what a reader sees.";
}
