"""Several images as one fleet: equal pins where all allow it, equal layers, and what they save."""
