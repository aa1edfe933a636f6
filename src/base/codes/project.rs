//! Codes of group 0, from FL050: the project's folder, its settings, reading and writing files.

codes! {
    NOT_FOUND = "FL050", "file-not-found", Error, "a file or folder that was named does not exist";
    UNREADABLE = "FL051", "unreadable-file", Error, "the system refused to read a file or folder";
    NOT_REGULAR = "FL052", "not-a-regular-file", Error, "a folder, pipe, socket or device stands where a file is due";
    OUTSIDE = "FL053", "outside-project", Error, "a path leads out of the project's folder";
    NO_PROJECT = "FL056", "no-project", Error, "neither the current folder nor one above it is a project";
    BAD_SETTINGS = "FL057", "invalid-settings", Error, "`factlog.ron` cannot be read as settings";
    UNKNOWN_SETTING = "FL058", "unknown-setting", Error, "`factlog.ron` sets something that does not exist";
    CHANGED = "FL059", "file-changed", Error, "a file was changed by another program since it was read";
    UNWRITABLE = "FL060", "unwritable-file", Error, "the system refused to write a file; the old one is whole";
    INCLUDE_CYCLE = "FL061", "include-cycle", Error, "rule files that include each other in a circle";
    BROKEN_BASE = "FL062", "broken-base", Error, "a question about a base that does not load";
    BAD_INPUT = "FL063", "bad-input", Error, "an `.input` directive or a line of its file that does not fit the relation";
    BAD_IMPORT = "FL064", "bad-import", Error, "a file that `import` cannot read as facts of the relation";
    NOTHING_TO_SUPPORT = "FL065", "no-conclusions", Error, "the conclusions of a base without an `.output` were asked for";
    EXISTS = "FL066", "project-exists", Error, "a project is to be made where there is one";
    UNKNOWN_COMMAND = "FL070", "unknown-command", Error, "a line at the prompt that is no command of the REPL";
    BAD_COMMAND = "FL071", "invalid-command", Error, "a command of the REPL with arguments that it does not take";
}
