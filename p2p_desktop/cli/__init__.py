"""The command line: a file a command, no Qt."""
