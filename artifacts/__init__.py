"""What is inside a wheel, without installing it: ELF needs, CUDA kernels, files, sizes."""
