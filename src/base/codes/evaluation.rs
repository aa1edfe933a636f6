//! Codes of group 9: what can go wrong while rules are evaluated.

codes! {
    OVERFLOW = "FL901", "overflow", Error, "A computed value does not fit its type.";
    DIVISION_BY_ZERO = "FL902", "division-by-zero", Error, "A number was divided by zero.";
    UNDEFINED_RESULT = "FL903", "undefined-result", Error, "No number is the result of a computation.";
    RESULT_TOO_LONG = "FL904", "result-too-long", Error, "A computed text or list is longer than allowed.";
    BAD_PATTERN = "FL905", "bad-pattern", Error, "The pattern of `match` is no regular expression.";
    ROW_LIMIT = "FL910", "row-limit", Error, "Rules produced more rows than the limit allows.";
    ROUND_LIMIT = "FL911", "round-limit", Error, "A recursion took more rounds than the limit allows.";
    TIME_LIMIT = "FL912", "time-limit", Error, "An evaluation took longer than the limit allows.";
    MEMORY_LIMIT = "FL913", "memory-limit", Error, "Derived relations need more memory than the limit allows.";
    CANCELLED = "FL914", "interrupted", Error, "An evaluation was interrupted.";
    PROOF_LIMIT = "FL915", "proof-limit", Error, "The proofs behind some conclusions are too many to go through.";
}
