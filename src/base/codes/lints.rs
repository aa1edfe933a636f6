//! Codes of group 5: lints of rules.

codes! {
    SINGLE_USE = "FL500", "single-use", Warning, "A variable that occurs only once in its rule.";
    DISJOINT_TYPES = "FL501", "disjoint-types", Warning, "A value of one entity type where only another can stand, so that nothing matches.";
    UNBOUNDED = "FL502", "unbounded", Warning, "A recursive rule that makes a new value in every round without a bound.";
    NIL_DROPPED = "FL503", "nil-dropped", Warning, "A head column that is not optional, given a variable that can be nil.";
}
