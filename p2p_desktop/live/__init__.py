"""Live: a camera's frames, translated while one watches. Every stage has its own thread, and the newest frame wins."""
