"""The tests: they mirror nas/, beside contracts/ and benchmarks/."""
