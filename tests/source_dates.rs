//! What is seen of `Source` itself cannot depend on the order in which its facts came in.

use factlog::session::{Options, Session};

const PLANNED: &str =
    r#"Source(id: "s2", publisher: "p", published: "2009", _on: "2010-05", _status: Planned)"#;
const DENIED: &str = r#"Source(id: "s2", publisher: "p", published: "2009", _src: "s2", _status: Denied)"#;

#[test]
fn the_date_of_a_denied_source_still_dates_its_denial() {
    for order in [[PLANNED, DENIED], [DENIED, PLANNED]] {
        let mut session = Session::empty(Options::default());
        for fact in order {
            session.assert(fact).unwrap();
        }
        // The plan (May 2010) was recorded certainly later than the denial (2009), so it stands.
        let (answer, _) = session.query(r#"Source(id: "s2")"#).unwrap();
        assert_eq!(answer.verdict(), Some("yes"), "{order:?}");
    }
}
