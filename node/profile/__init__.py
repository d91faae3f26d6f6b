"""What a council says about itself, where the database keeps it; and whether anybody has claimed this server yet."""
