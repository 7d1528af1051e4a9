"""Threads of the window (QtCore only): they run the functions that the command line runs, and tell the pages."""
