"""What is measured, a module per kind."""
