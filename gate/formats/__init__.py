"""Reports in the formats that machines read; one module each, chosen by name."""
