"""A folder in, the same folder out, translated: `job.convert` is the door."""
