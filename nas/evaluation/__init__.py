"""A candidate becomes a number: screened, built, trained under common random numbers, scored."""
