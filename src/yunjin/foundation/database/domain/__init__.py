"""The rules of the fleet: what it is made of, how a node is set, where it starts again."""
