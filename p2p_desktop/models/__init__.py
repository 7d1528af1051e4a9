"""The models at hand."""
