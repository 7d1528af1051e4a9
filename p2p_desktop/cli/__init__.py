"""The command line: a file a command, no Qt."""

COMMANDS = ("convert", "live", "train", "evaluate", "models", "pairs", "doctor")
"""Their names: as a first word, one of these is never a file's, even where a file or folder is called so."""
