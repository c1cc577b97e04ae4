"""What stands for the outside: clearing channels that misbehave on demand."""
