"""The npm packages that the end-to-end tests and the benchmarks use."""
