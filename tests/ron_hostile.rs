//! Nothing panics, hangs or points outside the text, whatever the bytes; the stored corpus of the
//! fuzz target is replayed.

mod ron_support;

use factlog::base::FileId;
use factlog::syntax::ron::{NoSchema, Node, decode, one_line, parse, print};
use proptest::prelude::*;
use ron_support::{Choices, config, document, mutate};

fn visit(node: Node<'_>) -> usize {
    let _ =
        (node.span(), node.text(), node.name(), node.field_name(), node.field_span(), node.content_span());
    let _ = (node.as_str(), node.as_bytes(), node.as_char(), node.as_int(), node.as_float(), node.as_range());
    1 + node.children().map(visit).sum::<usize>()
}

fn survive(data: &[u8]) {
    let Ok(text) = decode("input", data) else { return };
    let parsed = parse(FileId(0), text);
    if let Some(root) = parsed.tree.root() {
        assert_eq!(visit(root), parsed.tree.len(), "{text:?}");
        let _ = one_line(root);
    }
    for diagnostic in &parsed.diagnostics {
        let places = diagnostic.primary.iter().chain(&diagnostic.secondary).map(|label| label.span);
        let edits = diagnostic.fix.iter().flat_map(|fix| &fix.edits).map(|(span, _)| *span);
        for span in places.chain(edits) {
            assert!(text.get(span.range()).is_some(), "{text:?}: {diagnostic:?}");
        }
    }
    let printed = print(&parsed.tree, &NoSchema);
    if !parsed.diagnostics.iter().any(|d| d.is_error()) {
        let again = parse(FileId(0), &printed);
        assert!(!again.diagnostics.iter().any(|d| d.is_error()), "{text:?}: {:?}", again.diagnostics);
        assert_eq!(print(&again.tree, &NoSchema), printed, "{text:?}");
    }
}

#[test]
fn the_stored_corpus() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/ron");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        survive(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 12);
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn any_bytes(data in proptest::collection::vec(any::<u8>(), 0..200)) {
        survive(&data);
    }

    #[test]
    fn any_characters(text in r#"[ \r\n\t(){}\[\],:;"'\\/*#!=<>|+\-._0-9a-fnrux“ä\u{feff}\u{202e}\u{a0}]{0,60}"#) {
        survive(text.as_bytes());
    }

    #[test]
    fn broken_documents(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        edits in proptest::collection::vec(any::<u8>(), 4..60),
    ) {
        let mut choices = Choices::new(&edits);
        let mut text = document(&mut Choices::new(&bytes));
        for _ in 0..4 {
            text = mutate(text, &mut choices);
        }
        survive(text.as_bytes());
    }
}
