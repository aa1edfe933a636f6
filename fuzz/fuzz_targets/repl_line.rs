//! Lines of the prompt: no bytes make any of their readers panic.
#![no_main]

use factlog::base::FileId;
use factlog::syntax::datalog::{completeness, parse_atom_pattern, parse_goal, parse_line, tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let file = FileId(0);
    let _ = parse_line(file, &text);
    let _ = parse_goal(file, &text);
    let _ = parse_atom_pattern(file, &text);
    let _ = completeness(&text);
    let mut end = 0;
    for (_, range) in tokens(&text) {
        assert!(end <= range.start && text.get(range.clone()).is_some());
        end = range.end;
    }
});
