//! Codes of group 2 and 3: names, types, safety and stratification.

codes! {
    UNKNOWN_TYPE = "FL200", "unknown-type", Error, "A type that nothing declares.";
    UNKNOWN_RELATION = "FL201", "unknown-relation", Error, "A relation that nothing declares and no rule defines.";
    UNKNOWN_COLUMN = "FL202", "unknown-column", Error, "A column that the relation does not have.";
    UNKNOWN_CONSTANT = "FL203", "unknown-constant", Error, "A bare capitalised word that is no constant of an enum.";
    DUPLICATE_DECLARATION = "FL204", "duplicate-declaration", Error, "Two declarations of one name.";
    WRONG_ARITY = "FL205", "wrong-arity", Error, "A positional atom with too many or too few arguments.";
    MISSING_COLUMN = "FL206", "missing-column", Error, "A head or fact leaves out a column that has no default.";
    DUPLICATE_COLUMN = "FL207", "duplicate-column", Error, "One atom or declaration names a column twice.";
    TYPE_MISMATCH = "FL208", "type-mismatch", Error, "A value of one type where another is due.";
    UNKNOWN_FUNCTOR = "FL209", "unknown-functor", Error, "A functor that does not exist.";
    FUNCTOR_ARITY = "FL210", "functor-arity", Error, "A functor with too many or too few arguments.";
    AMBIGUOUS_CONSTANT = "FL211", "ambiguous-constant", Error, "A constant that several enums have, where nothing says which is meant.";
    INVALID_DATE = "FL212", "invalid-date", Error, "Text where a date is due that is not an EDTF date.";
    UNKNOWN_METADATA = "FL213", "unknown-metadata", Error, "A name with a leading underscore that is no metadata field.";
    MISPLACED_METADATA = "FL214", "misplaced-metadata", Error, "Metadata where nothing is stated: in the head of a rule, or on a relation that only rules define.";
    BAD_KEY = "FL215", "bad-key", Error, "A key or range that names columns it cannot have.";
    INCONSISTENT_HEADS = "FL216", "inconsistent-heads", Error, "Rules of one undeclared relation whose heads have different columns.";
    MISPLACED_WILDCARD = "FL217", "misplaced-wildcard", Error, "`_` where a value is needed.";
    BAD_ANNOTATION = "FL218", "bad-annotation", Error, "An annotation that does not exist or does not fit.";
    NOT_HERE = "FL219", "not-here", Error, "Something that this place does not have: a feature of Soufflé's programs, or `.include` at the prompt.";
    BAD_PLACEHOLDER = "FL220", "bad-placeholder", Error, "A label or message with a placeholder that names no variable of its rule.";
    BAD_ORDER = "FL221", "bad-order", Error, "`order by` names no column of the answer.";
    BAD_DIRECTIVE = "FL222", "bad-directive", Error, "A directive with a parameter that it does not know.";
    DUPLICATE_CHECK = "FL223", "duplicate-check", Error, "Two checks of one name.";
    SCENARIO_OPTION = "FL230", "scenario-option", Error, "An option of `under (…)` that does not exist or does not fit.";
    COMPONENT = "FL240", "component", Error, "A component or instance that cannot be written out.";
    UNKNOWN_VARIANT = "FL241", "unknown-variant", Error, "A variant that its type, or every type, does not have.";
    UNTYPED_RECORD = "FL242", "untyped-record", Error, "A record where nothing says of which type it is.";
    SUBSUMPTION = "FL243", "subsumption", Error, "A subsumption that compares tuples of two relations.";
    UNBOUND_VARIABLE = "FL300", "unbound-variable", Error, "A variable that no positive literal gives a value.";
    ONLY_NEGATED = "FL301", "only-negated", Error, "A variable that occurs only under one negation.";
    UNBOUND_IN_AGGREGATE = "FL302", "unbound-in-aggregate", Error, "A variable shared with an aggregate that nothing outside gives a value.";
    UNSTRATIFIED = "FL303", "unstratified", Error, "A relation that depends on its own negation or aggregate.";
    TOO_MANY_ALTERNATIVES = "FL304", "too-many-alternatives", Error, "A body whose disjunctions multiply out beyond the limit.";
    NOT_GROUND = "FL305", "not-ground", Error, "A fact with a variable.";
}
