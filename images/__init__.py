"""What an image should be: spec model, loader, and the built-in specs."""
