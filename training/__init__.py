"""The trainer: learns paired image-to-image translation, on any computer with torch, without the app."""
