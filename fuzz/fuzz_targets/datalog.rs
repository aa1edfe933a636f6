//! Rule files: no bytes make the parser or the printer panic, and the normal form is its own.
#![no_main]

use factlog::base::FileId;
use factlog::syntax::datalog::parse_program;
use factlog::syntax::datalog::print::format_program;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let file = FileId(0);
    let (program, diagnostics) = parse_program(file, &text);
    for item in &program.items {
        assert!(text.get(item.span.range()).is_some());
    }
    for diagnostic in &diagnostics {
        assert!(diagnostic.span().is_some_and(|span| text.get(span.range()).is_some()));
    }
    if let Ok(formatted) = format_program(file, &text) {
        assert_eq!(format_program(file, &formatted).as_deref(), Ok(formatted.as_str()));
    }
});
