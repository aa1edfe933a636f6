//! Codes of group 4: facts and their sources.

codes! {
    UNKNOWN_RELATION = "FL400", "fact-unknown-relation", Error, "a fact names a relation that nothing declares";
    UNKNOWN_COLUMN = "FL401", "fact-unknown-column", Error, "a fact has a field that its relation has no column for";
    MISSING_COLUMN = "FL402", "fact-missing-column", Error, "a fact leaves out a column that is not optional";
    WRONG_TYPE = "FL403", "fact-wrong-type", Error, "a value is not of its column's type";
    NUMBER_RANGE = "FL404", "number-out-of-range", Error, "a number does not fit into its column's type";
    INVALID_DATE = "FL405", "fact-invalid-date", Error, "a text that should be a date is no EDTF date";
    UNKNOWN_CONSTANT = "FL406", "fact-unknown-constant", Error, "a word is not one of the enum's constants";
    WRONG_ARITY = "FL407", "wrong-number-of-values", Error, "a fact by position has more or fewer values than columns";
    NOT_STATED = "FL408", "derived-relation", Error, "a fact is stated of a relation that only rules define";
    NOT_A_FACT = "FL409", "not-a-fact", Error, "something other than a fact stands where facts are due";
    UNKNOWN_METADATA = "FL410", "fact-unknown-metadata", Error, "a field that begins with `_` is no metadata";
    INVALID_METADATA = "FL411", "invalid-metadata", Error, "a metadata field has a value of the wrong kind";
    CANNOT_INFER = "FL412", "cannot-infer-column", Error, "the facts of an undeclared relation disagree about a column";
    UNRESOLVED_REFERENCE = "FL420", "unresolved-reference", Error, "an id refers to a thing that nothing declares";
    UNRESOLVED_SOURCE = "FL421", "unresolved-source", Error, "an assertion names a source that nothing declares";
    CONFLICT = "FL422", "conflict", Warning, "two facts about one thing cannot both be true";
    DUPLICATE_FACT = "FL423", "duplicate-fact", Warning, "the same fact stands twice in one file";
    HELD_AND_DENIED = "FL424", "held-and-denied", Warning, "a fact is held by one source and denied by another";
    CONFIDENCE_RANGE = "FL425", "confidence-range", Error, "a confidence lies outside 0 to 1";
    INVALID_PLACE = "FL426", "invalid-place", Error, "an `_at` is no place in a source";
    SOURCE_CYCLE = "FL427", "source-cycle", Error, "sources are based on one another in a circle";
    NOT_NFC = "FL428", "not-normalized", Warning, "a text is not in Unicode's normal form C";
    MIXED_SCRIPT = "FL429", "mixed-script", Warning, "an id mixes letters of scripts that look alike";
    PLACE_OUTSIDE = "FL431", "place-outside-source", Error, "an `_at` lies outside its source's text";
    QUOTE_NOT_FOUND = "FL432", "quote-not-found", Error, "a `_quote` does not occur in its source's text";
    SOURCE_CHANGED = "FL433", "source-changed", Error, "a source's text does not have the hash it should";
    NOT_VERIFIED = "FL434", "not-verified", Info, "there is no text to verify a source's facts against";
    REFINEMENT = "FL435", "refinement", Info, "two facts about one thing are more and less exact, and both can be true";
}
