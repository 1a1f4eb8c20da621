"""The lock set: everything emitted for one image variant (DESIGN section 5)."""
