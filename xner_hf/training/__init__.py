"""Training of taggers and students."""
