"""Draft an image spec from what a project has: Dockerfile, requirements files, an environment."""
