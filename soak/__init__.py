"""Everything that a loop can do, at once and at random, then a look at what is left."""
