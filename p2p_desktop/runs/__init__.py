"""Training runs as the app sees them: folders, met only through their files."""
