"""The window: QtWidgets, and nothing below knows of it. A page a file, and small widgets that show state and ask."""
