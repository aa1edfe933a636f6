//! Codes of group 6: Soufflé programs.

codes! {
    UNSUPPORTED = "FL600", "souffle-unsupported", Error, "A feature of Soufflé that factlog does not have.";
    BAD_RELATION = "FL601", "souffle-relation", Error, "A relation's qualifiers do not fit it or how it is used.";
    COMPONENT = "FL602", "souffle-component", Error, "A component that cannot be instantiated.";
    BAD_FACTS = "FL603", "souffle-facts", Error, "A fact file that does not fit its relation.";
}
