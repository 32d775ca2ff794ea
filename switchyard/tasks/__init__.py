"""What differs from task to task: rows as a model takes them, and what it says of them."""
