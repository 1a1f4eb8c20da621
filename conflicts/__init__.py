"""What is known to break: rule model, loader, matching, and the rules."""
