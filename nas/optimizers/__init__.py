"""Update rules and learning rate schedules: torch's where torch has them, own code for what it lacks."""
