//! Soufflé programs: `tests/corpus/souffle/CASE/prog.dl` with what must come out, worked out by
//! hand. `stdout` holds what `-D -` prints, its lines in any order; the folder `out` the files that
//! `-D` gets; `errors` the codes of a program that is refused; `args` further flags; facts lie beside
//! the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/souffle");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() > 50, "{} cases", cases.len());
    cases
}

fn run(case: &Path, output: &str) -> Output {
    let args = fs::read_to_string(case.join("args")).unwrap_or_default();
    Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(["souffle", "prog.dl", "--limit-seconds", "60", "-D", output])
        .args(args.split_whitespace())
        .current_dir(case)
        .output()
        .unwrap()
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    lines
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

#[test]
fn programs_give_what_was_worked_out() {
    let mut wrong = Vec::new();
    for case in cases() {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        let Some(expected) = read(&case.join("stdout")) else { continue };
        for jobs in ["", "-j2"] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_factlog"));
            command.args(["souffle", "prog.dl", "-D", "-"]).current_dir(&case);
            command.args(jobs.split_whitespace());
            let args = read(&case.join("args")).unwrap_or_default();
            let output = command.args(args.split_whitespace()).output().unwrap();
            let found = String::from_utf8(output.stdout).unwrap();
            if sorted(&found) != sorted(&expected) || !output.status.success() {
                let errors = String::from_utf8_lossy(&output.stderr).into_owned();
                wrong.push(format!("{name} {jobs}\nexpected:\n{expected}\nfound:\n{found}\n{errors}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_written_as_souffle_writes_them() {
    let mut wrong = Vec::new();
    for case in cases() {
        let expected = case.join("out");
        if !expected.is_dir() {
            continue;
        }
        let target = tempfile::tempdir().unwrap();
        let output = run(&case, target.path().to_str().unwrap());
        assert!(output.status.success(), "{}: {output:?}", case.display());
        let list = |folder: &Path| -> Vec<String> {
            let entries = fs::read_dir(folder).unwrap();
            let mut names: Vec<String> =
                entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(list(target.path()), list(&expected), "{}", case.display());
        for name in list(&expected) {
            let (found, wanted) = (read(&target.path().join(&name)), read(&expected.join(&name)));
            if found.as_deref().map(sorted) != wanted.as_deref().map(sorted) {
                wrong.push(format!("{}/{name}: {found:?}, not {wanted:?}", case.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn mistakes_are_refused_with_their_codes() {
    let mut wrong = Vec::new();
    for case in cases() {
        let Some(expected) = read(&case.join("errors")) else { continue };
        let output = run(&case, "-");
        let errors = String::from_utf8(output.stderr).unwrap();
        let mut found: Vec<&str> =
            errors.lines().filter_map(|line| line.strip_prefix("error[")?.split(']').next()).collect();
        found.sort_unstable();
        found.dedup();
        let wanted: Vec<&str> = expected.split_whitespace().collect();
        if found != wanted || output.status.code() != Some(2) || !output.stdout.is_empty() {
            wrong.push(format!("{}: {found:?}, not {wanted:?}\n{errors}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a program and tells its exit status; it may not take long.
fn status_of(program: &str) -> Option<i32> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prog.dl"), program).unwrap();
    run(folder.path(), "-").status.code()
}

#[test]
fn hostile_programs_end_with_a_message() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(5000), close.repeat(5000));
    let programs = [
        format!(".decl a(x: number)\na({}).", deep("(", ")")),
        format!(".decl a(x: number)\na({}1).", "-".repeat(100_000)),
        format!(".decl a(x: number)\na(1) :- {}a(1).", "!".repeat(100_000)),
        format!(".decl a(x: number)\na(1{}).", "+1".repeat(100_000)),
        format!(".type L = [h: number, t: L]\n.decl a(x: L)\na({}).", deep("[1,", "]")),
        ".comp A { ".repeat(5000),
        "#define A A B\n#define B B A\n.decl a(x: number)\na(A).".to_owned(),
        format!("#if {}\n#endif", "(".repeat(100_000)),
        "#define F(x) F(x x)\nF(F(F(1)))".to_owned(),
        (0..40).map(|n| format!("#define M{} M{n} M{n}\n", n + 1)).collect::<String>() + "#define M0 x\nM40",
        "#if\n#elif\n#else\n#include\n#define\n#undef".to_owned(),
        "\"\\".to_owned(),
        "/*".to_owned(),
        ".".to_owned(),
        ".decl".to_owned(),
        "@[".to_owned(),
        "\u{feff}\u{0}\u{1}é".to_owned(),
        ".type A = B\n.type B = A\n.decl r(x: A)\nr(1).".to_owned(),
        ".include \"prog.dl\"".to_owned(),
        "#include \"prog.dl\"".to_owned(),
        ".comp A<T> { .init x = T }\n.init a = A<A>".to_owned(),
    ];
    for program in &programs {
        let shown: String = program.chars().take(60).collect();
        assert_eq!(status_of(program), Some(2), "{shown}");
    }
}

#[test]
fn limits_hold() {
    let endless = ".decl n(x: number)\nn(0).\nn((x + 1) % 1000000007) :- n(x).\n.output n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prog.dl"), endless).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(["souffle", "prog.dl", "-D", "-", "--limit-rows", "1000"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("FL910"), "{output:?}");
}

#[test]
fn long_lists_are_no_matter() {
    let program = "
        .type L = [h: number, t: L]
        .decl l(x: L, n: number)
        l(nil, 0).
        l([n, x], n + 1) :- l(x, n), n < 3000.
        .decl last(n: number)
        last(n) :- l([n, _], 3000).
        .output last
        .decl whole(x: L)
        whole(x) :- l(x, 3000).
        .output whole";
    assert_eq!(status_of(program), Some(0));
}

#[test]
fn a_missing_fact_file_is_excused_by_w() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("prog.dl"), ".decl a(x: number)\n.input a\n.printsize a").unwrap();
    let run = |flags: &[&str]| {
        Command::new(env!("CARGO_BIN_EXE_factlog"))
            .args(["souffle", "prog.dl"])
            .args(flags)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    assert_eq!(run(&[]).status.code(), Some(2));
    let excused = run(&["-w"]);
    assert_eq!((excused.status.code(), excused.stdout.as_slice()), (Some(0), b"a\t0\n".as_slice()));
}

#[test]
fn standard_input_is_read() {
    use std::io::Write;
    let folder = tempfile::tempdir().unwrap();
    let program = ".decl a(x: number, y: symbol)\n.input a(IO=stdin, delimiter=\",\")\n.output a(IO=stdout)";
    fs::write(folder.path().join("prog.dl"), program).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(["souffle", "prog.dl"])
        .current_dir(folder.path())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"1,one\n2,two\n").unwrap();
    let output = child.wait_with_output().unwrap();
    let expected = "---------------\na\n===============\n1\tone\n2\ttwo\n===============\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn packed_files_are_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let run = |program: &str, flags: &[&str]| {
        fs::write(folder.path().join("prog.dl"), program).unwrap();
        Command::new(env!("CARGO_BIN_EXE_factlog"))
            .args(["souffle", "prog.dl"])
            .args(flags)
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let written = run(".decl a(x: number, y: symbol)\na(1, \"one\").\n.output a(compress=true)", &[]);
    assert!(written.status.success(), "{written:?}");
    assert_eq!(&fs::read(folder.path().join("a.csv.gz")).unwrap()[..2], [0x1f, 0x8b]);
    let read = ".decl a(x: number, y: symbol)\n.input a(filename=\"a.csv.gz\")\n.output a";
    let expected = "---------------\na\n===============\n1\tone\n===============\n";
    assert_eq!(String::from_utf8_lossy(&run(read, &["-D", "-"]).stdout), expected);
}
