"""Many clips without a window: tasks, what became of them, and how to run them."""
