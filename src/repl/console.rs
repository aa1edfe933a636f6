//! Where the REPL's text goes: standard output and standard error, both into one stream for a
//! transcript, or into memory.

use std::io::{self, BufWriter, Stdout, Write};

/// The destination of answers (as [`Write`]) and of what is said beside them.
pub(super) enum Console {
    /// Answers on standard output, the rest on standard error.
    Streams(BufWriter<Stdout>),
    /// Everything on standard output, in order.
    Together(BufWriter<Stdout>),
    /// Everything in memory, in order.
    Memory(Vec<u8>),
}

impl Console {
    /// On the standard streams.
    pub fn streams(together: bool) -> Console {
        let out = BufWriter::new(io::stdout());
        if together { Console::Together(out) } else { Console::Streams(out) }
    }

    /// Says something beside the answers: a diagnostic, a note. Failing to reach standard error is
    /// nobody's business.
    pub fn tell(&mut self, text: &str) -> io::Result<()> {
        match self {
            Console::Streams(out) => {
                out.flush()?;
                let _ = io::stderr().lock().write_all(text.as_bytes());
                Ok(())
            }
            Console::Together(out) => out.write_all(text.as_bytes()),
            Console::Memory(out) => out.write_all(text.as_bytes()),
        }
    }

    /// What went to memory.
    pub fn take_text(&mut self) -> String {
        match self {
            Console::Memory(out) => String::from_utf8_lossy(&std::mem::take(out)).into_owned(),
            Console::Streams(_) | Console::Together(_) => String::new(),
        }
    }
}

impl Write for Console {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Console::Streams(out) | Console::Together(out) => out.write(bytes),
            Console::Memory(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Console::Streams(out) | Console::Together(out) => out.flush(),
            Console::Memory(_) => Ok(()),
        }
    }
}
