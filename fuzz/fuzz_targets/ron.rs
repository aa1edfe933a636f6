//! No bytes make the RON parser panic or hang; what it accepts, the printer writes so that it
//! reads back the same, and stays the same when written again.

#![no_main]

use factlog::base::FileId;
use factlog::syntax::ron::{NoSchema, Node, decode, one_line, parse, print};
use libfuzzer_sys::fuzz_target;

/// Everything that can be asked of a node.
fn visit(node: Node<'_>) -> usize {
    let _ = (node.span(), node.text(), node.name(), node.field_name(), node.field_span(), node.content_span());
    let _ = (node.as_str(), node.as_bytes(), node.as_char(), node.as_int(), node.as_float(), node.as_range());
    1 + node.children().map(visit).sum::<usize>()
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = decode("input", data) else { return };
    let parsed = parse(FileId(0), text);
    if let Some(root) = parsed.tree.root() {
        assert_eq!(visit(root), parsed.tree.len());
        let _ = one_line(root);
    }
    for diagnostic in &parsed.diagnostics {
        let span = diagnostic.span().expect("a place");
        assert!(text.get(span.range()).is_some(), "{diagnostic:?}");
    }
    let printed = print(&parsed.tree, &NoSchema);
    if parsed.diagnostics.iter().any(|d| d.is_error()) {
        return;
    }
    let again = parse(FileId(0), &printed);
    assert!(!again.diagnostics.iter().any(|d| d.is_error()), "{:?}", again.diagnostics);
    assert_eq!(print(&again.tree, &NoSchema), printed);
});
