//! Faults of the program itself: a panic is caught where a session is called, told to the user as
//! what it is, and the session goes on.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

/// A panic that was caught, or a check of the program's own work that failed. Displays as a message
/// that asks for a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    message: String,
    place: Option<String>,
}

impl Fault {
    /// That something is not as it has to be.
    pub fn of(message: impl Into<String>) -> Fault {
        Fault { message: message.into(), place: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "internal fault: {}", self.message)?;
        if let Some(place) = &self.place {
            write!(f, " ({place})")?;
        }
        write!(f, "\nThis is a mistake in factlog {}, not yours. ", env!("CARGO_PKG_VERSION"))?;
        write!(f, "Please report it, with the input that led to it.")
    }
}

impl std::error::Error for Fault {}

thread_local! {
    /// How many calls of [`catch`] this thread is inside of.
    static DEPTH: Cell<usize> = const { Cell::new(0) };
    /// What the hook saw of the last panic under [`catch`].
    static SEEN: RefCell<Option<Fault>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic in it, on this thread, becomes a [`Fault`] and prints nothing.
///
/// What `work` was changing may be left half changed: the caller drops it, or puts it back.
///
/// # Errors
/// The panic.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Fault> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                before(info);
            } else {
                SEEN.replace(Some(describe(info)));
            }
        }));
    });
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    DEPTH.set(DEPTH.get() - 1);
    result.map_err(|payload| {
        // `resume_unwind` calls no hook.
        SEEN.take().unwrap_or_else(|| Fault { message: text(&*payload), place: None })
    })
}

fn describe(info: &PanicHookInfo<'_>) -> Fault {
    Fault { message: text(info.payload()), place: info.location().map(ToString::to_string) }
}

fn text(payload: &(dyn Any + Send)) -> String {
    let text =
        payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    crate::base::escape::printable(text.unwrap_or("unknown")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_message_that_asks_for_a_report() {
        let fault = catch(|| -> () { panic!("row {} is missing", 7) }).unwrap_err();
        let shown = fault.to_string();
        assert!(shown.starts_with("internal fault: row 7 is missing (src/session/fault.rs:"), "{shown}");
        assert!(shown.contains("Please report it"), "{shown}");
        assert_eq!(catch(|| 5), Ok(5));
    }

    #[test]
    fn catching_nests() {
        let outer = catch(|| {
            let inner = catch(|| -> () { panic!("inner") });
            assert!(inner.is_err());
            panic!("outer")
        });
        let outer: Result<(), Fault> = outer;
        assert!(outer.unwrap_err().to_string().contains("outer"));
    }
}
