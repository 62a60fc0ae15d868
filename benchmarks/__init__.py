"""What zanjir takes, against what others take for the same work: ``python -m benchmarks`` from the repository root."""
