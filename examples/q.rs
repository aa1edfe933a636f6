use factlog::session::*;
fn show(s: &Session, ds: &[factlog::base::Diagnostic]) { for d in ds { println!("{} {} {:?} {} | {:?} {:?}", d.span().map(|x| s.sources().place(x)).unwrap_or_default(), d.code, d.severity, d.message, d.notes, d.help); } }
fn main() {
    let t = std::time::Instant::now();
    let mut s = Session::open(None, Options::default()).map_err(|(d, _)| d).unwrap();
    println!("load {:?}", t.elapsed());
    show(&s, &s.broken().to_vec());
    for q in std::env::args().skip(1) {
        if q == "check" { let t = std::time::Instant::now(); let r = s.check(None); println!("check {:?}", t.elapsed()); match r { Ok(f) => show(&s, &f), Err(e) => show(&s, e.diagnostics()) } continue; }
        let t = std::time::Instant::now();
        match s.line(&q) {
            Ok((o, w)) => { show(&s, &w); match o { Outcome::Answer(a) => { println!("{:?} {}", a.columns, a.rows.len()); for r in &a.rows { println!("  {}", r.iter().map(|v| v.plain()).collect::<Vec<_>>().join(" | ")); } } o => println!("{o:?}") } }
            Err(e) => show(&s, e.diagnostics()),
        }
        println!("{:?}", t.elapsed());
    }
}
