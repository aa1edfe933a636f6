//! `factlog man`

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::Exit;
use super::args::Cli;
use super::terminal::write_stdout;

pub(super) fn run() -> io::Result<Exit> {
    let page = page()?;
    write_stdout(|out| out.write_all(&page))?;
    Ok(Exit::Success)
}

/// One page for the program and all its commands.
fn page() -> io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    let man = Man::new(command.clone());
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    for subcommand in command.get_subcommands() {
        render_command(subcommand, &mut page)?;
    }
    man.render_extra_section(&mut page)?;
    man.render_version_section(&mut page)?;
    Ok(page)
}

/// A command as a section of its own: what it does, then its own flags.
fn render_command(command: &Command, page: &mut Vec<u8>) -> io::Result<()> {
    let mut own = command.clone();
    let inherited: Vec<_> =
        own.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().clone()).collect();
    for id in inherited {
        own = own.mut_arg(id, |arg| arg.hide(true));
    }
    own = own.mut_args(|arg| if matches!(arg.get_id().as_str(), "help") { arg.hide(true) } else { arg });
    let mut heading = Roff::new();
    heading.control("SH", [format!("factlog {}", command.get_name()).to_uppercase().as_str()]);
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        heading.text([roman(about.to_string())]);
    }
    heading.to_writer(page)?;
    if own.get_arguments().any(|arg| !arg.is_hide_set()) {
        let mut options = Vec::new();
        Man::new(own).render_options_section(&mut options)?;
        // As a part of the command's section.
        page.write_all(String::from_utf8_lossy(&options).replace(".SH ", ".SS ").as_bytes())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_tells_of_every_command_and_flag() {
        let page = String::from_utf8(page().unwrap()).unwrap().replace("\\-", "-");
        assert!(page.starts_with(".ie") || page.starts_with(".TH"), "{}", &page[..80]);
        for command in Cli::command().get_subcommands() {
            let heading = format!(".SH \"FACTLOG {}\"", command.get_name().to_uppercase());
            assert!(page.contains(&heading), "{heading}");
            for long in command.get_arguments().filter_map(clap::Arg::get_long) {
                assert!(page.contains(&format!("--{long}")), "--{long} of {}", command.get_name());
            }
        }
    }
}
